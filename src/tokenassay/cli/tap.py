"""``tokenassay tap``: what a gateway does to the requests that pass it."""

from __future__ import annotations

import contextlib
import json as json_module
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokenassay.cli import endpoints as e
from tokenassay.cli.output import Complaint, complain, console, pairs, put, table, visible

if TYPE_CHECKING:
    from tokenassay.conformance.tap.asks import Ask
    from tokenassay.conformance.tap.findings import Case, Passage, Tap
    from tokenassay.conformance.tap.tapping import Front
    from tokenassay.contracts.store import Contract

UNTOUCHED, TOUCHED, INCONCLUSIVE, INTERRUPTED_CODE = 0, 1, 3, 130

_VARIABLE = re.compile(r"\$(\w+)$")
_SHOWN = 48
_VALUES = 4
"""Characters of one value, and values in one line, that the table shows."""


def tap(
    listen: Annotated[
        int,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="Where the upstream listens for the gateway."
        ),
    ],
    gateway: Annotated[
        str, typer.Option(metavar="URL", help="The gateway's base URL, down to its version.")
    ],
    host: Annotated[
        str, typer.Option(metavar="HOST", help="Address that the upstream listens on.")
    ] = "127.0.0.1",
    edition: Annotated[
        str | None, typer.Option(metavar="ID", help="The gateway's documents [the newest].")
    ] = None,
    contract: e.ContractFile = None,
    upstream_edition: Annotated[
        str | None,
        typer.Option(metavar="ID", help="What the upstream speaks [as the gateway]."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="ID", help="The model to ask the gateway for.")
    ] = None,
    gateway_key_env: Annotated[
        str | None,
        typer.Option(metavar="VAR", help="Environment variable that holds the gateway's key."),
    ] = None,
    header: e.Header = None,
    path: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Path under URL, where it is not the edition's."),
    ] = None,
    request: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A request of your own to send too; may be repeated."),
    ] = None,
    max_requests: e.MaxRequests = None,
    timeout: e.Timeout = None,
    wait: Annotated[
        float, typer.Option(metavar="S", min=0, help="Seconds that the gateway may take to start.")
    ] = 10.0,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the requests.")] = 0,
    trip: Annotated[
        list[int] | None,
        typer.Option(
            metavar="N", min=1, help="Show request N: sent, arrived, came back; may be repeated."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where tap.json goes.")] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="One page that needs nothing else.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print tap.json.")] = False,
) -> None:
    """Tap a gateway: put the mock behind it, send requests in at its front, and tell what became
    of each on the way."""
    from tokenassay.conformance.tap.asks import asks
    from tokenassay.conformance.tap.tapping import INTERRUPTED
    from tokenassay.conformance.tap.tapping import tap as run_tap
    from tokenassay.conformance.tap.upstream import UPSTREAM_KEY, listening

    with e.config_faults():
        if edition is None and contract is None:
            edition = _newest_of_openai()
        behind = _upstream(upstream_edition, edition, contract)
        given = e.fields_of(
            edition=edition,
            model=model,
            contract=contract,
            timeout=timeout,
            header=header,
        )
        front = _front(gateway, given, gateway_key_env, path, wait, max_requests)
        asked = list(asks(front.edition, behind.edition, front.model, seed))
        asked[1:1] = [_own(file) for file in request or ()]
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        with _listening(listening, behind, host, listen) as (app, base_url), _progress() as told:
            _tell(base_url, UPSTREAM_KEY)
            found = run_tap(front, app, behind.edition, asked, told)
        if out is not None:
            (out / "tap.json").write_bytes(_written(found))
        if html is not None:
            from tokenassay.cli.report import write
            from tokenassay.reports.pages.tap import tap_html

            write(html, tap_html(found).encode())
    if json:
        sys.stdout.buffer.write(_written(found))
        sys.stdout.flush()
    elif found.verdict != "inconclusive":
        _show(found)
    if not json:
        _show_trips(found, trip or ())
    if found.why == INTERRUPTED:
        raise typer.Exit(INTERRUPTED_CODE)
    if found.verdict == "inconclusive":
        complain(found.why or "nothing could be established")
        raise typer.Exit(INCONCLUSIVE)
    raise typer.Exit(TOUCHED if found.verdict == "touched" else UNTOUCHED)


def _upstream(upstream: str | None, edition: str | None, contract: Path | None) -> Contract:
    from tokenassay.contracts.store import Contract, load_contract, load_edition

    if upstream is not None:
        return Contract(load_edition(upstream))
    return load_contract(contract) if contract else Contract(load_edition(edition or ""))


def _newest_of_openai() -> str:
    """What most gateways speak: the newest edition of the OpenAI-compatible surface."""
    from tokenassay.contracts.store import headers

    return [id for id, head in headers().items() if head.surface == "openai"][-1]


def _front(
    gateway: str,
    given: dict[str, Any],
    key_env: str | None,
    path: str | None,
    wait: float,
    max_requests: int | None,
) -> Front:
    """The gateway as the options describe it; ConfigError where they do not."""
    from tokenassay.conformance.checking import describe
    from tokenassay.conformance.tap.tapping import Front
    from tokenassay.conformance.targets import read_secret
    from tokenassay.conformance.visits import contract_of

    target = describe("gateway", {"base_url": gateway, **given}, "")
    key = read_secret(key_env) if key_env is not None else None
    headers: dict[str, str] = {}
    secrets = [key] if key else []
    for name, value in target.headers.items():
        variable = _VARIABLE.search(value)
        if variable is not None:
            secrets.append(read_secret(variable[1]))
            value = value[: variable.start()] + secrets[-1]
        headers[name] = value
    return Front(
        url=target.base_url,
        edition=contract_of(target).edition,
        model=target.model,
        path=path,
        key=key,
        headers=headers,
        secrets=tuple(secrets),
        timeout=target.timeout,
        wait=wait,
        max_requests=max_requests,
    )


def _own(file: Path) -> Ask:
    """A request of the user's, as it is."""
    from tokenassay.conformance.tap.asks import Ask
    from tokenassay.estimators.requests import read_request

    try:
        body = json_module.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise Complaint(f"{file}: not JSON: {error}") from None
    read_request(body)
    return Ask(kind="own", what=str(file), body=body)


@contextlib.contextmanager
def _listening(listening: Any, behind: Contract, host: str, port: int) -> Iterator[Any]:
    with contextlib.ExitStack() as stack:
        try:
            entered = stack.enter_context(listening(behind, host, port))
        except (OSError, UnicodeError) as error:
            said = getattr(error, "strerror", None) or str(error)
            raise Complaint(f"can't listen on {host}, port {port}: {said}") from None
        yield entered


def _tell(base_url: str, key: str) -> None:
    lines = ("give the gateway this upstream:", f"  base URL  {base_url}", f"  key       {key}")
    print("\n".join(lines), file=sys.stderr, flush=True)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("tapping", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _written(found: Tap) -> bytes:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


# ------------------------------------------------------------------------------- shown


def _show(found: Tap) -> None:
    out = console()
    out.print(visible(f"{found.gateway}: {found.verdict}, {len(found.trips)} requests"))
    if found.why:
        out.print(visible(found.why))
    if found.not_sent:
        out.print(f"{found.not_sent} requests were not sent")
    changed = [passage for passage in found.parameters if any(c.touched for c in passage.cases)]
    dropped = [passage for passage in changed if passage.fates == ("dropped",)]
    told = [passage for passage in changed if passage not in dropped]
    if told:
        out.print()
        columns = ("parameter", "documented", "fate", "sent", "arrived", "request")
        shown = table(*columns, right=("request",), whole=("parameter", "fate", "request"))
        for passage in told:
            for row in _rows(passage):
                shown.add_row(*map(visible, row))
        put(shown, out)
    out.print()
    whole = [passage for passage in found.parameters if passage not in changed]
    lines = [("as sent", _names(whole))] if whole else []
    lines += [("dropped", f"{_names(dropped)} (!)")] if dropped else []
    lines += [(aspect.about, _sentence(aspect.said, aspect.touched)) for aspect in found.aspects]
    out.print(pairs(lines))


def _names(passages: list[Passage]) -> str:
    return ", ".join(passage.parameter for passage in passages)


def _show_trips(found: Tap, numbers: Sequence[int]) -> None:
    """Requests whole, as they were sent, arrived and came back."""
    out = console()
    known = {trip.number: trip for trip in found.trips}
    for number in numbers:
        trip = known.get(number)
        if trip is None:
            raise Complaint(f"--trip {number}: {len(found.trips)} requests were sent")
        out.print(f"\nrequest {number}: {visible(trip.what)}")
        back = trip.came_back
        lines = [("sent", _text(trip.sent))]
        for arrived in trip.arrived:
            lines.append(("arrived", f"{arrived.method} {arrived.path} {_text(arrived.body)}"))
            lines.append(("answered", f"{arrived.status} {_text(arrived.answer)}"))
        lines.append(("came back", back.failure or f"{back.status} {_text(back.answer)}"))
        out.print(pairs(lines))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json_module.dumps(value, ensure_ascii=False)


def _sentence(said: str, touched: bool) -> str:
    return f"{said} (!)" if touched else said


def _rows(passage: Passage) -> Iterator[tuple[str, ...]]:
    """Rows of a parameter: one for each fate and what the values arrived as, with a request."""
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in passage.cases:
        if case.touched:
            groups.setdefault((_fate(passage, case), _arrived(case)), []).append(case)
    name, documented = passage.parameter, passage.documented or ""
    for (fate, arrived), cases in groups.items():
        sent = [_value(case.sent) for case in cases]
        more = len(sent) - _VALUES
        listed = sent[:_VALUES] + ([f"{more} more"] if more > 0 else [])
        values = ", ".join(filter(None, listed))
        yield name, documented, fate, values, arrived, str(cases[0].requests[0])
        name = documented = ""


def _fate(passage: Passage, case: Case) -> str:
    if case.fate != "clamped":
        return case.fate
    low = case.arrived == passage.at_least and case.arrived > case.sent
    return f"clamped to {'at least' if low else 'at most'} {_value(case.arrived)}"


def _arrived(case: Case) -> str:
    said = _value(case.arrived)
    if case.under is not None:
        said = f"{said} as {case.under}"
    return " ".join(filter(None, (said, case.note)))


def _value(value: Any) -> str:
    import msgspec

    if value is msgspec.UNSET:
        return ""
    text = json_module.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
