"""The page of an audit: verdict, findings, the meter drawn, its cost, every probe."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from tokenassay.conformance.audit.documents import AuditDocument, FindingRow, ProbeRow
from tokenassay.conformance.results import MeterPoint
from tokenassay.contracts.records import Record
from tokenassay.reports.charts.marks import Picture
from tokenassay.reports.charts.meter import meter_picture
from tokenassay.reports.evidence import Evidence, Packed, pack_evidence
from tokenassay.reports.languages.speech import Language
from tokenassay.reports.pages.commands import audit_again
from tokenassay.reports.pages.facts import Fact, Figure, fit_facts, moment


class FindingView(Record, frozen=True, kw_only=True):
    """One thing that the meter gets wrong; the first has the evidence."""

    anchor: str
    title: str
    said: str
    pair: tuple[Fact, ...]
    """Counted and billed in the request that shows it."""
    evidence: bool


class MeterView(Record, frozen=True, kw_only=True):
    """One side of the meter, drawn."""

    label: str
    picture: Picture
    fit: tuple[Fact, ...]


class ProbeView(Record, frozen=True, kw_only=True):
    """One probe as a row of text cells."""

    what: str
    purpose: str
    figures: tuple[str, ...]
    """Counted, billed and the difference, of the input and of the output."""
    off: bool
    problem: str


class ScriptView(Record, frozen=True, kw_only=True):
    """Sums over texts of one kind."""

    name: str
    figures: tuple[str, ...]
    off: bool


class AuditPage(Record, frozen=True, kw_only=True):
    """Everything on the page of an audit."""

    title: str
    verdict: str
    tone: Literal["kept", "violated", "inconclusive"]
    stamp: str
    """The tone in words."""
    remarks: tuple[str, ...]
    partial: tuple[str, ...]
    figures: tuple[Figure, ...]
    marks: tuple[str, ...]
    facts: tuple[Fact, ...]
    findings: tuple[FindingView, ...]
    meters: tuple[MeterView, ...]
    scripts: tuple[ScriptView, ...]
    costs: tuple[Fact, ...]
    probes: tuple[ProbeView, ...]
    notes: tuple[str, ...]
    again: str
    about: tuple[str, ...]
    packed: Packed


def build_audit_page(document: AuditDocument, speech: Language) -> AuditPage:
    """The page of an audit in a language."""
    tone: Literal["kept", "violated", "inconclusive"] = "violated"
    if document.verdict in ("honest", "inconclusive"):
        tone = "kept" if document.verdict == "honest" else "inconclusive"
    early = speech.ended_early(document)
    remarks = (
        *(speech.audit_also(finding) for finding in document.findings[1:]),
        speech.overcharging(document),
        speech.audit_template(document),
        speech.audit_precision(document),
    )
    return AuditPage(
        title=speech.audit_title(document),
        verdict=speech.audit_verdict(document),
        tone=tone,
        stamp=speech.terms.outcomes[tone],
        remarks=tuple(filter(None, remarks)),
        partial=() if early is None else (early,),
        figures=tuple(_figures(document, tone, speech)),
        marks=_marks(document),
        facts=tuple(_facts(document, speech)),
        findings=tuple(_findings(document, speech)),
        meters=tuple(_meters(document, speech)),
        scripts=tuple(_scripts(document, speech)),
        costs=tuple(_costs(document, speech)),
        probes=tuple(_probe(probe, speech) for probe in document.probes),
        notes=tuple(document.notes),
        again=audit_again(document),
        about=speech.terms.about_audit,
        packed=pack_evidence(_evidence(document, speech)),
    )


def _sentence(finding: FindingRow, speech: Language) -> str:
    said = speech.audit_finding(finding)
    return said[:1].upper() + said[1:]


def _findings(document: AuditDocument, speech: Language) -> Iterator[FindingView]:
    for at, finding in enumerate(document.findings):
        yield FindingView(
            anchor=f"finding-{finding.side}-{at + 1}",
            title=_sentence(finding, speech),
            said=finding.said,
            pair=() if at else _pair(document, speech),
            evidence=not at and document.example is not None,
        )


def _pair(document: AuditDocument, speech: Language) -> tuple[Fact, ...]:
    """What was counted and what was billed in the example."""
    example, t = document.example, speech.terms
    shown = next((p for p in document.probes if example and p.exchange == example.id), None)
    if shown is None or shown.purpose == "error":
        return ()
    counted, billed = shown.counted, shown.billed
    if counted == billed:
        counted, billed = shown.output_counted, shown.output_billed
    if counted is None or billed is None:
        return ()
    return (
        Fact(label=t.counted, value=speech.number(counted)),
        Fact(label=t.billed, value=speech.number(billed)),
    )


def _evidence(document: AuditDocument, speech: Language) -> Iterator[tuple[int, Evidence]]:
    if document.example is None:
        return
    said = [f"{fact.label}{speech.terms.colon}{fact.value}" for fact in _pair(document, speech)]
    expected, observed = said or ("", "")
    yield (
        0,
        Evidence(
            expected=expected, observed=observed, why="", observations=[], exchange=document.example
        ),
    )


def _figures(document: AuditDocument, tone: str, speech: Language) -> Iterator[Figure]:
    t, spend, sums = speech.terms, document.spend, document.input
    off = sums.counted != sums.billed
    yield Figure(value=speech.number(sums.counted), label=t.input_counted)
    yield Figure(
        value=speech.number(sums.billed), label=t.input_billed, tone="violated" if off else ""
    )
    over = spend.overcharge_per_million_tokens
    dear = over is not None and Decimal(over) > 0
    yield Figure(
        value=t.unknown if over is None else speech.money(over, spend.currency),
        label=t.overcharge,
        tone="violated" if dear and tone == "violated" else "",
    )
    yield Figure(value=speech.number(spend.requests), label=t.requests)
    spent = t.unknown if spend.amount is None else speech.money(spend.amount, spend.currency)
    yield Figure(value=spent, label=t.spent)


def _marks(document: AuditDocument) -> tuple[str, ...]:
    if document.stop_reason is not None or document.verdict == "inconclusive":
        return ()
    day = (document.started or "").partition("T")[0]
    return tuple(mark for mark in (document.target.edition, day) if mark)


def _facts(document: AuditDocument, speech: Language) -> Iterator[Fact]:
    t, target = speech.terms, document.target
    yield Fact(label=t.endpoint, value=f"{target.name}, {target.base_url}")
    yield Fact(label=t.model, value=target.model)
    yield Fact(label=t.edition, value=f"{target.edition}, {target.edition_title}")
    if document.started is not None:
        yield Fact(label=t.started, value=moment(document.started))
    if document.duration_s is not None:
        yield Fact(label=t.duration, value=speech.seconds(document.duration_s))
    yield Fact(label=t.seed, value=str(document.seed))
    yield Fact(label=t.version, value=f"tokenassay {document.version}")
    if document.command is not None:
        yield Fact(label=t.command, value=document.command, code=True)


def _meters(document: AuditDocument, speech: Language) -> Iterator[MeterView]:
    """The input always; the output where it was billed otherwise than it counts."""
    for side in ("input", "output"):
        fit = document.fits.get(side)
        points = list(_points(document, side))
        if fit is None or not points or (side == "output" and fit.least == fit.most == 0):
            continue
        label = speech.terms.input_meter if side == "input" else speech.terms.output_meter
        yield MeterView(
            label=label,
            picture=meter_picture(
                points, fit, speech, id=f"meter-{side}", name=label, side=_side(side)
            ),
            fit=tuple(fit_facts(fit, speech)),
        )


def _side(name: str) -> Literal["input", "output"]:
    return "input" if name == "input" else "output"


def _points(document: AuditDocument, side: str) -> Iterator[MeterPoint]:
    for probe in document.probes:
        if probe.problem is not None or probe.purpose in ("markers", "error"):
            continue
        figures = probe.counted, probe.billed
        if side == "output":
            figures = probe.output_counted, probe.output_billed
        counted, billed = figures
        if counted is None or billed is None:
            continue
        yield MeterPoint(
            target=document.target.name,
            what=probe.what,
            basis=probe.basis,
            counted=counted,
            billed=billed,
        )


def _scripts(document: AuditDocument, speech: Language) -> Iterator[ScriptView]:
    t = speech.terms
    rows = [(t.scripts.get(row.name, row.name), row) for row in document.scripts]
    if len(rows) > 1:
        rows.append((t.everything, document.input))
    for name, row in rows:
        yield ScriptView(
            name=name,
            figures=(
                speech.number(row.answers),
                speech.number(row.counted),
                speech.number(row.billed),
                speech.signed(row.billed - row.counted),
            ),
            off=row.billed != row.counted,
        )


def _costs(document: AuditDocument, speech: Language) -> Iterator[Fact]:
    t, spend = speech.terms, document.spend

    def money(amount: str | None) -> str:
        return t.unknown if amount is None else speech.money(amount, spend.currency)

    yield Fact(label=t.overcharge, value=money(spend.overcharge_per_million_tokens))
    yield Fact(label=t.overcharge_requests, value=money(spend.overcharge_per_million_requests))
    if spend.tokens_per_request:
        yield Fact(label=t.tokens_per_request, value=speech.number(spend.tokens_per_request))
    yield Fact(label=t.spent, value=money(spend.amount))
    yield Fact(label=t.at_most, value=money(spend.at_most))
    yield Fact(label=t.tokens, value=speech.number(spend.tokens))


def _probe(probe: ProbeRow, speech: Language) -> ProbeView:
    pairs = (probe.counted, probe.billed), (probe.output_counted, probe.output_billed)
    figures: list[str] = []
    for counted, billed in pairs:
        known = counted is not None and billed is not None
        figures += [
            "" if counted is None else speech.number(counted),
            "" if billed is None else speech.number(billed),
            speech.signed((billed or 0) - (counted or 0)) if known else "",
        ]
    off = any(None not in pair and pair[0] != pair[1] for pair in pairs)
    return ProbeView(
        what=probe.what,
        purpose=speech.terms.purposes.get(probe.purpose, probe.purpose),
        figures=tuple(figures),
        off=off,
        problem=probe.problem or "",
    )
