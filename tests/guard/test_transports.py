"""The transports let bytes pass as they are, and hear from them what a call used."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import threading
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.guard.conftest import kept
from tests.guard.test_guard import CHAT
from tokenassay.guard import Guard, LedgerError, OverBudget, Refused
from tokenassay.guard.admissions import Admission
from tokenassay.guard.ledger import Ending
from tokenassay.guard.transports import _Watch

LIBRARIES: list[Any] = [httpx, httpx2]
URL = "http://endpoint/v1/chat/completions"
ANSWER = {
    "id": "chatcmpl-1",
    "choices": [{"finish_reason": "stop", "message": {"content": "Fine."}}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 3},
}
PLAIN = json.dumps(ANSWER).encode()
CHUNKS = [
    b'data: {"id":"chatcmpl-1","choices":[{"delta":{"content":"\xe8\x8b',
    b'\xb9"}}],"usage":null}\n\ndata: {"id":"chatcmpl-1","choices":[],"usa',
    b'ge":{"prompt_tokens":12,"completion_tokens":3}}\n\n',
    b"data: [DONE]\n\n",
]


class Bytes(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A stream of either kind and library that may break."""

    def __init__(self, chunks: list[bytes], error: BaseException | None = None) -> None:
        self.chunks, self.error, self.closed = chunks, error, 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks
        if self.error is not None:
            raise self.error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


class Far:
    """An endpoint without a network, which keeps the requests that reach it."""

    def __init__(
        self,
        library: Any,
        chunks: list[bytes],
        *,
        status: int = 200,
        kind: str = "application/json",
        coding: str = "",
        error: BaseException | None = None,
        unreached: BaseException | None = None,
    ) -> None:
        bases: tuple[Any, ...] = (Bytes,)
        if library is not httpx:
            bases += (library.SyncByteStream, library.AsyncByteStream)
        self.stream = type("Stream", bases, {})(chunks, error)
        self.headers = {"content-type": kind, **({"content-encoding": coding} if coding else {})}
        self.status, self.library, self.unreached = status, library, unreached
        self.seen: list[Any] = []

    def handle_request(self, request: Any) -> Any:
        self.seen.append(request)
        if self.unreached is not None:
            raise self.unreached
        return self.library.Response(self.status, headers=self.headers, stream=self.stream)

    async def handle_async_request(self, request: Any) -> Any:
        return self.handle_request(request)

    def close(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


def post(library: Any, guard: Guard, far: Far, asynchronous: bool, **given: Any) -> Any:
    """The response to one call, read to its end."""
    asked = given or {"json": CHAT}
    if not asynchronous:
        with library.Client(transport=guard.transport(far)) as client:
            return client.post(URL, **asked)

    async def main() -> Any:
        async with library.AsyncClient(transport=guard.async_transport(far)) as client:
            return await client.post(URL, **asked)

    return anyio.run(main)


@pytest.fixture(params=LIBRARIES, ids=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def asynchronous(request: pytest.FixtureRequest) -> bool:
    found: bool = request.param
    return found


def test_a_plain_answer(library: Any, asynchronous: bool, path: Path) -> None:
    far = Far(library, [PLAIN[:20], PLAIN[20:]])
    response = post(library, Guard(ledger=path), far, asynchronous)
    assert response.content == PLAIN
    assert far.stream.closed
    (row,) = kept(path)
    assert (row["state"], row["input_billed"], row["output_billed"]) == ("settled", 12, 3)
    assert (row["request_id"], row["status"], row["why"]) == ("chatcmpl-1", 200, "")
    assert json.loads(far.seen[0].content) == CHAT


def test_an_answer_that_was_read_before(library: Any, asynchronous: bool, path: Path) -> None:
    packed = {"content-encoding": "gzip"}
    far: Any = library.MockTransport(
        lambda _: library.Response(200, content=gzip.compress(PLAIN), headers=packed)
    )
    assert post(library, Guard(ledger=path), far, asynchronous).json() == ANSWER
    assert kept(path)[0]["output_billed"] == 3


def test_a_packed_answer(library: Any, asynchronous: bool, path: Path) -> None:
    far = Far(library, [gzip.compress(PLAIN)], coding="gzip")
    response = post(library, Guard(ledger=path), far, asynchronous)
    assert response.json() == ANSWER
    assert kept(path)[0]["output_billed"] == 3


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("where", ["path", "postgres"])
def test_names_that_no_database_takes_are_kept_with_escapes(
    request: pytest.FixtureRequest, where: str, streaming: bool
) -> None:
    """Half a character or a NUL in JSON is the other side's doing, and no reason to fail."""
    ledger = request.getfixturevalue(where)
    named = b'{"model":"m\\ud800\\u0000","messages":[{"role":"user","content":"a"}]}'
    far = Far(httpx, [PLAIN.replace(b"chatcmpl-1", b"\\ud800\\u0000")])
    if streaming:
        frame = b'data: {"id":"\\ud800\\u0000","choices":[{"delta":{"content":"a"}}]}\n\n'
        far = Far(httpx, [frame], kind="text/event-stream")
    assert post(httpx, Guard(ledger=ledger), far, False, content=named).status_code == 200
    (row,) = kept(ledger)
    assert row["state"] == ("unmetered" if streaming else "settled")
    assert (row["model"], row["request_id"]) == ("m\\ud800\\x00", "\\ud800\\x00")


def test_a_tag_that_no_database_takes_lets_nothing_through(path: Path, postgres: str) -> None:
    for ledger in (path, postgres):
        far = Far(httpx, [PLAIN])
        response = post(httpx, Guard(ledger=ledger, tag="\ud800"), far, False)
        with pytest.raises(LedgerError, match="surrogates not allowed"):
            response.raise_for_status()
        assert far.seen == []


def test_a_stream_passes_chunk_by_chunk(library: Any, path: Path) -> None:
    far = Far(library, CHUNKS, kind="text/event-stream; charset=utf-8")
    with library.Client(transport=Guard(ledger=path).transport(far)) as client:
        with client.stream("POST", URL, json={**CHAT, "stream": True}) as response:
            raw = response.iter_raw()
            assert next(raw) == CHUNKS[0]
            assert kept(path)[0]["state"] == "open"  # the chunk did not wait for the end
            assert list(raw) == CHUNKS[1:]
        (row,) = kept(path)
    assert (row["state"], row["input_billed"], row["streaming"]) == ("settled", 12, 1)


def test_a_stream_that_is_closed_early(library: Any, asynchronous: bool, path: Path) -> None:
    guard = Guard(ledger=path)
    for heard in (1, 3):
        far = Far(library, CHUNKS, kind="text/event-stream")
        asked = {"json": {**CHAT, "stream": True}}
        if not asynchronous:
            client = library.Client(transport=guard.transport(far))
            with client, client.stream("POST", URL, **asked) as response:
                raw = response.iter_raw()
                assert [next(raw) for _ in range(heard)] == CHUNKS[:heard]
            continue

        async def main(far: Far, asked: dict[str, Any], heard: int) -> None:
            client = library.AsyncClient(transport=guard.async_transport(far))
            async with client, client.stream("POST", URL, **asked) as response:
                raw = response.aiter_raw()
                assert [await raw.__anext__() for _ in range(heard)] == CHUNKS[:heard]

        anyio.run(main, far, asked, heard)
    assert [row["state"] for row in kept(path)] == ["unmetered", "settled"]


NATIVE = {"model": "qwen-plus", "input": {"prompt": "How are you?"}, "parameters": {}}
FRAMES = [
    b'data: {"output":{"text":"a","finish_reason":"null"},"request_id":"r",'
    b'"usage":{"input_tokens":9,"output_tokens":%d}}\n\n' % count
    for count in (1, 2, 3)
]


@pytest.mark.parametrize(
    ("error", "why"), [(None, "ended early"), ("ReadError", "the answer broke off: ReadError")]
)
def test_a_usage_that_may_still_grow_is_no_bill(
    library: Any, path: Path, error: str | None, why: str
) -> None:
    """Whoever stops reading does not know what the model went on to write."""
    raised = None if error is None else getattr(library, error)("gone")
    far = Far(library, FRAMES, kind="text/event-stream", error=raised)
    client = library.Client(transport=Guard(ledger=path).transport(far))
    with client, client.stream("POST", URL, json=NATIVE) as response:
        raw = response.iter_raw()
        for _ in FRAMES:
            next(raw)
        if raised is not None:
            with pytest.raises(type(raised)):
                next(raw)
    (row,) = kept(path)
    assert (row["state"], row["why"], row["cost_nano"]) == ("unmetered", why, None)
    assert row["output_counted"] == 3
    assert 0 < row["counted_nano"] < row["reserved_nano"]


def test_a_stream_that_never_says_that_it_is_finished(
    library: Any, asynchronous: bool, path: Path
) -> None:
    far = Far(library, FRAMES, kind="text/event-stream")
    post(library, Guard(ledger=path), far, asynchronous, json=NATIVE)
    (row,) = kept(path)
    assert (row["state"], row["why"], row["output_billed"]) == ("settled", "", 3)


def test_a_plain_answer_that_does_not_either(path: Path) -> None:
    silent = {**ANSWER, "choices": [{"message": {"content": "Fine."}}]}
    post(httpx, Guard(ledger=path), Far(httpx, [json.dumps(silent).encode()]), False)
    assert (kept(path)[0]["state"], kept(path)[0]["why"]) == ("settled", "")


@pytest.mark.parametrize(
    ("status", "state"), [(200, "unmetered"), (400, "released"), (429, "released"),
                          (500, "unmetered"), (504, "unmetered")],
)  # fmt: skip
def test_an_answer_without_a_usage(
    library: Any, asynchronous: bool, path: Path, status: int, state: str
) -> None:
    far = Far(library, [b'{"error": {}}'], status=status)
    response = post(library, Guard(ledger=path), far, asynchronous)
    assert (response.status_code, response.content) == (status, b'{"error": {}}')
    (row,) = kept(path)
    assert (row["state"], row["status"]) == (state, status)


@pytest.mark.parametrize(
    ("name", "state"),
    [("ConnectError", "released"), ("ConnectTimeout", "released"), ("ReadTimeout", "unmetered")],
)
def test_no_answer(library: Any, asynchronous: bool, path: Path, name: str, state: str) -> None:
    error = getattr(library, name)("no")
    far = Far(library, [], unreached=error)
    with pytest.raises(type(error)):
        post(library, Guard(ledger=path), far, asynchronous)
    (row,) = kept(path)
    assert row["state"] == state
    assert name in row["why"]


def test_an_answer_that_breaks_off(library: Any, asynchronous: bool, path: Path) -> None:
    far = Far(library, CHUNKS[:1], kind="text/event-stream", error=library.ReadError("gone"))
    with pytest.raises(library.ReadError):
        post(library, Guard(ledger=path), far, asynchronous, json={**CHAT, "stream": True})
    (row,) = kept(path)
    assert (row["state"], row["why"]) == ("unmetered", "the answer broke off: ReadError")


def test_an_answer_that_is_dropped(library: Any, path: Path) -> None:
    far = Far(library, CHUNKS, kind="text/event-stream")
    client = library.Client(transport=Guard(ledger=path).transport(far))
    response = client.send(
        client.build_request("POST", URL, json={**CHAT, "stream": True}), stream=True
    )
    raw = response.iter_raw()
    next(raw)
    assert kept(path)[0]["state"] == "open"
    del raw, response
    gc.collect()
    (row,) = kept(path)
    assert (row["state"], row["why"]) == ("unmetered", "ended early")


def test_an_answer_whose_watch_was_never_set_up_is_dropped_without_a_word() -> None:
    assert _Watch.__new__(_Watch).ending() is None  # Ctrl-C came between


def test_an_answer_may_be_dropped_in_the_midst_of_a_write(path: Path) -> None:
    guard = Guard(ledger=path)
    admission = guard.admit(CHAT)
    with guard._store._lock:  # type: ignore[attr-defined]  # as within a write of this thread
        admission.forget(Ending(state="unmetered", why="dropped"))
    for _ in range(500):
        if kept(path)[0]["state"] != "open":
            break
        time.sleep(0.01)
    assert kept(path)[0]["why"] == "dropped"


def test_a_cancelled_call_is_written_too(path: Path) -> None:
    async def main() -> None:
        class Slow(Far):
            async def handle_async_request(self, request: Any) -> Any:
                scope.cancel()
                await anyio.sleep_forever()

        transport = Guard(ledger=path).async_transport(Slow(httpx, []))
        with anyio.CancelScope() as scope:
            async with httpx.AsyncClient(transport=transport) as client:
                await client.post(URL, json=CHAT)

    anyio.run(main)
    assert kept(path)[0]["state"] == "unmetered"


def test_an_answer_keeps_no_call_alive(
    library: Any, asynchronous: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client's answers are in cycles, so whatever hangs on them stays until those are found."""
    guard = Guard(ledger=path)
    admit = guard.admit
    admitted: list[weakref.ref[Admission]] = []

    def told(*given: Any, **named: Any) -> Admission:
        admission = admit(*given, **named)
        admitted.append(weakref.ref(admission))
        return admission

    monkeypatch.setattr(guard, "admit", told)
    gc.disable()
    try:
        response = post(library, guard, Far(library, [PLAIN]), asynchronous, json=CHAT)
        assert [one() for one in admitted] == [None]
    finally:
        gc.enable()
    assert response.status_code == 200


def test_a_call_that_is_cancelled_while_it_waits_for_the_ledger_is_owed_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait goes on in its thread: what it then reserves, nobody sends."""
    guard = Guard(ledger=path)
    guard.admit(CHAT).release()
    far = Far(httpx, [PLAIN])
    admit, is_waiting = guard.admit, threading.Event()

    def told(*given: Any, patient: bool, **named: Any) -> Admission:
        if patient:
            is_waiting.set()
        return admit(*given, patient=patient, **named)

    monkeypatch.setattr(guard, "admit", told)

    async def main() -> None:
        client = httpx.AsyncClient(transport=guard.async_transport(far))
        with guard._store._lock:  # type: ignore[attr-defined]
            call = asyncio.ensure_future(client.post(URL, json=CHAT))
            while not is_waiting.is_set():
                await asyncio.sleep(0.01)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

    asyncio.run(main())
    for _ in range(500):
        if len(kept(path)) == 2 and kept(path)[1]["state"] != "open":
            break
        time.sleep(0.01)
    assert (kept(path)[1]["state"], kept(path)[1]["why"]) == ("released", "never sent: cancelled")
    assert far.seen == []


def test_a_refused_call_never_leaves(library: Any, asynchronous: bool, path: Path) -> None:
    far = Far(library, [PLAIN])
    guard = Guard(ledger=path, budget="0.0000001 CNY")
    for body, status, code, kind in (
        ({**CHAT, "temperature": 2}, 400, "TokenassayRefused", Refused),
        (CHAT, 402, "TokenassayOverBudget", OverBudget),
    ):
        response = post(library, guard, far, asynchronous, json=body)
        assert response.status_code == status
        assert response.headers["x-should-retry"] == "false"
        assert response.headers["x-tokenassay-guard"] == code
        assert response.json()["error"]["code"] == code
        with pytest.raises(kind):
            response.raise_for_status()
    assert far.seen == []


def test_a_native_call_is_refused_in_its_own_dialect(path: Path) -> None:
    guard = Guard(ledger=path, budget="0 CNY")
    body = {"model": "qwen-plus", "input": {"prompt": "How are you?"}, "parameters": {}}
    response = post(httpx, guard, Far(httpx, [PLAIN]), False, json=body)
    assert response.json()["code"] == "TokenassayOverBudget"
    assert response.json()["message"].startswith("not sent: ")


def test_without_a_ledger_nothing_is_sent(asynchronous: bool, path: Path) -> None:
    far = Far(httpx, [PLAIN])
    guard = Guard(ledger=path)
    guard.close()
    response = post(httpx, guard, far, asynchronous)
    with pytest.raises(LedgerError):
        response.raise_for_status()
    assert far.seen == []


RAW = json.dumps(CHAT).encode()
PACKED = {"content-type": "application/json", "content-encoding": "gzip"}


@pytest.mark.parametrize(
    "given",
    [
        {"content": RAW},
        {"content": RAW, "headers": {"content-type": "Application/JSON; charset=utf-8"}},
        {"content": b"\n" + RAW, "headers": {"content-type": "text/plain"}},
        {"content": gzip.compress(RAW), "headers": PACKED},
        {"content": b"\xef\xbb\xbf" + RAW},
        {"json": {**CHAT, "input": "an endpoint takes no notice of it"}},
        {"json": {**CHAT, "input": {}}},
    ],
    ids=["no type", "capitals", "a text", "packed", "a mark first", "an input", "an empty input"],
)
def test_a_call_is_known_however_it_is_sent(
    library: Any, asynchronous: bool, path: Path, given: dict[str, Any]
) -> None:
    far = Far(library, [PLAIN])
    response = post(library, Guard(ledger=path, budget="0 CNY"), far, asynchronous, **given)
    assert (response.status_code, far.seen) == (402, [])


def test_a_body_that_is_made_as_it_is_sent_is_read_first(
    library: Any, asynchronous: bool, path: Path
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(RAW), 10):
            yield RAW[at : at + 10]

    def made() -> Any:
        return pieces() if asynchronous else iter([RAW[:5], RAW[5:]])

    json_type = {"content-type": "application/json"}
    for budget, sent in (("0 CNY", 0), ("5 CNY", 1)):
        far = Far(library, [PLAIN])
        guard = Guard(ledger=path, budget=budget)
        post(library, guard, far, asynchronous, content=made(), headers=json_type)
        assert [request.content for request in far.seen] == [RAW] * sent


ODD: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
MESSAGE: Any = st.fixed_dictionaries({}, optional={"role": ODD, "content": ODD, "tool_calls": ODD})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.fixed_dictionaries(
        {"model": st.sampled_from(["qwen-plus", "someones"]) | ODD},
        optional={
            "messages": st.lists(MESSAGE) | ODD, "input": st.fixed_dictionaries({
                "messages": st.lists(MESSAGE) | ODD}) | ODD, "parameters": ODD, "stream": ODD,
            "max_tokens": ODD, "tools": ODD, "n": ODD, "stop": ODD,
        },
    )
)  # fmt: skip
def test_no_body_is_too_odd(path: Path, body: dict[str, Any]) -> None:
    far = Far(httpx, [PLAIN])
    response = post(
        httpx, Guard(ledger=path), far, False, content=json.dumps(body).encode("utf-8", "replace")
    )
    assert (response.status_code == 200) == bool(far.seen)


@pytest.mark.parametrize("depth", [50, 400, 900])
def test_no_body_is_too_deep(path: Path, depth: int) -> None:
    far = Far(httpx, [PLAIN])
    deep: Any = b'{"model":"qwen-plus","messages":%s}' % (b"[" * depth + b"]" * depth)
    content: Any = b'{"model":"qwen-plus","messages":[{"role":"user","content":%s}]}' % (
        b"[" * depth + b"]" * depth
    )
    tools: Any = b'{"model":"qwen-plus","messages":[{"role":"user","content":"a"}],"tools":%s}' % (
        b'[{"function":' * depth + b"1" + b"}]" * depth
    )
    for body in (deep, content, tools):
        assert post(httpx, Guard(ledger=path), far, False, content=body).status_code in (200, 400)


@pytest.mark.parametrize(
    "given",
    [
        {"content": b"not JSON", "headers": {"content-type": "application/json"}},
        {"json": {"model": "text-embedding-v3", "input": ["a text"]}},
        {"json": {"model": "text-embedding-v3", "input": {"texts": ["a"]}}},
        {"json": [CHAT]},
        {"json": {"messages": []}},
        {"data": {"purpose": "batch"}, "files": {"file": b"{}"}},
        {"content": iter([json.dumps(CHAT).encode()])},
        {"content": b"[" * 100_000, "headers": {"content-type": "application/json"}},
        {"content": b"no gzip", "headers": {"content-encoding": "gzip"}},
    ],
    ids=[
        "no JSON",
        "texts",
        "native texts",
        "a list",
        "no model",
        "a file",
        "made as sent",
        "too deep",
        "no gzip",
    ],
)
def test_what_is_no_generation_passes_untouched(path: Path, given: dict[str, Any]) -> None:
    far = Far(httpx, [b"\x00any bytes"])
    response = post(httpx, Guard(ledger=path, budget="0 CNY"), far, False, **given)
    assert response.content == b"\x00any bytes"
    assert len(far.seen) == 1
    assert kept(path) == []


def test_a_listing_passes(library: Any, path: Path) -> None:
    far = Far(library, [b"[]"])
    with library.Client(transport=Guard(ledger=path).transport(far)) as client:
        assert client.get("http://endpoint/v1/models").json() == []
    assert kept(path) == []


def test_a_busy_ledger_is_waited_for_in_a_thread(path: Path) -> None:
    guard = Guard(ledger=path)
    ticks = 0

    async def main() -> None:
        nonlocal ticks
        with guard._store._lock:  # type: ignore[attr-defined]
            async with anyio.create_task_group() as tasks:
                far = Far(httpx, [PLAIN])
                client = httpx.AsyncClient(transport=guard.async_transport(far))
                tasks.start_soon(lambda: client.post(URL, json=CHAT))
                while ticks < 20:
                    await anyio.sleep(0)
                    ticks += 1
                guard._store._lock.release()  # type: ignore[attr-defined]
            guard._store._lock.acquire()  # type: ignore[attr-defined]

    anyio.run(main)
    assert ticks == 20
    assert kept(path)[0]["state"] == "settled"
