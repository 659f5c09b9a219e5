"""Sending an audit's questions and reading the meter: what was counted, what was billed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any

from tokenassay.conformance.audit.probes import Question
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, Violation
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.reading import flow_of, reply_of
from tokenassay.conformance.spend import last_usage
from tokenassay.contracts import clauses as c
from tokenassay.contracts import store
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.records import Record
from tokenassay.estimators.bills.metered import OWN as OWN
from tokenassay.estimators.bills.metered import Unit, has_chinese, measured
from tokenassay.estimators.records import Basis
from tokenassay.estimators.requests import Request, read_request
from tokenassay.estimators.templates import Meter
from tokenassay.estimators.tokens import counter

_FIGURES = {
    "native": ("input_tokens", "output_tokens", "total_tokens"),
    "openai": ("prompt_tokens", "completion_tokens", "total_tokens"),
}


class Reading(Record, frozen=True, kw_only=True):
    """One answer's meter. Tokens; None is what the answer does not tell."""

    question: Question
    exchange: int
    answered: bool
    problem: str | None
    """Why there is nothing to read: a refusal, a failure."""
    counts: Mapping[str, int]
    """Input tokens by template: ``own`` and the known profiles."""
    said: int
    """Tokens of the texts alone."""
    earlier: int
    """Tokens of the texts but for the last."""
    billed_input: int | None
    billed_output: int | None
    billed_total: int | None
    output: int | None
    """Tokens of the answer's text; None where they can't be told."""

    @property
    def counted(self) -> int | None:
        """Input tokens by the model's own template."""
        return self.counts.get(OWN)

    @property
    def streamed(self) -> bool:
        """Whether a stream was asked for."""
        return self.question.stream

    @property
    def script(self) -> str:
        """Script of the texts."""
        return self.question.script

    @property
    def message_count(self) -> int:
        """Messages of the request."""
        return len(self.question.messages)

    @property
    def has_system(self) -> bool:
        """Whether the first message is a system message."""
        role: str = self.question.messages[0]["role"]
        return role == "system"

    @property
    def said_by(self) -> dict[str, int]:
        """Tokens of the texts by the role that says them."""
        found: Counter[str] = Counter()
        for message in self.question.messages:
            found[message["role"]] += counter().count(message["content"])
        return dict(found)

    @property
    def settings(self) -> frozenset[str]:
        """None that differs: all questions are asked with the same."""
        return frozenset()

    @property
    def has_chinese(self) -> bool:
        """Whether there is a Chinese character in the texts."""
        return any(has_chinese(message["content"]) for message in self.question.messages)

    @property
    def alike(self) -> str:
        """The same for requests of the same messages."""
        return repr(self.question.messages)

    @property
    def sizes(self) -> dict[Unit, int]:
        """The texts' size in other units than tokens."""
        each = [measured(message["content"]) for message in self.question.messages]
        return {unit: sum(sizes[unit] for sizes in each) for unit in each[0]}

    @property
    def cap(self) -> int:
        """Output tokens at most."""
        return self.question.cap


class Gauge:
    """Counts and sends questions at one target; may be shared between threads."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._include_usage = _include_usage(probe.edition, probe.model)

    @cached_property
    def basis(self) -> tuple[Basis, str]:
        """How sure the counts are for this model, and why."""
        estimate = self._probe.estimate(self._probe.body(cap=1))
        return estimate.basis, estimate.basis_why

    def body(self, question: Question) -> dict[str, Any]:
        """The request of a question in the edition's dialect."""
        extra = self._include_usage if question.stream else {}
        single = len(question.messages) == 1
        words = question.text if single else list(question.messages)
        return self._probe.body(words, cap=question.cap, **extra, **(question.fault or {}))

    def count(self, question: Question) -> int | None:
        """Input tokens by the model's own template."""
        tokens: int | None = self._probe.estimate(self.body(question)).input_tokens
        return tokens

    def allowed(self, question: Question) -> bool:
        """Whether the documents let a question be asked (a fault of its own aside)."""
        if question.fault is not None:
            return True
        read = self._read(question)
        found = self._probe.rules.check(read, input_tokens=self.count(question))
        return not any(refusal.level == "must" for refusal in found)

    def ask(self, question: Question) -> Reading:
        """Send a question and read the meter."""
        probe = Probe(self._probe.session, self._probe.promise)  # one for each thread
        exchange = probe.send(self.body(question), stream=question.stream, repeat=question.repeat)
        problem = None
        try:
            probe.accepted(exchange)
        except Violation as violation:
            problem = violation.observed
        except Inconclusive as doubt:
            problem = doubt.why
        usage = last_usage(exchange) or _any_usage(exchange.json)
        names = _FIGURES[probe.surface]
        given, made, total = (_whole(usage.get(name)) for name in names)
        texts = [message["content"] for message in question.messages]
        return Reading(
            question=question,
            exchange=exchange.id,
            answered=problem is None,
            problem=problem,
            counts=self._counts(question),
            said=sum(map(probe.count, texts)),
            earlier=sum(map(probe.count, texts[:-1])),
            billed_input=given,
            billed_output=made,
            billed_total=total,
            output=self._output(exchange, question, made) if problem is None else None,
        )

    def _counts(self, question: Question) -> dict[str, int]:
        own = self.count(question)
        request = self._read(question)
        found = {} if own is None else {OWN: own}
        for name, meter in self._meters.items():
            found[name] = sum(part.tokens for part in meter.parts(request))
        return found

    def _read(self, question: Question) -> Request:
        body = self.body(question)
        return read_request(body, surface=self._probe.surface, streaming=question.stream)

    @cached_property
    def _meters(self) -> dict[str, Meter]:
        count = counter().count
        return {name: Meter(profile, count) for name, profile in store.profiles().items()}

    def _output(self, exchange: Exchange, question: Question, billed: int | None) -> int | None:
        """Tokens of the text that came back.

        None where it was thought about or cut inside a character. A single token shows what it
        may: it is one token however its text would be counted.
        """
        surface = self._probe.surface
        if exchange.is_stream:
            replies = flow_of(exchange, surface, "incremental").speaking
            text: str | None = _joined([reply.text or "" for reply in replies])
            thought = any(reply.reasoning or reply.tool_calls for reply in replies)
        else:
            reply = reply_of(exchange, surface)
            text, thought = reply.text, bool(reply.reasoning or reply.tool_calls)
        if text is None or thought or "\ufffd" in text:
            return None
        if question.cap == 1 and billed == 1:
            return 1
        return self._probe.count(text)


def _joined(texts: list[str]) -> str:
    """The text of a stream, whether its frames hold all so far or only what is new."""
    cumulative = all(new.startswith(old) for old, new in pairwise(texts))
    return (texts[-1] if texts else "") if cumulative else "".join(texts)


def _include_usage(edition: Edition, model: str) -> dict[str, Any]:
    """What asks a stream for its usage."""
    known = edition.parameters(model)
    return {"stream_options": {"include_usage": True}} if "stream_options" in known else {}


def can_stream(edition: Edition, model: str) -> bool:
    """Whether the edition documents a way to ask for a stream that tells usage."""
    if edition.surface == "native":
        return edition.behaviour("sse_by_header", model) is not None
    return "stream" in edition.parameters(model)


def fault_of(edition: Edition, model: str) -> dict[str, Any] | None:
    """Parameters that the documents refuse in plain words: a number beyond its range."""
    for name, parameter in edition.parameters(model).items():
        interval, clause = parameter.interval, parameter.range_clause
        if interval is None or clause is None or clause.level != "must" or name == "max_tokens":
            continue
        if interval.high != float("inf"):
            return {name: int(interval.high) + 1}
    for choice in edition.of_kind(c.ChoiceClause, model):
        if choice.level == "must" and choice.parameter in edition.parameters(model):
            return {choice.parameter: "no such value"}
    return None


def _any_usage(body: Any) -> Mapping[str, Any]:
    """Usage anywhere near the top of a body: an error may carry it inside."""
    if not isinstance(body, dict):
        return {}
    for holder in (body, body.get("error"), body.get("output")):
        usage = holder.get("usage") if isinstance(holder, dict) else None
        if isinstance(usage, dict):
            return usage
    return {}


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
