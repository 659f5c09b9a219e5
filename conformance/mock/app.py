"""The ASGI application: which path of which edition is served by which handler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tokenassay.conformance.mock import batches, files, models, native_files, tokens, wire
from tokenassay.conformance.mock.call import Call, Denial, Head
from tokenassay.conformance.mock.generate import Dialect, generate
from tokenassay.conformance.mock.lies import registry
from tokenassay.conformance.mock.native import NATIVE
from tokenassay.conformance.mock.openai import OPENAI
from tokenassay.conformance.mock.operations import Handler, error_response, operate
from tokenassay.conformance.mock.service import Mount, Service, Settings, World
from tokenassay.contracts import store
from tokenassay.contracts.clauses import EndpointClause
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.records import Surface

Asgi = Callable[[wire.Scope, wire.Receive, wire.Send], Awaitable[None]]

_DIALECTS: dict[Surface, Dialect] = {"native": NATIVE, "openai": OPENAI}
_HANDLERS: dict[Surface, dict[str, Handler]] = {
    "native": {**tokens.HANDLERS, **native_files.HANDLERS},
    "openai": {**models.HANDLERS, **files.HANDLERS, **batches.HANDLERS},
}
_GENERATION = ("generate", "chat")


class App:
    """The bare ASGI application, and where its editions are served."""

    def __init__(self, mounts: Sequence[Mount]) -> None:
        self.mounts = tuple(mounts)
        self.world = mounts[0].world
        self._max_header = self.world.settings.max_header
        self._exact: dict[tuple[str, str], Asgi] = {}
        patterns: dict[tuple[str, str], Asgi] = {}
        for mount in self.mounts:
            for method, path, serve in _served(mount):
                found = patterns if "{" in path else self._exact
                found.setdefault((method, path), serve)
        self._rest = Starlette(
            routes=[
                Route(path, _Endpoint(serve), methods=[method])
                for (method, path), serve in {**self._exact, **patterns}.items()
            ],
            exception_handlers={HTTPException: self._no_such_path},
        )

    async def __call__(self, scope: wire.Scope, receive: wire.Receive, send: wire.Send) -> None:
        """Serve one request; paths without variables are found in one look-up."""
        if scope["type"] == "http":
            if sum([len(k) + len(v) for k, v in scope["headers"]]) > self._max_header:
                await wire.send_whole(send, Head(431, {}), b"")
                return
            serve = self._exact.get((scope["method"], scope["path"]))
            if serve is not None:
                await serve(scope, receive, send)
                return
        await self._rest(scope, receive, send)

    def _no_such_path(self, request: Request, error: Exception) -> Response:
        mount = max(
            self.mounts,
            key=lambda m: len(m.prefix) if request.url.path.startswith(m.prefix) else -1,
        )
        call = Call(mount.services[0], wire.read_headers(request.scope))
        denial = call.service.no_such_path
        if isinstance(error, HTTPException) and error.status_code != 404:
            row = call.service.errors.get("error.method")
            denial = (
                Denial.of_row(row, method=request.method)
                if row is not None
                else Denial(error.status_code, denial.code, error.detail, denial.type)
            )
        return error_response(_DIALECTS[mount.surface], call, denial)


class _Endpoint:
    """Keeps Starlette from taking an ASGI function for a request-response function."""

    def __init__(self, serve: Asgi) -> None:
        self._serve = serve

    async def __call__(self, scope: wire.Scope, receive: wire.Receive, send: wire.Send) -> None:
        await self._serve(scope, receive, send)


def _served(mount: Mount) -> Iterable[tuple[str, str, Asgi]]:
    dialect = _DIALECTS[mount.surface]
    handlers = _HANDLERS[mount.surface]
    for service in mount.services:
        for clause in service.edition.of_kind(EndpointClause):
            path = mount.prefix + clause.path
            if clause.operation in _GENERATION:
                yield clause.method, path, partial(generate, dialect, mount)
            elif clause.operation in handlers:
                handler = handlers[clause.operation]
                yield clause.method, path, partial(operate, handler, dialect, mount)


def choose_editions(
    names: Iterable[str] = (), contract: Path | str | None = None
) -> tuple[store.Contract, ...]:
    """The editions to serve: a contract file's first, then those named, in their order.

    Without either: all of the package, the latest first, so that each model is served by the
    latest edition that names it. UnknownEdition and ContractError as the loader raises them.
    """
    chosen = [store.load_contract(contract)] if contract is not None else []
    names = tuple(names)
    if not chosen and not names:
        names = tuple(reversed(store.headers()))
    chosen += [store.Contract(store.load_edition(name)) for name in dict.fromkeys(names)]
    return tuple(chosen)


def make_app(
    editions: Iterable[store.Contract] | None = None,
    lies: Iterable[str] = (),
    settings: Settings | None = None,
) -> App:
    """The application for these editions (None: all of the package), telling these lies.

    UnknownLie where none of the editions can tell one of them.
    """
    chosen = tuple(editions) if editions is not None else choose_editions()
    told = registry.choose(lies, [contract.edition for contract in chosen])
    world = World(settings or Settings())
    mounted: dict[tuple[str, Surface], list[Service]] = {}
    for contract in chosen:
        edition = contract.edition
        service = Service(world, edition, told[edition.id], contract.models)
        mounted.setdefault((path_of(edition), edition.surface), []).append(service)
    return App([Mount(path, services) for (path, _), services in mounted.items()])


def path_of(edition: Edition) -> str:
    """Path under which an edition is mounted: that of its base URL.

    Editions of another host than most of the package's stand under their provider's name.
    """
    url = urlsplit(edition.endpoint.base_url)
    own = "" if url.hostname == _usual_host() else f"/{edition.provider}"
    return own + url.path.rstrip("/")


@lru_cache(maxsize=1)
def _usual_host() -> str | None:
    hosts = Counter(
        urlsplit(head.endpoint.base_url).hostname
        for head in store.headers().values()
        if head.endpoint is not None
    )
    return hosts.most_common(1)[0][0]
