"""Promises in one line each: family, clause and level come from the clause they are made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tokenassay.conformance.promises.registry import Promise
from tokenassay.contracts import clauses as c
from tokenassay.contracts.records import Level


def promise(
    clause: c.Clause,
    id: str,
    check: Callable[..., None],
    *,
    title: str = "",
    family: c.Family | None = None,
    level: Level | None = None,
    cost: int = 1,
    last: bool = False,
    steady: bool = True,
    needs: frozenset[str] = frozenset(),
    **given: Any,
) -> Promise:
    """A promise about ``clause``; its check is called with the probe, the clause and ``given``.

    ``level`` stands where the promise is a consequence that the clause's words do not print.
    """
    return Promise(
        id=id,
        family=family or clause.family,
        clause=clause.id,
        level=level or clause.level,
        title=title or id.replace("_", " "),
        check=partial(check, clause=clause, **given),
        needs=needs,
        last=last,
        steady=steady,
        cost=cost,
    )


def slug(id: str) -> str:
    """A clause's id as a part of a promise's."""
    return id.replace(".", "_").replace("-", "_")
