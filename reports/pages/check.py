"""The page of a run: verdict, findings, table of promises, meter, bounds, times, and the rest."""

from __future__ import annotations

from collections.abc import Iterator

from tokenassay.conformance.results import PromiseRow, RunDocument
from tokenassay.contracts.records import Record
from tokenassay.reports import tallies as counting
from tokenassay.reports.evidence import Packed, pack
from tokenassay.reports.languages.speech import Language
from tokenassay.reports.pages.endpoints import Endpoint, build_endpoint, target_facts
from tokenassay.reports.pages.facts import Fact, Figure, moment
from tokenassay.reports.pages.findings import Card, build_cards
from tokenassay.reports.pages.matrix import Matrix, build_matrix
from tokenassay.reports.tallies import Bound, Tally


class Unrun(Record, frozen=True, kw_only=True):
    """Promises that were not tried for one reason."""

    sentence: str
    ids: tuple[str, ...]


class CheckPage(Record, frozen=True, kw_only=True):
    """Everything on the page of a run."""

    title: str
    verdict: str
    remarks: tuple[str, ...]
    partial: tuple[str, ...]
    tone: str
    stamp: str
    """The tone in words."""
    figures: tuple[Figure, ...]
    marks: tuple[str, ...]
    """The hallmark's punches; none on a run that is partial or could not be told."""
    facts: tuple[Fact, ...]
    cards: tuple[Card, ...]
    more_findings: str | None
    matrix: Matrix
    families: dict[str, str]
    """Names of the matrix's families."""
    heads: tuple[str, ...]
    """What stands under each endpoint's name at the head of its column."""
    baseline: int | None
    """Column by which the others are measured."""
    endpoints: tuple[Endpoint, ...]
    unrun: tuple[Unrun, ...]
    again: str
    about: tuple[str, ...]
    packed: Packed


def build_check_page(document: RunDocument, speech: Language) -> CheckPage:
    """The page of a run in a language."""
    tallied = counting.tallies(document)
    matrix = build_matrix(document)
    t = speech.terms
    tone = _tone(tallied)
    found = [(row, cell.promise) for row in matrix.rows for cell in row.cells if cell.promise]
    cards, more = build_cards(document, matrix)
    bounds = counting.bounds(document)
    return CheckPage(
        title=speech.title(tallied),
        verdict=speech.verdict(tallied),
        remarks=tuple(_remarks(document, tallied, bounds, speech)),
        partial=tuple(
            speech.partial(tally)
            for tally in tallied
            if not tally.target.complete and not tally.target.unusable
        ),
        tone=tone,
        stamp=t.outcomes[tone],
        figures=_figures(document, tallied, speech),
        marks=_marks(document, tallied),
        facts=run_facts(document, tallied, speech),
        cards=cards,
        more_findings=speech.more_findings(more) if more else None,
        matrix=matrix,
        families=t.families,
        heads=tuple(f"{tally.kept:,} / {tally.decided:,}" for tally in tallied),
        baseline=None,
        endpoints=tuple(
            build_endpoint(document, tally, at, speech, bounds) for at, tally in enumerate(tallied)
        ),
        unrun=tuple(unrun_views([promise for _, promise in found], document, speech)),
        again=speech.again(document),
        about=(*t.about_run, speech.score(document)),
        packed=pack_matrix(matrix),
    )


def pack_matrix(matrix: Matrix) -> Packed:
    """The evidence of all cells that are promised."""
    return pack(
        (cell.number, cell.promise)
        for row in matrix.rows
        for cell in row.cells
        if cell.promise is not None
    )


def _remarks(
    document: RunDocument, tallied: tuple[Tally, ...], bounds: tuple[Bound, ...], speech: Language
) -> Iterator[str]:
    """What the ten-second reader learns after the verdict: a line a sentence, or an endpoint."""
    several = len(tallied) > 1
    for tally in tallied:
        name = tally.target.name
        said = [speech.breaches(tally)]
        fit = document.meter.fits.get(name)
        if fit is not None and not counting.is_honest(fit):
            said.append(speech.metering(fit))
        said += [speech.bounding(b) for b in bounds if b.row.target == name and b.is_breach]
        if several:
            yield speech.joined((speech.standing(tally), *filter(None, said)))
        else:
            said.append(None if tally.target.unusable else speech.undecided(tally))
            yield from filter(None, said)


def _tone(tallied: tuple[Tally, ...]) -> str:
    if any(tally.violated for tally in tallied):
        return "violated"
    if any(tally.non_strict for tally in tallied):
        return "non-strict"
    whole = all(tally.target.complete and tally.decided for tally in tallied)
    return "kept" if tallied and whole else "inconclusive"


def _figures(
    document: RunDocument, tallied: tuple[Tally, ...], speech: Language
) -> tuple[Figure, ...]:
    t, suite = speech.terms, document.suite
    kept = sum(tally.kept for tally in tallied)
    decided = sum(tally.decided for tally in tallied)
    violated = sum(tally.violated for tally in tallied)
    return (
        Figure(value=f"{kept:,} / {decided:,}", label=t.kept_of),
        Figure(value=f"{violated:,}", label=t.violations, tone="violated" if violated else ""),
        Figure(value=f"{document.requests:,}", label=t.requests),
        Figure(value=speech.spent(document.spend), label=t.spent),
        Figure(
            value=f"{suite.caught:,} / {suite.lies:,}" if suite else t.suite_missing, label=t.suite
        ),
    )


def _marks(document: RunDocument, tallied: tuple[Tally, ...]) -> tuple[str, ...]:
    if not document.complete or len(tallied) != 1 or not tallied[0].decided:
        return ()
    day = (document.started or "").partition("T")[0]
    suite = document.suite
    score = f"{suite.caught}/{suite.lies}" if suite else ""
    return tuple(mark for mark in (document.targets[0].edition, day, score) if mark)


def run_facts(
    document: RunDocument, tallied: tuple[Tally, ...], speech: Language
) -> tuple[Fact, ...]:
    t = speech.terms
    found = list(target_facts(tallied[0].target, speech)) if len(tallied) == 1 else []
    if document.started is not None:
        found.append(Fact(label=t.started, value=moment(document.started)))
    if document.duration_s is not None:
        found.append(Fact(label=t.duration, value=speech.seconds(document.duration_s)))
    found.append(Fact(label=t.seed, value=str(document.seed)))
    if document.examples:
        found.append(Fact(label=t.examples, value=str(document.examples)))
    found.append(Fact(label=t.version, value=f"tokenassay {document.version}"))
    if document.command is not None:
        found.append(Fact(label=t.command, value=document.command, code=True))
    return tuple(found)


# ------------------------------------------------------------------------------- what was left


def unrun_views(
    promises: list[PromiseRow], document: RunDocument, speech: Language
) -> Iterator[Unrun]:
    """What was not run, by reason, the most frequent first."""
    several = len(document.targets) > 1
    reasons: dict[str, list[str]] = {}
    for promise in promises:
        if promise.outcome == "not-run":
            name = f"{promise.id} ({promise.target})" if several else promise.id
            reasons.setdefault(promise.why, []).append(name)
    for why, ids in sorted(reasons.items(), key=lambda item: -len(item[1])):
        yield Unrun(sentence=speech.unrun(len(ids), why), ids=tuple(ids))
