"""From an audit that has ended to its document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from tokenassay import __version__
from tokenassay.conformance.audit.auditing import Audit, Cost
from tokenassay.conformance.audit.costs import Overcharge
from tokenassay.conformance.audit.documents import (
    AuditDocument,
    AuditedRow,
    AuditSpend,
    FindingRow,
    ProbeRow,
    SumRow,
)
from tokenassay.conformance.audit.readings import OWN, Reading
from tokenassay.conformance.evidence import exchange_row
from tokenassay.conformance.measures import fit
from tokenassay.conformance.results import moment
from tokenassay.conformance.rundb import RunFile
from tokenassay.conformance.targets import Target
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.bills.findings import Finding

_APART: Final = ("markers", "error")
"""Purposes whose figures are not summed: they are judged apart."""


def audit_document(
    run: RunFile,
    target: Target,
    edition: Edition,
    found: Audit,
    cost: Cost,
    excess: Overcharge | None,
) -> AuditDocument:
    """The document of an audit that has just ended, from its run file."""
    spend = run.spend(target.name)
    probes = [_probe(found, reading) for reading in found.readings]
    told = [p for p in probes if p.problem is None and p.purpose not in _APART]
    inputs = _told((p, p.counted, p.billed) for p in told)
    outputs = _told((p, p.output_counted, p.output_billed) for p in told)
    sides = {"input": [pair for _, pair in inputs], "output": [pair for _, pair in outputs]}
    began, ended = run.span()
    shown = _example(found, probes, [*inputs, *outputs])
    evidence = None if shown is None else run.exchange(shown.exchange)
    scripts = dict.fromkeys(probe.script for probe, _ in inputs)
    return AuditDocument(
        version=__version__,
        verdict=found.verdict,
        why=found.why,
        surplus=found.surplus,
        factor=_figure(found.factor),
        uncertainty=_figure(found.uncertainty),
        findings=[_finding(finding) for finding in found.findings],
        template=found.template,
        offset=found.offset,
        basis=found.basis,
        basis_why=found.basis_why,
        notes=list(found.notes),
        stop_reason=found.stop_reason,
        target=AuditedRow(
            name=target.name,
            base_url=target.base_url,
            edition=edition.id,
            edition_title=edition.title,
            model=target.model,
            api_key_env=target.api_key_env,
        ),
        seed=run.meta("seed") or 0,
        command=run.meta("command"),
        started=moment(began),
        duration_s=None if began is None or ended is None else round(ended - began, 1),
        probes=probes,
        input=_sum("input", sides["input"]),
        output=_sum("output", sides["output"]),
        scripts=[
            _sum(script, [pair for probe, pair in inputs if probe.script == script])
            for script in scripts
        ],
        fits={side: line for side, pairs in sides.items() if (line := fit(pairs)) is not None},
        example=None if evidence is None else exchange_row(evidence),
        spend=AuditSpend(
            requests=spend.requests,
            tokens=spend.tokens,
            amount=None if cost.currency is None else format(spend.money, "f"),
            currency=cost.currency,
            at_most=None if cost.money is None else format(cost.money, "f"),
            overcharge_per_million_tokens=_money(excess.per_million if excess else None),
            overcharge_per_million_requests=_money(excess.per_million_requests if excess else None),
            tokens_per_request=excess.tokens_per_request if excess else None,
        ),
    )


def _told(
    figures: Iterable[tuple[ProbeRow, int | None, int | None]],
) -> list[tuple[ProbeRow, tuple[int, int]]]:
    """Probes of which both figures are known."""
    return [
        (probe, (counted, billed))
        for probe, counted, billed in figures
        if counted is not None and billed is not None
    ]


def _probe(found: Audit, reading: Reading) -> ProbeRow:
    question = reading.question
    return ProbeRow(
        what=question.what,
        purpose=question.purpose,
        script=question.script,
        stream=question.stream,
        counted=reading.counts.get(found.template or OWN),
        billed=reading.billed_input,
        basis=found.basis,
        template=found.template,
        output_counted=reading.output,
        output_billed=reading.billed_output,
        problem=reading.problem,
        exchange=reading.exchange,
    )


def _finding(finding: Finding) -> FindingRow:
    return FindingRow(
        side=finding.side,
        verdict=finding.verdict,
        said=finding.said,
        surplus=finding.surplus,
        factor=_figure(finding.factor),
        uncertainty=_figure(finding.uncertainty),
    )


def _sum(name: str, pairs: Sequence[tuple[int, int]]) -> SumRow:
    return SumRow(
        name=name,
        answers=len(pairs),
        counted=sum(counted for counted, _ in pairs),
        billed=sum(billed for _, billed in pairs),
    )


def _example(
    found: Audit, probes: Sequence[ProbeRow], pairs: Sequence[tuple[ProbeRow, tuple[int, int]]]
) -> ProbeRow | None:
    """The smallest request that is billed as it should not be; None where the meter is honest."""
    if any(finding.verdict == "errors billed" for finding in found.findings[:1]):
        billed = [p for p in probes if p.purpose == "error" and (p.billed or p.output_billed)]
        return billed[0] if billed else None
    off = [(counted, probe) for probe, (counted, told) in pairs if counted != told]
    if not found.findings or not off:
        return None
    return min(off, key=lambda pair: pair[0])[1]


def _money(value: Decimal | None) -> str | None:
    return None if value is None else format(value.quantize(Decimal("0.000001")), "f")


def _figure(value: float | None) -> float | None:
    """To a millionth: no meter is read more closely."""
    return None if value is None else round(value, 6)
