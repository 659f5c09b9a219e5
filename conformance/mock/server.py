"""The mock as a real server: uvicorn on a port, in this process, in a thread of its own."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

import msgspec
import uvicorn

from tokenassay.conformance.mock.app import App, choose_editions, make_app, path_of
from tokenassay.conformance.mock.guard import guarded_protocol
from tokenassay.conformance.mock.service import Settings
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.tokens import count_tokens

_READY_SECONDS: Final = 30.0
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a running mock is reached, and the key that it accepts."""

    url: str
    """Scheme, host and port."""
    base_url: str
    """Base URL of the first edition."""
    api_key: str
    surfaces: dict[str, str]
    """Base URL by ``native``, ``openai`` and ``gateway``, as far as they are served."""
    editions: tuple[str, ...]


class NotReady(RuntimeError):
    """The server did not come up; the message says why."""


def endpoint_at(url: str, editions: Iterable[Edition], api_key: str) -> Endpoint:
    """The endpoint of a server at ``url`` that serves ``editions``."""
    editions = tuple(editions)
    surfaces: dict[str, str] = {}
    for edition in editions:
        path = path_of(edition)
        own = path.startswith(f"/{edition.provider}/")
        surfaces.setdefault("gateway" if own else edition.surface, url + path)
    return Endpoint(
        url=url,
        base_url=url + path_of(editions[0]),
        api_key=api_key,
        surfaces=surfaces,
        editions=tuple(edition.id for edition in editions),
    )


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; OSError where the address is taken or is none of ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio switches off Nagle's delay of 40 ms on each connection.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(4096)
    except OSError:
        bound.close()
        raise
    return bound


def url_of(bound: socket.socket) -> str:
    """The URL of a listening socket; ``0.0.0.0`` and ``::`` are named by a local address."""
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - only compared
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """A uvicorn server that says when it is ready, and ends on a signal without raising it."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self.signalled: int | None = None
        """The signal that ended it; None where something else did."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, the vocabulary loaded so that the first caller need not wait, and say so."""
        count_tokens(" ")
        await super().startup(sockets)
        if not self.should_exit:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Note SIGINT and SIGTERM while serving, in the main thread; a second one hurries."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {sig: signal.signal(sig, self.handle_exit) for sig in _SIGNALS}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End gracefully; at once, where it is asked twice."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self.signalled = sig


def server_for(app: App, on_ready: Callable[[], None]) -> Server:
    """A uvicorn server for the app, quiet, with the app's own limits on its clients."""
    config: Any = uvicorn.Config(
        app,
        # uvloop answers open connections before it accepts new ones: with 256 clients that never
        # pause, the last ones to come wait until the others are gone.
        loop="asyncio",
        http=guarded_protocol(app.world.settings),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        backlog=4096,
    )
    return Server(config, on_ready)


@contextmanager
def running(
    edition: str | None = None,
    *,
    editions: Iterable[str] = (),
    lies: Iterable[str] = (),
    contract: Path | str | None = None,
    seed: int = 0,
    latency: float = 0.0,
    faults: bool = True,
    host: str = "127.0.0.1",
    port: int = 0,
    settings: Settings | None = None,
) -> Iterator[Endpoint]:
    """A mock server on a port of its own while the block runs.

    ``edition`` and ``editions`` are edition ids (none: all of the package), ``lies`` names of
    lies, ``contract`` a contract file of one's own, ``latency`` seconds before each generation
    answer. ``settings`` replaces seed, latency and faults and sets the server's limits.
    UnknownEdition, ContractError, UnknownLie and OSError as their causes raise them.
    """
    names = ([edition] if edition is not None else []) + list(editions)
    chosen = choose_editions(names, contract)
    if settings is None:
        settings = Settings(seed=seed, latency=latency, faults=faults)
    app = make_app(chosen, lies, settings)
    with serving(app, bind(host, port)) as url:
        yield endpoint_at(url, [c.edition for c in chosen], settings.api_key)


@contextmanager
def serving(app: App, bound: socket.socket) -> Iterator[str]:
    """The app on a listening socket, in a thread, while the block runs: its URL."""
    started = threading.Event()
    server = server_for(app, started.set)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [bound]}, name="tokenassay-mock", daemon=True
    )
    url = url_of(bound)
    thread.start()
    try:
        if not started.wait(_READY_SECONDS):
            raise NotReady("the mock server did not start")
        yield url
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        bound.close()
