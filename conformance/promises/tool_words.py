"""Texts inside a request, such as the names of tools: what fits is accepted, what doesn't not."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise, slug
from tokenassay.conformance.promises.refusing import control, expect
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import SAMPLE_TOOL, Prepared, broken, prepare
from tokenassay.conformance.promises.texts import written
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.refusals.text import text_test

_ODD = (
    "get the weather",
    "get.weather",
    "天气",
    "get/weather",
    "plugin",
    "no-such-word",
    "",
    "get_weather ",
    "Function",
)
"""Texts that a pattern may forbid; each is tried where it does."""


MOST = 4
"""Texts that break a clause of which each is tried."""


@builder("text")
def text_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A text that fits its clause is accepted, one that doesn't is refused."""
    assert isinstance(clause, c.TextClause)
    head = clause.at.partition(".")[0].removesuffix("[]")
    if head not in edition.parameters(model):
        return
    name = slug(clause.id)
    yield promise(
        clause,
        f"{name}_kept_is_accepted",
        _accepted_texts,
        title=f"what keeps to this is accepted: {clause.text}",
        cost=4,
    )
    yield promise(
        clause,
        f"{name}_broken_is_refused",
        _refused_texts,
        title=f"what breaks this is refused: {clause.text}",
        cost=4,
    )


def _accepted_texts(probe: Probe, *, clause: c.TextClause) -> None:
    tried = 0

    def check(value: str) -> None:
        nonlocal tried
        request = with_text(probe, clause.at, value)
        if request is None or broken(probe, request):
            return
        tried += 1
        expected = f"{clause.at} {written(value)} accepted"
        probe.accepted(request.send(probe), expected)

    for value in _edges(clause, fitting=True):
        check(value)
    if clause.pattern is not None and "|" not in clause.pattern:
        probe.search(_fitting(clause), check, examples=min(probe.session.examples, 3))
    if not tried:
        raise NotRun("no text was found that keeps to this clause and to all others")


def _refused_texts(probe: Probe, *, clause: c.TextClause) -> None:
    tried = 0
    for value in _edges(clause, fitting=False):
        if tried == MOST:
            break
        request = with_text(probe, clause.at, value, breaking=clause.id)
        if request is None:
            continue
        if clause.level != "unspecified" and broken(probe, request)[:1] != (clause.id,):
            continue
        tried += 1
        base = control(probe, request.stream)
        expect(probe, request.send(probe), clause, base, f"{clause.at} {written(value)}")
    if not tried:
        raise NotRun("each text that breaks this clause breaks another one first")


def _edges(clause: c.TextClause, *, fitting: bool) -> list[str]:
    """Texts at the very edge of a clause, that keep to it or that don't."""
    candidates = [*_ODD, *clause.forbidden]
    candidates += [name.upper() for name in clause.forbidden]
    if clause.pattern is not None and "|" in clause.pattern:
        candidates += clause.pattern.split("|")
    elif clause.pattern is not None:
        candidates += [_one_of(clause.pattern), "get-weather_2", "f"]
    else:
        candidates.append("get_weather")
    for length, beyond in ((clause.max_length, 1), (clause.min_length, -1)):
        if length is not None:
            candidates += [_sized(length, clause.unit), _sized(length + beyond, clause.unit)]
    test = text_test(clause)
    kept = [text for text in candidates if (test(text) is None) == fitting]
    # A word that the clause has nothing against may be refused for what it means elsewhere.
    return list(dict.fromkeys(kept if not fitting else [t for t in kept if t not in _ODD]))


def _sized(length: int, unit: str) -> str:
    return "f" * length if unit != "tokens" else "f" + "_f" * (length - 1)


@lru_cache(maxsize=64)
def _one_of(pattern: str) -> str:
    """The simplest text that a pattern matches as a whole."""
    from hypothesis import HealthCheck, find, settings

    quiet = settings(database=None, suppress_health_check=list(HealthCheck))
    return find(st.from_regex(pattern, fullmatch=True), bool, settings=quiet)


def _fitting(clause: c.TextClause) -> st.SearchStrategy[str]:
    test = text_test(clause)
    longest = min(clause.max_length or 24, 24)
    texts = st.from_regex(
        clause.pattern or "", fullmatch=True, alphabet=st.characters(codec="ascii")
    )
    return texts.filter(lambda text: 0 < len(text) <= longest and test(text) is None)


def with_text(probe: Probe, at: str, value: str, *, breaking: str = "") -> Prepared | None:
    """A request with a text at a place such as ``tools[].function.name``; None: there is no way."""
    head, _, rest = at.partition(".")
    given: dict[str, Any]
    if head == "tools[]":
        tool = copy.deepcopy(SAMPLE_TOOL)
        *steps, last = rest.split(".")
        holder = tool
        for step in steps:
            holder = holder[step]
        holder[last] = value
        given = {"tools": [tool]}
    elif "[]" in at:
        return None
    elif rest:
        given = {head: {rest: value, **_BESIDE.get(value, {})}}
    else:
        given = {head: value}
    if head == "tool_choice":
        given["tools"] = [copy.deepcopy(SAMPLE_TOOL)]
    return prepare(probe, breaking=breaking, **given)


_BESIDE: dict[str, dict[str, Any]] = {
    "json_schema": {
        "json_schema": {
            "name": "greeting",
            "schema": {"type": "object", "properties": {"word": {"type": "string"}}},
        }
    }
}
"""What has to stand beside a text for it to make sense."""
