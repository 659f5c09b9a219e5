"""Choosing promises by expression, family and configuration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.conformance.promises.registry import Promise
from tokenassay.conformance.selecting import BadExpression, compile_expression, select
from tokenassay.contracts.clauses import Family

words = st.sampled_from(["top", "p", "temperature", "above"])
expressions = st.recursive(
    words,
    lambda inner: st.one_of(
        inner.map(lambda e: f"not {e}"),
        inner.map(lambda e: f"({e})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) and ({pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) or ({pair[1]})"),
    ),
    max_leaves=8,
)


@given(expressions, st.sampled_from(["top_p above", "temperature", "p", "Above TOP"]))
def test_an_expression_means_what_python_means_by_it(expression: str, text: str) -> None:
    found = {word: word in text.lower() for word in ("top", "p", "temperature", "above")}
    meant = eval(expression, {"__builtins__": {}}, found)  # noqa: S307 - made of our own words
    assert compile_expression(expression)(text) == meant


def test_and_binds_closer_than_or() -> None:
    test = compile_expression("a or b and not c")
    assert [test(text) for text in ("a c", "b", "b c", "c")] == [True, True, False, False]
    assert compile_expression("  ")("anything")


@pytest.mark.parametrize(
    "expression", ["and", "a and", "(a", "a)", "a b", "not", "()", "a or or b", "a not b"]
)
def test_nonsense_is_told(expression: str) -> None:
    with pytest.raises(BadExpression, match="-k"):
        compile_expression(expression)


def test_family_and_expression_both_hold() -> None:
    families: tuple[tuple[str, Family], ...] = (
        ("top_p", "parameters"),
        ("usage", "metering"),
        ("top_k", "parameters"),
    )
    promises = [
        Promise(
            id=id, family=family, clause=f"{id}.x", level="must", title="", check=lambda probe: None
        )
        for id, family in families
    ]

    def ids(expression: str = "", *families: str) -> list[str]:
        return [promise.id for promise in select(promises, expression, families)]

    assert ids() == ["top_p", "usage", "top_k"]
    assert ids("top", "parameters") == ["top_p", "top_k"]
    assert ids("metering") == ["usage"]
    assert ids("", "metering", "parameters") == ["top_p", "usage", "top_k"]
    assert ids("usage", "parameters") == []
