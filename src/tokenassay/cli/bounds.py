"""``tokenassay probe-bounds``: where an endpoint really begins and ends to accept a number."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokenassay.cli import endpoints as e
from tokenassay.cli.output import Complaint, complain, console, money, number, put, table, visible

if TYPE_CHECKING:
    from tokenassay.conformance.bounds import Observed
    from tokenassay.conformance.rundb import RunFile
    from tokenassay.conformance.targets import Target

_ROOM = 3
"""A live run may take so many times what the rehearsal took: the ends may lie elsewhere."""


def probe_bounds(
    target: e.TargetName = None,
    base_url: e.BaseUrl = None,
    edition: e.EditionId = None,
    model: e.ModelId = None,
    api_key_env: e.KeyVariable = None,
    config: e.ConfigFile = None,
    contract: e.ContractFile = None,
    budget: e.Budget = None,
    price: e.PriceGiven = None,
    max_requests: e.MaxRequests = None,
    max_tokens: e.MaxTokens = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this parameter; may be repeated."),
    ] = None,
    tries: Annotated[
        int, typer.Option(metavar="N", min=4, help="Requests for one end at most.")
    ] = 90,
    workers: e.Workers = 4,
    rate: e.Rate = None,
    timeout: e.Timeout = None,
    header: e.Header = None,
    ca_file: e.CaFile = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where run.db goes, with every exchange.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in DIR.")] = False,
    yes: e.Yes = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find the interval that an endpoint accepts of each parameter with a range."""
    given = e.fields_of(
        edition=edition,
        model=model,
        api_key_env=api_key_env,
        contract=contract,
        budget=budget,
        price=price,
        max_requests=max_requests,
        max_tokens=max_tokens,
        rate=rate,
        timeout=timeout,
        header=header,
        ca_file=ca_file,
    )
    if resume and out is None:
        raise Complaint("--resume goes on with the run in a folder: name it by --out DIR")
    only = tuple(parameter or ())
    with e.config_faults(), contextlib.ExitStack() as stack:
        from tokenassay.conformance.checking import open_run, read_key

        folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if e.is_live(target, base_url, config):
            named = e.named_target(target, base_url, config, given)
            key = read_key(named)
            named = _agreed(named, only, tries, yes)
        else:
            named, key = stack.enter_context(e.mock_target(given, 0))
            _known(named, only)
        run = open_run(folder, resume=resume)
        stack.callback(run.close)
        found, problem = _probe(named, key, run, only, tries, workers)
        _show(named, found, problem, run, json)
    raise typer.Exit(_exit_code(found))


def _known(target: Target, only: tuple[str, ...]) -> None:
    """Complaint where a parameter that is asked for has no range."""
    from tokenassay.conformance.visits import contract_of

    edition = contract_of(target).edition
    known = edition.parameters(target.model)
    ranged = [name for name, parameter in known.items() if parameter.interval is not None]
    for name in only:
        if name not in ranged:
            raise Complaint(
                f"{edition.id} has no range of {name!r}; it has those of {', '.join(ranged)}"
            )


def _agreed(target: Target, only: tuple[str, ...], tries: int, yes: bool) -> Target:
    """The target under the budget that the user agreed to; Complaint where nobody did."""
    from msgspec.structs import replace

    from tokenassay.conformance.bounds import BoundsProber
    from tokenassay.conformance.rehearsals import mock_session
    from tokenassay.conformance.visits import contract_of

    _known(target, only)
    with mock_session(contract_of(target), target.model, target=target) as session:
        list(BoundsProber(session, only=only, tries=tries).run(workers=0))
        spend = session.run.spend(session.target.name)
        most = session.run.reserved(session.target.name) * _ROOM
        known, currency = session.pricing.known, session.pricing.currency
    if not known and not (target.max_requests and target.max_tokens):
        raise Complaint(
            f"no price is known for {target.model}: give one by --price, or ceilings by "
            "--max-requests and --max-tokens"
        )
    use = f"about {number(spend.requests)} requests where it keeps to its documents"
    if known:
        ceiling = most if target.budget is None else target.budget
        use += f", {money(spend.money, currency or '')}; never more than "
        use += money(ceiling, currency or "")
        target = replace(target, budget=ceiling, currency=currency)
    print(f"{target.name}: {use}", file=sys.stderr, flush=True)
    e.require_consent(yes)
    return target


def _probe(
    target: Target, key: str, run: RunFile, only: tuple[str, ...], tries: int, workers: int
) -> tuple[list[Observed], str | None]:
    """What was found, and why nothing could be."""
    from tokenassay.conformance import baseline
    from tokenassay.conformance.bounds import BoundsProber
    from tokenassay.conformance.failures import Stopped
    from tokenassay.conformance.probe import Probe
    from tokenassay.conformance.visits import contract_of, visit

    found: list[Observed] = []
    problem = None
    with visit(target, contract_of(target), run, key, workers=workers) as session:
        try:
            problem = baseline.unusable_because(Probe(session, "baseline"))
        except Stopped as stop:
            problem = stop.why
        if problem is None:
            prober = BoundsProber(session, only=only, tries=tries)
            found = list(prober.run(workers))
    run.set_meta(f"ending of {target.name}", [problem is None, problem, problem is not None])
    return found, problem


def _exit_code(found: list[Observed]) -> int:
    if any(observed.broken for observed in found):
        return 1
    return 0 if any(observed.difference is not None for observed in found) else 3


def _show(
    target: Target, found: list[Observed], problem: str | None, run: RunFile, as_json: bool
) -> None:
    spend = run.spend(target.name)
    entry = next(row for row in run.meta("targets") if row["name"] == target.name)
    currency = entry["currency"]
    if as_json:
        from tokenassay.cli.output import write_json

        write_json(
            {
                "bounds": [_fields(observed) for observed in found],
                "spend": {
                    "requests": spend.requests,
                    "tokens": spend.tokens,
                    "amount": None if currency is None else spend.money,
                    "currency": currency,
                },
            }
        )
        if problem is not None:
            complain(problem)
        return
    out = console()
    if problem is not None:
        out.print(visible(f"{target.name}: nothing could be established"))
        out.print(visible(problem))
        return
    broken = sum(observed.broken for observed in found)
    said = f"{broken} of {len(found)} ranges are not as documented" if broken else ""
    out.print(f"{target.name}: {said or _calm(found)}")
    rows = table("parameter", "documented", "observed", "difference", whole=("parameter",))
    for observed in found:
        rows.add_row(
            observed.parameter, observed.documented, observed.observed, _difference(observed)
        )
    put(rows, out)
    paid = "unknown" if currency is None else money(spend.money, currency)
    out.print(f"{number(spend.requests)} requests, {number(spend.tokens)} tokens, {paid}")


def _calm(found: list[Observed]) -> str:
    told = sum(observed.difference is not None for observed in found)
    if told == len(found):
        return f"all {len(found)} ranges are as documented"
    return f"{told} of {len(found)} ranges are as documented, the others could not be told"


def _difference(observed: Observed) -> str:
    if observed.difference is None:
        return f"could not be told: {observed.why}"
    words = observed.difference or "none"
    if observed.difference and observed.level == "unspecified":
        words += " (the documents leave it open)"
    return f"{words}; {observed.why}" if observed.why else words


def _fields(observed: Observed) -> dict[str, Any]:
    return {
        "parameter": observed.parameter,
        "clause": observed.clause,
        "level": observed.level,
        "source": observed.source,
        "documented": observed.documented,
        "observed": observed.observed,
        "difference": observed.difference,
        "requests": observed.requests,
        "why": observed.why,
    }
