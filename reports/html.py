"""The page of a document as one HTML file."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tokenassay import __version__
from tokenassay.conformance.audit.documents import AuditDocument
from tokenassay.conformance.results import RunDocument
from tokenassay.reports.documents import Document
from tokenassay.reports.estimates import EstimateDocument
from tokenassay.reports.languages import Code, language
from tokenassay.reports.languages.terms import Terms
from tokenassay.reports.ledgers import LedgerDocument
from tokenassay.reports.pages.audit import AuditPage, build_audit_page
from tokenassay.reports.pages.check import CheckPage, build_check_page
from tokenassay.reports.pages.compare import ComparePage, build_compare_page
from tokenassay.reports.pages.estimate import build_estimate_page
from tokenassay.reports.pages.ledger import ledger_html
from tokenassay.reports.rendering import render

_EVIDENCE: Final = ("data", "text", "trees", "tree", "evidence", "copying", "findings")
_CHECK: Final = (*_EVIDENCE, "beside", "matrix", "tips", "dialog", "theme", "start")
_AUDIT: Final = (*_EVIDENCE, "audit", "theme", "start")
_ESTIMATE: Final = ("data", "theme")

_LONGEST_REMARK: Final = 240
_ROOM_FOR_REMARKS: Final = 400_000
"""Characters that the remarks of all cells may take."""


def html(document: Document, code: Code = "en") -> str:
    """The page of a document as one HTML file; the same document gives the same bytes."""
    if isinstance(document, EstimateDocument):
        return _estimate(document, code)
    if isinstance(document, AuditDocument):
        return _audit(document, code)
    if isinstance(document, LedgerDocument):
        return ledger_html(document, code)
    return _run(document, code)


def _run(document: RunDocument, code: Code) -> str:
    speech = language(code)
    page: CheckPage | ComparePage
    if document.differences is None:
        template, page = "check.html.j2", build_check_page(document, speech)
    else:
        template, page = "compare.html.j2", build_compare_page(document, speech)
    return render(
        template,
        _CHECK,
        code,
        version=document.version,
        page=page,
        row_count=sum(len(band.rows) + band.first for band in page.matrix.bands) + 1,
        data=_matrix_data(page, speech.terms),
    )


def _audit(document: AuditDocument, code: Code) -> str:
    speech = language(code)
    page = build_audit_page(document, speech)
    return render(
        "audit.html.j2",
        _AUDIT,
        code,
        version=document.version,
        page=page,
        data={"words": _words(speech.terms), "about": _about(page, document)},
    )


def _estimate(document: EstimateDocument, code: Code) -> str:
    speech = language(code)
    return render(
        "estimate.html.j2",
        _ESTIMATE,
        code,
        version=__version__,
        page=build_estimate_page(document, speech),
        data={"words": _words(speech.terms)},
    )


def _words(terms: Terms) -> Any:
    return msgspec.to_builtins(terms)


def _about(page: AuditPage, document: AuditDocument) -> dict[str, str]:
    """What a ticket says of an audit's example."""
    return {
        "title": page.verdict,
        "target": f"{document.target.name}, {document.target.base_url}",
        "said": document.why,
        "alone": page.again,
    }


def _matrix_data(page: CheckPage | ComparePage, terms: Terms) -> dict[str, Any]:
    """What the script needs beside the text of the page and the packed evidence."""
    matrix = page.matrix
    return {
        "words": _words(terms),
        "targets": matrix.targets,
        "baseline": page.baseline,
        "sources": matrix.sources,
        "statements": matrix.statements,
        "again": [endpoint.again for endpoint in page.endpoints],
        "rows": [[row.id, row.clause, row.level, row.source - 1] for row in matrix.rows],
        "said": {row.number: row.said for row in matrix.rows if row.said},
        "remarks": _remarks(page, terms),
    }


def _remarks(page: CheckPage | ComparePage, terms: Terms) -> dict[str, str]:
    """What is said of each cell that is not simply kept, as far as there is room."""
    remarks: dict[str, str] = {}
    room = _ROOM_FOR_REMARKS
    for row in page.matrix.rows:
        for cell in row.cells:
            promise = cell.promise
            if promise is None or promise.outcome == "kept":
                continue
            parts = []
            if promise.expected:
                parts.append(f"{terms.expected}: {_short(promise.expected)}")
            if promise.observed:
                parts.append(f"{terms.observed}: {_short(promise.observed)}")
            text = ". ".join(parts) or _short(promise.why)
            room -= len(text) + 16
            if text and room > 0:
                remarks[str(cell.number)] = text
    return remarks


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_REMARK else f"{text[:_LONGEST_REMARK]}…"
