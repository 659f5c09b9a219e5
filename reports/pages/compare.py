"""The page of a comparison: what parts the endpoints, side by side, and what each cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from tokenassay.conformance.compare.rows import DifferenceRow
from tokenassay.conformance.results import PromiseRow, RunDocument, TargetRow
from tokenassay.contracts.records import Record
from tokenassay.reports import comparisons
from tokenassay.reports import tallies as counting
from tokenassay.reports.comparisons import Compared
from tokenassay.reports.languages.speech import Language
from tokenassay.reports.pages.check import CheckPage, pack_matrix, run_facts, unrun_views
from tokenassay.reports.pages.endpoints import build_endpoint
from tokenassay.reports.pages.facts import Figure
from tokenassay.reports.pages.findings import CARDS, build_cards
from tokenassay.reports.pages.matrix import Matrix, Row, build_matrix

_MOST: Final = 20
"""Broken promises that have a card; the differences come first."""
_LONGEST: Final = 100
"""Characters of a request that stand in the table."""


class Answer(Record, frozen=True, kw_only=True):
    """What one endpoint answered, in words."""

    name: str
    text: str
    odd: bool


class UnlikeCard(Record, frozen=True, kw_only=True):
    """One difference: the smallest request that shows it, and what each endpoint said to it."""

    anchor: str
    cell: int
    """Of the first endpoint that stands apart."""
    beside: int
    """Of the reference."""
    outcome: str
    title: str
    documented: str
    said: str
    answers: tuple[Answer, ...]
    clauses: tuple[tuple[str, str], ...]
    facets: str
    """All that differs, where it is more than one thing."""


class TotalsRow(Record, frozen=True, kw_only=True):
    """One endpoint's totals."""

    name: str
    baseline: bool
    model: str
    edition: str
    differences: str
    against: int
    requests: str
    tokens: str
    cost: str
    meter: str
    off: bool
    time: str


class ComparePage(CheckPage, frozen=True, kw_only=True):
    """Everything on the page of a comparison."""

    unlike: tuple[UnlikeCard, ...]
    rest: str | None
    """That there are differences besides, which the documents lead one to expect."""
    totals: tuple[TotalsRow, ...]


def build_compare_page(document: RunDocument, speech: Language) -> ComparePage:
    """The page of a comparison in a language."""
    t = speech.terms
    compared = comparisons.compared(document)
    matrix = build_matrix(document, [_named(row, speech) for row in comparisons.rows(compared)])
    promised = bool(document.promises)
    tallied = counting.tallies(document)
    bounds = counting.bounds(document)
    cards, more = build_cards(document, matrix, _MOST) if promised else ((), 0)
    documented = len(compared.differences) - len(compared.unexpected)
    names = [target.name for target in document.targets]
    tone = _tone(compared)
    return ComparePage(
        title=speech.comparison_title(compared),
        verdict=speech.comparison_verdict(compared),
        remarks=tuple(_remarks(compared, speech)),
        partial=tuple(
            speech.cut_short(target)
            for target in document.targets
            if target.unusable or not target.complete
        ),
        tone=tone,
        stamp=t.outcomes[tone],
        figures=_figures(compared, speech),
        marks=(),
        facts=run_facts(document, tallied, speech),
        cards=cards,
        more_findings=speech.more_findings(more) if more else None,
        matrix=matrix,
        families=t.families | t.bands,
        heads=tuple(speech.differing(len(compared.of(name))) for name in names),
        baseline=names.index(document.baseline) if document.baseline in names else None,
        endpoints=tuple(
            build_endpoint(document, tally, at, speech, bounds) for at, tally in enumerate(tallied)
        ),
        unrun=tuple(unrun_views(document.promises, document, speech)),
        again=speech.again(document),
        about=(*t.about_comparison, *(t.about_run if promised else t.about_run[2:4])),
        packed=pack_matrix(matrix),
        unlike=tuple(_cards(compared, matrix, speech)),
        rest=speech.documented_rest(documented) if documented else None,
        totals=tuple(_totals(target, compared, speech) for target in document.targets),
    )


def _named(row: PromiseRow, speech: Language) -> PromiseRow:
    """A row of the comparison under the name that the language has for what differs."""
    facet = speech.terms.facets.get(row.title, row.title)
    asked = row.statement if len(row.statement) <= _LONGEST else f"{row.statement[:_LONGEST]}…"
    return replace(row, title=f"{facet[:1].upper()}{facet[1:]}{speech.terms.colon}{asked}")


def _tone(compared: Compared) -> str:
    if len(compared.targets) < 2:
        return "inconclusive"
    if compared.against:
        return "violated"
    return "inconclusive" if compared.unexpected else "kept"


def _remarks(compared: Compared, speech: Language) -> Iterator[str]:
    for target in compared.targets:
        if compared.differences:
            yield speech.unlikeness(compared, target.name)


def _figures(compared: Compared, speech: Language) -> tuple[Figure, ...]:
    t, document = speech.terms, compared.document
    against = len(compared.against)
    return (
        Figure(value=speech.number(len(compared.targets)), label=t.endpoints),
        Figure(value=speech.number(len(compared.differences)), label=t.differences),
        Figure(
            value=speech.number(against),
            label=t.differences_against,
            tone="violated" if against else "",
        ),
        Figure(value=speech.number(document.requests), label=t.requests),
        Figure(value=speech.spent(document.spend), label=t.spent),
    )


def _cards(compared: Compared, matrix: Matrix, speech: Language) -> Iterator[UnlikeCard]:
    """What the documents do not lead one to expect; what they do stands in the table."""
    rows = {row.id: row for row in matrix.rows if row.compared}
    columns = {name: at for at, name in enumerate(matrix.targets)}
    facets = speech.terms.facets
    for number, found in enumerate(compared.differences[:CARDS]):
        row = rows[comparisons.row_id(number, found)]
        if found.documented is True:
            continue
        yield UnlikeCard(
            anchor=f"finding-{number + 1}",
            cell=_cell(row, columns, found.deviants[0]),
            beside=_cell(row, columns, found.reference),
            outcome=comparisons.OUTCOMES[found.documented],
            title=speech.unlike(found),
            documented=speech.expected_unlike(found),
            said=found.said,
            answers=tuple(_answers(compared, found)),
            clauses=tuple(
                (name, ", ".join(ids)) for name, ids in sorted(found.clauses.items()) if ids
            ),
            facets=", ".join(facets.get(facet, facet) for facet in found.facets[1:]),
        )


def _cell(row: Row, columns: dict[str, int], name: str) -> int:
    return row.cells[columns[name]].number


def _answers(compared: Compared, found: DifferenceRow) -> Iterator[Answer]:
    for target in compared.document.targets:
        if target.name in found.answers:
            odd = target.name in found.deviants
            yield Answer(name=target.name, text=found.answers[target.name], odd=odd)


def _totals(target: TargetRow, compared: Compared, speech: Language) -> TotalsRow:
    document, t = compared.document, speech.terms
    found = compared.of(target.name)
    fit = document.meter.fits.get(target.name)
    whole = (row for row in document.timings if row.target == target.name and row.family is None)
    time = next(whole, None)
    spend = target.spend
    meter = "" if fit is None else speech.signed(fit.least)
    if fit is not None and fit.least != fit.most:
        meter = f"{meter} \u2026 {speech.signed(fit.most)}"
    return TotalsRow(
        name=target.name,
        baseline=target.name == document.baseline,
        model=target.model,
        edition=target.edition,
        differences=speech.number(len(found)),
        against=sum(one.documented is False for one in found),
        requests=speech.number(target.requests),
        tokens=speech.number(spend.tokens),
        cost=t.unknown if spend.amount is None else speech.money(spend.amount, spend.currency),
        meter=meter,
        off=any(
            point.basis == "exact" and point.billed != point.counted
            for point in document.meter.points
            if point.target == target.name
        ),
        time="" if time is None else speech.seconds(time.total_s.p50),
    )
