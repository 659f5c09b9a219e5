"""``tokenassay documents``: what a folder of documents would use."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokenassay.cli import inputs
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
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What documents would use, which are refused, and how to pass each."""
    from tokenassay.estimators.uploads import judge_folder

    day = inputs.parse_day(as_of).isoformat() if as_of is not None else None
    with progress() as told:
        found = judge_folder(paths, model, edition=edition, as_of=day, told=told)
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
        "calls": found.calls,
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
        tokens = "unknown"
        if one.tokens is not None:
            tokens = _range(one.tokens_min or 0, one.tokens)
        made.add_row(
            visible(one.path),
            "" if one.pages is None else number(one.pages),
            tokens,
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
    if found.calls is not None and found.calls > 1:
        lines.append(("calls", f"{number(found.calls)} at least, by the files that one may name"))
    lines += [("limit", _fault(fault)) for fault in found.faults]
    out.print()
    out.print(pairs(lines))


def _fault(fault: Any) -> str:
    if fault.clause is None:
        return str(fault.why)
    word = "" if fault.level == "must" else f", {fault.level}"
    return f"{fault.why} [{fault.clause}{word}]"


def _range(low: int, high: int) -> str:
    return number(low) if low == high else f"{number(low)} to {number(high)}"


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
