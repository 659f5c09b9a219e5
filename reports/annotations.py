"""Findings as the lines that GitHub Actions turns into annotations of a workflow's run."""

from __future__ import annotations

from collections.abc import Iterator

from tokenassay.conformance.audit.documents import AuditDocument
from tokenassay.conformance.results import RunDocument
from tokenassay.reports import tallies as counting
from tokenassay.reports.comparisons import compared
from tokenassay.reports.documents import Document
from tokenassay.reports.escapes import line
from tokenassay.reports.estimates import EstimateDocument
from tokenassay.reports.languages import Code, language
from tokenassay.reports.languages.speech import Language
from tokenassay.reports.ledgers import LedgerDocument


def annotate(document: Document, code: Code = "en") -> Iterator[str]:
    """A violation as an error, what is not strictly kept as a warning, the verdict as a notice.

    Of a comparison, a difference against the documents is an error, one of which they do not tell
    a warning. Of an audit, each finding is an error. Of an estimate, a refusal of level must is an
    error and another one a warning. Of a ledger there is the verdict alone.
    """
    speech = language(code)
    if isinstance(document, EstimateDocument):
        yield from _estimate(document, speech)
    elif isinstance(document, AuditDocument):
        yield from _audit(document, speech)
    elif isinstance(document, LedgerDocument):
        title, verdict = speech.ledger_title(document), speech.ledger_verdict(document.totals)
        yield _command("notice", title, verdict)
    else:
        yield from _run(document, speech)


def _run(document: RunDocument, speech: Language) -> Iterator[str]:
    t, tallied = speech.terms, counting.tallies(document)
    for promise in document.promises:
        if promise.outcome in ("violated", "non-strict"):
            kind = "error" if promise.outcome == "violated" else "warning"
            said = f"{t.expected}: {promise.expected}. {t.observed}: {promise.observed}"
            yield _command(kind, f"{promise.target}: {promise.title}", said)
    if document.differences is not None:
        yield from _comparison(document, speech)
        return
    for tally in tallied:
        if not tally.target.complete and not tally.target.unusable:
            yield _command("warning", tally.target.name, speech.partial(tally))
    yield _command("notice", speech.title(tallied), speech.verdict(tallied))


def _comparison(document: RunDocument, speech: Language) -> Iterator[str]:
    found = compared(document)
    for one in found.unexpected:
        kind = "error" if one.documented is False else "warning"
        answers = "; ".join(f"{name}: {said}" for name, said in one.answers.items())
        yield _command(kind, speech.unlike(one), f"{one.said}: {answers}")
    for target in document.targets:
        if target.unusable or not target.complete:
            yield _command("warning", target.name, speech.cut_short(target))
    yield _command("notice", speech.comparison_title(found), speech.comparison_verdict(found))


def _audit(document: AuditDocument, speech: Language) -> Iterator[str]:
    title = speech.audit_title(document)
    for finding in document.findings:
        yield _command("error", title, f"{speech.audit_finding(finding)} ({finding.said})")
    early = speech.ended_early(document)
    if early is not None:
        yield _command("warning", title, early)
    yield _command("notice", title, speech.audit_verdict(document))


def _estimate(document: EstimateDocument, speech: Language) -> Iterator[str]:
    for row in document.estimates:
        for refusal in row.refusals:
            kind = "error" if refusal.level == "must" else "warning"
            yield _command(kind, f"{row.model}: {refusal.clause}", refusal.why)
    title = speech.estimate_title(document)
    yield _command("notice", title, speech.estimate_verdict(document))


def _command(kind: str, title: str, message: str) -> str:
    """One workflow command; its text can neither end the line nor begin another command."""
    name = _escape(line(title)).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={name}::{_escape(line(message))}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
