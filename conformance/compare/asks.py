"""The requests of a comparison, free of any dialect: made once, from one seed, for all targets."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tokenassay.conformance.probe import OMIT, Probe
from tokenassay.conformance.promises.requests import prepare
from tokenassay.contracts.clauses import Family
from tokenassay.contracts.edition import Parameter
from tokenassay.contracts.records import Record
from tokenassay.estimators.requests import read_request

PLAIN: Final = "Say hello."
CAP: Final = 16
_APART: Final = frozenset(
    "model messages prompt history input parameters stream stream_options tools".split()  # noqa: SIM905
)
"""Parameters that an ask has a place of its own for."""

_FAR: Final = 1_000

_TOOL: Final[dict[str, Any]] = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "Tells the time in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


_USUAL: Final[tuple[Mapping[str, Any], ...]] = ({"role": "user", "content": PLAIN},)


class Ask(Record, frozen=True, kw_only=True):
    """One request: what is said, with which parameters, as a stream or not."""

    messages: tuple[Mapping[str, Any], ...] = _USUAL
    parameters: Mapping[str, Any] = {}
    """By their documented names, wherever a dialect puts them."""
    stream: bool = False
    cap: int | None = CAP
    """Output tokens at most, where the parameters do not say."""
    bare: bool = False
    """Without the form that native requests otherwise ask for."""
    model: str | None = None
    """In place of the target's own."""
    keyed: bool = True
    """Whether the key is sent."""
    family: Family = "responses"

    @property
    def key(self) -> str:
        """The same for the same request."""
        return json.dumps(
            [
                self.messages,
                self.parameters,
                self.stream,
                self.cap,
                self.bare,
                self.model,
                self.keyed,
            ],
            sort_keys=True,
            ensure_ascii=False,
        )

    @property
    def said(self) -> str:
        """The request in words, as a person would tell another."""
        parts = [json.dumps(dict(self.parameters), ensure_ascii=False)] if self.parameters else []
        if self.messages != _USUAL:
            parts.append(f"messages {json.dumps(list(self.messages), ensure_ascii=False)}")
        marks = {"streamed": self.stream, "no key": not self.keyed}
        parts += [word for word, meant in marks.items() if meant]
        parts += ["without result_format"] if self.bare else []
        parts += [f"model {self.model}"] if self.model else []
        return ", ".join(parts) or "a plain one"

    @property
    def size(self) -> tuple[int, ...]:
        """How much there is to read in it: less is simpler."""
        usual = self.messages == _USUAL
        said = 0 if usual else sum(len(str(m.get("content", ""))) + 1 for m in self.messages)
        marks = self.stream + self.bare + (self.model is not None) + (not self.keyed)
        return len(self.parameters) + marks, 0 if usual else 1 + len(self.messages), said

    def body(self, probe: Probe) -> dict[str, Any]:
        """The request in the dialect of a probe's edition."""
        messages: Any = list(self.messages)
        single = len(messages) == 1 and set(messages[0]) == {"role", "content"}
        if single and messages[0]["role"] == "user" and isinstance(messages[0]["content"], str):
            messages = messages[0]["content"]
        parameters = dict(self.parameters)
        if self.bare:
            parameters.setdefault("result_format", OMIT)
        known = probe.edition.parameters(probe.model)
        if self.stream and "stream_options" in known:
            parameters.setdefault("stream_options", {"include_usage": True})
        body = probe.body(messages, cap=self.cap, **parameters)
        if self.model is not None:
            body["model"] = self.model
        return body


def say(text: Any, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": text}


def asks(probes: Sequence[Probe], seed: int, examples: int) -> list[Ask]:
    """Everything that is asked of each target, simple requests first, none twice."""
    dice = random.Random(seed)  # noqa: S311 - reproducible requests, no secrets
    found: dict[str, Ask] = {}
    legal: list[Ask] = []
    for ask in _talk():
        found.setdefault(ask.key, ask)
    for probe in probes:
        for parameter in probe.edition.parameters(probe.model).values():
            for ask, is_legal in _about(probe, parameter):
                if ask.key not in found:
                    found[ask.key] = ask
                    if is_legal:
                        legal.append(ask)
    for _ in range(examples if len(legal) > 1 else 0):
        mixed = _mixed(dice, legal, list(found.values()))
        found.setdefault(mixed.key, mixed)
    return list(found.values())


def _talk() -> Iterator[Ask]:
    """Conversations of every shape, and what is wrong with some."""
    yield Ask()
    yield Ask(bare=True)
    yield Ask(stream=True, family="streams")
    yield Ask(stream=True, parameters={"incremental_output": True}, family="streams")
    yield Ask(cap=1)
    yield Ask(messages=(say("Name one bird. Answer in one word."),), cap=64)
    yield Ask(messages=(say("请写一段关于桥的话。"),), cap=40)
    yield Ask(messages=(say("请写一段关于桥的话。"),), cap=40, stream=True, family="streams")
    yield Ask(messages=(say("Count to twenty."),), parameters={"stop": ["a", "e"]}, cap=40)
    system, reply, more = say("Be brief.", "system"), say("Hello.", "assistant"), say("And now?")
    first = say("Hi.")
    yield Ask(messages=(system, first))
    yield Ask(messages=(first, reply, more))
    yield Ask(messages=(say("The bridge was built of stone and stood long. " * 40),))
    yield Ask(messages=(), family="messages")
    yield Ask(messages=(say("Hi.", "nobody"),), family="messages")
    yield Ask(messages=(first, more), family="messages")
    yield Ask(messages=(first, system), family="messages")
    yield Ask(messages=(first, reply), family="messages")
    yield Ask(messages=({"role": "user"},), family="messages")
    yield Ask(messages=(say(""),), family="messages")
    yield Ask(messages=(say(7),), family="messages")
    yield Ask(model="no-such-model", family="errors")
    yield Ask(keyed=False, family="errors")
    question = say("What is the time in Hangzhou?")
    yield Ask(messages=(question,), parameters={"tools": [_TOOL]}, cap=64, family="tools")
    broken = {"type": "function", "function": {}}
    yield Ask(messages=(question,), parameters={"tools": [broken]}, family="tools")


def _about(probe: Probe, parameter: Parameter) -> Iterator[tuple[Ask, bool]]:
    """A parameter at legal values and at illegal ones, and whether each is legal."""
    name = parameter.name
    if name in _APART:
        return
    legal, illegal = _values(parameter)
    for values, is_legal in ((legal, True), (illegal, False)):
        for value in values:
            given: dict[str, Any] = {name: value}
            request = prepare(probe, **given)
            if probe.too_dear(request.body):
                continue
            read = read_request(request.body, surface=probe.surface, streaming=request.stream)
            parameters = {
                key: item
                for key, item in read.parameters.items()
                if key not in _APART and key not in ("result_format", "max_tokens")
            }
            messages = tuple(message.raw for message in read.messages or ())
            yield (
                Ask(
                    messages=messages or (say(PLAIN),),
                    parameters={**parameters, **given},
                    stream=request.stream,
                    family="parameters",
                ),
                is_legal,
            )


def _values(parameter: Parameter) -> tuple[list[Any], list[Any]]:
    """Values that the documents allow, and values that they do not."""
    interval, choice = parameter.interval, parameter.choice
    types = parameter.declared.types
    legal: list[Any] = []
    illegal: list[Any] = []
    if choice is not None:
        legal += choice.values
        illegal.append("no such value")
    elif interval is not None:
        whole = "number" not in types
        for bound, sign in ((interval.low, -1), (interval.high, 1)):
            if math.isinf(bound):
                continue
            for value in (bound, bound - sign, bound + sign, bound + sign * _FAR):
                (legal if value in interval else illegal).append(value)
            if not whole:
                inner, outer = (math.nextafter(bound, side * math.inf) for side in (-sign, sign))
                for near in (inner, outer):
                    (legal if near in interval else illegal).append(near)
    elif "boolean" in types:
        legal += [True, False]
    elif "string" in types and name_is_text(parameter):
        legal.append("x")
    if "string" not in types:
        illegal.append("x")
    elif "object" not in types:
        illegal.append({"a": 1})
    return legal, illegal


def name_is_text(parameter: Parameter) -> bool:
    """Whether any text will do, as for ``stop``."""
    return parameter.forms is not None


def _mixed(dice: random.Random, legal: list[Ask], all_asks: list[Ask]) -> Ask:
    """Several parameters at once, over some conversation."""
    parts = dice.sample(legal, min(len(legal), dice.randint(2, 3)))
    base = dice.choice([ask for ask in all_asks if ask.family == "responses"])
    merged: dict[str, Any] = {}
    for part in parts:
        merged.update(part.parameters)
    return Ask(
        messages=base.messages,
        parameters=merged,
        stream=any(part.stream for part in parts) or dice.random() < 0.2,
        cap=base.cap,
        family="parameters",
    )


def simpler(ask: Ask) -> Iterator[Ask]:
    """Requests that are a step simpler, the boldest steps first."""
    fields = {name: getattr(ask, name) for name in ask.__struct_fields__}

    def but(**changes: Any) -> Ask:
        return Ask(**{**fields, **changes})

    if ask.key != Ask().key:
        yield Ask()
    if ask.parameters:
        yield but(parameters={})
    if ask.messages != _USUAL:
        yield but(messages=_USUAL)
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
        if isinstance(content, str) and len(content) > len(PLAIN):
            shorter = {**message, "content": content[: len(content) // 2]}
            yield but(messages=(*ask.messages[:at], shorter, *ask.messages[at + 1 :]))
    for name, value in ask.parameters.items():
        for plainer in _plainer(value):
            yield but(parameters={**ask.parameters, name: plainer})


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
