"""``tokenassay documents``: what a folder of documents would use."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokenassay.cli import INTERRUPTED, inputs
from tokenassay.cli.batchsheet import cost
from tokenassay.cli.output import (
    USAGE,
    complain,
    console,
    number,
    pairs,
    put,
    table,
    visible,
    write_json,
)

if TYPE_CHECKING:
    from tokenassay.estimators.uploads import Document, Folder
    from tokenassay.estimators.uploads.holding import Calls


def documents(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders.")],
    model: Annotated[str, typer.Option(metavar="MODEL", help="The model to pass them to.")] = (
        "qwen-long"
    ),
    edition: Annotated[
        str | None, typer.Option(metavar="EDITION", help="Hold them to this edition.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Limits and prices of that day.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0.001,
            help="Give up a document after so long; else a minute, more for many bytes or pages.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What documents would use, which are refused, and how to pass each."""
    from tokenassay.estimators.uploads import judge_folder

    day = inputs.parse_day(as_of).isoformat() if as_of is not None else None
    with progress() as told:
        found = judge_folder(paths, model, edition=edition, as_of=day, seconds=timeout, told=told)
    shown = as_json(found)
    if json:
        write_json(shown)
    else:
        show(found, shown)
    refused = [one for one in found.documents if one.refused]
    unread = [one for one in found.documents if one.unread and not one.refused]
    if refused:
        complain(f"{_documents(len(refused))} would be refused; the first is {refused[0].path}")
    broken = [fault for fault in found.faults if fault.level == "must"]
    for fault in broken:
        complain(f"{fault.why} ({fault.clause})")
    if unread:
        complain(f"{_documents(len(unread))} can't be read; the first is {unread[0].path}")
    if not found.complete:
        complain("interrupted: the figures are of what was read until then")
        raise typer.Exit(INTERRUPTED)
    if not found.documents:
        complain(f"no documents under {', '.join(paths)}")
    if unread or not found.documents:
        raise typer.Exit(USAGE)
    if refused or broken:
        raise typer.Exit(1)


def as_json(found: Folder) -> dict[str, Any]:
    """Everything as plain JSON data, the sums first; unknown as null."""
    from tokenassay.estimators.uploads.judging import BASIS_WHY

    return {
        "documents": len(found.documents),
        "input_tokens": found.tokens,
        "input_range": [found.tokens_min, found.tokens],
        "basis": "modelled",
        "basis_why": BASIS_WHY,
        "uncounted": sum(one.unread for one in found.documents),
        "bytes": found.bytes,
        "cost": {"live": found.live.to_dict(), "batch": found.batch.to_dict()},
        "calls": found.calls._asdict(),
        "complete": found.complete,
        "hidden": found.left_out.hidden,
        "linked_folders": found.left_out.linked,
        "model": found.model,
        "edition": found.edition,
        "faults": [fault._asdict() for fault in found.faults],
        "files": [
            {
                "path": one.path,
                "kind": one.kind,
                "bytes": one.bytes,
                "pages": one.pages,
                "input_tokens": one.tokens,
                "input_range": [one.tokens_min, one.tokens],
                "pass_as": one.way,
                "refused": one.refused,
                "faults": [fault._asdict() for fault in one.faults],
            }
            for one in found.documents
        ],
    }


def show(found: Folder, shown: dict[str, Any]) -> None:
    """A line for each document with what stands against it, then the sums."""
    out = console()
    made = table("document", "pages", "tokens", "pass as", "what to know", right=("pages",))
    for one in found.documents:
        made.add_row(
            visible(one.path),
            "" if one.pages is None else number(one.pages),
            _range(one.tokens_min, one.tokens),
            one.way or "",
            visible("; ".join(_fault(fault) for fault in one.faults)),
        )
    put(made, out)
    said = f"{_range(found.tokens_min, found.tokens)} tokens, modelled: {shown['basis_why']}"
    lines = [("held to", f"{found.edition}, for {found.model}"), ("input", said)]
    if shown["uncounted"]:
        lines.append(("", f"without {_documents(shown['uncounted'])} that can't be read here"))
    lines += [
        ("cost", f"{cost(shown['cost']['live'])} where each is read once, answers aside"),
        ("in a batch", cost(shown["cost"]["batch"])),
    ]
    if found.calls.least > 1:
        lines.append(("calls", _calls(found.calls)))
    left_out = found.left_out
    if left_out.hidden:
        lines.append(("left out", f"{number(left_out.hidden)} hidden"))
    for link in left_out.linked:
        lines.append(("left out", f"{link}, a link to a folder"))
    lines += [("limit", _fault(fault)) for fault in found.faults]
    out.print()
    out.print(pairs(lines))


def _fault(fault: Any) -> str:
    if fault.clause is None:
        return str(fault.why)
    word = "" if fault.level == "must" else f", {fault.level}"
    return f"{fault.why} [{fault.clause}{word}]"


def _range(low: int | None, high: int | None) -> str:
    return number(high) if low == high else f"{number(low)} to {number(high)}"


def _calls(held: Calls) -> str:
    most = [
        f"{number(figure)} {unit}"
        for figure, unit in ((held.files, "files"), (held.tokens, "tokens"))
        if figure is not None
    ]
    return f"{number(held.least)} at least, of {' and '.join(most)} [{', '.join(held.clauses)}]"


def _documents(count: int) -> str:
    return f"{count:,} document{'' if count == 1 else 's'}"


@contextmanager
def progress() -> Iterator[Callable[[Document], None] | None]:
    """The number of documents so far on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading documents")
        done = 0

        def told(document: Document) -> None:
            nonlocal done
            done += 1
            bar.update(task, description=f"{_documents(done)} read")

        yield told
