"""``tokenassay check``: hold an endpoint to what its documents promise."""

from __future__ import annotations

import contextlib
import shlex
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from tokenassay.cli import endpoints as e
from tokenassay.cli.output import Complaint, complain, money, number, write_json

if TYPE_CHECKING:
    from tokenassay.conformance.checking import Check
    from tokenassay.conformance.results import RunDocument

INTERRUPTED = 130


def check(
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
    examples: Annotated[
        int, typer.Option(metavar="N", min=1, help="Values that each search tries.")
    ] = 10,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the searches.")] = 0,
    expression: Annotated[
        str, typer.Option("-k", metavar="EXPR", help="Only promises with these words.")
    ] = "",
    family: Annotated[
        list[str] | None, typer.Option(metavar="F", help="Only this family; may be repeated.")
    ] = None,
    workers: e.Workers = 8,
    rate: e.Rate = None,
    timeout: e.Timeout = None,
    header: e.Header = None,
    ca_file: e.CaFile = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where run.db, results.json, junit.xml and report.html go."
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in DIR.")] = False,
    yes: e.Yes = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="A should that is missed is a finding too.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print results.json.")] = False,
) -> None:
    """Hold an endpoint to what its documents promise; without one, the mock."""
    from tokenassay.conformance.checking import Check, Plan, exit_code

    plan = Plan(
        expression=expression,
        families=_families(family or []),
        seed=seed,
        examples=examples,
        workers=workers,
    )
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
    with e.config_faults():
        if resume and out is None:
            raise Complaint("--resume goes on with the run in a folder: name it by --out DIR")
        if e.is_live(target, base_url, config):
            named = e.named_target(target, base_url, config, given)
            document = _check_live(Check(named, plan), out, resume, yes, strict, json)
        else:
            document = _check_mock(given, plan, out, resume, strict, json)
    if json:
        from tokenassay.conformance.results import as_json

        write_json(as_json(document))
    if document.stop_reason == "interrupted":
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(exit_code(document, strict=strict))


# ------------------------------------------------------------------------------- what to check


def _families(named: list[str]) -> tuple[str, ...]:
    from tokenassay.contracts.clauses import Family

    known = get_args(Family)
    for name in named:
        if name not in known:
            raise Complaint(f"no family {name!r}; the families are {', '.join(known)}")
    return tuple(named)


# ------------------------------------------------------------------------------- two ways to run


def _check_mock(
    given: dict[str, Any], plan: Any, out: Path | None, resume: bool, strict: bool, quiet: bool
) -> RunDocument:
    from tokenassay.conformance.checking import Check

    with e.mock_target(given, plan.seed) as (target, key):
        return _run(Check(target, plan), key, out, resume, strict, quiet)


def _check_live(
    check: Check, out: Path | None, resume: bool, yes: bool, strict: bool, quiet: bool
) -> RunDocument:
    from tokenassay.conformance.checking import read_key

    key = read_key(check.target)
    target = check.target
    if not check.pricing.known and not (target.max_requests and target.max_tokens):
        raise Complaint(
            f"no price is known for {target.model}: give one by --price, or ceilings by "
            "--max-requests and --max-tokens"
        )
    check = _agreed(check, yes)
    folder = out or Path(f"assay-{_plain(target.name)}-{time.strftime('%Y%m%d-%H%M%S')}")
    return _run(check, key, folder, resume, strict, quiet)


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-._" else "-" for letter in name)


def _agreed(check: Check, yes: bool) -> Check:
    """The check under the budget that the user agreed to; Complaint where nobody did."""
    forecast = check.forecast()
    target, currency = check.target, check.pricing.currency
    lines = [
        f"{target.name}: {len(check.selected)} promises of {target.edition} for {target.model}"
    ]
    use = f"about {number(forecast.requests)} requests and {number(forecast.tokens)} tokens"
    if check.pricing.known:
        ceiling = forecast.at_most if target.budget is None else target.budget
        use += f", {money(forecast.money, currency or '')}"
        lines.append(f"{use}; never more than {money(ceiling, currency or '')}")
        if target.budget is None:
            check = check.capped(ceiling)
    else:
        lines.append(f"{use}; the price is unknown")
    limits = {"requests": target.max_requests, "tokens": target.max_tokens}
    stops = [f"{number(limit)} {what}" for what, limit in limits.items() if limit is not None]
    if stops:
        lines.append(f"it stops at {' or '.join(stops)}")
    print("\n".join(lines), file=sys.stderr, flush=True)
    e.require_consent(yes)
    return check


def _run(
    check: Check, key: str, out: Path | None, resume: bool, strict: bool, quiet: bool
) -> RunDocument:
    from tokenassay.cli import verdicts
    from tokenassay.cli.results import WRITTEN, no_traces, write_results
    from tokenassay.conformance.checking import open_run
    from tokenassay.conformance.results import read_run

    with contextlib.ExitStack() as stack:
        stack.enter_context(no_traces())
        # The mock costs nothing, so its run is kept only where somebody asks for it.
        folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = open_run(folder, resume=resume)
        stack.callback(run.close)
        check.begin(run)
        run.set_meta("command", shlex.join(("tokenassay", *sys.argv[1:])))
        with verdicts.progress(len(check.selected)) as told:
            try:
                check.run(run, key, told)
            except KeyboardInterrupt:
                run.set_meta(f"ending of {check.target.name}", [False, "interrupted", False])
        document = read_run(run)
        if out is not None:
            write_results(document, folder, strict=strict)
    if not quiet:
        verdicts.show(document, strict)
        if out is not None:
            print(f"\n{folder}: {WRITTEN}")
    elif document.stop_reason:
        complain(document.stop_reason)
    return document
