"""Pages written as HTML: one file, no network, nothing in it runs but our own script.

The policy of the page allows one style sheet and one script, each by the hash of its text. All
text goes through the template engine's escaping and has its invisible characters shown, so that
nothing from an endpoint is ever markup, attribute or link.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tokenassay import __version__
from tokenassay.conformance.results import RunDocument
from tokenassay.reports.documents import Document
from tokenassay.reports.escapes import script_json, visible
from tokenassay.reports.languages import Code, language
from tokenassay.reports.languages.terms import Terms
from tokenassay.reports.pages.check import CheckPage, build_check_page
from tokenassay.reports.pages.estimate import build_estimate_page

_CHECK: Final = (
    "data", "text", "tree", "evidence", "copying", "findings", "matrix", "theme", "start",
)  # fmt: skip
_ESTIMATE: Final = ("data", "theme")

_LONGEST_REMARK: Final = 240
_ROOM_FOR_REMARKS: Final = 400_000
"""Characters that the remarks of all cells may take."""


def html(document: Document, code: Code = "en") -> str:
    """The page of a document as one HTML file; the same document gives the same bytes."""
    speech = language(code)
    if isinstance(document, RunDocument):
        page = build_check_page(document, speech)
        return _render(
            "check.html.j2",
            _CHECK,
            code,
            version=document.version,
            page=page,
            row_count=sum(len(band.rows) + band.first for band in page.matrix.bands) + 1,
            data=_check_data(page, speech.terms),
        )
    return _render(
        "estimate.html.j2",
        _ESTIMATE,
        code,
        version=__version__,
        page=build_estimate_page(document, speech),
        data={"words": _words(speech.terms)},
    )


def _render(
    template: str, scripts: tuple[str, ...], code: Code, *, data: Any, **context: Any
) -> str:
    style, script = _asset("page.css"), _script(scripts)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )
    return (
        _environment()
        .get_template(template)
        .render(
            t=language(code).terms,
            t_code="zh-Hans" if code == "zh" else code,
            policy=policy,
            style=Markup(style),  # noqa: S704 - a file of ours
            script=Markup(script),  # noqa: S704 - a file of ours
            data=Markup(script_json(data)),  # noqa: S704 - escaped for a script element
            **context,
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("tokenassay.reports"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _finalize(value: Any) -> Any:
    """Every value that a template prints, before it is escaped."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value


@lru_cache
def _asset(name: str) -> str:
    folder = resources.files("tokenassay.reports") / "assets"
    return (folder / name).read_text("utf-8").replace("\r\n", "\n")


@lru_cache
def _script(names: tuple[str, ...]) -> str:
    parts = "\n".join(_asset(f"{name}.js") for name in names)
    return f'(() => {{\n"use strict";\n{parts}}})();'


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _words(terms: Terms) -> Any:
    return msgspec.to_builtins(terms)


def _check_data(page: CheckPage, terms: Terms) -> dict[str, Any]:
    """What the script needs beside the text of the page and the packed evidence."""
    matrix = page.matrix
    return {
        "words": _words(terms),
        "targets": matrix.targets,
        "sources": matrix.sources,
        "statements": matrix.statements,
        "again": [endpoint.again for endpoint in page.endpoints],
        "rows": [[row.id, row.clause, row.level, row.source - 1] for row in matrix.rows],
        "remarks": _remarks(page, terms),
    }


def _remarks(page: CheckPage, terms: Terms) -> dict[str, str]:
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
