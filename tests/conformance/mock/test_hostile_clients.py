"""Bad bytes, slow and greedy clients: a clear refusal or a closed connection, never a fault."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conformance.mock.sockets import connect, exchange, read_all, request_bytes, status_of
from tests.conformance.mock.wires import SSE, Native, events
from tokenassay.conformance.mock import Endpoint, Settings, running
from tokenassay.conformance.mock.app import choose_editions, make_app
from tokenassay.conformance.mock.server import bind, endpoint_at, serving

OLD = "qwen-dashscope@2024-04"
GOOD = json.dumps(
    {"model": "qwen-turbo", "input": {"messages": [{"role": "user", "content": "Hi"}]},
     "parameters": {}}
).encode()  # fmt: skip
QUICK = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def _no_fault_in_the_server(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No exception reaches the server's log, whatever a client does."""
    caplog.set_level(logging.ERROR)
    yield
    assert [record.getMessage() for record in caplog.records] == []


def _is_fair(answer: bytes) -> bool:
    """Nothing at all, or an answer below 500, without a trace of our insides."""
    status = status_of(answer)
    return (status is None or status < 500) and b"Traceback" not in answer


# ------------------------------------------------------------------------------- bad bodies


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"{'model': 'qwen-turbo'}",
        b'{"model": NaN}',
        b'{"model": Infinity, "input": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"model": "qwen-turbo", "model": "qwen-plus"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        GOOD.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"Hi", b"\xff\xfe"),
        GOOD.replace(b"Hi", b"\xed\xa0\x80"),
        GOOD.replace(b"Hi", b"\\ud800"),
        GOOD.replace(b"Hi", b"\x00"),
        GOOD + b"x",
        GOOD[:-1],
    ],
    ids=range(22),
)
def test_a_body_that_is_no_json_object_is_refused(old_endpoint: Endpoint, body: bytes) -> None:
    answer = exchange(old_endpoint, request_bytes(old_endpoint, body))
    assert status_of(answer) == 400
    told = json.loads(answer.split(b"\r\n\r\n", 1)[1])
    assert told["code"] == "InvalidParameter"


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=gbk",
        "",
    ],
)
def test_another_content_type_is_refused(old_endpoint: Endpoint, kind: str) -> None:
    sent = request_bytes(old_endpoint, GOOD, f"Content-Type: {kind}")
    assert status_of(exchange(old_endpoint, sent)) == 400


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=UTF-8"])
def test_json_in_utf_8_is_taken(old_endpoint: Endpoint, kind: str) -> None:
    sent = request_bytes(old_endpoint, GOOD, f"Content-Type: {kind}")
    assert status_of(exchange(old_endpoint, sent)) == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)  # fmt: skip


@st.composite
def _near_requests(draw: st.DrawFn) -> bytes:
    """A request in which something is replaced by any JSON at all."""
    message: dict[str, object] = {"role": "user", "content": "Hi"}
    body = {
        "model": "qwen-turbo",
        "input": {"messages": [message], "prompt": None, "history": None},
        "parameters": {"result_format": "message"},
    }
    paths = [
        ("model",), ("input",), ("parameters",), ("input", "messages"), ("input", "prompt"),
        ("input", "history"), ("parameters", "stop"), ("parameters", "tools"),
        ("parameters", "max_tokens"), ("parameters", "seed"), ("parameters", "result_format"),
        ("parameters", "temperature"), ("parameters", "incremental_output"),
    ]  # fmt: skip
    for path in draw(st.lists(st.sampled_from(paths), max_size=3)):
        holder: object = body
        for step in path[:-1]:
            holder = holder.get(step) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder[path[-1]] = draw(JSON)
    if draw(st.booleans()):
        message[draw(st.sampled_from(["role", "content", "name", "tool_calls"]))] = draw(JSON)
    return json.dumps(body).encode()


@QUICK
@given(body=_near_requests() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_json_gets_an_answer_below_500(old_endpoint: Endpoint, body: bytes) -> None:
    answer = exchange(old_endpoint, request_bytes(old_endpoint, body))
    assert status_of(answer) in (200, 400)
    assert _is_fair(answer)


@QUICK
@given(noise=st.binary(max_size=200), at=st.integers(0, len(GOOD)))
def test_noise_in_a_body_gets_an_answer_below_500(
    old_endpoint: Endpoint, noise: bytes, at: int
) -> None:
    answer = exchange(old_endpoint, request_bytes(old_endpoint, GOOD[:at] + noise + GOOD[at:]))
    assert status_of(answer) in (200, 400)
    assert _is_fair(answer)


# --------------------------------------------------------------------------------- bad HTTP


@QUICK
@given(noise=st.binary(max_size=400))
@example(noise=b"GET / HTTP/1.1\r\n\r\n")
@example(noise=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
@example(noise=b"POST /api/v1/tokenizer HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
@example(noise=b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n")
@example(noise=b"POST / HTTP/9.9\r\nHost: x\r\n\r\n")
@example(noise=b"POST /\xff HTTP/1.1\r\nHost: x\r\n\r\n")
def test_any_bytes_on_the_socket(old_endpoint: Endpoint, noise: bytes) -> None:
    assert _is_fair(exchange(old_endpoint, noise, whole=False))


@QUICK
@given(noise=st.binary(min_size=1, max_size=40), at=st.integers(0, 300))
def test_noise_in_the_head_of_a_request(old_endpoint: Endpoint, noise: bytes, at: int) -> None:
    sent = request_bytes(old_endpoint, GOOD)
    assert _is_fair(exchange(old_endpoint, sent[:at] + noise + sent[at:], whole=False))


@QUICK
@given(value=st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=60))
@pytest.mark.parametrize("name", ["Authorization", "Accept", "X-DashScope-SSE", "X-Assay-Fault"])
def test_any_value_of_a_header(old_endpoint: Endpoint, name: str, value: str) -> None:
    sent = request_bytes(old_endpoint, GOOD, f"{name}: {value}")
    answer = exchange(old_endpoint, sent, whole=False)
    assert _is_fair(answer)


# --------------------------------------------------------------------- slow, large, impatient


@pytest.fixture(scope="module")
def strict() -> Iterator[Native]:
    """A mock with little patience and small limits."""
    limits = Settings(
        max_body=10_000, max_header=2_000, read_timeout=0.3, write_timeout=0.5, max_streams=2
    )
    with running(OLD, settings=limits, lies=["ignores_max_tokens"]) as endpoint:
        yield Native(endpoint)


def test_a_body_that_is_too_large_gets_the_documented_row(strict: Native) -> None:
    answer = strict.ask("so " * 5000)
    assert answer.status_code == 413
    assert answer.json()["code"] == "BadRequest.TooLarge"
    assert answer.json()["message"] == "Payload Too Large"


def test_a_head_that_is_too_large_is_refused(strict: Native) -> None:
    answer = strict.ask("Hi", headers={"X-Long": "x" * 3000})
    assert answer.status_code == 431
    with connect(strict.endpoint) as link:
        link.sendall(b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"x" * 3000)
        assert status_of(read_all(link)) == 431


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST /api", b"POST / HTTP/1.1\r\nHost: x\r\n"],
    ids=["nothing", "part of a line", "part of a head"],
)
def test_a_client_that_says_too_little_is_left(strict: Native, sent: bytes) -> None:
    with connect(strict.endpoint) as link:
        link.sendall(sent)
        read_all(link)


def test_a_client_that_stops_in_its_body_is_left(strict: Native) -> None:
    with connect(strict.endpoint) as link:
        link.sendall(request_bytes(strict.endpoint, GOOD[:20], length=len(GOOD)))
        assert read_all(link) == b""


LONG = {"content": "Write a story, in 9000 words.", "role": "user"}


def test_streams_beyond_the_cap_are_refused_with_the_documented_row() -> None:
    limits = Settings(max_streams=0)
    with running(OLD, settings=limits) as endpoint:
        native = Native(endpoint)
        answer = native.ask("Hi", headers=SSE)
        assert answer.status_code == 429
        assert answer.json()["code"] == "Throttling"
        assert native.ask("Hi").status_code == 200


def test_a_stream_that_ends_gives_its_place_back(strict: Native) -> None:
    for _ in range(5):
        assert strict.ask("Hi", headers=SSE).status_code == 200


@pytest.mark.parametrize("hangs_up", [True, False])
def test_a_client_that_hangs_up_or_does_not_read_ends_its_work(hangs_up: bool) -> None:
    chosen = choose_editions([OLD])
    patience = 60.0 if hangs_up else 0.5
    app = make_app(chosen, ["ignores_max_tokens"], Settings(write_timeout=patience))
    body = {"model": "qwen-turbo", "input": {"messages": [LONG]}, "parameters": {}}
    with serving(app, bind("127.0.0.1", 0)) as url:
        endpoint = endpoint_at(url, [chosen[0].edition], "sk-assay")
        with connect(endpoint) as link:
            sent = request_bytes(endpoint, json.dumps(body).encode(), "X-DashScope-SSE: enable")
            link.sendall(sent)
            link.recv(1000)
            assert app.world.streams == 1
            if hangs_up:
                link.close()
            deadline = time.monotonic() + 60
            while app.world.streams and time.monotonic() < deadline:
                time.sleep(0.02)
            assert app.world.streams == 0


def test_a_client_that_hangs_up_during_the_latency_ends_its_work() -> None:
    with running(OLD, latency=3600.0) as endpoint:
        native = Native(endpoint)
        with pytest.raises(httpx.ReadTimeout):
            native.client.post(native.url, content=GOOD, timeout=0.3)
        begun = time.monotonic()
    assert time.monotonic() - begun < 60


def test_latency_comes_before_the_answer() -> None:
    with running(OLD, latency=0.2) as endpoint:
        begun = time.monotonic()
        assert Native(endpoint).ask("Hi").status_code == 200
        assert time.monotonic() - begun >= 0.2


def test_many_clients_at_once(old_endpoint: Endpoint) -> None:
    answers: list[int] = []

    def one() -> None:
        native = Native(old_endpoint)
        for _ in range(5):
            answers.append(len(events(native.ask("Hi", headers=SSE).text)))

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 100
    assert len(set(answers)) == 1
