"""Making a request simpler, a step at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from tokenassay.conformance.compare.asks import CAP, PLAIN, USUAL, Ask

_SENTENCE: Final = re.compile(r"[^.?!。？！]*[.?!。？！]")


def simpler(ask: Ask) -> Iterator[Ask]:
    """Requests that are a step simpler, the boldest steps first."""
    if ask.errand:
        return  # there is nothing in it to leave out
    fields = {name: getattr(ask, name) for name in ask.__struct_fields__}

    def but(**changes: Any) -> Ask:
        return Ask(**{**fields, **changes})

    if ask.key != Ask().key:
        yield Ask()
    if ask.parameters:
        yield but(parameters={})
    if ask.messages != USUAL:
        yield but(messages=USUAL)
    if ask.stream:
        yield but(stream=False)
    if ask.bare:
        yield but(bare=False)
    if ask.model is not None:
        yield but(model=None)
    if not ask.keyed:
        yield but(keyed=True)
    if ask.cap != CAP:
        yield but(cap=CAP)
    for name in ask.parameters:
        yield but(parameters={k: v for k, v in ask.parameters.items() if k != name})
    for at in range(len(ask.messages)):
        yield but(messages=ask.messages[:at] + ask.messages[at + 1 :])
    for at, message in enumerate(ask.messages):
        content = message.get("content")
        for shorter in _shorter(content) if isinstance(content, str) else ():
            said = {**message, "content": shorter}
            yield but(messages=(*ask.messages[:at], said, *ask.messages[at + 1 :]))
    for name, value in ask.parameters.items():
        for plainer in _plainer(value):
            yield but(parameters={**ask.parameters, name: plainer})


def _shorter(text: str) -> Iterator[str]:
    """Half of a long text, its first sentence: whole words as far as there are any."""
    if len(text) <= len(PLAIN):
        return
    half, sentence = text[: len(text) // 2], _SENTENCE.match(text)
    yield half.rpartition(" ")[0] or half
    if sentence is not None and len(sentence[0]) < len(text):
        yield sentence[0]


def _plainer(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        return
    if isinstance(value, float) and value.is_integer():
        yield int(value)
    elif isinstance(value, float):
        yield round(value)
        if round(value, 1) != value:
            yield round(value, 1)
    elif isinstance(value, int) and abs(value) > 10:
        yield value // 10
        yield value - (1 if value > 0 else -1) * (abs(value) // 2)
    elif isinstance(value, list) and len(value) > 1:
        yield from ([item] for item in value)
