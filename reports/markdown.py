"""A document as a short Markdown summary, fit for a comment under a pull request.

Whatever an endpoint said stands in code spans that it cannot end, so that it is neither markup
nor a link nor a mention of anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tokenassay.conformance.audit.documents import AuditDocument
from tokenassay.conformance.compare.rows import DifferenceRow
from tokenassay.conformance.results import PromiseRow, RunDocument
from tokenassay.reports import tallies as counting
from tokenassay.reports.comparisons import compared
from tokenassay.reports.documents import Document
from tokenassay.reports.escapes import line
from tokenassay.reports.estimates import EstimateDocument
from tokenassay.reports.languages import Code, language
from tokenassay.reports.languages.speech import Language
from tokenassay.reports.ledgers import LedgerDocument
from tokenassay.reports.pages.audit import build_audit_page
from tokenassay.reports.pages.check import CheckPage, build_check_page
from tokenassay.reports.pages.compare import ComparePage, build_compare_page
from tokenassay.reports.pages.facts import Figure
from tokenassay.reports.pages.ledger import build_ledger_page

FINDINGS: Final = 20
"""Findings that a summary lists; it says how many more there are."""

_LONGEST: Final = 300
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#|~!&]|:(?=//)|(?<=www)\.)")
_SUMMONS: Final = re.compile(r"(?<![A-Za-z0-9])([@#])(?=[A-Za-z0-9])")
"""What GitHub makes a mention or a reference of, escaped or not, unless something parts it."""


def markdown(document: Document, code: Code = "en") -> str:
    """The summary of a run, a comparison, an audit, an estimate or a ledger."""
    speech = language(code)
    if isinstance(document, EstimateDocument):
        return _estimate(document, speech)
    if isinstance(document, AuditDocument):
        return _audit(document, speech)
    if isinstance(document, LedgerDocument):
        return _ledger(document, speech)
    if document.differences is not None:
        return _comparison(document, speech)
    return _run(document, speech)


def _head(page: CheckPage | ComparePage) -> list[str]:
    """Verdict, what follows from it, and the figures."""
    said = [f"{escape(sentence)}  " for sentence in (*page.partial, *page.remarks)]
    return [f"### {escape(page.verdict)}", "", *said, "", _figures(page.figures)]


def _figures(figures: tuple[Figure, ...]) -> str:
    return _table(tuple(f.label for f in figures), [tuple(f.value for f in figures)])


def _run(document: RunDocument, speech: Language) -> str:
    page = build_check_page(document, speech)
    lines = [*_head(page), *_findings(document, speech), *_about(document, speech)]
    lines.append(f"- {speech.score(document)}")
    lines += [f"- {escape(unrun.sentence)}" for unrun in page.unrun]
    lines += ["", "</details>", ""]
    return "\n".join(lines)


def _findings(document: RunDocument, speech: Language) -> list[str]:
    found = [(p.outcome, p) for p in document.promises if p.outcome in ("violated", "non-strict")]
    found.sort(key=lambda item: item[0] != "violated")
    if not found:
        return []
    lines = ["", f"#### {speech.terms.findings}", ""]
    lines += [_finding(promise, document, speech) for _, promise in found[:FINDINGS]]
    if len(found) > FINDINGS:
        lines += ["", speech.more_findings(len(found) - FINDINGS)]
    return lines


def _about(document: RunDocument, speech: Language) -> list[str]:
    """The folded part: which endpoints, which seed, when."""
    t = speech.terms
    lines = ["", f"<details><summary>{t.about}</summary>", ""]
    for tally in counting.tallies(document):
        target = tally.target
        lines.append(
            f"- {t.endpoint}: {span(target.name)}, {t.model} {span(target.model)}, "
            f"{t.edition} {span(target.edition)}"
        )
    lines.append(f"- {t.seed} {document.seed}, tokenassay {escape(document.version)}")
    if document.started is not None:
        lines.append(f"- {t.started} {document.started}")
    return lines


def _comparison(document: RunDocument, speech: Language) -> str:
    t = speech.terms
    page = build_compare_page(document, speech)
    lines = _head(page)
    heads = (t.endpoint, t.difference_list, t.differences_against, t.requests, t.cost, t.meter)
    rows = [
        (
            span(row.name),
            row.differences,
            speech.number(row.against),
            row.requests,
            row.cost,
            row.meter or "-",
        )
        for row in page.totals
    ]
    lines += ["", _table(heads, rows)]
    found = compared(document).unexpected
    if found:
        lines += ["", f"#### {t.difference_list}", ""]
        lines += [_difference(one, speech) for one in found[:FINDINGS]]
        if len(found) > FINDINGS:
            lines += ["", speech.more_findings(len(found) - FINDINGS)]
    if page.rest:
        lines += ["", page.rest]
    lines += [*_findings(document, speech), *_about(document, speech), "", "</details>", ""]
    return "\n".join(lines)


def _difference(found: DifferenceRow, speech: Language) -> str:
    said = f"- **{escape(speech.unlike(found))}** ({speech.expected_unlike(found)})  \n"
    said += f"  {speech.terms.asked}: {span(found.said)}"
    for name, answer in found.answers.items():
        said += f"  \n  {span(name)}: {span(answer)}"
    return said


def _ledger(document: LedgerDocument, speech: Language) -> str:
    page = build_ledger_page(document, speech)
    w = page.words
    heads = (page.name, w.settled, w.at_most, w.calls, w.refused, w.unsettled, w.drift)
    rows = [
        (
            span(view.name),
            ", ".join(view.settled),
            ", ".join(view.at_most),
            view.calls,
            view.refused,
            view.unsettled,
            view.drift,
        )
        for view in page.lines
    ]
    lines = [f"### {escape(page.verdict)}", ""]
    lines += [f"{escape(sentence)}  " for sentence in page.remarks]
    if rows:
        lines += ["", _table(heads, rows)]
    return "\n".join([*lines, ""])


def _audit(document: AuditDocument, speech: Language) -> str:
    t = speech.terms
    page = build_audit_page(document, speech)
    lines = [f"### {escape(page.verdict)}", ""]
    lines += [f"{escape(sentence)}  " for sentence in (*page.partial, *page.remarks)]
    lines += ["", _figures(page.figures)]
    if document.findings:
        lines += ["", f"#### {t.findings}", ""]
        for view in page.findings:
            lines.append(f"- **{escape(view.title)}**  \n  {span(view.said)}")
    if page.scripts:
        heads = (t.script, t.answers, t.counted, t.billed, t.difference)
        rows = [(escape(row.name), *row.figures) for row in page.scripts]
        lines += ["", f"<details><summary>{t.meter}</summary>", "", _table(heads, rows)]
        lines += ["", "</details>"]
    target = document.target
    where = f"{t.endpoint}: {span(target.name)}, {t.model} {span(target.model)}, "
    where += f"{t.edition} {span(target.edition)}, {t.seed} {document.seed}, "
    lines += ["", f"{where}tokenassay {escape(document.version)}", ""]
    return "\n".join(lines)


def _finding(promise: PromiseRow, document: RunDocument, speech: Language) -> str:
    t = speech.terms
    where = f"{span(promise.target)}, " if len(document.targets) > 1 else ""
    return (
        f"- **{escape(promise.title)}** ({where}{t.outcomes[promise.outcome]})  \n"
        f"  {t.expected}: {span(promise.expected)}  \n"
        f"  {t.observed}: {span(promise.observed)}  \n"
        f"  {t.clause}: {span(promise.clause)}, {escape(promise.source)}"
    )


def _estimate(document: EstimateDocument, speech: Language) -> str:
    t = speech.terms
    lines = [f"### {escape(speech.estimate_verdict(document))}", ""]
    lines += [f"{escape(sentence)}  " for sentence in speech.estimate_details(document)[-1:]]
    lines += [
        "",
        _table(
            (t.model, t.input, t.basis, t.output, t.cost),
            [
                (
                    escape(row.model or t.unknown),
                    speech.input_of(row),
                    t.bases[row.basis],
                    speech.output_of(row),
                    speech.cost_of(row),
                )
                for row in document.estimates
            ],
        ),
    ]
    for row in document.estimates:
        if row.refusals:
            lines += ["", f"#### {t.refusals}: {escape(row.model or t.unknown)}", ""]
        for refusal in row.refusals:
            lines.append(
                f"- {span(refusal.why)} ({span(refusal.clause)}, {t.levels[refusal.level]})  \n"
                f"  {t.answer_to_expect}: {span(speech.expected_answer(refusal))}"
            )
    if document.left_out:
        lines += ["", f"#### {t.left_out}", ""]
        lines += [f"- {escape(out.model)}: {escape(out.why)}" for out in document.left_out]
    return "\n".join([*lines, ""])


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def escape(text: str) -> str:
    """``text`` in one line that Markdown takes as it is written, links and mentions too."""
    return _MARKUP.sub(r"\\\1", _SUMMONS.sub("\\1\u200b", line(text)))


def span(text: str) -> str:
    """``text`` in one line of code, cut where it is long; a dash for none."""
    shown = line(text)
    if not shown:
        return "-"
    if len(shown) > _LONGEST:
        shown = f"{shown[:_LONGEST]}…"
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if "`" in shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
