"""``tokenassay contracts``: what an edition promises, clause by clause, with its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokenassay.cli import inputs
from tokenassay.cli.output import Complaint, console, number, pairs, put, table, write_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from tokenassay.contracts.clauses import ClauseBase
    from tokenassay.contracts.edition import Edition


def contracts(
    edition: Annotated[
        str | None, typer.Argument(metavar="EDITION", help="One edition, clause by clause.")
    ] = None,
    contract: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The edition in a contract file of your own."),
    ] = None,
    errors: Annotated[bool, typer.Option("--errors", help="Its error rows only.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What an edition promises, clause by clause, with the document it was read in."""
    from tokenassay.contracts.store import headers, load_edition

    if edition and contract:
        raise Complaint("name an edition or give --contract, not both")
    own = inputs.read_contract(contract)
    if own is not None:
        chosen = own.edition
    elif edition is not None:
        chosen = load_edition(edition)
    else:
        if errors:
            raise Complaint("--errors needs an edition")
        known = [load_edition(id) for id in headers()]
        if json:
            write_json({"editions": [summary(one) for one in known]})
        else:
            put(_overview(known), console())
        return
    if json:
        listed = chosen.errors.values() if errors else chosen.clauses
        write_json({**summary(chosen), "clauses": [record(chosen, clause) for clause in listed]})
    elif errors:
        _list_errors(chosen, console())
    else:
        _describe(chosen, console())


def summary(edition: Edition) -> dict[str, Any]:
    """An edition's head as JSON."""
    import msgspec

    levels = [clause.level for clause in edition.clauses]
    head: dict[str, Any] = msgspec.to_builtins(
        {
            "edition": edition.id,
            "title": edition.title,
            "provider": edition.provider,
            "surface": edition.surface,
            "date": edition.date,
            "seen": edition.seen,
            "models": edition.models,
            "extends": edition.extends,
            "summary": edition.summary,
            "levels": {level: levels.count(level) for level in ("must", "should", "unspecified")},
            "sources": edition.sources,
        }
    )
    return head


def record(edition: Edition, clause: ClauseBase) -> dict[str, Any]:
    """A clause as JSON: its own fields, and ``cited`` with the document in words."""
    import msgspec

    written: dict[str, Any] = msgspec.to_builtins(clause)
    return {**written, "cited": str(edition.cite(clause))}


def _overview(editions: list[Edition]) -> Table:
    counts = ("clauses", "must", "should", "unspecified")
    shown = table("edition", "what", "surface", *counts, right=counts, whole=("edition",))
    for edition in editions:
        levels = summary(edition)["levels"]
        shown.add_row(
            edition.id,
            edition.title,
            edition.surface,
            number(len(edition.clauses)),
            *(number(count) for count in levels.values()),
        )
    return shown


def _heading(edition: Edition, console: Console) -> None:
    console.print(edition.id, style="bold")
    console.print(f"{edition.title}; {edition.provider}, {edition.date}, read {edition.seen}")
    if edition.summary:
        console.print(edition.summary.strip())


def _describe(edition: Edition, console: Console) -> None:
    _heading(edition, console)
    console.print(
        pairs(
            (key, f"{source.provider}, {source.title} ({source.published}, {source.trust})")
            for key, source in edition.sources.items()
        )
    )
    families: dict[str, list[ClauseBase]] = {}
    for clause in edition.clauses:
        families.setdefault(clause.family, []).append(clause)
    for family, members in families.items():
        shown = table(family, "level", "statement", "source", whole=(family, "level"))
        for member in members:
            statement = [member.text, *(f"- {reading}" for reading in member.readings)]
            shown.add_row(member.id, member.level, "\n".join(statement), member.source)
        console.print()
        put(shown, console)


def _list_errors(edition: Edition, console: Console) -> None:
    _heading(edition, console)
    if not edition.errors:
        console.print("Its documents print no error.")
        return
    shown = table(
        "error", "status", "code", "message", "from", right=("status",), whole=("error", "code")
    )
    for row in edition.errors.values():
        shown.add_row(
            row.id, str(row.status), row.code or "not printed", row.pattern, row.induced_by
        )
    console.print()
    put(shown, console)
