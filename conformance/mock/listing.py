"""Lists and look-ups that files and batches share: pages, times, and what is not there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final, Protocol, TypeVar

from tokenassay.conformance.mock.call import Call, Denial, Denied
from tokenassay.contracts.clauses import EndpointClause, ErrorClause, LimitClause

_PAGE: Final = 10_000
"""Records in one page where the edition names no limit."""


class Listed(Protocol):
    """A record with an id."""

    @property
    def id(self) -> str: ...


Record = TypeVar("Record", bound=Listed)


def paginate(
    call: Call, chosen: list[Record], query: Mapping[str, str], endpoint: EndpointClause
) -> tuple[list[Record], bool]:
    """The page that ``after`` and ``limit`` ask for, and whether there are more.

    Denied for a limit outside the edition's bounds.
    """
    bounds: Mapping[str, int] = endpoint.args.get("limit") or {}
    most = bounds.get("maximum", _PAGE)
    size = bounds.get("default", most)
    limit, after = query.get("limit"), query.get("after")
    if limit:
        if not (limit.isascii() and limit.isdigit() and len(limit) < 10):
            raise invalid(call, "limit")
        size = int(limit)
        if not bounds.get("minimum", 1) <= size <= most:
            raise invalid(call, "limit")
    if after:
        places = [index for index, record in enumerate(chosen) if record.id == after]
        chosen = chosen[places[0] + 1 :] if places else []
    return chosen[:size], len(chosen) > size


def within_times(created: int, query: Mapping[str, str]) -> bool:
    """Whether a time of creation lies between ``create_after`` and ``create_before``."""
    low, high = _moment(query.get("create_after")), _moment(query.get("create_before"))
    return (low is None or created >= low) and (high is None or created <= high)


def _moment(written: str | None) -> float | None:
    """A time written ``yyyyMMddHHmmss``; None where it is not."""
    try:
        read = datetime.strptime(written or "", "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return read.replace(tzinfo=timezone.utc).timestamp()


def exceeds(limit: LimitClause, amount: int) -> bool:
    """Whether an amount is over a limit, and not at a figure that the documents leave open."""
    return limit.maximum is not None and amount > limit.maximum and amount not in limit.undecided


def invalid(call: Call, name: str) -> Denied:
    """The error for a parameter that is missing or can't be read."""
    general = call.service.malformed
    row = call.service.errors.get(general.clause or "")
    return Denied(Denial.of_row(row, name=name) if row is not None else general)


def gone(
    call: Call, endpoint: EndpointClause, row: ErrorClause | None = None, **values: Any
) -> Denied:
    """The error for something that is not there: the endpoint's own row, else ``row``."""
    own = call.service.edition.error_for(endpoint)
    found = own or row
    if found is None:
        return Denied(call.service.malformed)
    return Denied(Denial.of_row(found, **values))
