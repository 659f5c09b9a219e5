"""Findings as the lines that GitHub Actions turns into annotations of a workflow's run."""

from __future__ import annotations

from collections.abc import Iterator

from tokenassay.conformance.results import RunDocument
from tokenassay.reports import tallies as counting
from tokenassay.reports.documents import Document
from tokenassay.reports.escapes import line
from tokenassay.reports.languages import Code, language


def annotate(document: Document, code: Code = "en") -> Iterator[str]:
    """A violation as an error, what is not strictly kept as a warning, the verdict as a notice.

    Of an estimate, a refusal of level must is an error and another one a warning.
    """
    speech = language(code)
    if isinstance(document, RunDocument):
        tallied = counting.tallies(document)
        for promise in document.promises:
            if promise.outcome in ("violated", "non-strict"):
                kind = "error" if promise.outcome == "violated" else "warning"
                t = speech.terms
                said = f"{t.expected}: {promise.expected}. {t.observed}: {promise.observed}"
                yield _command(kind, f"{promise.target}: {promise.title}", said)
        for tally in tallied:
            if not tally.target.complete and not tally.target.unusable:
                yield _command("warning", tally.target.name, speech.partial(tally))
        yield _command("notice", speech.title(tallied), speech.verdict(tallied))
        return
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
