"""What a page says of each endpoint on its own: meter, bounds, times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tokenassay.conformance.measures import Spread
from tokenassay.conformance.results import RunDocument, TargetRow, TimingRow
from tokenassay.contracts.records import Record
from tokenassay.reports.charts.bounds import bound_picture
from tokenassay.reports.charts.marks import Picture
from tokenassay.reports.charts.meter import meter_picture
from tokenassay.reports.charts.times import TimeScale, axis_picture, time_picture, times_scale
from tokenassay.reports.languages.speech import Language
from tokenassay.reports.pages.commands import run_again
from tokenassay.reports.pages.facts import Fact, fit_facts
from tokenassay.reports.tallies import Bound, Tally


class BoundView(Record, frozen=True, kw_only=True):
    """One bound with its picture."""

    bound: Bound
    target: str | None
    observed: str
    picture: Picture


class TimeView(Record, frozen=True, kw_only=True):
    """One family's times with their picture.

    ``total`` are percentiles 50, 90 and 99 and the most, ``first`` percentiles 50 and 90.
    """

    family: str
    answers: str
    total: tuple[str, ...]
    first: tuple[str, ...]
    picture: Picture


class Endpoint(Record, frozen=True, kw_only=True):
    """What a page says of each endpoint on its own."""

    name: str
    tally: Tally
    facts: tuple[Fact, ...]
    meter: Picture | None
    bounds: tuple[BoundView, ...]
    fit: tuple[Fact, ...]
    times: tuple[TimeView, ...]
    time_axis: Picture | None
    timing: str | None
    again: str


def build_endpoint(
    document: RunDocument, tally: Tally, at: int, speech: Language, bounds: tuple[Bound, ...]
) -> Endpoint:
    target = tally.target
    several = len(document.targets) > 1
    named = target.name if several else None
    points = [point for point in document.meter.points if point.target == target.name]
    fit = document.meter.fits.get(target.name)
    timings = [row for row in document.timings if row.target == target.name]
    whole = next((row for row in timings if row.family is None), None)
    scale = _time_scale(document)
    return Endpoint(
        name=target.name,
        tally=tally,
        facts=tuple(target_facts(target, speech)) if several else (),
        meter=meter_picture(points, fit, speech, id=f"meter-{at}", name=named)
        if points and fit
        else None,
        bounds=tuple(
            BoundView(
                bound=bound,
                target=named,
                observed=speech.interval(bound),
                picture=bound_picture(bound, speech, id=f"bound-{at}-{number}"),
            )
            for number, bound in enumerate(bounds)
            if bound.row.target == target.name
        ),
        fit=tuple(fit_facts(fit, speech)) if fit else (),
        times=_times(timings, scale, at, speech) if scale else (),
        time_axis=axis_picture(scale, speech, id=f"axis-{at}") if scale else None,
        timing=speech.timing(whole) if whole else None,
        again=run_again(document, target),
    )


def _time_scale(document: RunDocument) -> TimeScale | None:
    """One scale for all endpoints, so that they compare."""
    if not document.timings:
        return None
    return times_scale(
        max(row.total_s.most for row in document.timings),
        min((row.first_byte_s or row.total_s).p50 for row in document.timings),
    )


def _times(
    rows: Iterable[TimingRow], scale: TimeScale, at: int, speech: Language
) -> tuple[TimeView, ...]:
    t = speech.terms
    views = []
    for number, row in enumerate(sorted(rows, key=lambda row: row.family is not None)):
        first = row.first_byte_s
        views.append(
            TimeView(
                family=t.families.get(row.family, row.family) if row.family else t.everything,
                answers=speech.number(row.answers),
                total=_percentiles(row.total_s, speech),
                first=_percentiles(first, speech)[:2] if first else ("", ""),
                picture=time_picture(row, scale, speech, id=f"time-{at}-{number}"),
            )
        )
    return tuple(views)


def _percentiles(spread: Spread, speech: Language) -> tuple[str, ...]:
    return tuple(map(speech.seconds, (spread.p50, spread.p90, spread.p99, spread.most)))


def target_facts(target: TargetRow, speech: Language) -> Iterator[Fact]:
    t = speech.terms
    yield Fact(label=t.endpoint, value=f"{target.name}, {target.base_url}")
    yield Fact(label=t.model, value=target.model)
    yield Fact(label=t.edition, value=f"{target.edition}, {target.edition_title}")
