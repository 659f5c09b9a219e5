"""A document as a short Markdown summary, fit for a comment under a pull request.

Whatever an endpoint said stands in code spans that it cannot end, so that it is neither markup
nor a link nor a mention of anybody.
"""

from __future__ import annotations

import re
from typing import Final

from tokenassay.conformance.results import PromiseRow, RunDocument
from tokenassay.reports import tallies as counting
from tokenassay.reports.documents import Document
from tokenassay.reports.escapes import line
from tokenassay.reports.estimates import EstimateDocument
from tokenassay.reports.languages import Code, language
from tokenassay.reports.languages.speech import Language
from tokenassay.reports.pages.check import build_check_page

FINDINGS: Final = 20
"""Findings that a summary lists; it says how many more there are."""

_LONGEST: Final = 300
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#|~!&]|:(?=//)|(?<=www)\.)")
_SUMMONS: Final = re.compile(r"(?<![A-Za-z0-9])([@#])(?=[A-Za-z0-9])")
"""What GitHub makes a mention or a reference of, escaped or not, unless something parts it."""


def markdown(document: Document, code: Code = "en") -> str:
    """The summary of a run or of an estimate."""
    speech = language(code)
    if isinstance(document, RunDocument):
        return _run(document, speech)
    return _estimate(document, speech)


def _run(document: RunDocument, speech: Language) -> str:
    t = speech.terms
    page = build_check_page(document, speech)
    lines = [f"### {escape(page.verdict)}", ""]
    lines += [f"{escape(sentence)}  " for sentence in (*page.partial, *page.remarks)]
    lines += [
        "",
        _table(tuple(f.label for f in page.figures), [tuple(f.value for f in page.figures)]),
    ]
    found = [(p.outcome, p) for p in document.promises if p.outcome in ("violated", "non-strict")]
    found.sort(key=lambda item: item[0] != "violated")
    if found:
        lines += ["", f"#### {t.findings}", ""]
        lines += [_finding(promise, document, speech) for _, promise in found[:FINDINGS]]
        if len(found) > FINDINGS:
            lines += ["", speech.more_findings(len(found) - FINDINGS)]
    lines += ["", f"<details><summary>{t.about}</summary>", ""]
    for tally in counting.tallies(document):
        target = tally.target
        lines.append(
            f"- {t.endpoint}: {span(target.name)}, {t.model} {span(target.model)}, "
            f"{t.edition} {span(target.edition)}"
        )
    lines.append(f"- {t.seed} {document.seed}, tokenassay {escape(document.version)}")
    if document.started is not None:
        lines.append(f"- {t.started} {document.started}")
    lines.append(f"- {speech.score(document)}")
    lines += [f"- {escape(unrun.sentence)}" for unrun in page.unrun]
    lines += ["", "</details>", ""]
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


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
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
