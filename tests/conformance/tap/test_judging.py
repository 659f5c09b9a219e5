"""Clamps are told from all else that may happen to numbers; changes of what is said are named."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from tokenassay.conformance.tap.fates import same, settle
from tokenassay.conformance.tap.findings import Case
from tokenassay.conformance.tap.prompts import changes
from tokenassay.estimators.requests import Message
from tokenassay.estimators.tokens import count_tokens

NUMBERS = st.lists(st.integers(-1000, 1000), min_size=1, max_size=12, unique=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def case(sent: Any, arrived: Any) -> Case:
    fate = "forwarded" if same(sent, arrived) else "converted"
    return Case(
        fate="forwarded" if fate == "forwarded" else "converted", sent=sent, arrived=arrived
    )


@given(NUMBERS, st.integers(-1100, 1100), st.integers(0, 2000))
def test_whatever_is_clamped_is_called_so_with_its_bounds(
    sent: list[int], low: int, width: int
) -> None:
    high = low + width
    settled, at_least, at_most = settle(case(v, min(max(v, low), high)) for v in sent)
    for value, found in zip(sent, settled, strict=True):
        assert found.fate == ("forwarded" if low <= value <= high else "clamped")
    assert at_least == (low if min(sent) < low else None)
    assert at_most == (high if max(sent) > high else None)


@given(NUMBERS, st.integers(2, 9))
def test_scaled_numbers_are_never_called_clamped(sent: list[int], factor: int) -> None:
    settled, _, _ = settle(case(v, v * factor) for v in sent)
    for those in ([f for f in settled if f.sent > 0], [f for f in settled if f.sent < 0]):
        if len(those) > 1:  # of a single number no law shows
            assert {found.fate for found in those} == {"converted"}


@given(NUMBERS)
def test_what_is_passed_on_is_forwarded(sent: list[int]) -> None:
    settled, at_least, at_most = settle(case(v, float(v)) for v in sent)
    assert {found.fate for found in settled} == {"forwarded"}
    assert (at_least, at_most) == (None, None)


@given(JSON)
def test_a_value_is_the_same_as_itself(value: Any) -> None:
    assert same(value, value)


@given(st.booleans())
def test_true_is_not_one(value: bool) -> None:
    assert not same(value, int(value))
    assert not same([int(value)], [value])
    assert not same({"a": int(value)}, {"a": value})


# ------------------------------------------------------------------------------- what is said

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


def message(role: str, text: str) -> Message:
    raw = {"role": role, "content": text}
    return Message(role, text, text, None, (), None, False, raw)


MESSAGES = st.builds(message, st.sampled_from(["user", "assistant", "system"]), TEXTS)
TALKS = st.lists(MESSAGES, min_size=1, max_size=5)


@given(TALKS)
def test_what_arrives_as_it_was_is_no_change(talk: list[Message]) -> None:
    assert changes(talk, list(talk)) == []


@given(TALKS, TEXTS)
def test_a_system_message_before_all_others_is_found_whole(talk: list[Message], text: str) -> None:
    (found,) = changes(talk, [message("system", text), *talk])
    assert (found.verdict, found.tokens) == ("system message added", count_tokens(text))
    assert found.text == text


@given(TALKS, st.integers(0, 99))
@example([message("user", text) for text in ("00", "0", "00", "0")], 1)
def test_a_message_left_out_is_found(talk: list[Message], number: int) -> None:
    at = number % len(talk)
    (found,) = changes(talk, talk[:at] + talk[at + 1 :])
    assert found.verdict == "message removed"
    assert found.text == talk[at].text


@given(TALKS, TEXTS, st.data())
def test_text_behind_a_message_is_found(
    talk: list[Message], text: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(talk) - 1))
    changed = message(str(talk[at].role), talk[at].text + text)
    assume(changed.raw not in [m.raw for m in talk])
    found = changes(talk, [*talk[:at], changed, *talk[at + 1 :]])
    assert [one.verdict for one in found] == ["text added"]
    assert found[0].text == text
