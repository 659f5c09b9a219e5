"""Which models of an edition to check: the usual one, and few that meet every clause."""

from __future__ import annotations

from tokenassay.contracts.clauses import Clause, LimitClause, RangeClause
from tokenassay.contracts.edition import Edition, applies
from tokenassay.contracts.errors import UnknownModel
from tokenassay.contracts.store import Contract, models


def usual_model(contract: Contract) -> str:
    """The model to check where none is named: of those still served, the first with a price.

    UnknownModel where the edition names none outright.
    """
    own = {model.id: model for model in contract.models}
    named = named_models(contract.edition)
    if not named:
        raise UnknownModel(f"{contract.edition.id} names no model outright; name one")
    known = [model for name in named if (model := own.get(name) or models().get(name))]
    served = [model for model in known if model.retired is None]
    priced = [model for model in served if model.prices and model.tokenizer is not None]
    for choice in (priced, served, known):
        if choice:
            return choice[0].id
    return named[0]


def named_models(edition: Edition) -> tuple[str, ...]:
    """The models that an edition names in full."""
    return tuple(name for name in edition.models if not name.endswith("*"))


def covering_models(contract: Contract) -> tuple[str, ...]:
    """The usual model, and as few others as it takes to meet every clause about some model."""
    edition = contract.edition
    chosen = [usual_model(contract)]
    rest = [name for name in named_models(edition) if name not in chosen]
    missing = _spoken_of(edition, rest) - _spoken_of(edition, chosen)
    while missing:
        best = max(rest, key=lambda name: len(_spoken_of(edition, [name]) & missing))
        chosen.append(best)
        missing -= _spoken_of(edition, [best])
    return tuple(chosen)


def _spoken_of(edition: Edition, names: list[str]) -> set[str]:
    """Ids of the clauses that speak of one of these models."""
    return {
        clause.id
        for clause in edition.clauses
        for name in names
        if clause.level != "unspecified" and _speaks(clause, name)
    }


def _speaks(clause: Clause, name: str) -> bool:
    by_model_alone = (isinstance(clause, RangeClause) and clause.interval is None) or (
        isinstance(clause, LimitClause) and clause.maximum is None
    )
    if isinstance(clause, RangeClause | LimitClause) and by_model_alone:
        return name in clause.by_model
    return applies(clause, name)
