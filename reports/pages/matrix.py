"""The table of promises: families as bands, one row a promise, one column an endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from tokenassay.conformance.outcomes import WORST_FIRST, Outcome
from tokenassay.conformance.results import PromiseRow, RunDocument
from tokenassay.contracts.records import Record

BLOCK: Final = 48
"""Rows that a browser lays out together; those out of sight are left for later."""


class Cell(Record, frozen=True, kw_only=True):
    """One promise at one endpoint; ``outcome`` None: its edition has no such promise."""

    number: int
    """Row times columns plus column."""
    outcome: Outcome | None
    promise: PromiseRow | None


class Row(Record, frozen=True, kw_only=True):
    """One promise."""

    number: int
    id: str
    family: str
    title: str
    clause: str
    level: str
    source: int
    """Number of its source, counted from 1."""
    said: str = ""
    """The request that parts the endpoints, where the row is one of a comparison."""
    compared: bool = False
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether endpoints fared differently with it."""
        return len({cell.outcome for cell in self.cells if cell.outcome}) > 1

    @property
    def worst(self) -> Outcome | None:
        """The worst outcome in the row."""
        found = {cell.outcome for cell in self.cells}
        return next((outcome for outcome in WORST_FIRST if outcome in found), None)


class Band(Record, frozen=True, kw_only=True):
    """Some rows of one family; the first of them bears the family's name."""

    family: str
    first: bool
    rows: tuple[Row, ...]


class Matrix(Record, frozen=True, kw_only=True):
    """All promises at all endpoints."""

    targets: tuple[str, ...]
    bands: tuple[Band, ...]
    families: tuple[str, ...]
    counts: dict[str, int]
    """Cells by outcome, worst first; outcomes that do not occur are absent."""
    sources: tuple[str, ...]
    statements: dict[str, str]
    """What each clause states, by its id."""

    @property
    def rows(self) -> Iterable[Row]:
        """All rows in order."""
        for band in self.bands:
            yield from band.rows


def build_matrix(document: RunDocument, compared: Sequence[PromiseRow] = ()) -> Matrix:
    """The matrix of a run. Families stand in the order in which they first occur.

    ``compared``: what a comparison found, as rows above those of the promises.
    """
    targets = tuple(target.name for target in document.targets)
    columns = {name: at for at, name in enumerate(targets)}
    by_id: dict[str, list[PromiseRow]] = {}
    for promise in (*compared, *document.promises):
        by_id.setdefault(promise.id, []).append(promise)
    above = {promise.id for promise in compared}
    families: dict[str, list[list[PromiseRow]]] = {}
    for promises in by_id.values():
        families.setdefault(promises[0].family, []).append(promises)
    sources: dict[str, int] = {}
    bands: list[Band] = []
    number = 0
    for family, members in families.items():
        rows: list[Row] = []
        for promises in members:
            row = _row(number, promises, columns, sources)
            if row.id in above:
                row = replace(row, said=promises[0].statement, level="", compared=True)
            rows.append(row)
            number += 1
        bands += [
            Band(family=family, first=not at, rows=tuple(rows[at : at + BLOCK]))
            for at in range(0, len(rows), BLOCK)
        ]
    return Matrix(
        targets=targets,
        bands=tuple(bands),
        families=tuple(families),
        counts=_counts((*compared, *document.promises)),
        sources=tuple(sources),
        statements={promise.clause: promise.statement for promise in document.promises},
    )


def _row(
    number: int,
    promises: Sequence[PromiseRow],
    columns: dict[str, int],
    sources: dict[str, int],
) -> Row:
    first = promises[0]
    at = {columns[promise.target]: promise for promise in promises if promise.target in columns}
    cells = []
    for column in range(len(columns)):
        promise = at.get(column)
        cells.append(
            Cell(
                number=number * len(columns) + column,
                outcome=promise.outcome if promise else None,
                promise=promise,
            )
        )
    return Row(
        number=number,
        id=first.id,
        family=first.family,
        title=first.title,
        clause=first.clause,
        level=first.level,
        source=sources.setdefault(first.source, len(sources) + 1),
        cells=tuple(cells),
    )


def _counts(promises: Iterable[PromiseRow]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for promise in promises:
        counts[promise.outcome] = counts.get(promise.outcome, 0) + 1
    return {outcome: counts[outcome] for outcome in WORST_FIRST if outcome in counts}
