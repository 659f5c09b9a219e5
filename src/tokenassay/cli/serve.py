"""``tokenassay serve``: the mock endpoint in the foreground."""

from __future__ import annotations

import json as json_module
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokenassay.cli.output import Complaint

if TYPE_CHECKING:
    from tokenassay.conformance.mock.server import Endpoint
    from tokenassay.contracts.edition import Edition

INTERRUPTED = 130


def serve(
    edition: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Edition to serve; may be repeated. Without: all."),
    ] = None,
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Port; 0 picks a free one.")
    ] = 8787,
    lie: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A lie to tell; may be repeated (tokenassay lies)."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the answers and of ids.")] = 0,
    latency: Annotated[
        float, typer.Option(metavar="MS", min=0, help="Milliseconds before each answer.")
    ] = 0,
    contract: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A contract file to serve as well.")
    ] = None,
    no_faults: Annotated[
        bool, typer.Option("--no-faults", help="Take no orders for errors from clients.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON when it is ready.")
    ] = False,
) -> None:
    """Serve a mock endpoint that speaks the documented surfaces, and lies where it is told to."""
    from tokenassay.conformance.mock.app import choose_editions, make_app
    from tokenassay.conformance.mock.lies.registry import UnknownLie
    from tokenassay.conformance.mock.server import bind, endpoint_at, server_for, url_of
    from tokenassay.conformance.mock.service import Settings

    settings = Settings(seed=seed, latency=latency / 1000, faults=not no_faults)
    try:
        chosen = choose_editions(edition or (), contract)
        app = make_app(chosen, lie or (), settings)
    except (OSError, UnknownLie) as error:
        raise Complaint(_said(error)) from None
    try:
        bound = bind(host, port)
    except (OSError, UnicodeError) as error:
        raise Complaint(f"can't listen on {host}, port {port}: {_said(error)}") from None
    editions = [contract.edition for contract in chosen]
    endpoint = endpoint_at(url_of(bound), editions, settings.api_key)

    def announce() -> None:
        lines = [json_module.dumps(_fields(endpoint))] if json else _shown(endpoint, editions)
        print("\n".join(lines), flush=True)

    server = server_for(app, announce)
    with bound:
        server.run([bound])
    if server.signalled == signal.SIGINT:
        sys.exit(INTERRUPTED)


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error.args[0] if error.args else error)


def _fields(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "url": endpoint.url,
        "base_url": endpoint.base_url,
        "api_key": endpoint.api_key,
        "surfaces": endpoint.surfaces,
        "editions": list(endpoint.editions),
    }


def _shown(endpoint: Endpoint, editions: list[Edition]) -> list[str]:
    width = max(map(len, endpoint.surfaces))
    lines = [f"{name:<{width}}  {url}" for name, url in endpoint.surfaces.items()]
    lines += [f"{'key':<{width}}  {endpoint.api_key}", "", "Try:", *_curl(endpoint, editions[0])]
    return [*lines, "", "Ctrl-C ends it."]


def _curl(endpoint: Endpoint, edition: Edition) -> list[str]:
    from tokenassay.conformance.mock.lies.probes import request_of
    from tokenassay.conformance.mock.lies.registry import Probe

    sample = request_of(edition, Probe())
    body = json_module.dumps(sample.body)
    return [
        f"  curl {endpoint.base_url}{sample.path} \\",
        f"    -H 'Authorization: Bearer {endpoint.api_key}' \\",
        "    -H 'Content-Type: application/json' \\",
        f"    -d '{body}'",
    ]
