"""What in a request goes beyond plain messages, and what that does to its count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final, NamedTuple

from tokenassay.contracts.catalog import Feature, TemplateFile
from tokenassay.estimators.documents import FileSyntax, count_files, is_reference
from tokenassay.estimators.images import (
    fewest_image_tokens,
    image_size,
    image_tokens,
    image_urls,
)
from tokenassay.estimators.requests import Message, Request
from tokenassay.estimators.templates import Part
from tokenassay.estimators.tokens import TEMPLATE_TAGS, has_marker

PLAIN_PARAMETERS: Final = frozenset(
    {
        "temperature",
        "top_p",
        "top_k",
        "seed",
        "stop",
        "max_tokens",
        "max_completion_tokens",
        "repetition_penalty",
        "presence_penalty",
        "frequency_penalty",
        "logprobs",
        "top_logprobs",
        "result_format",
        "incremental_output",
        "stream",
        "stream_options",
        "enable_thinking",
        "thinking_budget",
    }
)
"""Parameters that say how to answer: the input is the same with them and without them."""

_HANDLED: Final = frozenset(
    {"tools", "tool_choice", "parallel_tool_calls", "enable_search", "response_format", "n"}
)
_ROLES: Final = ("system", "user", "assistant", "tool")
_MESSAGE_KEYS: Final = frozenset({"role", "content", "tool_calls", "tool_call_id", "partial"})
_TOOL_KEYS: Final = _MESSAGE_KEYS | {"name"}


class Features(NamedTuple):
    """What was found in a request. Plain messages have none of it."""

    doubts: tuple[str, ...] = ()
    """Why the count is modelled at best."""
    gaps: tuple[str, ...] = ()
    """What adds tokens that can't be counted here: the count is a lower bound."""
    notes: tuple[str, ...] = ()
    extra: tuple[Part, ...] = ()
    """Tokens beside those of the template."""
    above: int = 0
    """How far above the count published answers with the same features were."""


def is_plain(request: Request, syntax: FileSyntax | None) -> bool:
    """Whether a request is nothing but messages of a role and a text without tags or markers."""
    if request.prompt is not None or request.history is not None or not request.messages:
        return False
    if request.parameters and not request.parameters.keys() <= PLAIN_PARAMETERS:
        return False
    for message in request.messages:
        role, text = message.role, message.text
        if (
            message.content is not text
            or len(message.raw) != 2  # the role, the content, and nothing else
            or "<" in text
            or (role != "user" and role != "assistant" and role != "system")
            or (syntax is not None and is_reference(message, syntax))
        ):
            return False
    return True


def examine(request: Request, syntax: FileSyntax | None, rule: TemplateFile) -> Features:
    """All that goes beyond plain messages in a request; ``rule`` has the figures for it."""
    doubts: list[str] = []
    gaps: list[str] = []
    notes: list[str] = []
    extra: list[Part] = []
    _examine_parameters(request.parameters, rule, doubts, gaps, extra)
    if request.tools:
        doubts.append(
            "tools are counted by the template of 2025, which not all published answers with "
            "tools match (a forced tool_choice and parallel calls are above it)"
        )
    if isinstance(request.prompt, str) and request.prompt:
        doubts.append("a prompt is counted as a user message; no published answer checks that")
    if request.history:
        doubts.append("the history is counted as messages; no published answer checks that")
    for index, message in enumerate(request.messages or (), 1):
        name = f"message {index}"
        _examine_message(message, name, doubts, notes)
        _examine_parts(message.content, name, rule, doubts, gaps, notes, extra)
    texts = [message.text for message in request.messages or ()]
    if isinstance(request.prompt, str):
        texts.append(request.prompt)
    if any(tag in text for text in texts for tag in TEMPLATE_TAGS):
        doubts.append("a tag of the template in the text counts as one token")
    files = count_files(request, syntax)
    if files:
        what = "a file that is" if files == 1 else f"{files} files that are"
        gaps.append(f"the tokens of {what} not here to read")
    above = sum(rule.most_above.get(feature, 0) for feature in _unexplained(request))
    return Features(tuple(doubts), tuple(gaps), tuple(notes), tuple(extra), above)


def _unexplained(request: Request) -> Iterator[Feature]:
    """The features of a request whose tokens no template explains."""
    parameters = request.parameters
    if _response_format(parameters) == "json_object":
        yield "json_mode"
    if request.tools and isinstance(parameters.get("tool_choice"), Mapping):
        yield "tool_choice"
    if request.tools and parameters.get("parallel_tool_calls") is True:
        yield "parallel_tool_calls"
    roles = [message.role for message in request.messages or ()]
    if ("tool", "tool") in pairwise(roles):
        yield "parallel_results"


def _response_format(parameters: Mapping[str, Any]) -> Any:
    form = parameters.get("response_format")
    return form.get("type") if isinstance(form, Mapping) else form


def _examine_parameters(
    parameters: Mapping[str, Any],
    rule: TemplateFile,
    doubts: list[str],
    gaps: list[str],
    extra: list[Part],
) -> None:
    if parameters.get("enable_search") not in (None, False):
        gaps.append("what a search adds")
    kind = _response_format(parameters)
    if kind not in (None, "text"):
        doubts.append(f"response_format {kind} adds a few tokens, not always the same number")
        if kind == "json_object" and rule.json_mode_tokens:
            extra.append(Part("JSON mode", rule.json_mode_tokens))
    if parameters.get("n") not in (None, 1):
        doubts.append("several answers are asked for (n); the input is counted once")
    unknown = [
        name
        for name, value in parameters.items()
        if value is not None and name not in PLAIN_PARAMETERS and name not in _HANDLED
    ]
    if unknown:
        doubts.append(f"what {', '.join(unknown)} may add to the input is not known")


def _examine_message(message: Message, name: str, doubts: list[str], notes: list[str]) -> None:
    if message.role not in _ROLES:
        doubts.append(f"{name} has a role that no template is known for")
    if message.partial:
        doubts.append("partial mode, which one published answer checks")
    if message.tool_calls or message.role == "tool":
        doubts.append("turns of tools are counted by the template of 2025")
    known = _TOOL_KEYS if message.role == "tool" else _MESSAGE_KEYS
    others = [
        str(key) for key, value in message.raw.items() if key not in known and value is not None
    ]
    if others:
        doubts.append(f"{name} has {', '.join(others)}, counted as nothing")
    if not isinstance(message.content, str) and not message.tool_calls:
        doubts.append(f"{name} has a content that is no plain text")
    if has_marker(message.text):
        doubts.append(f"{name} holds a template marker")
        notes.append(
            f"{name} holds a template marker such as <|im_end|>: it is counted as a marker, as "
            "the documented tokenizer does; a server may read it as text, or as an injection"
        )


def _examine_parts(
    content: Any,
    name: str,
    rule: TemplateFile,
    doubts: list[str],
    gaps: list[str],
    notes: list[str],
    extra: list[Part],
) -> None:
    if not isinstance(content, list | tuple):
        return
    for index, url in enumerate(image_urls(content), 1):
        size = image_size(url)
        tokens = image_tokens(size, rule) if size else None
        where = f"{name}, image {index}"
        if tokens is None:
            gaps.append(f"all of {where}, whose size is not known")
            tokens = fewest_image_tokens(rule)
        else:
            doubts.append(f"{where} is counted by cells of pixels")
        extra.append(Part(where, tokens))
    for part in content:
        if isinstance(part, Mapping) and _is_other(part):
            gaps.append(f"a part of {name} that is neither text nor image ({_kind(part)})")
        if isinstance(part, Mapping) and part.get("cache_control") is not None:
            notes.append(
                f"{name} asks for a cache: filling it is billed above the price of input, and "
                "the cost is without that"
            )


def _is_other(part: Mapping[str, Any]) -> bool:
    return part.keys().isdisjoint(("text", "image", "image_url"))


def _kind(part: Mapping[str, Any]) -> str:
    kind = part.get("type") or next(iter(part), "empty")
    return str(kind)
