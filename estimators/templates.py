"""Conversations rendered as a template profile has them, and counted part by part.

A message stands between two markers of one token each, so that the count of a conversation is
the sum of its messages' counts, each with its role before it:

    <|im_start|>ROLE\\nCONTENT<|im_end|>\\n   ...   <|im_start|>assistant\\n

Texts are counted behind their role and its newline, for a content that begins with a newline
joins the one before it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from tokenassay.contracts.catalog import TemplateProfile, ToolTemplate
from tokenassay.estimators.documents import FileSyntax, is_reference
from tokenassay.estimators.requests import Message, Request
from tokenassay.estimators.tokens import TEMPLATE_TAGS

Count = Callable[[str], int]

_TAG: Final = re.compile("|".join(TEMPLATE_TAGS))
_MOST_SYSTEMS: Final = 16
_MARKER: Final = 1
"""Tokens of a marker such as ``<|im_start|>``, and of a tag such as ``<tool_call>``."""


class Part(msgspec.Struct, frozen=True):
    """Tokens of one part of a request."""

    part: str
    tokens: int


class Turn(msgspec.Struct, frozen=True):
    """One message to render: where it comes from in the request, and what it says."""

    label: str
    role: str
    text: str
    calls: tuple[Any, ...] = ()
    open_end: bool = False
    reference: bool = False


class Meter:
    """Counts requests by one profile with one tokenizer.

    Immutable but for what it remembers, and safe to share.
    """

    def __init__(
        self,
        profile: TemplateProfile,
        count: Count,
        syntax: FileSyntax | None = None,
        offset: int = 0,
    ) -> None:
        self.profile = profile
        self._offset = offset
        self._plain_count = count
        self._systems: dict[str, int] = {}
        self._syntax = syntax
        self._newline = count("\n")
        self._opening = _MARKER + count("assistant\n") if profile.generation_prompt else 0
        self._opening += profile.think_block_tokens
        self.bare = profile.wrap == "bare"
        self._default = (
            Turn("default system message", "system", profile.default_system)
            if profile.default_system is not None
            else None
        )
        self._default_tokens = (
            self._wrapper("system") + self._said("system", profile.default_system)
            if profile.default_system is not None and not self.bare
            else 0
        )

    def total(self, messages: tuple[Message, ...], said: int | None = None) -> int:
        """Tokens of plain messages: a known role, one text without tags, no calls, closed.

        The same as the sum of :meth:`parts`, and several times as fast. ``said`` is what
        :meth:`said` gives, where another meter of the same tokenizer has counted that.
        """
        if self.bare:
            count = self._plain_count
            return sum([count(message.text) for message in messages]) + self._offset
        # What is added to each: two markers and the newline after the second.
        tokens = self._opening + self._offset
        tokens += len(messages) * (2 * _MARKER + self._newline)
        if messages and messages[0].role != "system":
            tokens += self._default_tokens
        return tokens + (self.said(messages) if said is None else said)

    def said(self, messages: tuple[Message, ...]) -> int:
        """Tokens of plain messages with their roles, without anything of the template."""
        count = self._plain_count
        tokens = 0
        for message in messages:
            if message.role == "system":
                tokens += self._said_by_system(message.text)
            else:
                tokens += count(f"{message.role}\n{message.text}")
        return tokens

    def _said_by_system(self, text: str) -> int:
        """One system message often stands in many requests: the last few are remembered."""
        known = self._systems.get(text)
        if known is None:
            known = self._plain_count(f"system\n{text}")
            if len(self._systems) >= _MOST_SYSTEMS:
                self._systems.clear()
            self._systems[text] = known
        return known

    def parts(self, request: Request) -> Iterator[Part]:
        """Tokens of each message, of the tools, and of the template around them."""
        if self._offset:
            yield Part("measured offset", self._offset)
        turns = list(turns_of(request, self._syntax))
        if self.bare:
            for turn in turns:
                yield Part(turn.label, self._count(_spoken(turn)))
            yield from self._bare_tools(request.tools)
            return
        has_system = bool(turns) and turns[0].role == "system"
        if self._default is not None and not has_system and turns:
            turns.insert(0, self._default)
            has_system = True
        template = 0
        if request.tools and self.profile.tools:
            lead = turns.pop(0) if has_system else None
            template += self._wrapper("system")
            if lead is not None:
                yield Part(lead.label, self._said("system", f"{lead.text}\n\n"))
            yield Part("tools", self._tool_tokens(request.tools, self.profile.tools))
        in_results = False  # tool results in a row stand in one message
        for turn in turns:
            if turn.role == "tool":
                template += self._newline if in_results else self._wrapper("user")
                yield Part(turn.label, 2 * _MARKER + self._count(f"\n{turn.text}\n"))
            else:
                template += self._wrapper(turn.role)
                yield Part(turn.label, self._said(turn.role, _spoken(turn)))
            in_results = turn.role == "tool"
        if turns and turns[-1].open_end:
            template -= _MARKER + self._newline
        else:
            template += self._opening
        yield Part("template", template)

    def _wrapper(self, role: str) -> int:
        return 2 * _MARKER + self._newline + self._count(f"{role}\n")

    def _said(self, role: str, text: str) -> int:
        return self._count(f"{role}\n{text}") - self._count(f"{role}\n")

    def _count(self, text: str) -> int:
        if "<" not in text:
            return self._plain_count(text) if text else 0
        texts = _TAG.split(text)
        return sum([self._plain_count(text) for text in texts if text]) + len(texts) - 1

    def _tool_tokens(self, tools: Iterable[Any], template: ToolTemplate) -> int:
        shown = (_as_rendered(tool, template) for tool in tools)
        written = sum(self._count(f"{_json(tool, template.separator)}\n") for tool in shown)
        return template.preamble_tokens + written + template.closing_tokens

    def _bare_tools(self, tools: Iterable[Any]) -> Iterator[Part]:
        written = [self._count(_json(tool, "spaced")) for tool in tools]
        if written:
            yield Part("tools", sum(written))


def turns_of(request: Request, syntax: FileSyntax | None) -> Iterator[Turn]:
    """Everything said in a request, in the order of the template: history, messages, prompt."""
    messages = request.messages or ()
    first = 1 if messages and messages[0].role == "system" else 0
    last = len(messages) - 1
    for index, message in enumerate(messages):
        if index == first:
            yield from _history(request.history)
        role = message.role if isinstance(message.role, str) else "user"
        referring = is_reference(message, syntax)
        yield Turn(
            f"message {index + 1} ({role})",
            role,
            "" if referring else message.text,
            message.tool_calls,
            message.partial and role == "assistant" and index == last,
            referring,
        )
    if len(messages) <= first:
        yield from _history(request.history)
    if isinstance(request.prompt, str) and request.prompt:
        yield Turn("prompt", "user", request.prompt)


def _history(given: Any) -> Iterator[Turn]:
    for index, pair in enumerate(given if isinstance(given, list | tuple) else (), 1):
        for key, role in (("user", "user"), ("bot", "assistant")):
            text = pair.get(key) if isinstance(pair, dict) else None
            if isinstance(text, str):
                yield Turn(f"history {index} ({key})", role, text)


def _spoken(turn: Turn) -> str:
    text = turn.text
    for call in turn.calls:
        function = call.get("function") if isinstance(call, dict) else None
        name = function.get("name") if isinstance(function, dict) else None
        arguments = function.get("arguments") if isinstance(function, dict) else None
        if not isinstance(arguments, str):
            arguments = _json(arguments, "spaced")
        text += "\n" if text else ""
        text += f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'
    return text


def _as_rendered(tool: Any, template: ToolTemplate) -> Any:
    """A tool with the keys that the template writes, its empty parameters filled in."""
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict):
        return tool
    keys = template.function_keys
    kept = {key: value for key, value in function.items() if not keys or key in keys}
    if kept.get("parameters") == {} and template.empty_parameters is not None:
        kept["parameters"] = template.empty_parameters
    return {**tool, "function": kept}


def _json(value: Any, separator: str) -> str:
    separators = (", ", ": ") if separator == "spaced" else (",", ":")
    return json.dumps(value, ensure_ascii=False, separators=separators, default=str)
