"""One call weighed: what it was billed beside what it is counted here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from tokenassay.contracts import store
from tokenassay.contracts.records import Surface
from tokenassay.contracts.store import Contract
from tokenassay.estimators.bills.calls import Call
from tokenassay.estimators.bills.metered import OWN, Unit, has_chinese, measured, script_of
from tokenassay.estimators.documents import FileSyntax, file_syntax, is_reference
from tokenassay.estimators.estimating import estimate
from tokenassay.estimators.features import is_plain
from tokenassay.estimators.records import Estimate
from tokenassay.estimators.requests import Request, read_request
from tokenassay.estimators.templates import Meter, turns_of
from tokenassay.estimators.tokens import counter


class Terms(msgspec.Struct, frozen=True):
    """What holds for every call, as :func:`tokenassay.estimate` takes it."""

    edition: str | None = None
    contract: str | None = None
    """Path of a contract file."""
    as_of: str | None = None
    """In place of the day of each call."""
    region: str | None = None
    model: str | None = None
    """In place of the model that each request names."""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """A weighed call as the laws of meters look at it: :class:`metered.Metered`."""

    exchange: int
    counts: dict[str, int]
    said: int
    earlier: int
    said_by: dict[str, int]
    settings: frozenset[str]
    message_count: int
    has_system: bool
    streamed: bool
    script: str
    has_chinese: bool
    alike: int
    sizes: dict[Unit, int]
    cap: int | None
    billed_input: int | None
    billed_output: int | None
    billed_total: int | None
    output: int | None
    choices: tuple[int, ...]
    """Tokens of each of several answers to one request; empty where there is one."""


class Weigher:
    """Weighs calls on the same terms. Raises what an estimate raises for terms of no sense."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._contract: Contract | None = None
        self._surface: Surface | None = None
        self._syntaxes: dict[tuple[str, str | None], FileSyntax | None] = {}
        if terms.contract is not None:
            self._contract = store.load_contract(terms.contract)
            self._surface = self._contract.edition.surface
        elif terms.edition is not None:
            self._surface = store.load_edition(terms.edition).surface

    def weigh(self, call: Call, number: int) -> Weighed:
        """The call with its count; NotARequest, UnknownModel, UnknownEdition where there is none.

        ``number`` names it among all.
        """
        terms = self._terms
        request = read_request(
            call.body, surface=self._surface or call.surface, streaming=call.streamed
        )
        # An edition that is named has a time of its own, which wins over the calls' days.
        as_of = terms.as_of or (call.day if terms.edition is None else None)
        found = estimate(
            request,
            model=terms.model,
            edition=terms.edition or call.edition,
            as_of=as_of,
            contract=self._contract,
            batch=call.batch,
            region=terms.region,
        )
        return Weighed(call, request, found, number, self._files(request, found))

    def _files(self, request: Request, found: Estimate) -> tuple[str, ...]:
        """The documents that a request refers to, as it names them."""
        if found.input_range[0] is None or not any(
            message.role == "system" for message in request.messages or ()
        ):
            return ()
        key = found.edition, found.model
        if key not in self._syntaxes:
            own = self._contract.edition if self._contract is not None else None
            edition = own or store.load_edition(found.edition)
            self._syntaxes[key] = file_syntax(edition, found.model)
        syntax = self._syntaxes[key]
        return tuple(
            message.text for message in request.messages or () if is_reference(message, syntax)
        )


class Weighed:
    """A call, its estimate, and what follows from both."""

    def __init__(
        self, call: Call, request: Request, found: Estimate, number: int, files: tuple[str, ...]
    ) -> None:
        self.call, self.request, self.estimate, self.number = call, request, found, number
        self.files = files
        self.streamed = request.streaming is True

    @cached_property
    def is_plain(self) -> bool:
        """Whether the request is nothing but messages of text, so that its count is whole."""
        return (
            self.estimate.input_range[1] is not None
            and not self.files
            and is_plain(self.request, None)
        )

    @cached_property
    def accounts(self) -> bool:
        """Whether what was billed for the input is a count that the model's templates give."""
        low, high = self.estimate.input_range
        told = self.billed_input
        return told in (self.estimate.input_tokens, low, high)

    @property
    def within(self) -> bool:
        """Whether what was billed for the input lies in the range of the count."""
        low, high = self.estimate.input_range
        told = self.billed_input
        return told is None or ((low or 0) <= told and (high is None or told <= high))

    @property
    def billed_input(self) -> int | None:
        """Input tokens that the answer states."""
        return self.call.answer.billed.input if self.call.answer.billed else None

    @property
    def billed_output(self) -> int | None:
        """Output tokens that the answer states."""
        return self.call.answer.billed.output if self.call.answer.billed else None

    @property
    def may_be_silent(self) -> bool:
        """Whether the documents let the answer tell no usage: a stream that was not asked to."""
        if self.request.surface != "openai" or not self.streamed:
            return False
        options = self.request.parameters.get("stream_options")
        return not (isinstance(options, Mapping) and options.get("include_usage") is True)

    @cached_property
    def output(self) -> int | None:
        """Tokens of the answer; None where its text does not tell them.

        An answer that was thought about is billed up to so many tokens more than its texts have,
        of which none is wrong.
        """
        answer, told = self.call.answer, self.billed_output
        if not answer.texts or answer.has_calls or not answer.finished or answer.refused:
            return None
        whole = "".join(answer.texts)
        if not whole or "\ufffd" in whole or self.request.parameters.get("stop"):
            return None
        if self._vocabulary_is_missing:
            return None
        if self.cap == 1 and told == 1 and len(answer.texts) == 1:
            return 1  # one token, however its text would be counted
        count = counter().count
        made = sum(map(count, answer.texts))
        if not answer.reasoning:
            reasoning = answer.billed.reasoning if answer.billed else None
            return made if not reasoning else None  # thoughts that are not shown
        made += count(answer.reasoning)
        markers = thinking_markers()
        return told if told is not None and made <= told <= made + markers else made

    @cached_property
    def thought(self) -> int | None:
        """Tokens of the thoughts that the answer shows whole; None where it shows none."""
        if self.output is None or not self.call.answer.reasoning:
            return None
        return counter().count(self.call.answer.reasoning)

    def _choices(self) -> tuple[int, ...]:
        texts = self.call.answer.texts or ()
        if self.output is None or len(texts) < 2 or self.call.answer.reasoning:
            return ()
        return tuple(map(counter().count, texts))

    @property
    def _vocabulary_is_missing(self) -> bool:
        known = store.look_up(self.estimate.model or "")
        return known is not None and known[1].tokenizer != "qwen"

    @property
    def cap(self) -> int | None:
        """``max_tokens`` of the request."""
        cap = self.request.parameters.get("max_tokens")
        return cap if cap.__class__ is int else None

    def counts(self) -> dict[str, int]:
        """Input tokens by the model's own template, and by each known one."""
        own = self.estimate.input_tokens
        found = {} if own is None else {OWN: own}
        if not self.is_plain:
            return found
        messages = self.request.messages or ()
        said: int | None = None
        for name, meter in _meters().items():
            if meter.bare:
                found[name] = meter.total(messages)
            else:
                said = meter.said(messages) if said is None else said
                found[name] = meter.total(messages, said)
        return found

    def observed(self) -> Observation:
        """What the laws of meters look at."""
        request, billed = self.request, self.call.answer.billed
        turns = list(turns_of(request, None))
        texts = [turn.text for turn in turns]
        each = [counter().count(text) for text in texts]
        said_by: Counter[str] = Counter()
        for turn, tokens in zip(turns, each, strict=True):
            said_by[turn.role] += tokens
        sizes = measured("")
        for text in texts:
            sizes = {unit: sizes[unit] + size for unit, size in measured(text).items()}
        asked = (texts, [turn.role for turn in turns], request.tools, _thinking(request))
        return Observation(
            exchange=self.number,
            counts=self.counts(),
            said=sum(each),
            earlier=sum(each[:-1]),
            said_by=dict(said_by),
            settings=frozenset(request.parameters),
            message_count=len(turns),
            has_system=bool(turns) and turns[0].role == "system",
            streamed=self.streamed,
            script=script_of("".join(texts)),
            has_chinese=any(map(has_chinese, texts)),
            alike=_digest(repr(asked)),
            sizes=sizes,
            cap=self.cap,
            billed_input=self.billed_input,
            billed_output=self.billed_output,
            billed_total=billed.total if billed else None,
            output=self.output,
            choices=self._choices(),
        )


def thinking_markers() -> int:
    """Tokens at most that stand around thoughts and may be counted with them."""
    return store.templates().thinking_marker_tokens or 0


@lru_cache(maxsize=1)
def _meters() -> dict[str, Meter]:
    count: Callable[[str], int] = counter().count
    return {name: Meter(profile, count) for name, profile in store.profiles().items()}


def _thinking(request: Request) -> Any:
    return request.parameters.get("enable_thinking"), request.parameters.get("response_format")


def _digest(text: str) -> int:
    encoded = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(encoded, digest_size=8).digest(), "big")
