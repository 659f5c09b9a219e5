"""Official SDKs on our own wire: they speak, and every request of theirs is priced and kept.

An SDK gets a connection of ours in place of its own. What it sends goes through the probe like
any other request, ceilings and run file included, and what it reads are the very bytes that the
endpoint sent.
"""

from __future__ import annotations

import importlib
import inspect
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.probe import Probe

ROOT: Final = "http://assay.invalid"
"""Where an SDK believes the endpoint to be: nothing is ever sent there."""

KEY: Final = "sk-of-the-run"
"""What an SDK believes the key to be: the session puts the real one in its place."""

_DROPPED: Final = frozenset(
    {
        "authorization",
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
        "x-dashscope-sdk-session-id",
        "x-dashscope-session-id",
    }
)
"""Headers that are a connection's own, or that differ each time for nothing."""

Exchanger = Callable[[str, str, Mapping[str, str], bytes], Exchange]


def load(name: str) -> Any:
    """An SDK's module; NotRun where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise NotRun(f"the {name} SDK is not installed") from None


def exchanger(probe: Probe, root: str) -> Exchanger:
    """Carries what an SDK sends to the endpoint, under the target's base URL."""

    def carry(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Exchange:
        parts = urlsplit(url)
        path = url.removeprefix(root) if url.startswith(root) else parts.path
        kept = {k.lower(): v for k, v in headers.items() if k.lower() not in _DROPPED}
        priced = (_json(body),) if isinstance(_json(body), dict) else ()
        exchange = probe.forward(method, path, body, kept, priced=priced)
        if exchange.received is None:
            failure = exchange.failure
            detail = f"{failure.kind}: {failure.detail}" if failure else "nothing"
            raise Inconclusive(f"the SDK's request was not answered ({detail})", exchange.id)
        return exchange

    return carry


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _headers(exchange: Exchange) -> dict[str, str]:
    """The answer's headers, but for those of a body that is decoded already."""
    assert exchange.received is not None
    held = ("content-encoding", "content-length", "transfer-encoding", "connection")
    return {k: v for k, v in exchange.received.headers if k.lower() not in held}


def _chunks(exchange: Exchange) -> Iterator[bytes]:
    """The body as it came, piece by piece."""
    assert exchange.received is not None
    begin = 0
    for chunk in exchange.received.chunks:
        yield exchange.received.body[begin : chunk.end]
        begin = chunk.end
    if begin < len(exchange.received.body):
        yield exchange.received.body[begin:]


# ------------------------------------------------------------------------------- openai


def openai_client(probe: Probe) -> tuple[Any, list[Exchange]]:
    """An OpenAI client on our wire, and the list that its exchanges are noted in."""
    openai, httpx = load("openai"), load("httpx")
    carry, seen = exchanger(probe, ROOT), []

    class Stream(httpx.SyncByteStream):  # type: ignore[misc, name-defined]
        def __init__(self, exchange: Exchange) -> None:
            self._exchange = exchange

        def __iter__(self) -> Iterator[bytes]:
            return _chunks(self._exchange)

    class Transport(httpx.BaseTransport):  # type: ignore[misc, name-defined]
        def handle_request(self, request: Any) -> Any:
            body = request.read()
            exchange = carry(request.method, str(request.url), dict(request.headers), body)
            seen.append(exchange)
            return httpx.Response(
                exchange.status, headers=_headers(exchange), stream=Stream(exchange)
            )

    client = openai.OpenAI(
        api_key=KEY,
        base_url=ROOT,
        max_retries=0,
        http_client=httpx.Client(transport=Transport(), trust_env=False),
    )
    return client, seen


# ------------------------------------------------------------------------------- dashscope


def dashscope_session(probe: Probe) -> tuple[Any, list[Exchange]]:
    """A ``requests`` session on our wire for the DashScope SDK, and its exchanges.

    NotRun where the installed SDK can't be given a connection.
    """
    load("dashscope")
    requests = load("requests")
    http = load("dashscope.api_entities.http_request")
    if "session" not in inspect.signature(http.HttpRequest.__init__).parameters:
        raise NotRun("this version of the dashscope SDK can't be given a connection")
    urllib3 = load("urllib3")
    carry, seen = exchanger(probe, ROOT), []

    class Adapter(requests.adapters.BaseAdapter):  # type: ignore[misc, name-defined]
        def send(self, request: Any, **options: Any) -> Any:
            body = request.body or b""
            raw = body.encode() if isinstance(body, str) else body
            exchange = carry(request.method, request.url, dict(request.headers), raw)
            seen.append(exchange)
            answer = requests.Response()
            answer.status_code = exchange.status
            answer.headers.update(_headers(exchange))
            answer.url, answer.request = request.url, request
            whole = b"".join(_chunks(exchange))
            answer.raw = urllib3.HTTPResponse(
                body=io.BytesIO(whole), status=exchange.status or 0, preload_content=False
            )
            answer.encoding = "utf-8"
            return answer

        def close(self) -> None:
            pass

    session = requests.Session()
    session.trust_env = False
    session.mount("http://", Adapter())
    return session, seen
