"""Tool calls of the mock model: which function, with arguments that fit its schema, in tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tokenassay.conformance.mock.call import ToolCall
from tokenassay.conformance.mock.dice import Dice
from tokenassay.conformance.mock.fitting import fit
from tokenassay.conformance.mock.written import write
from tokenassay.estimators import tokens

_WORD: Final = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")
_NAMED: Final = re.compile(r"\"([^\"]{1,40})\"|“([^”]{1,40})”|(?<=\s)([A-Z][a-z]{2,20})\b")
_PARALLEL: Final = 2


def make_calls(
    tools: Sequence[Mapping[str, Any]],
    choice: Any,
    asked: str,
    dice: Dice,
    *,
    parallel: bool,
) -> tuple[ToolCall, ...]:
    """The calls that answer ``asked``: one function, the one that fits the words best.

    ``choice`` may name the function outright. With ``parallel`` there are two calls: of two
    functions, or of one with other arguments.
    """
    functions = [f for tool in tools if isinstance(f := tool.get("function"), Mapping)]
    functions = [f for f in functions if isinstance(f.get("name"), str)]
    if not functions:
        return ()
    ranked = sorted(functions, key=lambda f: -_likeness(f, asked))
    named = choice.get("function") if isinstance(choice, Mapping) else None
    if isinstance(named, Mapping):
        ranked = [f for f in functions if f["name"] == named.get("name")] or ranked
    wanted = [ranked[n % len(ranked)] for n in range(_PARALLEL if parallel else 1)]
    return tuple(_call(function, asked, dice) for function in wanted)


def call_text(call: ToolCall) -> str:
    """A call as the model writes it, markers aside: the tokens of this, and two, are billed."""
    name = json.dumps(call.name, ensure_ascii=False)
    return f'\n{{"name": {name}, "arguments": {call.arguments}}}\n'


def calls_tokens(calls: Sequence[ToolCall]) -> int:
    """Output tokens of tool calls: each between its two markers, a newline between two."""
    if not calls:
        return 0
    return sum(tokens.count_tokens(call_text(c)) + 2 for c in calls) + len(calls) - 1


def cut_calls(calls: tuple[ToolCall, ...], limit: int | None) -> tuple[tuple[ToolCall, ...], int]:
    """The calls that fit in ``limit`` tokens (the last one cut short), and their tokens."""
    total = calls_tokens(calls)
    if limit is None or total <= limit:
        return calls, total
    kept: tuple[ToolCall, ...] = ()
    for call in calls:
        if calls_tokens((*kept, call)) <= limit:
            kept = (*kept, call)
            continue
        pieces = write(call.arguments).pieces
        for end in range(len(pieces) - 1, -1, -1):
            shorter = (*kept, ToolCall(call.id, call.name, "".join(pieces[:end])))
            if calls_tokens(shorter) <= limit:
                return shorter, calls_tokens(shorter)
        break
    return kept, calls_tokens(kept)


def _call(function: Mapping[str, Any], asked: str, dice: Dice) -> ToolCall:
    schema = function.get("parameters")
    arguments: Any = {}
    if isinstance(schema, Mapping) and schema:
        arguments = fit(schema, dice.bits(), _named(asked))
    written = json.dumps(arguments, ensure_ascii=False)
    return ToolCall(f"call_{dice.bits():016x}{dice.bits() >> 32:08x}", function["name"], written)


def _named(asked: str) -> list[str]:
    """Names and quoted words: the likely values of a string argument."""
    return [next(filter(None, match.groups())) for match in _NAMED.finditer(asked)]


def _likeness(function: Mapping[str, Any], asked: str) -> int:
    spoken = f"{function['name']} {function.get('description') or ''}".lower()
    return len(set(_WORD.findall(spoken)) & set(_WORD.findall(asked.lower())))
