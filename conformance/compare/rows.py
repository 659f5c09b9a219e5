"""The differences of a run: kept in the run file, and as its document shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from tokenassay.conformance.evidence import ExchangeRow, exchange_row
from tokenassay.conformance.rundb import RunFile
from tokenassay.contracts.records import Record

if TYPE_CHECKING:  # a report reads rows, and has no use for what makes them
    from tokenassay.conformance.compare.differences import Difference

_META: Final = "differences"


class DifferenceRow(Record, frozen=True, kw_only=True):
    """One way in which some endpoints answer otherwise than the others."""

    promise: str
    """The statement that does not hold for all of them, in snake_case."""
    title: str
    """The same in words."""
    facets: list[str]
    """What differs, the broadest first: ``acceptance``, ``usage.input`` and so on."""
    family: str
    said: str
    """The smallest request that shows it, in words."""
    request: str | None
    """Its body, as the first of ``deviants`` got it; None where that is no text."""
    curl: str | None
    reference: str
    """The endpoint that the others are measured by."""
    deviants: list[str]
    answers: dict[str, str]
    """What each endpoint answered, in words; absent: it was not asked."""
    documented: bool | None
    """Whether their own documents lead one to expect it; None where they do not tell."""
    clauses: dict[str, list[str]]
    """Clauses that bear on it, by endpoint."""
    exchanges: dict[str, ExchangeRow]
    """Request and answer of each endpoint, to be laid side by side."""


def keep_differences(run: RunFile, baseline: str | None, found: Iterable[Difference]) -> None:
    """Put differences into the run file, in place of earlier ones."""
    run.set_meta(_META, {"baseline": baseline, "found": [_fields(one) for one in found]})


def _fields(difference: Difference) -> dict[str, Any]:
    return {
        "promise": difference.promise,
        "title": difference.title,
        "facets": difference.facets,
        "family": difference.ask.family,
        "said": difference.ask.said,
        "reference": difference.reference,
        "deviants": difference.deviants,
        "answers": dict(difference.answers),
        "documented": difference.documented,
        "clauses": dict(difference.clauses),
        "exchanges": dict(difference.exchanges),
    }


def read_differences(run: RunFile) -> tuple[str | None, list[DifferenceRow] | None]:
    """The baseline that was named, and the differences; None where nothing was compared."""
    known = run.meta(_META)
    if known is None:
        return None, None
    return known["baseline"], [_row(run, **fields) for fields in known["found"]]


def _row(
    run: RunFile, *, exchanges: dict[str, int], deviants: list[str], **fields: Any
) -> DifferenceRow:
    found = {name: run.exchange(id) for name, id in exchanges.items()}
    shown = {name: exchange_row(one) for name, one in found.items() if one is not None}
    first = shown.get(deviants[0])
    return DifferenceRow(
        deviants=deviants,
        exchanges=shown,
        request=None if first is None else first.request.body.text,
        curl=None if first is None else first.curl,
        **fields,
    )
