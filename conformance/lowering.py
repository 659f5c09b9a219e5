"""Contracts with small limits: what is too much for a proof at its documented size is tried small.

To send ten million tokens, or to fill an account with ten thousand files, costs more than a check
is worth, so the promises leave that be. They need not go untried: a contract may state a lower
limit, a mock serves it, and the very same promises are held to that.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tokenassay.contracts.clauses import LimitClause, Quantity
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.store import Contract

_COSTLY: Final[dict[Quantity, tuple[int, int]]] = {
    "input_tokens": (50_000, 2_000),
    "context_tokens": (50_000, 2_000),
    "output_tokens": (2_000, 300),
    "file_bytes": (16 << 20, 64 << 10),
    "image_bytes": (16 << 20, 32 << 10),
    "batch_file_bytes": (16 << 20, 96 << 10),
    "account_bytes": (16 << 20, 256 << 10),
    "account_files": (100, 12),
    "batch_lines": (100, 4),
}
"""The most of a quantity that a rehearsal tries as documented, and what it lowers more than that
to: figures of our own, of no document."""


def lowered(contract: Contract) -> tuple[Contract, frozenset[str]]:
    """The contract with its costly limits lowered, and the ids of the clauses on them."""
    edition = contract.edition
    small = {
        clause.id: low
        for clause in edition.clauses
        if isinstance(clause, LimitClause) and (low := _lowered(clause)) is not clause
    }
    clauses = [small.get(clause.id, clause) for clause in edition.clauses]
    changed = Edition(
        id=edition.id,
        title=edition.title,
        provider=edition.provider,
        surface=edition.surface,
        date=edition.date,
        seen=edition.seen,
        endpoint=edition.endpoint,
        sources=edition.sources,
        models=edition.models,
        clauses=clauses,
        summary=edition.summary,
        extends=edition.extends,
    )
    return Contract(changed, contract.models), frozenset(small)


def _lowered(clause: LimitClause) -> LimitClause:
    """The clause with each costly figure in it lowered; itself where it has none."""
    most, low = _COSTLY.get(clause.quantity, (None, 0))
    figures = [*clause.by_model.values(), *([clause.maximum] if clause.maximum else [])]
    if most is None or clause.level == "unspecified" or max(figures, default=0) <= most:
        return clause

    def small(figure: int, of: int) -> int:
        return figure * low // of if of > most else figure

    maximum = clause.maximum
    return replace(
        clause,
        maximum=None if maximum is None else small(maximum, maximum),
        by_model={model: small(figure, figure) for model, figure in clause.by_model.items()},
        undecided=tuple(small(figure, maximum or figure) for figure in clause.undecided),
    )
