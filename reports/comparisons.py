"""A comparison as a report speaks of it: who differs, how often, and by whose leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tokenassay.conformance.compare.facets import TITLES
from tokenassay.conformance.compare.rows import DifferenceRow
from tokenassay.conformance.outcomes import Outcome
from tokenassay.conformance.results import PromiseRow, RunDocument, TargetRow
from tokenassay.contracts.records import Record

OUTCOMES: Final[dict[bool | None, Outcome]] = {
    False: "violated",
    None: "inconclusive",
    True: "observed",
}
"""How a difference is drawn, by whether the documents lead one to expect it."""

BANDS: Final = tuple(dict.fromkeys(facet.partition(".")[0] for facet in TITLES))
"""What facets are of: the first word of their names."""


class Compared(Record, frozen=True, kw_only=True):
    """A run's differences with what is needed to speak of them."""

    document: RunDocument
    targets: tuple[TargetRow, ...]
    """Those that could be asked."""
    unusable: tuple[TargetRow, ...]
    differences: tuple[DifferenceRow, ...]
    """Worst first: what no document leads one to expect, what none tells of, what they say."""

    def of(self, name: str) -> tuple[DifferenceRow, ...]:
        """Differences in which an endpoint is the odd one."""
        return tuple(found for found in self.differences if name in found.deviants)

    @property
    def unexpected(self) -> tuple[DifferenceRow, ...]:
        """Differences that the documents do not lead one to expect."""
        return tuple(found for found in self.differences if found.documented is not True)

    @property
    def against(self) -> tuple[DifferenceRow, ...]:
        """Differences that go against somebody's documents."""
        return tuple(found for found in self.differences if found.documented is False)


def compared(document: RunDocument) -> Compared:
    """The comparison that a run holds."""
    order = list(OUTCOMES)
    return Compared(
        document=document,
        targets=tuple(target for target in document.targets if not target.unusable),
        unusable=tuple(target for target in document.targets if target.unusable),
        differences=tuple(
            sorted(document.differences or (), key=lambda found: order.index(found.documented))
        ),
    )


def band_of(facet: str) -> str:
    """What a facet is of, one of :data:`BANDS`."""
    return facet.partition(".")[0]


def rows(comparison: Compared) -> Iterator[PromiseRow]:
    """The comparison as promises: that all endpoints answer a request alike.

    A row for each difference. An endpoint that answers as the reference does keeps such a promise;
    an odd one has the outcome of :data:`OUTCOMES`.
    """
    for band in BANDS:
        for number, found in enumerate(comparison.differences):
            if band_of(found.facets[0]) == band:
                yield from _difference(comparison, number, found)


def _difference(comparison: Compared, number: int, found: DifferenceRow) -> Iterator[PromiseRow]:
    for target in comparison.document.targets:
        name = target.name
        clauses = found.clauses.get(name) or found.clauses.get(found.reference) or []
        yield PromiseRow(
            id=row_id(number, found),
            family=band_of(found.facets[0]),
            clause=", ".join(clauses),
            statement=found.said,
            source="",
            level="unspecified",
            target=name,
            outcome=_outcome(comparison, found, name),
            title=found.facets[0],
            expected="",
            observed=found.answers.get(name, ""),
            why="",
            observations=[],
            seconds=0.0,
            exchange=found.exchanges.get(name),
        )


def row_id(number: int, found: DifferenceRow) -> str:
    """The id of the row of a difference, by its place in :class:`Compared`."""
    return f"{found.promise}_{number + 1}"


def _outcome(comparison: Compared, found: DifferenceRow, name: str) -> Outcome:
    if name not in found.answers:
        return "not-run"
    if name in found.deviants:
        return OUTCOMES[found.documented]
    if found.answers[name] == found.answers.get(found.reference):
        return "kept"
    # It differs too, in another way, and that is a difference of its own.
    kin = _kin(comparison.differences, found.facets[0], name)
    return OUTCOMES[kin.documented if kin else None]


def _kin(found: Iterable[DifferenceRow], facet: str, name: str) -> DifferenceRow | None:
    return next((one for one in found if name in one.deviants and facet in one.facets), None)
