"""A run as a person reads it in a terminal: the verdict, the worst findings, the counts."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tokenassay.cli.output import console, money, number, pairs, table, visible
from tokenassay.conformance.outcomes import NOT_SELECTED, WORST_FIRST, Outcome, Verdict

if TYPE_CHECKING:
    from tokenassay.conformance.promises.registry import Promise
    from tokenassay.conformance.results import PromiseRow, RunDocument, TargetRow

_SHOWN: Final = 20
"""Findings that are shown in full; the rest stands in results.json."""

_LONGEST: Final = 1500
"""Characters of a line to type."""


@contextmanager
def progress(total: int) -> Iterator[Callable[[Promise, Verdict], None] | None]:
    """A bar on standard error where that is a terminal; gives what tells it of a verdict."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    broken = 0
    with bar:
        task = bar.add_task("checking", total=total)

        def told(promise: Promise, verdict: Verdict) -> None:
            nonlocal broken
            broken += verdict.outcome == "violated"
            said = f"checking, {broken} broken" if broken else "checking"
            bar.update(task, advance=1, description=said)

        yield told


def show(document: RunDocument, strict: bool) -> None:
    """Print a run: each target's verdict first, then what was found, then the counts."""
    out = console()
    for target in document.targets:
        promises = [
            promise
            for promise in document.promises
            if promise.target == target.name and promise.why != NOT_SELECTED
        ]
        out.print(visible(f"{target.name}: {headline(target, promises, strict)}"))
        out.print(pairs(_facts(document, target)))
        found = [p for p in promises if p.outcome in ("violated", "non-strict")]
        found.sort(key=lambda promise: WORST_FIRST.index(promise.outcome))
        for promise in found[:_SHOWN]:
            out.print()
            out.print(f"{promise.outcome}: {promise.id}")
            out.print(pairs(_evidence(promise)))
        if len(found) > _SHOWN:
            out.print(f"\nand {len(found) - _SHOWN} more findings")
        doubtful = [p for p in promises if p.outcome == "inconclusive"]
        if doubtful and not target.unusable:
            out.print("\nCould not be told:")
            out.print(pairs((f"  {p.id}", p.why) for p in doubtful[:_SHOWN]))
            if len(doubtful) > _SHOWN:
                out.print(f"  and {len(doubtful) - _SHOWN} more")
        out.print()
        out.print(_counts(promises))


def headline(target: TargetRow, promises: list[PromiseRow], strict: bool) -> str:
    """The verdict in one line."""
    counts = Counter(promise.outcome for promise in promises)
    broken = counts["violated"] + (counts["non-strict"] if strict else 0)
    if target.unusable:
        return f"inconclusive: {target.stop_reason}"
    if broken:
        return f"{broken} of {_tried(counts)} promises are broken"
    if not counts["kept"] and not counts["observed"] and not counts["non-strict"]:
        return "inconclusive: nothing was established"
    partial = "" if target.complete else ", but the run is partial"
    return f"nothing is broken of {_tried(counts)} promises{partial}"


def _tried(counts: Counter[Outcome]) -> int:
    return counts["kept"] + counts["violated"] + counts["non-strict"]


def _facts(document: RunDocument, target: TargetRow) -> list[tuple[str, str]]:
    spend = target.spend
    cost = "unknown"
    if spend.amount is not None:
        cost = money(Decimal(spend.amount), spend.currency or "")
        if spend.ceiling is not None:
            cost += f" of {money(Decimal(spend.ceiling), spend.currency or '')}"
    lines = [
        ("held to", f"{target.edition} ({target.edition_title}), model {target.model}"),
        ("used", f"{number(target.requests)} requests, {number(spend.tokens)} tokens"),
        ("cost", cost),
        ("seed", str(document.seed)),
    ]
    if target.stop_reason and not target.unusable:
        lines.append(("stopped", target.stop_reason))
    suite = document.suite
    if suite is not None:
        said = f"{suite.caught} of {suite.lies} lies of the mock caught, "
        lines.append(("suite", f"{said}{suite.false_alarms} false alarms ({suite.date})"))
    return lines


def _evidence(promise: PromiseRow) -> list[tuple[str, str]]:
    lines = [
        ("  clause", f"{promise.clause} ({promise.level}): {promise.source}"),
        ("  expected", promise.expected),
        ("  observed", promise.observed),
    ]
    if promise.exchange is not None:
        lines.append(("  again", shortened(promise.exchange.curl)))
    return lines


def shortened(line: str) -> str:
    """A curl line as far as it can be read; one at a limit may be as long as a book."""
    if len(line) <= _LONGEST:
        return line
    return f"{line[:_LONGEST]}... ({number(len(line))} characters; --out DIR keeps it whole)"


def _counts(promises: list[PromiseRow]) -> object:
    by_family: dict[str, Counter[str]] = {}
    for promise in promises:
        by_family.setdefault(promise.family, Counter())[promise.outcome] += 1
    used = [o for o in reversed(WORST_FIRST) if any(c[o] for c in by_family.values())]
    made = table("family", *used, right=used)
    for family, counts in by_family.items():
        made.add_row(family, *(str(counts[outcome] or "") for outcome in used))
    return made
