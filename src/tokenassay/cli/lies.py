"""``tokenassay lies``: what the mock endpoint can be told to do wrong."""

from __future__ import annotations

from typing import Annotated

import typer

from tokenassay.cli.output import console, table, write_json


def lies(
    edition: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only those that a server of this edition can tell."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown page.")] = False,
) -> None:
    """Every lie of the mock endpoint, what it does, and the clauses that it breaks."""
    from tokenassay.conformance.mock.lies import listing

    if markdown:
        print(listing.markdown(edition), end="")
        return
    rows = listing.rows(edition)
    if json:
        write_json({"lies": [row._asdict() for row in rows]})
        return
    shown = table("lie", "what it does", "clauses")
    for row in rows:
        shown.add_row(row.name, row.summary, ", ".join(row.clauses))
    console().print(shown)
