"""What a gateway adds to the prompt, takes from it or changes in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from tokenassay.conformance.tap.fates import same
from tokenassay.conformance.tap.findings import Aspect
from tokenassay.conformance.tap.trips import Passing, Reader
from tokenassay.estimators.requests import Message, Request, content_text
from tokenassay.estimators.tokens import count_tokens

_SHOWN = 200
"""Characters of a text that a sentence quotes; the details have it whole."""


class Change(NamedTuple):
    """One thing done to a conversation."""

    verdict: str
    role: str
    text: str | None
    """What was added, or taken away; None where that differs from one request to the next."""
    tokens: int
    """Tokens that the text, or the difference, comes to; fewer than before are negative."""
    detail: str | None = None


def prompt_aspects(passings: Iterable[Passing], reader: Reader) -> list[Aspect]:
    """What is done to what is said, each thing once, with the requests it was seen in."""
    seen: dict[Change, list[int]] = {}
    looked = False
    for passing in passings:
        arrived = reader.request(passing.arrival) if passing.arrival else None
        if arrived is None:
            continue
        looked = True
        for change in changes(conversation(passing.sent), conversation(arrived)):
            seen.setdefault(change, []).append(passing.number)
    if looked and not seen:
        return [
            Aspect(about="prompt", verdict="as sent", said="every message as sent", touched=False)
        ]
    return [_aspect(change, numbers) for change, numbers in _gathered(seen).items()]


def _gathered(seen: Mapping[Change, list[int]]) -> dict[Change, list[int]]:
    """Changes whose text differs each time, told once by their first."""
    found: dict[tuple[Any, ...], tuple[Change, list[int]]] = {}
    for change, numbers in seen.items():
        varies = change.verdict in ("message changed", "message removed")
        alike = (change.verdict, change.role, None if varies else change.text, change.detail)
        _, all_numbers = found.setdefault(alike, (change, []))
        all_numbers += [number for number in numbers if number not in all_numbers]
    return dict(found.values())


def _aspect(change: Change, numbers: list[int]) -> Aspect:
    said = {
        "system message added": "a system message is added",
        "message added": f"a message of {change.role} is added",
        "message removed": f"a message of {change.role} is removed",
        "text added": f"text is added to a message of {change.role}",
        "message changed": f"a message of {change.role} is changed",
        "reordered": "the messages come in another order",
        "fields changed": f"fields of a message of {change.role} are changed",
    }[change.verdict]
    if change.text is not None:
        shown = change.text if len(change.text) <= _SHOWN else change.text[:_SHOWN] + "…"
        said += f": {json.dumps(shown, ensure_ascii=False)}"
    if change.tokens:
        said += f" ({change.tokens:+,} tokens)"
    if change.detail is not None:
        said += f": {change.detail}"
    return Aspect(
        about="prompt",
        verdict=change.verdict,
        said=said,
        touched=True,
        requests=tuple(numbers),
        details={"role": change.role, "text": change.text, "tokens": change.tokens},
    )


def conversation(request: Request) -> list[Message]:
    """What is said in a request: its messages, or its prompt as one of the user's."""
    if request.messages is not None:
        return list(request.messages)
    if request.prompt is None:
        return []
    raw = {"role": "user", "content": request.prompt}
    text = content_text(request.prompt)
    return [Message("user", text, request.prompt, None, (), None, False, raw)]


def changes(sent: list[Message], arrived: list[Message]) -> list[Change]:
    """What was done to a conversation."""
    before, after = [_said(m) for m in sent], [_said(m) for m in arrived]
    if before != after and sorted(before) == sorted(after):
        return [Change("reordered", "", None, 0)]
    found: list[Change] = []
    if [message.role for message in sent] == [message.role for message in arrived]:
        for one, other in zip(sent, arrived, strict=True):
            same_words = one.text == other.text
            found += _fields(one, other) if same_words else [_altered(one, other)]
        return found
    head = _alike(before, after)
    tail = _alike(before[head:][::-1], after[head:][::-1])
    ends = len(sent) - tail, len(arrived) - tail
    for one, other in _paired(sent, arrived, head, ends):
        found += _fields(one, other)
    middle = before[head : ends[0]], after[head : ends[1]]
    for tag, a, b, c, d in SequenceMatcher(None, *middle, autojunk=False).get_opcodes():
        old, new = sent[head + a : head + b], arrived[head + c : head + d]
        if tag == "equal":
            for one, other in zip(old, new, strict=True):
                found += _fields(one, other)
        else:
            found += _replaced(old, new)
    return found


def _alike(one: list[tuple[str, str]], other: list[tuple[str, str]]) -> int:
    """How many messages two conversations have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _paired(
    sent: list[Message], arrived: list[Message], head: int, ends: tuple[int, int]
) -> Iterable[tuple[Message, Message]]:
    """The messages before and behind the part where two conversations differ."""
    yield from zip(sent[:head], arrived[:head], strict=True)
    yield from zip(sent[ends[0] :], arrived[ends[1] :], strict=True)


def _said(message: Message) -> tuple[str, str]:
    return str(message.role), message.text


def _replaced(sent: list[Message], arrived: list[Message]) -> Iterable[Change]:
    """Messages in place of others: those of one role, in order, are the same message changed."""
    left = list(arrived)
    for message in sent:
        alike = [other for other in left if other.role == message.role]
        if not alike:
            tokens = -count_tokens(message.text)
            yield Change("message removed", str(message.role), message.text, tokens)
            continue
        # The one that holds the old text, if any does, is it; what else came is added.
        other = next((x for x in alike if message.text in x.text), alike[-1])
        left.remove(other)
        yield _altered(message, other)
    for message in left:
        verdict = "system message added" if message.role == "system" else "message added"
        tokens = count_tokens(message.text)
        yield Change(verdict, str(message.role), message.text, tokens)


def _altered(message: Message, other: Message) -> Change:
    role = str(message.role)
    added = count_tokens(other.text) - count_tokens(message.text)
    if message.text and message.text in other.text:
        before, _, behind = other.text.partition(message.text)
        return Change("text added", role, before + behind, added)
    detail = f"{json.dumps(_cut(message.text), ensure_ascii=False)} arrived as "
    detail += json.dumps(_cut(other.text), ensure_ascii=False)
    return Change("message changed", role, None, added, detail)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN // 4 else text[: _SHOWN // 4] + "…"


def _fields(message: Message, other: Message) -> list[Change]:
    """Differences between two messages that say the same."""
    told = []
    for name in dict.fromkeys((*message.raw, *other.raw)):
        one, two = message.raw.get(name), other.raw.get(name)
        if same(one, two):
            continue
        if name == "content":
            told.append(f"content as {_form(two)} in place of {_form(one)}")
        elif name not in other.raw:
            told.append(f"{name} dropped")
        else:
            told.append(f"{name} {'changed' if name in message.raw else 'added'}")
    return [Change("fields changed", str(message.role), None, 0, ", ".join(told))] if told else []


def _form(content: Any) -> str:
    if isinstance(content, str):
        return "a string"
    return "a list" if isinstance(content, list) else "null" if content is None else "another type"
