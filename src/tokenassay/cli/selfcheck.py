"""``tokenassay selfcheck``: what the conformance suite itself is worth."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tokenassay.cli.output import console, pairs, table, write_json

if TYPE_CHECKING:
    from tokenassay.conformance.selfcheck import Matrix


def selfcheck(
    edition: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this edition; may be repeated."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Try every promise, not only up to the first catch.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes [one for each core].")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the searches.")] = 0,
    score: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the score alone, as it is shipped.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the matrix as JSON.")] = False,
) -> None:
    """Try every lie of the mock on the promises, and every promise on the honest mock."""
    import msgspec

    from tokenassay.conformance.selfcheck import check_suite

    with _progress() as told:
        matrix = check_suite(
            edition or (),
            full=full,
            workers=workers or os.cpu_count() or 1,
            seed=seed,
            told=told,
        )
    if score is not None:
        written = msgspec.json.format(msgspec.json.encode(matrix.score), indent=2)
        score.write_bytes(written + b"\n")
    if json:
        write_json({**msgspec.to_builtins(matrix), "score": msgspec.to_builtins(matrix.score)})
    else:
        _show(matrix)
    strange = any(not lie.own_family for row in matrix.editions for lie in row.lies)
    if strange or matrix.score.false_alarms:
        raise typer.Exit(1)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("trying lies"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, all: bar.update(task, completed=done, total=all)


def _show(matrix: Matrix) -> None:
    out = console()
    rows = table(
        "edition",
        "lies",
        "caught",
        "by their own family",
        "false alarms",
        right=("lies", "caught", "by their own family", "false alarms"),
    )
    for edition in matrix.editions:
        lies = edition.lies
        rows.add_row(
            edition.id,
            str(len(lies)),
            str(sum(bool(lie.caught_by) for lie in lies)),
            str(sum(lie.own_family for lie in lies)),
            str(len(edition.false_alarms)),
        )
    out.print(rows)
    low = matrix.score.lowered
    if low:
        out.print(f"\n{len(low)} of them about limits that were lowered to be tried.")
    missed = [(e.id, lie) for e in matrix.editions for lie in e.lies if not lie.own_family]
    if missed:
        out.print("\nMissed, or caught only by promises about something else:")
        out.print(
            pairs(
                (
                    f"  {id} {lie.name}",
                    ", ".join(catch.promise for catch in lie.caught_by[:3]) or "not caught",
                )
                for id, lie in missed
            )
        )
    for title, alarms in (
        ("False alarms", [(e.id, a) for e in matrix.editions for a in e.false_alarms]),
        (
            "Not told at the honest mock",
            [(e.id, a) for e in matrix.editions for a in e.inconclusive],
        ),
    ):
        if alarms:
            out.print(f"\n{title}:")
            out.print(pairs((f"  {id} {a.model} {a.promise}", a.why) for id, a in alarms))
