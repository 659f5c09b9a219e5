"""A stream's portions, frames and bodies in small: what goes in comes out, whatever it is."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.mock.wires import events
from tokenassay.conformance.mock.bodies import BadBody, parse_object
from tokenassay.conformance.mock.call import Answer, ToolCall
from tokenassay.conformance.mock.frames import Frame, Style, write_frame
from tokenassay.conformance.mock.portions import portions

PIECES = st.lists(st.text(min_size=1, max_size=4), max_size=40)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """An answer of so many pieces, one token each, with or without thoughts and calls."""
    text, thought = draw(PIECES), draw(PIECES)
    calls = tuple(
        ToolCall(f"call_{n}", "name", draw(st.text(max_size=60)))
        for n in range(draw(st.integers(0, 2)))
    )
    if calls:
        text = []
    spoken = len(text) + len(thought) + sum(len(call.arguments) for call in calls)
    return Answer(
        pieces=tuple(text),
        marks=tuple(range(1, len(text) + 1)),
        finish_reason="tool_calls" if calls else "stop",
        tool_calls=calls,
        reasoning=tuple(thought),
        reasoning_marks=tuple(range(1, len(thought) + 1)),
        tokens=spoken,
    )


@given(made=st.lists(answers(), min_size=1, max_size=3), split=st.booleans())
def test_increments_join_to_the_whole(made: list[Answer], split: bool) -> None:
    cut = list(portions(tuple(made), incremental=True, split_calls=split))
    assert [portion.tokens for portion in cut] == sorted(portion.tokens for portion in cut)
    assert cut[-1].tokens == sum(answer.tokens for answer in made)
    for choice, answer in enumerate(made):
        own = [portion for portion in cut if portion.choice == choice]
        assert "".join(portion.text for portion in own) == answer.text
        assert "".join(p.reasoning or "" for p in own) == "".join(answer.reasoning)
        assert [p.finish_reason for p in own] == [None] * (len(own) - 1) + [answer.finish_reason]
        for position, call in enumerate(answer.tool_calls):
            parts = [made for p in own for at, made in p.calls if at == position]
            assert "".join(part.arguments for part in parts) == call.arguments
            assert (parts[0].id, parts[0].name) == (call.id, call.name)
            assert all((part.id, part.name) == ("", "") for part in parts[1:])


@given(answer=answers(), split=st.booleans())
def test_cumulative_portions_grow_to_the_whole(answer: Answer, split: bool) -> None:
    cut = list(portions((answer,), incremental=False, split_calls=split))
    texts = [portion.text for portion in cut]
    assert texts[-1] == answer.text
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert (cut[-1].reasoning or "") == "".join(answer.reasoning)
    assert tuple(made for _, made in cut[-1].calls) == answer.tool_calls


@given(
    data=st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers(0, 2**40)),
    event=st.none() | st.just("result"),
    id=st.none() | st.integers(1, 999).map(str),
    comment=st.none() | st.just("HTTP_STATUS/200"),
    space=st.booleans(),
)
def test_a_frame_is_read_as_it_was_written(
    data: dict[str, Any], event: str | None, id: str | None, comment: str | None, space: bool
) -> None:
    written = write_frame(Frame(data, event, id, comment), Style(space)).decode()
    (heard,) = events(written)
    assert heard.data == data
    assert (heard.id or "").strip() == (id or "")
    assert (heard.event or "").strip() == (event or "")
    assert heard.comment == comment
    assert written.count("\n") == 2 + sum(field is not None for field in (event, id, comment))


NAMES = st.text(st.characters(codec="utf-8"), max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NAMES
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(body=st.dictionaries(NAMES, JSON, max_size=3), ascii=st.booleans())
def test_any_json_object_is_read(body: dict[str, Any], ascii: bool) -> None:
    assert parse_object(json.dumps(body, ensure_ascii=ascii).encode()) == body


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b'{"a": {"b": 1, "b": 1}}', "stands twice"),
        (b'{"a": [NaN]}', "NaN is not JSON"),
        (b'{"a": -1e400}', "too large"),
        (b'{"a": "\\udc00"}', "surrogate"),
        (b'{"\\ud800": 1}', "surrogate"),
        (b"\xff", "not UTF-8"),
        (b'{"a" 1}', "not JSON at character 5"),
        (b"7", "not a JSON object"),
    ],
)
def test_what_is_no_json_object_is_told_apart(raw: bytes, why: str) -> None:
    with pytest.raises(BadBody, match=why):
        parse_object(raw)
