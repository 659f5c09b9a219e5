"""``tokenassay compare``: the same requests to several endpoints, and what parts them."""

from __future__ import annotations

import contextlib
import shlex
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tokenassay.cli import endpoints as e
from tokenassay.cli.output import Complaint, complain, console, money, number, pairs, visible

if TYPE_CHECKING:
    from tokenassay.conformance.checking import Check
    from tokenassay.conformance.compare.comparing import Comparer, Comparison
    from tokenassay.conformance.results import RunDocument
    from tokenassay.conformance.rundb import RunFile
    from tokenassay.conformance.targets import Target

_ROOM = 2
"""A live run may take so many times what the asking takes: differences are looked at again."""


def compare(
    targets: Annotated[Path, typer.Argument(metavar="TARGETS.toml", help="The endpoints.")],
    baseline: Annotated[
        str | None, typer.Option(metavar="NAME", help="The endpoint to measure the others by.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="NAME", help="Only these; may be repeated."),
    ] = None,
    examples: Annotated[
        int, typer.Option(metavar="N", min=0, help="Requests that mix parameters.")
    ] = 20,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the requests.")] = 0,
    promises: Annotated[
        bool,
        typer.Option("--promises", help="Check each endpoint's promises, too, as check does."),
    ] = False,
    workers: Annotated[
        int, typer.Option(metavar="N", min=1, max=64, help="Requests at once, of each endpoint.")
    ] = 2,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where run.db, results.json, junit.xml and report.html go."
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in DIR.")] = False,
    yes: e.Yes = False,
    json: Annotated[bool, typer.Option("--json", help="Print results.json.")] = False,
) -> None:
    """Ask several endpoints the same and show the smallest requests that part them."""
    if resume and out is None:
        raise Complaint("--resume goes on with the run in a folder: name it by --out DIR")
    from tokenassay.cli.results import WRITTEN, no_traces, write_results
    from tokenassay.conformance.results import as_json, read_run

    with e.config_faults(), no_traces(), contextlib.ExitStack() as stack:
        from tokenassay.conformance.checking import Check, Plan, open_run
        from tokenassay.conformance.compare.comparing import Comparer
        from tokenassay.conformance.compare.rows import keep_differences
        from tokenassay.conformance.visits import contract_of, visit

        named = _named(targets, tuple(only or ()), baseline)
        keys = {target.name: _key(target) for target in named}
        folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = open_run(folder, resume=resume)
        stack.callback(run.close)

        def comparer(inner: contextlib.ExitStack, sides: list[Target]) -> Comparer:
            sessions = [
                inner.enter_context(
                    visit(
                        target,
                        contract_of(target),
                        run,
                        keys[target.name],
                        seed=seed,
                        workers=workers,
                    )
                )
                for target in sides
            ]
            return Comparer(sessions, seed=seed, examples=examples, against=baseline)

        with contextlib.ExitStack() as inner:
            suites = [Check(target, Plan(seed=seed)) for target in named] if promises else []
            named = _agreed(named, comparer(inner, named), suites, yes)
        run.set_meta("kind", "compare")
        run.set_meta("command", shlex.join(("tokenassay", *sys.argv[1:])))
        with contextlib.ExitStack() as inner:
            comparing = comparer(inner, named)
            found = comparing.run(workers)
            keep_differences(run, baseline, found.differences)
            if promises:
                comparing.check(suites, workers)
            else:
                comparing.keep_rows()
        _end(run, named, found)
        document = read_run(run)
        if out is not None:
            write_results(document, out)
    if json:
        from tokenassay.cli.output import write_json

        write_json(as_json(document))
    else:
        _show(named, document, found)
        if out is not None:
            print(f"\n{out}: {WRITTEN}")
    raise typer.Exit(_exit_code(named, found, document))


def _named(path: Path, only: tuple[str, ...], baseline: str | None) -> list[Target]:
    from tokenassay.conformance.checking import describe
    from tokenassay.conformance.targets import read_targets

    tables = read_targets(path)
    for name in (*only, *((baseline,) if baseline else ())):
        if name not in tables:
            raise Complaint(f"no target {name!r} in {path}; it has {', '.join(tables)}")
    chosen = [name for name in tables if not only or name in only or name == baseline]
    if len(chosen) < 2:
        raise Complaint(f"{path}: expected two targets or more to compare, got {len(chosen)}")
    return [describe(name, tables[name], f"{path}: targets.{name}.") for name in chosen]


def _key(target: Target) -> str:
    from tokenassay.conformance.checking import read_key

    return read_key(target)


def _agreed(
    named: list[Target], comparer: Comparer, suites: list[Check], yes: bool
) -> list[Target]:
    """The targets, each under the budget that the user agreed to."""
    from msgspec.structs import replace

    forecasts = {suite.target.name: suite.forecast() for suite in suites}
    agreed = []
    for target in named:
        requests, most, currency, tokens = comparer.at_most()[target.name]
        suite = forecasts.get(target.name)
        if suite is not None:
            requests, tokens = requests + suite.requests, tokens + suite.tokens
        use = f"{number(requests)} requests and {number(tokens)} tokens at most, then a few more"
        if most is not None:
            room = most * _ROOM + (suite.at_most if suite is not None else 0)
            ceiling = room if target.budget is None else target.budget
            use += f" where it differs; never more than {money(ceiling, currency or '')}"
            target = replace(target, budget=ceiling, currency=currency)
        elif not (target.max_requests and target.max_tokens):
            raise Complaint(
                f"no price is known for {target.model} at {target.name}: give it a price, "
                "or max_requests and max_tokens"
            )
        print(f"{target.name}: {use}", file=sys.stderr, flush=True)
        agreed.append(target)
    e.require_consent(yes)
    return agreed


def _end(run: RunFile, named: list[Target], found: Comparison) -> None:
    for target in named:
        unusable, stopped = found.unusable.get(target.name), found.stopped.get(target.name)
        why = unusable or stopped or (run.meta(f"ending of {target.name}") or (0, None))[1]
        run.set_meta(f"ending of {target.name}", [why is None, why, unusable is not None])


def _exit_code(named: list[Target], found: Comparison, document: RunDocument) -> int:
    from tokenassay.conformance.compare.differences import undocumented

    if len(named) - len(found.unusable) < 2:
        complain("fewer than two endpoints could be asked, so nothing can be compared")
        return 3
    broken = any(promise.outcome == "violated" for promise in document.promises)
    return 1 if broken or undocumented(found.differences) else 0


_EXPECTED = {
    True: "as their documents say",
    False: "not what the documents say",
    None: "the documents do not tell",
}


def _show(named: list[Target], document: RunDocument, found: Comparison) -> None:
    out = console()
    many = len(found.differences)
    said = f"{many} differences" if many != 1 else "1 difference"
    out.print(f"{len(named)} endpoints, {number(found.asked)} requests each: {said}")
    for name, why in {**found.unusable, **found.stopped}.items():
        out.print(visible(f"{name}: {why}"))
    for difference in found.differences:
        out.print()
        others = ", ".join(difference.deviants)
        out.print(visible(f"{others} unlike {difference.reference}"))
        lines = [("not so", difference.promise.replace("_", " "))]
        lines += list(difference.answers.items())
        lines.append(("request", difference.ask.said))
        lines.append(("expected", _EXPECTED[difference.documented]))
        out.print(pairs(lines))
    out.print()
    for row in document.targets:
        spend = row.spend
        paid = (
            "price unknown"
            if spend.amount is None
            else money(Decimal(spend.amount), spend.currency or "")
        )
        line = f"{row.name}: {number(row.requests)} requests, {paid}"
        out.print(visible(f"{line}; {_outcomes(row.outcomes)}"))


def _outcomes(outcomes: dict[str, int]) -> str:
    """How many requests, or promises, came to which outcome."""
    return ", ".join(f"{number(many)} {outcome}" for outcome, many in outcomes.items())
