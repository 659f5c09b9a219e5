"""One documented rule that a request breaks, and the answer to expect for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from tokenassay.contracts import patterns
from tokenassay.contracts.clauses import ClauseBase
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.records import Level
from tokenassay.estimators.refusals.values import written
from tokenassay.estimators.requests import Message, Request


class Refusal(msgspec.Struct, frozen=True):
    """A clause that a request breaks. None stands for what the documents do not print."""

    clause: str
    level: Level
    status: int | None
    code: str | None
    type: str | None
    message: str | None
    """The documented message with its placeholders filled as far as the request tells."""
    why: str
    """Our own words: the value found and the bound in the document."""
    at: str
    """Dotted path in the body, such as ``parameters.top_p``."""


class Breach(NamedTuple):
    """Where and how a request departs from a clause."""

    at: str
    why: str
    values: Mapping[str, object] = {}
    """For the placeholders of the message; what the user sent stands as ``written``."""
    message: str | None = None
    """Message pattern in place of the clause's own."""


class Case(NamedTuple):
    """A request under judgement, with whatever was counted of it."""

    request: Request
    model: str | None
    """The model it is judged for: the one compiled for, else the one that the body names."""
    input_tokens: int | None
    message_tokens: Callable[[Message], int] | None


Finding = tuple[ClauseBase, Breach]
"""A clause, of whatever level, and where a request departs from it."""

Check = Callable[[Case], Iterable[Finding]]
"""One or more clauses made executable."""


def refuse(
    edition: Edition, clause: ClauseBase, breach: Breach, model: str | None = None
) -> Refusal:
    """The refusal that a breach of ``clause`` amounts to, where ``model`` was asked for."""
    row = edition.error_for(clause)
    pattern = breach.message or clause.message or (row.pattern if row else None)
    path = breach.at.replace("[", ".").replace("]", "")
    steps = [step for step in path.split(".") if not step.isdecimal()]
    values: dict[str, object] = {"path": path, "name": steps[-1]}
    if model is not None:
        values["model"] = written(model)
    values.update(breach.values)
    return Refusal(
        clause.id,
        clause.level,
        row.status if row else None,
        row.code if row else None,
        row.type if row else None,
        patterns.fill(pattern, **values) if pattern else None,
        breach.why,
        breach.at,
    )


def special_first(clauses: Iterable[Any], key: Callable[[Any], object]) -> list[Any]:
    """Clauses in their order; those for certain models displace the general ones of equal key."""
    listed = list(clauses)
    special = {key(clause) for clause in listed if clause.models}
    return [clause for clause in listed if clause.models or key(clause) not in special]
