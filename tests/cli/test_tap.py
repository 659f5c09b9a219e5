"""``tokenassay tap``: what it prints and writes, its exit codes, and what it never shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from tests.cli.calling import Answer, Caller, one_line
from tests.conformance.tap.gateways import Body, Misdeed, gateway
from tokenassay.conformance.mock.server import bind
from tokenassay.conformance.tap.findings import Tap
from tokenassay.reports.pages.tap import tap_html

SECRET = "sk-private-48151623"


class Place(NamedTuple):
    """Where the upstream is to listen, and the gateway before it."""

    port: int
    url: str


def free_port() -> int:
    """A port that nobody listens on."""
    with bind("127.0.0.1", 0) as bound:
        port: int = bound.getsockname()[1]
    return port


def dishonest(body: Body) -> Body:
    """Clamps, drops, adds a field and a system message."""
    sent = {k: v for k, v in body.items() if k != "top_k"}
    if isinstance(sent.get("temperature"), int | float):
        sent["temperature"] = min(sent["temperature"], 1)
    said = [{"role": "system", "content": "\x1b[31mBe polite."}, *sent["messages"]]
    return {**sent, "user": "gw", "messages": said}


@pytest.fixture
def honest() -> Iterator[Place]:
    port = free_port()
    with gateway(f"http://127.0.0.1:{port}/compatible-mode/v1", Misdeed()) as url:
        yield Place(port, url)


@pytest.fixture
def liar() -> Iterator[Place]:
    port = free_port()
    upstream = f"http://127.0.0.1:{port}/compatible-mode/v1"
    with gateway(upstream, Misdeed(request=dishonest)) as url:
        yield Place(port, url)


def tapped(call: Caller, place: Place, *more: str | Path) -> Answer:
    return call("tap", "--listen", str(place.port), "--gateway", place.url, *more)


def test_an_honest_gateway_is_cleared(call: Caller, honest: Place) -> None:
    answer = tapped(call, honest, "--max-requests", "40")
    assert answer.code == 0, answer
    assert answer.out.startswith(f"{honest.url}: untouched, 40 requests\n")
    assert "requests were not sent" in answer.out
    assert "(!)" not in answer.out
    assert f"http://127.0.0.1:{honest.port}/compatible-mode/v1" in answer.err
    assert "sk-assay-upstream" in answer.err


def test_what_was_done_is_named(call: Caller, liar: Place) -> None:
    answer = tapped(call, liar)
    assert answer.code == 1, answer
    lines = [line.split() for line in answer.out.splitlines()]
    assert any(line[:6] == ["temperature", "[0,", "2)", "clamped", "to", "at"] for line in lines)
    assert ["dropped", "top_k", "(!)"] in lines
    assert ["user", "invented", '"gw"', "1"] in lines
    assert "a system message is added" in answer.out
    assert "\x1b" not in answer.out


def test_a_request_is_shown_whole(call: Caller, liar: Place) -> None:
    answer = tapped(call, liar, "--max-requests", "2", "--trip", "1", "--trip", "2")
    shown = answer.out[answer.out.index("request 1: a plain request") :]
    places = [shown.index(word) for word in ("\nsent", "\narrived", "\nanswered", "\ncame back")]
    assert places == sorted(places)
    assert "request 2: a stream" in shown
    assert "POST /compatible-mode/v1/chat/completions" in shown
    assert '"user": "gw"' in shown


def test_the_document_is_the_same_on_paper_and_on_screen(
    call: Caller, liar: Place, tmp_path: Path
) -> None:
    folder, html = tmp_path / "new" / "folder", tmp_path / "page.html"
    page = ("--html", html)
    answer = tapped(call, liar, "--max-requests", "12", "--out", folder, "--json", *page)
    assert answer.code == 1
    written = (folder / "tap.json").read_text("utf-8")
    assert written == answer.out
    found = msgspec.json.decode(written, type=Tap)
    assert found.schema == "tokenassay.tap/1"
    assert found.verdict == "touched"
    assert len(found.trips) == 12
    assert found.trips[0].arrived[0].body["user"] == "gw"
    assert html.read_text("utf-8") == tap_html(found)


def test_a_request_of_ones_own_is_sent_as_it_is(
    call: Caller, honest: Place, tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    body = {"model": "mine", "messages": [{"role": "user", "content": "Hi."}], "x": {"y": 1}}
    file.write_text(json.dumps(body), "utf-8")
    answer = tapped(call, honest, "--request", file, "--max-requests", "2", "--json")
    assert answer.code == 0
    trip = answer.json["trips"][1]
    assert trip["kind"] == "own"
    assert trip["sent"] == body == trip["arrived"][0]["body"]


def test_the_keys_stay_secret(
    call: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_KEY", SECRET)
    monkeypatch.setenv("TENANT", "tenant-4815162342")
    port = free_port()

    def headers(given: dict[str, str]) -> dict[str, str]:
        return {**given, "x-caller": given["authorization"], "x-twice": f"a {SECRET}"}

    misdeed = Misdeed(headers=headers, answer=lambda body: {**body, "echo": SECRET})
    with gateway(f"http://127.0.0.1:{port}/compatible-mode/v1", misdeed) as url:
        more = ["--gateway-key-env", "GATEWAY_KEY", "--header", "x-tenant: $TENANT"]
        answer = tapped(
            call, Place(port, url), *more, "--max-requests", "3", "--out", tmp_path, "--json"
        )
    assert answer.code == 1
    leaks = [a["details"]["place"] for a in answer.json["aspects"] if a["verdict"] == "leaked"]
    assert leaks == ["x-caller", "x-twice"]
    for text in (answer.out, answer.err, (tmp_path / "tap.json").read_text("utf-8")):
        assert SECRET not in text
        assert "tenant-4815162342" not in text


def test_another_path_and_another_dialect(call: Caller) -> None:
    port = free_port()
    with gateway(f"http://127.0.0.1:{port}", Misdeed()) as url:
        place = Place(port, url)
        more = ["--path", "/some/api/v1/services/aigc/text-generation/generation"]
        native = ["--edition", "qwen-dashscope@2026", "--model", "qwen-plus"]
        answer = tapped(call, place, *native, *more, "--max-requests", "4")
    assert answer.code == 0, answer
    assert "is asked at /some/api/v1/services" in answer.out


def test_a_gateway_that_is_not_there_is_inconclusive(call: Caller) -> None:
    place = Place(free_port(), f"http://127.0.0.1:{free_port()}/v1")
    answer = tapped(call, place, "--wait", "0")
    assert answer.code == 3
    assert answer.out == ""
    assert "can't be reached" in answer.err.splitlines()[-1]


def test_a_gateway_with_another_upstream_is_inconclusive(call: Caller, honest: Place) -> None:
    answer = tapped(call, Place(free_port(), honest.url))
    assert answer.code == 3
    assert "nothing arrived at the upstream" in answer.err.splitlines()[-1]


def test_wrong_use_is_told_in_one_line(call: Caller, tmp_path: Path) -> None:
    port, url = str(free_port()), "http://127.0.0.1:9"
    usual = ["tap", "--listen", port, "--gateway"]
    assert "expected a URL" in one_line(call(*usual, "nonsense"))
    assert "NO_SUCH_KEY" in one_line(call(*usual, url, "--gateway-key-env", "NO_SUCH_KEY"))
    assert "no edition" in one_line(call(*usual, url, "--edition", "nothing@1999"))
    assert "no edition" in one_line(call(*usual, url, "--upstream-edition", "nothing@1999"))
    assert "NAME:VALUE" in one_line(call(*usual, url, "--header", "nonsense"))
    file = tmp_path / "request.json"
    assert "request.json" in one_line(call(*usual, url, "--request", file))
    for text in ("nothing", "[]", '{"a": 1}'):
        file.write_text(text, "utf-8")
        assert one_line(call(*usual, url, "--request", file))
    with bind("127.0.0.1", 0) as bound:
        taken = str(bound.getsockname()[1])
        assert f"port {taken}" in one_line(call("tap", "--listen", taken, "--gateway", url))
