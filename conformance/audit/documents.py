"""An audit as one document, ``tokenassay.audit/1``: the verdict, and every number it rests on."""

from __future__ import annotations

from typing import Final

import msgspec

from tokenassay.conformance.audit.probes import Purpose
from tokenassay.conformance.evidence import ExchangeRow
from tokenassay.conformance.measures import Fit
from tokenassay.conformance.rundb import RunFile
from tokenassay.contracts.records import Record
from tokenassay.estimators.bills.findings import Side, Verdict
from tokenassay.estimators.records import Basis

SCHEMA: Final = "tokenassay.audit/1"

_META: Final = "audit"


class ProbeRow(Record, frozen=True, kw_only=True):
    """One request of the audit. Tokens; None is what could not be counted or is not told."""

    what: str
    purpose: Purpose
    script: str
    stream: bool
    counted: int | None
    billed: int | None
    basis: Basis
    template: str | None
    """The one that fits; ``own`` for the model's own, None where none does."""
    output_counted: int | None
    output_billed: int | None
    problem: str | None
    exchange: int
    """Its number in the run file."""


class AuditSpend(Record, frozen=True, kw_only=True):
    """What the audit used. Money as decimal strings; None is unknown."""

    requests: int
    tokens: int
    amount: str | None
    currency: str | None
    at_most: str | None
    """Told before it began."""
    overcharge_per_million_tokens: str | None
    """Negative where too little is charged."""
    overcharge_per_million_requests: str | None
    tokens_per_request: int | None
    """How long the audit's requests are on average."""


class FindingRow(Record, frozen=True, kw_only=True):
    """One thing that the meter gets wrong; ``surplus`` in tokens a request."""

    side: Side
    verdict: Verdict
    said: str
    surplus: int | None
    factor: float | None
    uncertainty: float | None


class SumRow(Record, frozen=True, kw_only=True):
    """Counted and billed tokens of some answers: of one script, or of them all."""

    name: str
    answers: int
    counted: int
    billed: int


class AuditedRow(Record, frozen=True, kw_only=True):
    """The endpoint whose meter it is."""

    name: str
    base_url: str
    edition: str
    edition_title: str
    model: str
    api_key_env: str


class AuditDocument(Record, frozen=True, kw_only=True):
    """An audit, whole or ended early."""

    schema: str = SCHEMA
    version: str
    """Of tokenassay."""
    verdict: Verdict
    why: str
    surplus: int | None
    factor: float | None
    uncertainty: float | None
    """Half the width of the interval in which the factor lies."""
    findings: list[FindingRow]
    template: str | None
    offset: int
    basis: Basis
    basis_why: str
    notes: list[str]
    stop_reason: str | None
    target: AuditedRow
    seed: int
    command: str | None
    started: str | None
    duration_s: float | None
    probes: list[ProbeRow]
    input: SumRow
    output: SumRow
    scripts: list[SumRow]
    """Input tokens by what the texts are made of."""
    fits: dict[str, Fit]
    """Lines through billed against counted, by side."""
    example: ExchangeRow | None
    """The smallest request that shows what is wrong."""
    spend: AuditSpend


def keep_audit(run: RunFile, document: AuditDocument) -> None:
    """Put the document into the run file, so that a report can be made from that alone."""
    run.set_meta(_META, msgspec.to_builtins(document))


def read_audit(run: RunFile) -> AuditDocument | None:
    """The audit that a run file holds; None where it was none, or has not come to its end."""
    kept = run.meta(_META)
    return None if kept is None else msgspec.convert(kept, AuditDocument)
