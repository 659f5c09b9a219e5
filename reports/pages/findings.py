"""Cards of findings: what broke, worst first."""

from __future__ import annotations

import re
from typing import Final

from tokenassay.conformance.outcomes import WORST_FIRST, Outcome
from tokenassay.conformance.results import PromiseRow, RunDocument, TargetRow
from tokenassay.contracts.records import Record
from tokenassay.reports.pages.commands import run_alone
from tokenassay.reports.pages.matrix import Matrix, Row

CARDS: Final = 100
"""Findings that have a card of their own; the table has the rest."""

FINDINGS: Final[tuple[Outcome, ...]] = ("violated", "non-strict")


class Card(Record, frozen=True, kw_only=True):
    """One finding."""

    anchor: str
    cell: int
    outcome: Outcome
    title: str
    id: str
    target: str | None
    """Named where the run has several."""
    family: str
    clause: str
    statement: str
    level: str
    source: str
    expected: str
    observed: str
    alone: str


def build_cards(
    document: RunDocument, matrix: Matrix, most: int = CARDS
) -> tuple[tuple[Card, ...], int]:
    """Cards of the worst findings, and how many more there are."""
    found = [
        (row, cell.number, cell.promise)
        for row in matrix.rows
        for cell in row.cells
        if cell.promise is not None and cell.outcome in FINDINGS and not row.compared
    ]
    found.sort(key=lambda item: (WORST_FIRST.index(item[2].outcome), item[1]))
    targets = {target.name: target for target in document.targets}
    several = len(targets) > 1
    cards = tuple(
        _card(document, row, number, promise, targets[promise.target], several)
        for row, number, promise in found[:most]
    )
    return cards, len(found) - len(cards)


def _card(
    document: RunDocument,
    row: Row,
    number: int,
    promise: PromiseRow,
    target: TargetRow,
    several: bool,
) -> Card:
    return Card(
        anchor=anchor_of(promise, several),
        cell=number,
        outcome=promise.outcome,
        title=promise.title,
        id=promise.id,
        target=target.name if several else None,
        family=promise.family,
        clause=promise.clause,
        statement=promise.statement,
        level=promise.level,
        source=promise.source,
        expected=promise.expected,
        observed=promise.observed,
        alone=run_alone(document, target, promise.id),
    )


def anchor_of(promise: PromiseRow, several: bool) -> str:
    """The fragment that leads to a finding; with the endpoint's name where there are several."""
    name = f"{promise.id} at {promise.target}" if several else promise.id
    return "finding-" + re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")
