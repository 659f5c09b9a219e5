"""What the mock model says: text, reasoning and tool calls, from the request and a seed alone.

The words depend on the conversation and the sampling parameters. ``max_tokens`` and ``stop``
only cut them, so a cut answer is the beginning of the whole one.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final

import msgspec

from tokenassay.conformance.mock.call import Answer, Call, ToolCall
from tokenassay.conformance.mock.dice import Dice
from tokenassay.conformance.mock.fitting import fit
from tokenassay.conformance.mock.stops import find_stop
from tokenassay.conformance.mock.texts import CHINESE, COLOURFUL, ENGLISH, Stock, language_of
from tokenassay.conformance.mock.tool_calls import cut_calls, make_calls
from tokenassay.conformance.mock.wishes import ANY_OBJECT, Wish, read_wish
from tokenassay.conformance.mock.written import EMPTY, Written, before, cut, write
from tokenassay.estimators.requests import Request

_SHORT, _USUAL, _LONG = (8, 24), (40, 100), (320, 480)
"""Tokens of an answer: where a brief one is asked for, without a word on it, and a long one."""
_MOST: Final = 20_000
"""No wish makes an answer longer than this."""
_THOUGHT: Final = (20, 60)

_NUMBERED: Final = re.compile(r"(\d{1,5})\s*[- ]?(words?|tokens?|characters?|个?字|个词)", re.I)
_BRIEF: Final = re.compile(r"\b(briefly|short|one (word|sentence))\b|一句话|简短|简要", re.I)
_LENGTHY: Final = re.compile(r"\b(long|detailed|essay|story|at length)\b|详细|长文|作文|故事", re.I)


_STEP: Final = 0x9E3779B97F4A7C15
"""Between the seeds of two choices of one call."""


def compose(call: Call, choice: int = 0) -> Answer:
    """One choice of a call's answer, from the parameters in force."""
    assert call.request is not None
    return speak(call.request, read_wish(call), call.digest + choice * _STEP)


def speak(request: Request, wish: Wish, seed: int) -> Answer:
    """The answer to ``request``; the same for the same request, wish and seed."""
    asked = _last_words(request)
    stock = language_of(asked)
    dice = Dice(seed)
    thought = _think(asked, stock, dice, wish) if wish.thinking else EMPTY
    room = _room(wish, thought)
    calls = _calls(request, asked, wish, dice)
    if calls:
        return _calling(calls, thought, room)
    text = _json(wish.json_schema, stock, dice) if wish.json_schema is not None else None
    if text is None and any(letter > "\uffff" for letter in asked):
        text = _colourful(dice, _length(asked, dice))
    if text is None:
        text = _prose(stock, dice, _length(asked, dice), after_tool=_after_tool(request))
    reason, stopped_by = "stop", None
    found = find_stop(text.text, wish.stop, wish.flat_list) if wish.stop is not None else None
    if found is not None:
        stopped_by = found.text
        text = before(text, found.offset)
    if room is not None and text.tokens > room:
        text, reason, stopped_by = cut(text, room), "length", None
    return Answer(
        pieces=text.pieces,
        marks=text.marks,
        finish_reason=reason,
        reasoning=thought.pieces,
        reasoning_marks=thought.marks,
        tokens=text.tokens + thought.tokens,
        stopped_by=stopped_by,
    )


# ------------------------------------------------------------------------------- parts


def _last_words(request: Request) -> str:
    """The end of what the user said last: the language and the wishes are read from it."""
    for message in reversed(request.messages or ()):
        if message.role == "user" and message.text:
            return message.text[-2000:]
    return request.prompt[-2000:] if isinstance(request.prompt, str) else ""


def _after_tool(request: Request) -> bool:
    return bool(request.messages) and request.messages[-1].role == "tool"  # type: ignore[index]


def _length(asked: str, dice: Dice) -> int:
    numbered = _NUMBERED.search(asked)
    if numbered:
        return min(_MOST, max(1, int(numbered[1])))
    span = _LONG if _LENGTHY.search(asked) else _SHORT if _BRIEF.search(asked) else _USUAL
    return dice.between(*span)


def _room(wish: Wish, thought: Written) -> int | None:
    rooms = [wish.max_tokens] if wish.max_tokens is not None else []
    if wish.max_completion_tokens is not None:
        rooms.append(max(0, wish.max_completion_tokens - thought.tokens))
    return min(rooms, default=None)


def _prose(stock: Stock, dice: Dice, length: int, *, after_tool: bool) -> Written:
    """Sentences of the stock until ``length`` tokens are reached."""
    ready = _ready(stock is CHINESE)
    pieces = list(ready.after_tool if after_tool else dice.pick(ready.openings))
    left: list[int] = []
    sentence = 1
    while len(pieces) < length:
        if not left:
            left = list(range(len(ready.body)))
        drawn = dice.below(len(left))
        left[drawn], left[-1] = left[-1], left[drawn]
        joined = ready.paragraphs if sentence % 6 == 0 else ready.body
        pieces += joined[left.pop()]
        sentence += 1
    pieces += ready.end
    return Written(tuple(pieces), tuple(range(1, len(pieces) + 1)))


def _colourful(dice: Dice, length: int) -> Written:
    """Lines of the odd stock, in an order of the seed's, until ``length`` tokens are reached."""
    lines = dice.shuffled(range(len(COLOURFUL)))
    said = write(COLOURFUL[lines[0]])
    for number in range(1, _MOST):
        if said.tokens >= length:
            break
        said = write(f"{said.text}\n{COLOURFUL[lines[number % len(lines)]]}")
    return said


def _think(asked: str, stock: Stock, dice: Dice, wish: Wish) -> Written:
    ready = _ready(stock is CHINESE)
    length = dice.between(*_THOUGHT)
    order = dice.shuffled(range(len(ready.thoughts)))
    pieces = list(ready.first_thoughts[order.pop()])
    while order and len(pieces) < length:
        pieces += ready.thoughts[order.pop()]
    pieces += ready.end
    caps = (wish.thinking_budget, wish.max_completion_tokens)
    most = min([cap for cap in caps if cap is not None], default=len(pieces))
    pieces = pieces[: max(0, most)]
    return Written(tuple(pieces), tuple(range(1, len(pieces) + 1)))


def _json(schema: Any, stock: Stock, dice: Dice) -> Written:
    if schema is ANY_OBJECT:
        words = dice.shuffled(range(len(stock.body)))
        value: Any = {"answer": stock.body[words[0]], "notes": [stock.body[n] for n in words[1:3]]}
    else:
        value = fit(schema, dice.bits())
    return write(json.dumps(value, ensure_ascii=False))


def _calls(request: Request, asked: str, wish: Wish, dice: Dice) -> tuple[ToolCall, ...]:
    if not wish.tools or wish.tool_choice == "none" or _after_tool(request):
        return ()
    return make_calls(wish.tools, wish.tool_choice, asked, dice, parallel=wish.parallel)


def _calling(calls: tuple[ToolCall, ...], thought: Written, room: int | None) -> Answer:
    kept, tokens = cut_calls(calls, room)
    whole = kept == calls
    return Answer(
        finish_reason="tool_calls" if whole else "length",
        tool_calls=kept,
        reasoning=thought.pieces,
        reasoning_marks=thought.marks,
        tokens=tokens + thought.tokens,
    )


# ------------------------------------------------------------------------------- the stock


class _Ready(msgspec.Struct, frozen=True):
    """A stock with its tokens: each sentence as pieces, one token each."""

    openings: tuple[tuple[str, ...], ...]
    body: tuple[tuple[str, ...], ...]
    paragraphs: tuple[tuple[str, ...], ...]
    thoughts: tuple[tuple[str, ...], ...]
    first_thoughts: tuple[tuple[str, ...], ...]
    after_tool: tuple[str, ...]
    end: tuple[str, ...]


@lru_cache(maxsize=2)
def _ready(chinese: bool) -> _Ready:
    stock = CHINESE if chinese else ENGLISH

    def each(sentences: tuple[str, ...], joiner: str = "") -> tuple[tuple[str, ...], ...]:
        return tuple(write(joiner + sentence).pieces for sentence in sentences)

    return _Ready(
        openings=each(stock.openings),
        body=each(stock.body, stock.joiner),
        paragraphs=each(stock.body, stock.paragraph),
        thoughts=each(stock.thoughts, stock.joiner),
        first_thoughts=each(stock.thoughts),
        after_tool=write(stock.after_tool).pieces,
        end=write(stock.end).pieces,
    )
