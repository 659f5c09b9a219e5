"""Templates made into pages: one file, no network, nothing in it runs but our own script.

The policy of the page allows one style sheet and one script, each by the hash of its text. All
text goes through the template engine's escaping and has its invisible characters shown, so that
nothing from an endpoint is ever markup, attribute or link.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tokenassay.reports.escapes import script_json, visible
from tokenassay.reports.languages import Code, language


def render(
    template: str, scripts: tuple[str, ...], code: Code, *, data: Any, **context: Any
) -> str:
    """A page from its template, the names of its scripts, and what these are to know."""
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
