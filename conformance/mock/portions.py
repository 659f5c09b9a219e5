"""An answer cut into the portions that a stream sends one by one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from tokenassay.conformance.mock.call import Answer, ToolCall

_FIRST = (1, 1, 2)
"""Tokens of the first frames; every later one has four, as recorded streams do."""
_LATER = 4
_ARGUMENT_CHARACTERS = 12
"""Characters of a call's arguments in one fragment."""


class Portion(NamedTuple):
    """What one frame shows of one choice, and the tokens sent by then (of all choices)."""

    choice: int
    text: str
    tokens: int
    finish_reason: str | None = None
    """Set in a choice's last portion."""
    reasoning: str | None = None
    """None in an answer without reasoning."""
    reasoning_tokens: int | None = None
    calls: tuple[tuple[int, ToolCall], ...] = ()
    """Position and call, or a fragment of it: only the first one has id and name."""


def portions(
    answers: tuple[Answer, ...], *, incremental: bool, split_calls: bool
) -> Iterator[Portion]:
    """The portions of all choices, one choice after the other.

    Incremental: what is new, then an empty portion with the finish reason. Cumulative: all so
    far each time, and the whole once more with the reason. With ``split_calls`` the arguments
    of tool calls come in fragments, the last one together with the reason; without it a call
    comes whole.
    """
    before = 0
    for choice, answer in enumerate(answers):
        yield from _one(answer, incremental, split_calls, choice, before)
        before += answer.tokens


def _one(
    answer: Answer, incremental: bool, split_calls: bool, choice: int, before: int
) -> Iterator[Portion]:
    thought: str | None = None
    thought_tokens: int | None = None
    spent = before
    for start, stop in frame_ends(len(answer.reasoning)):
        said = "".join(answer.reasoning[start:stop])
        thought = said if incremental or thought is None else thought + said
        thought_tokens = answer.reasoning_marks[stop - 1]
        spent = before + thought_tokens
        yield Portion(choice, "", spent, None, thought, thought_tokens)
    if thought is not None and incremental:
        thought = ""
    text = ""
    pieces, marks = answer.pieces, answer.marks
    for start, stop in frame_ends(len(pieces)):
        said = "".join(pieces[start:stop])
        text = said if incremental else text + said
        yield Portion(choice, text, spent + marks[stop - 1], None, thought, thought_tokens)
    end = Portion(
        choice,
        "" if incremental else text,
        before + answer.tokens,
        answer.finish_reason,
        thought,
        thought_tokens,
    )
    if not answer.tool_calls:
        yield end
    elif split_calls:
        yield from _calls(answer, end, incremental, spent)
    else:
        yield end._replace(calls=tuple(enumerate(answer.tool_calls)))


def _calls(answer: Answer, end: Portion, incremental: bool, spent: int) -> Iterator[Portion]:
    """Fragments of the calls; the last one is part of the last portion."""
    fragments = [
        (position, made if start == 0 else ToolCall("", "", made.arguments), start)
        for position, made in enumerate(answer.tool_calls)
        for start in range(0, max(1, len(made.arguments)), _ARGUMENT_CHARACTERS)
    ]
    shown: dict[int, ToolCall] = {}
    for number, (position, made, start) in enumerate(fragments, 1):
        part = made.arguments[start : start + _ARGUMENT_CHARACTERS]
        if incremental:
            calls: tuple[tuple[int, ToolCall], ...] = (
                (position, ToolCall(made.id, made.name, part)),
            )
        else:
            whole = answer.tool_calls[position]
            shown[position] = ToolCall(
                whole.id, whole.name, whole.arguments[: start + _ARGUMENT_CHARACTERS]
            )
            calls = tuple(shown.items())
        if number == len(fragments):
            yield end._replace(calls=calls)
        else:
            tokens = spent + (end.tokens - spent) * number // len(fragments)
            yield end._replace(calls=calls, tokens=tokens, finish_reason=None)


@lru_cache(maxsize=512)
def frame_ends(pieces: int) -> tuple[tuple[int, int], ...]:
    """Where each frame of so many pieces begins and ends."""
    ends: list[tuple[int, int]] = []
    start = 0
    while start < pieces:
        size = _FIRST[len(ends)] if len(ends) < len(_FIRST) else _LATER
        ends.append((start, min(start + size, pieces)))
        start += size
    return tuple(ends)
