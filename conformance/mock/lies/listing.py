"""All lies as a list, for the command line and for docs/lies.md."""

from __future__ import annotations

from typing import NamedTuple

from tokenassay.conformance.mock.lies.registry import Lie, lies_for, named_lies
from tokenassay.contracts import store
from tokenassay.contracts.edition import Edition


class Row(NamedTuple):
    """One lie, with the clauses of all editions together that it breaks."""

    name: str
    family: str
    summary: str
    clauses: tuple[str, ...]
    editions: tuple[str, ...]
    """Editions whose server can tell it."""
    by_hand: bool
    """False: made from an edition's own figures."""


def rows(edition: str | None = None) -> tuple[Row, ...]:
    """Every lie once, by family; of one edition alone where it is named."""
    ids = [edition] if edition is not None else list(store.headers())
    editions = [store.load_edition(id) for id in ids]
    found: dict[str, tuple[Lie, list[Edition]]] = {}
    for lie in named_lies():
        found[lie.name] = (lie, [])
    for served in editions:
        for lie in lies_for(served):
            found.setdefault(lie.name, (lie, []))[1].append(served)
    by_hand = {lie.name for lie in named_lies()}
    return tuple(
        _row(lie, tellers, lie.name in by_hand) for lie, tellers in found.values() if tellers
    )


def _row(lie: Lie, tellers: list[Edition], by_hand: bool) -> Row:
    clauses = dict.fromkeys(id for edition in tellers for id in lie.broken(edition))
    names = tuple(edition.id for edition in tellers)
    return Row(lie.name, lie.family, lie.summary, tuple(clauses), names, by_hand)


def markdown(edition: str | None = None) -> str:
    """The list as a page; without an edition it is docs/lies.md."""
    listed = rows(edition)
    made = sum(not row.by_hand for row in listed)
    lines = [
        "# Lies of the mock endpoint",
        "",
        f"{len(listed) - made} by hand, and {made} made from the ranges and limits of the editions",
        "in the package; a contract file of your own brings those of its own figures. The name",
        "says what is done. `tokenassay serve --lie NAME` tells one, or several at once.",
    ]
    for family in dict.fromkeys(row.family for row in listed):
        lines += ["", f"## {family.capitalize()}", ""]
        lines += ["| Lie | What it does | Clauses |", "|---|---|---|"]
        for row in (row for row in listed if row.family == family):
            clauses = ", ".join(f"`{clause}`" for clause in row.clauses)
            lines.append(f"| `{row.name}` | {row.summary} | {clauses} |")
    return "\n".join(lines) + "\n"
