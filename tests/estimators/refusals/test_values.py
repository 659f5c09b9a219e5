"""Types, equality and wording of JSON values."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.estimators.refusals.bodies import JSON
from tokenassay.contracts import patterns
from tokenassay.estimators.refusals.values import either, fits, json_type, same, shown, written


@pytest.mark.parametrize(
    ("value", "types", "expected"),
    [
        (1, ["number"], True),
        (1, ["integer"], True),
        (1.0, ["integer"], False),
        (1.0, ["number"], True),
        (True, ["integer"], False),
        (True, ["number"], False),
        (True, ["boolean"], True),
        ("1", ["number"], False),
        ((1,), ["array"], True),
        (None, ["null"], True),
        (None, ["object"], False),
        (object(), ["object"], False),
    ],
)
def test_types_are_those_of_json(value: object, types: Any, expected: bool) -> None:
    assert fits(value, types) is expected


@given(JSON, JSON)
def test_equality_is_that_of_the_written_form(left: Any, right: Any) -> None:
    def canonical(value: Any) -> Any:
        if isinstance(value, bool) or value is None or isinstance(value, str):
            return (type(value).__name__, value)
        if isinstance(value, int | float):
            return ("number", value if value == value else object())  # NaN equals nothing
        if isinstance(value, list):
            return ("array", [canonical(item) for item in value])
        return ("object", {key: canonical(item) for key, item in value.items()})

    assert same(left, right) == (canonical(left) == canonical(right))


@given(JSON)
def test_what_is_shown_is_short_and_printable(value: Any) -> None:
    for text in (shown(value), written(value)):
        assert text
        assert len(text) <= 6 * 40 + 2
        assert text.isprintable()
        text.encode()


@given(st.text(), st.sampled_from(["<{v}>", "{v}", "at {v} b", "[{v}]"]))
def test_a_message_filled_with_written_text_still_matches(text: str, pattern: str) -> None:
    assert patterns.matches(pattern, patterns.fill(pattern, v=written(text)))


def test_numbers_no_one_can_write_are_described() -> None:
    assert shown(10**5000) == "an integer of 16610 bits"
    assert shown(math.inf) == "inf"
    assert json_type(object()) is None
    assert shown(object()) == "no JSON value"


def test_words_are_listed() -> None:
    assert [either("a"), either("ab"), either("abc")] == ["a", "a or b", "a, b or c"]
    assert json.loads(shown('say "hi"\n')) == 'say "hi"\n'
