"""What an answer says and what it bills, plain or streamed, in either dialect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import msgspec

from tokenassay.estimators.bills.usages import Billed, read_usage, usage_fault

_PAYLOAD: Final = frozenset({"output", "choices", "object", "data"})
"""What a body that tells of an error alone does not have."""


class Answer(NamedTuple):
    """One answer. ``None`` is what it does not tell."""

    texts: tuple[str, ...] | None
    """Of each choice; None: there is nothing that could be counted as text."""
    reasoning: str
    has_calls: bool
    """Whether tools are called, whose tokens are not in the text."""
    finished: bool
    billed: Billed | None
    refused: bool
    """Whether it is an error in place of an answer."""
    model: str | None = None
    created: float | None = None
    """Seconds since 1970."""
    id: str | None = None
    usage_fault: str | None = None
    """What of the usage can't be read, in words."""


def decoded(text: str | bytes) -> Any:
    """JSON of any kind, or None where it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def read_answer(payload: Any, status: int | None, *, incremental: bool | None = None) -> Answer:
    """An answer from its body, the text of its body, or the list of its frames.

    ``incremental``: whether frames of a native stream hold only what is new; None: not known.
    """
    if isinstance(payload, str | bytes):
        body = decoded(payload)
        payload = body if isinstance(body, Mapping | list) else list(frames_of(payload))
    if isinstance(payload, list | tuple):
        return _streamed(
            [part for part in payload if isinstance(part, Mapping)], status, incremental
        )
    return _plain(payload if isinstance(payload, Mapping) else {}, status)


def frames_of(text: str | bytes) -> Iterator[Any]:
    """The JSON in the data lines of a stream of server-sent events."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    held = ""
    # splitlines() would also break at characters that JSON may hold as they are
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line.startswith("data:"):
            held = "" if not line else held
            continue
        held += ("\n" if held else "") + line[5:].removeprefix(" ")
        found = decoded(held)
        if found is not None:
            yield found
            held = ""


class _Said(NamedTuple):
    """One choice of a body or a frame."""

    number: int
    text: str | None
    reasoning: str
    calls: bool
    finished: bool


def _choices(body: Mapping[str, Any]) -> Iterator[_Said]:
    output = body.get("output")
    holder: Mapping[str, Any] = output if isinstance(output, Mapping) else body
    choices = holder.get("choices")
    if not isinstance(choices, list):
        text = holder.get("text")
        if isinstance(text, str):
            yield _Said(0, text, "", False, _ends(holder.get("finish_reason")))
        return
    for at, choice in enumerate(choices):
        if not isinstance(choice, Mapping):
            continue
        message = choice.get("delta") if "delta" in choice else choice.get("message")
        message = message if isinstance(message, Mapping) else {}
        text, index = _text(message.get("content")), choice.get("index")
        thought = message.get("reasoning_content")
        yield _Said(
            index if type(index) is int else at,
            text,
            thought if isinstance(thought, str) else "",
            bool(message.get("tool_calls")),
            _ends(choice.get("finish_reason")),
        )


def _text(content: Any) -> str | None:
    if isinstance(content, list):  # parts, as models of several modes answer
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else None


def _ends(reason: Any) -> bool:
    return reason not in (None, "", "null")


def _plain(body: Mapping[str, Any], status: int | None) -> Answer:
    said = list(_choices(body))
    texts = tuple(one.text or "" for one in said)
    billed, fault = _usage(body)
    return Answer(
        texts if said else None,
        "".join(one.reasoning for one in said),
        any(one.calls for one in said),
        True,
        billed,
        _tells_error(body, status),
        *_about(body),
        fault,
    )


def _usage(body: Mapping[str, Any]) -> tuple[Billed | None, str | None]:
    """Usage anywhere near the top, and what is wrong with it: an error may carry it inside."""
    for holder in (body, body.get("error"), body.get("output")):
        usage = holder.get("usage") if isinstance(holder, Mapping) else None
        if usage is not None:
            return read_usage(usage), usage_fault(usage)
    return None, None


def _about(body: Mapping[str, Any]) -> tuple[str | None, float | None, str | None]:
    model, created = body.get("model"), body.get("created")
    id = body.get("request_id") or body.get("id")
    known = isinstance(created, int | float) and not isinstance(created, bool)
    return (
        model if isinstance(model, str) else None,
        float(created) if known and created is not None else None,
        id if isinstance(id, str) else None,
    )


def _tells_error(body: Mapping[str, Any], status: int | None) -> bool:
    if status is not None and status >= 400:
        return True
    if _PAYLOAD & body.keys():
        return False
    return isinstance(body.get("error"), Mapping) or bool(body.get("code"))


def _streamed(
    frames: Sequence[Mapping[str, Any]], status: int | None, incremental: bool | None
) -> Answer:
    texts: dict[int, list[str]] = {}
    thoughts: dict[int, list[str]] = {}
    calls = finished = False
    billed: Billed | None = None
    fault: str | None = None
    native = any("output" in frame for frame in frames)
    for frame in frames:
        for one in _choices(frame):
            texts.setdefault(one.number, []).append(one.text or "")
            thoughts.setdefault(one.number, []).append(one.reasoning)
            calls, finished = calls or one.calls, finished or one.finished
        told, wrong = _usage(frame)
        if told is not None or wrong is not None:
            billed, fault = told or billed, wrong  # usage grows: the last is the whole
    growing = None if incremental is None else not incremental
    if not native:
        growing = False
    errors = any(_tells_error(frame, None) for frame in frames)
    # An error after the beginning of an answer cuts it off; that beginning may be billed.
    refused = (status is not None and status >= 400) or (errors and not texts)
    about = next((_about(frame) for frame in frames), (None, None, None))
    return Answer(
        tuple(_joined(texts[at], growing) for at in sorted(texts)) if texts else None,
        "".join(_joined(thoughts[at], growing) for at in sorted(thoughts)),
        calls,
        finished and not errors,
        billed,
        refused,
        *about,
        fault,
    )


def _joined(parts: Iterable[str], growing: bool | None) -> str:
    """Frames hold all that was said so far (``growing``) or what is new; None: as it looks."""
    held = [part for part in parts if part]
    if growing is None:
        growing = len(held) > 1 and all(new.startswith(old) for old, new in pairwise(held))
    return (held[-1] if held else "") if growing else "".join(held)
