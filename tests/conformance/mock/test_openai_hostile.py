"""Whatever comes in on the OpenAI-compatible surface: a documented answer, never a fault of ours.

The test client raises what the application raises, so no exception of ours can pass as an answer.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.mock.compat import OF_2024, OF_2026, ROLE, Compat, line, refer, user
from tokenassay.conformance.mock import batches, file_store
from tokenassay.conformance.mock.app import choose_editions, make_app
from tokenassay.conformance.mock.call import Call
from tokenassay.conformance.mock.extracts import Extract
from tokenassay.conformance.mock.file_store import FileStore
from tokenassay.conformance.mock.service import Settings, World
from tokenassay.conformance.mock.wishes import read_choices
from tokenassay.contracts import patterns, store

CLIENTS = {
    edition: Compat(make_app(choose_editions([edition])), edition, model)
    for edition, model in ((OF_2024, "qwen-long"), (OF_2026, "qwen-plus"))
}
EITHER = st.sampled_from(sorted(CLIENTS))
WORDS = st.text(max_size=8)
PLAIN = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=8)
JSON = st.recursive(
    PLAIN | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
PARAMETERS = st.sampled_from(
    [
        *("n", "stop", "seed", "top_p", "stream", "stream_options", "temperature", "logprobs"),
        *("max_tokens", "max_completion_tokens", "response_format", "enable_thinking"),
        *("thinking_budget", "tools", "tool_choice", "parallel_tool_calls", "model", "messages"),
    ]
)
ROUGH = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


def sound(client: Compat, answer: Any) -> None:
    """A 200, or an error in the documented shape; one over 499 in documented words only."""
    if answer.status_code == 200:
        return
    client.fits("error", answer.json())
    assert "Traceback" not in answer.text
    assert answer.status_code >= 400
    if answer.status_code >= 500:
        message = answer.json()["error"]["message"]
        assert any(patterns.matches(words, message) for words in documented(client.edition))


def documented(edition: str) -> list[str]:
    """The words of all errors that an edition prints, wherever it prints them."""
    known = store.load_edition(edition)
    rows = [row.pattern for row in known.errors.values()]
    return [*rows, *(clause.message for clause in known.clauses if clause.message)]


@ROUGH
@given(EITHER, st.dictionaries(PARAMETERS, JSON, max_size=4))
def test_any_values_of_parameters(edition: str, given: dict[str, Any]) -> None:
    client = CLIENTS[edition]
    body = {"model": client.model, "messages": [user("Hi")], **given}
    sound(client, client.client.post("/chat/completions", json=body))


ROLES = st.sampled_from(["system", "user", "assistant", "tool", "x"])
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "role": ROLES | PLAIN,
        "content": st.text(max_size=12) | st.just("fileid://file-fe-1,fileid://") | JSON,
        "tool_calls": JSON,
        "tool_call_id": PLAIN,
        "name": PLAIN,
        "partial": PLAIN,
    },
)


@ROUGH
@given(EITHER, st.lists(MESSAGE | JSON, max_size=5), st.booleans())
def test_any_messages(edition: str, messages: list[Any], stream: bool) -> None:
    client = CLIENTS[edition]
    sound(client, client.ask(messages, model="qwen-long", stream=stream))


@ROUGH
@given(EITHER, st.binary(max_size=60))
def test_any_bytes_as_body(edition: str, data: bytes) -> None:
    client = CLIENTS[edition]
    for path in ("/chat/completions", "/batches"):
        headers = {"Content-Type": "application/json"}
        sound(client, client.client.post(path, content=data, headers=headers))


@ROUGH
@given(EITHER, st.binary(max_size=200), st.booleans())
def test_any_bytes_as_form(edition: str, data: bytes, framed: bool) -> None:
    client = CLIENTS[edition]
    if framed:
        data = b"--b\r\n" + data + b"\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    sound(client, client.client.post("/files", content=data, headers=headers))


@ROUGH
@given(EITHER, st.dictionaries(st.sampled_from(
    ["after", "limit", "purpose", "status", "create_after", "create_before", "input_file_ids"]
), st.text(max_size=16)))  # fmt: skip
def test_any_query(edition: str, query: dict[str, str]) -> None:
    client = CLIENTS[edition]
    for path in ("/files", "/batches"):
        sound(client, client.client.get(path, params=query))


@ROUGH
@given(EITHER, JSON)
def test_any_batch(edition: str, body: Any) -> None:
    client = CLIENTS[edition]
    sound(client, client.client.post("/batches", json=body))


@ROUGH
@given(st.lists(JSON | st.builds(line, st.text(max_size=3), st.text(max_size=5)), max_size=4))
def test_any_lines_of_a_batch(lines: list[Any]) -> None:
    client = CLIENTS[OF_2026]
    end = client.finished(client.batch(lines))
    assert end["status"] in ("completed", "failed")


def test_deep_nesting_is_refused_or_taken() -> None:
    client = CLIENTS[OF_2026]
    for depth in (50, 500, 5_000, 100_000):
        nested = b'{"a":' * depth + b"1" + b"}" * depth
        body = (
            b'{"model":"qwen-plus","messages":[{"role":"user","content":"Hi"}],"tools":%b}' % nested
        )
        headers = {"Content-Type": "application/json"}
        sound(client, client.client.post("/chat/completions", content=body, headers=headers))
        sound(client, client.client.post("/batches", content=nested, headers=headers))


@pytest.mark.parametrize("edition", [OF_2024, OF_2026])
def test_a_great_number_of_answers_is_not_given(edition: str) -> None:
    client = CLIENTS[edition]
    answer = client.ask("Hi", n=10**9)
    assert answer.status_code == 400 or len(answer.json()["choices"]) == 1


def test_a_lie_about_n_has_an_end() -> None:
    mount = make_app(choose_editions([OF_2026])).mounts[0]
    call = Call(mount.services[0], {})
    call.parameters = {"n": 10**9}
    assert 4 < read_choices(call) < 1000


def test_a_hundred_thousand_stops_are_answered() -> None:
    client = CLIENTS[OF_2026]
    answer = client.ask("Hi", stop=[[n, n + 1, n + 2] for n in range(100_000)])
    assert answer.status_code == 200


def test_a_reference_to_no_file_is_told_as_such() -> None:
    for edition, client in CLIENTS.items():
        for id in ("", " ", "x", "../secret", "file-fe-", "file-fe-%00", "file-fe-1 "):
            answer = client.ask([ROLE, refer(id), user("Hi")], model="qwen-long")
            assert answer.status_code == 400, (edition, id)


@pytest.mark.parametrize(
    "id", ["..", "%2e%2e", "a%00b", "%ff", "content", "x" * 2_000, "😀", "a%0d%0ab: c"]
)
def test_odd_ids_in_a_path(id: str) -> None:
    for client in CLIENTS.values():
        for path in (f"/files/{id}", f"/batches/{id}", f"/files/{id}/content"):
            assert client.client.get(path).status_code in (400, 404)


# ------------------------------------------------------------------------------- bounds


def test_the_bytes_of_deleted_files_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_store, "_UNDEAD", 2)
    files = FileStore(World(Settings()))
    ids = [files.new_id("file-fe-") for _ in range(5)]
    for id in ids:
        size = 100_000 if id == ids[-1] else 5
        files.add(id, "a.txt", "file-extract", b"x" * size, size, Extract("processed"))
        files.delete(id)
    kept = [len(file.read()) if (file := files.find(id)) else None for id in ids]
    assert kept == [0, 0, 0, 5, 0], "the last two, and of these the small one"


def test_results_make_room_for_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_store, "_KEPT_BYTES", 30_000)
    client = Compat(make_app(choose_editions([OF_2026])), OF_2026, "qwen-plus")
    ends = [client.finished(client.batch([line(str(n)) for n in range(10)])) for _ in range(4)]
    alive = client.client.get(f"/files?purpose={batches.RESULTS}").json()["data"]
    assert 0 < len(alive) < len(ends)
    assert sum(file["bytes"] for file in alive) <= 30_000
    assert len(client.lines(ends[-1]["output_file_id"])) == 10
