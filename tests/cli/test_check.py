"""``tokenassay check``: what it prints and writes, its exit codes, its ceilings."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from tests.cli.calling import Answer, Caller, one_line
from tests.conformance import raw
from tests.conformance.counting import Counting
from tokenassay.cli import verdicts
from tokenassay.conformance import mock
from tokenassay.conformance.results import json_schema

EDITION = "qwen-dashscope@2024-04"
SCHEMA = Path(__file__).resolve().parents[2] / "conformance" / "data" / "run.schema.json"


@pytest.fixture
def endpoint() -> Iterator[mock.Endpoint]:
    """An honest mock of one edition."""
    with mock.running(EDITION) as running:
        yield running


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The mock's key in its variable, and a working folder of our own."""
    monkeypatch.setenv("ASSAY_KEY", "sk-assay")
    monkeypatch.chdir(tmp_path)


def live(url: str, *more: str | Path) -> list[str | Path]:
    """Arguments of a live run against the native surface."""
    named = ["check", "--base-url", url, "--edition", EDITION, "--api-key-env", "ASSAY_KEY"]
    return [*named, "--yes", *more]


def results(folder: Path) -> Any:
    return json.loads((folder / "results.json").read_text("utf-8"))


def outcomes(document: Any) -> dict[str, str]:
    return {promise["id"]: promise["outcome"] for promise in document["promises"]}


# ------------------------------------------------------------------------------- what it gives


def test_without_a_target_it_checks_the_mock(call: Caller, tmp_path: Path) -> None:
    answer = call("check", "--edition", EDITION, "-k", "top_p")
    assert answer.code == 0, answer
    assert answer.out.startswith("mock: nothing is broken of ")
    assert EDITION in answer.out
    assert list(tmp_path.iterdir()) == []


def test_a_run_writes_what_the_schema_says(
    call: Caller, endpoint: mock.Endpoint, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    answer = call(*live(endpoint.base_url, "--out", out, "--json", "-k", "temperature or usage"))
    assert answer.code == 0, answer
    document = results(out)
    assert answer.json == document
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(document)
    assert document["schema"] == "tokenassay.run/1"
    assert document["complete"] is True
    assert document["stop_reason"] is None
    assert document["requests"] == document["targets"][0]["requests"] > 10
    kept = [p for p in document["promises"] if p["outcome"] == "kept"]
    assert kept
    # A document's worked figures are checked here, without a request.
    sent = [promise["exchange"] for promise in kept if promise["exchange"]]
    assert len(sent) > len(kept) / 2
    assert all(exchange["curl"] for exchange in sent)
    assert {"parameter": "temperature", "documented": "[0, 2)"}.items() <= document["bounds"][
        0
    ].items()
    left_out = [p for p in document["promises"] if p["why"] == "not selected"]
    assert {p["outcome"] for p in left_out} == {"not-run"}


def test_the_shipped_schema_is_that_of_the_records() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == json_schema()


def test_findings_come_with_evidence_and_exit_1(call: Caller, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with mock.running(EDITION, lies=["accepts_temperature_at_high"]) as endpoint:
        answer = call(*live(endpoint.base_url, "--out", out, "-k", "temperature"))
        assert answer.code == 1, answer
        (found,) = [p for p in results(out)["promises"] if p["outcome"] == "violated"]
        assert found["id"] == "temperature_above_its_range_is_refused"
        assert "observed" in found
        assert "200" in found["observed"]
        line = found["exchange"]["curl"]
        assert "sk-assay" not in line
        again = subprocess.run(  # noqa: S602 - it is a shell line
            line,
            shell=True,
            capture_output=True,
            env={"ASSAY_KEY": "sk-assay", "PATH": "/usr/bin:/bin"},
            check=True,
        )
        said = json.loads(again.stdout)
        told = json.loads(found["exchange"]["response"]["body"]["text"])
        assert said["output"] == told["output"]
    assert found["id"] in answer.out
    junit = ElementTree.parse(out / "junit.xml").getroot()  # noqa: S314
    (failure,) = junit.iter("failure")
    assert found["observed"] in failure.get("message", "")
    assert "curl" in (failure.text or "")
    properties = {p.get("name"): p.get("value") for p in junit.iter("property")}
    assert properties["seed"] == "0"
    assert properties["spend"]


def test_strict_counts_what_is_not_strictly_kept(call: Caller, tmp_path: Path) -> None:
    with mock.running(EDITION, lies=["request_id_never_changes"]) as endpoint:
        arguments = live(endpoint.base_url, "-k", "request_id_is_new_with_each_answer")
        mild = call(*arguments, "--out", tmp_path / "a")
        assert mild.code == 0, mild
        assert "non-strict: request_id_is_new_with_each_answer" in mild.out
        strict = call(*arguments, "--out", tmp_path / "b", "--strict")
        assert strict.code == 1, strict
    for run, failures in (("a", "0"), ("b", "1")):
        (suite,) = ElementTree.parse(tmp_path / run / "junit.xml").getroot()  # noqa: S314
        assert suite.get("failures") == failures


# ------------------------------------------------------------------------------- exit code 3


def unusable(call: Caller, url: str, out: Path) -> tuple[Answer, str]:
    """A run at an endpoint where nothing can be established: its answer and the reason."""
    answer = call(*live(url, "--out", out, "--timeout", "3"))
    assert answer.code == 3, answer
    document = results(out)
    assert set(outcomes(document).values()) == {"inconclusive"}
    assert document["complete"] is False
    assert document["targets"][0]["unusable"] is True
    assert "inconclusive: " in answer.out
    return answer, document["stop_reason"]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_dead_port(call: Caller, tmp_path: Path) -> None:
    _, why = unusable(call, f"http://127.0.0.1:{closed_port()}/api/v1", tmp_path / "run")
    assert "gave no answer: connect" in why


def test_a_wrong_key(
    call: Caller, endpoint: mock.Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_KEY", "sk-someone-else")
    _, why = unusable(call, endpoint.base_url, tmp_path / "run")
    assert "refused the key in $ASSAY_KEY" in why


def test_a_wrong_path(call: Caller, endpoint: mock.Endpoint, tmp_path: Path) -> None:
    _, why = unusable(call, endpoint.url + "/api/v7", tmp_path / "run")
    assert "path" in why


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (raw.answer(404, b"not here", "text/plain"), "has no such path"),
        (raw.answer(429, b'{"code":"Throttling","message":"slow"}'), "answers 429"),
        (raw.answer(500, b'{"code":"InternalError","message":"oh"}'), "answers 500"),
        (raw.answer(200, b"<html>Log in</html>", "text/html; charset=utf-8"), "HTML page"),
        (raw.answer(302, b"", "text/html", "Location: /login"), "HTML page"),
        (raw.answer(307, b"", "text/plain", "Location: /"), "redirects elsewhere"),
        (raw.answer(200, b"hello", "text/plain"), "something else than an API"),
        (raw.answer(400, b'{"code":"Arrearage","message":"Access denied"}'), "refuses a plain"),
    ],
)
def test_endpoints_that_establish_nothing(
    call: Caller, tmp_path: Path, reply: bytes, said: str
) -> None:
    with raw.serving(raw.always(reply)) as endpoint:
        _, why = unusable(call, endpoint.url + "/api/v1", tmp_path / "run")
    assert said in why


# ------------------------------------------------------------------------------- exit code 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--edition", "no-such@1"], "no edition 'no-such@1'"),
        (["--family", "colours"], "no family 'colours'; the families are parameters"),
        (["-k", "and"], "-k 'and': expected a word"),
        (["-k", "nothing_has_this"], "no promise of"),
        (["--model", "gpt-9"], "names no model 'gpt-9'"),
        (["--budget", "lots"], "budget: expected an amount"),
        (["--budget", "1 USD"], "the budget is in USD"),
        (["--rate", "fast"], "rate: expected requests a minute"),
        (["--header", "nonsense"], "expected NAME:VALUE"),
        (["--header", "X-Api-Key: abc"], "looks like a secret"),
        (["--header", "X-A: $NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE is not set"),
        (["--target", "prod"], "tokenassay.toml: No such file"),
        (["--base-url", "ftp://x", "--edition", EDITION], "expected a URL"),
        (["--base-url", "http://x"], "edition: expected the id"),
        (["--base-url", "http://x", "--edition", EDITION, "--target", "a"], "leave out --target"),
        (["--base-url", "http://x", "--edition", EDITION, "--api-key-env", "NONE"], "NONE is not"),
        (["--resume"], "name it by --out DIR"),
        (["--contract", "missing.yaml"], "missing.yaml: No such file"),
        (["--ca-file", "missing.pem"], "missing.pem"),
    ],
)
def test_wrong_usage_is_one_line(call: Caller, arguments: list[str], said: str) -> None:
    assert said in one_line(call("check", *arguments))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targets = 3", "expected a table [targets.NAME]"),
        ("[targets.a", "not valid TOML"),
        ("[targets.a]\nedition = 3", "targets.a.edition and contract: expected text"),
        (f"[targets.a]\nedition = '{EDITION}'\nbudget = '1'", "targets.a.budget: expected"),
        (f"[targets.a]\nedition = '{EDITION}'\ncolour = 'red'", "targets.a: Object contains"),
        (f"[targets.a]\nedition = '{EDITION}'\nmax_requests = 0", "max_requests: expected more"),
        (f"[targets.a]\nedition = '{EDITION}'\nunsupported = ['x']", "families: parameters"),
    ],
)
def test_faults_of_the_configuration_are_one_line(
    call: Caller, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "tokenassay.toml").write_text(text)
    assert said in one_line(call("check", "--target", "a"))


def test_a_live_run_asks_first(call: Caller, endpoint: mock.Endpoint, tmp_path: Path) -> None:
    arguments = live(endpoint.base_url, "--out", tmp_path / "run")
    arguments.remove("--yes")
    answer = call(*arguments)
    assert answer.code == 2
    assert "never more than" in answer.err
    assert answer.err.splitlines()[-1].startswith("tokenassay: a live run costs money")
    assert not (tmp_path / "run").exists()


def test_a_model_without_a_price_needs_one_or_ceilings(call: Caller, tmp_path: Path) -> None:
    edition = "qwen-openai@2026"
    with mock.running(edition) as endpoint:
        arguments: list[str | Path] = ["check", "--base-url", endpoint.base_url, "--yes"]
        arguments += [
            "--edition",
            edition,
            "--api-key-env",
            "ASSAY_KEY",
            "--model",
            "qwen3.8-max",
            "-k",
            "top_p",
        ]
        answer = call(*arguments)
        assert "no price is known for qwen3.8-max" in one_line(answer)
        priced = call(*arguments, "--price", "0.01 0.02 CNY", "--json", "--out", tmp_path / "a")
        assert priced.code == 0, priced
        assert priced.json["spend"]["currency"] == "CNY"
        arguments += ["--max-requests", "3", "--max-tokens", "500"]
        held = call(*arguments, "--json", "--out", tmp_path / "b")
        assert held.json["requests"] <= 3
        assert held.json["spend"]["amount"] is None


def test_a_run_that_is_there_is_not_written_over(
    call: Caller, endpoint: mock.Endpoint, tmp_path: Path
) -> None:
    arguments = live(endpoint.base_url, "--out", tmp_path / "run", "-k", "top_p")
    assert call(*arguments).code == 0
    again = call(*arguments)
    assert again.code == 2
    assert "--resume" in again.err.splitlines()[-1]
    assert call(*arguments, "--resume").code == 0
    other = call(*arguments, "--resume", "--seed", "3")
    assert other.code == 2
    assert "seed 0, not 3" in other.err.splitlines()[-1]


# ------------------------------------------------------------------------------- configuration


def test_a_target_of_the_configuration(
    call: Caller, endpoint: mock.Endpoint, tmp_path: Path
) -> None:
    (tmp_path / "tokenassay.toml").write_text(
        f"""
        [targets.house]
        base_url = "{endpoint.base_url}"
        edition = "{EDITION}"
        model = "qwen-plus"
        api_key_env = "ASSAY_KEY"
        budget = "0.50 CNY"
        max_requests = 400
        rate = "6000/min"
        timeout = 20
        unsupported = ["tools"]
        headers = {{ "X-Team" = "assay" }}
        """
    )
    answer = call("check", "--target", "house", "--yes", "--json", "--out", "run")
    assert answer.code == 0, answer
    (target,) = answer.json["targets"]
    assert target["name"] == "house"
    assert target["model"] == "qwen-plus"
    assert target["spend"]["ceiling"] == "0.50"
    tools = [p for p in answer.json["promises"] if p["family"] == "tools"]
    assert {p["outcome"] for p in tools} <= {"not-run"}
    wrong = call("check", "--target", "other", "--yes")
    assert "it has house" in one_line(wrong)


def test_a_contract_of_ones_own(call: Caller, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        f"""
edition: mine@2026
title: A gateway
extends: {EDITION}
date: "2026-01"
clauses:
- kind: range
  id: temperature.range
  level: must
  text: The gateway takes temperatures up to one.
  family: parameters
  source: page
  parameter: temperature
  interval: "[0, 1]"
  error: error.invalid_parameter
"""
    )
    answer = call("check", "--contract", "mine.yaml", "-k", "temperature", "--json")
    assert answer.code == 0, answer
    assert answer.json["targets"][0]["edition"] == "mine@2026"
    (bound,) = answer.json["bounds"]
    assert (bound["documented"], bound["observed"]) == ("[0, 1]", "[0, 1]")


# ------------------------------------------------------------------------------- ceilings


@pytest.mark.parametrize("ceiling", [1, 7, 60])
def test_requests_are_never_more_than_the_ceiling(
    call: Caller, endpoint: mock.Endpoint, tmp_path: Path, ceiling: int
) -> None:
    count = Counting(endpoint.url)
    with raw.serving(count) as front:
        url = front.url + endpoint.base_url.removeprefix(endpoint.url)
        out = tmp_path / "run"
        call(*live(url, "--max-requests", str(ceiling), "--workers", "8", "--out", out))
    document = results(out)
    assert document["requests"] == count.requests <= ceiling
    assert document["complete"] is False
    assert f"the ceiling of {ceiling} requests" in document["stop_reason"]
    assert set(outcomes(document).values()) >= {"not-run"}


def test_the_budget_is_never_passed(call: Caller, endpoint: mock.Endpoint, tmp_path: Path) -> None:
    budget = 0.0005
    out = tmp_path / "run"
    call(*live(endpoint.base_url, "--budget", f"{budget} CNY", "--workers", "8", "--out", out))
    document = results(out)
    assert 0 < float(document["spend"]["amount"]) <= budget
    assert document["complete"] is False
    assert "the budget of" in document["stop_reason"]
    # What was cut off by a budget can be gone on with under a larger one.
    more = call(*live(endpoint.base_url, "--budget", "1 CNY", "--out", out, "--resume"))
    assert more.code == 0
    assert results(out)["complete"] is True


def test_a_long_line_to_type_is_told_by_its_length() -> None:
    assert verdicts.shortened("curl " + "x" * 1000) == "curl " + "x" * 1000
    told = verdicts.shortened("curl " + "x" * 9995)
    assert len(told) < 1600
    assert told.endswith("x... (10,000 characters; --out DIR keeps it whole)")
