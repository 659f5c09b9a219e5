"""Lines judged one by one, with the figures that an estimate of each alone gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from tokenassay.contracts import store
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.errors import UnknownEdition, UnknownModel
from tokenassay.contracts.records import Surface
from tokenassay.contracts.store import Contract
from tokenassay.estimators.batches.lines import BadLine, Line
from tokenassay.estimators.batches.shapes import Shapes
from tokenassay.estimators.dates import parse_day
from tokenassay.estimators.editions import choose, own_time
from tokenassay.estimators.plans import Plan, Terms
from tokenassay.estimators.records import Estimate, Pricing
from tokenassay.estimators.requests import NotARequest, Request, read_request
from tokenassay.estimators.tokens import Counter, counter
from tokenassay.estimators.tokens.files import counter_from_file

_MOST_PLANS: Final = 1024
_DIALECTS: Final[tuple[Surface, ...]] = ("openai", "native")
"""A text is sent in the first of these that an edition knows the model for."""


class Asked(msgspec.Struct, frozen=True):
    """What holds for every line; each as :func:`tokenassay.estimate` takes it."""

    model: str | None = None
    """In place of the lines' own."""
    edition: str | None = None
    as_of: str | None = None
    contract: str | None = None
    """Path of a contract file."""
    region: str | None = None
    output_tokens: int | None = None
    tokenizer: str | None = None
    """Path of a tokenizer file."""


class Kind(NamedTuple):
    """What a line is priced by: equal kinds have equal tariffs."""

    surface: Surface
    model: str | None
    thinks: bool | None


TEXT: Final = Kind("openai", None, None)
"""A bare text without a model: counted, and priced by nothing."""


class Verdict(NamedTuple):
    """A line's estimate; None for a bare text, which has a count only."""

    estimate: Estimate | None
    tokens: int | None
    kind: Kind


class Judge:
    """Estimates lines on the same terms; compiled rules and plans are kept between them.

    Raises UnknownEdition, ContractError, TokenizerFileError, OSError and ValueError where what
    was asked for can't be had.
    """

    def __init__(self, asked: Asked, contract: Contract | None = None) -> None:
        self.asked = asked
        self._day = parse_day(asked.as_of)
        if contract is None and asked.contract is not None:
            contract = store.load_contract(asked.contract)
        self._contract = contract
        self._own = counter_from_file(asked.tokenizer) if asked.tokenizer is not None else None
        self.counter: Counter = self._own if self._own is not None else counter()
        """Counts the texts."""
        self._surface: Surface | None = None
        if self._contract is not None:
            self._surface = self._contract.edition.surface
        elif asked.edition is not None:
            self._surface = store.load_edition(asked.edition).surface
        self._plans: dict[tuple[Surface, str | None], Plan] = {}
        self._kinds: dict[tuple[Surface, int], tuple[Kind, Pricing]] = {}
        self._shapes = Shapes(self)

    def judge(self, line: Line) -> Verdict:
        """The estimate of a line; BadLine where nobody knows its model or its dialect."""
        if line.kind == "text" and self.asked.model is None:
            return self.bare(self.counter.count(line.text))
        try:
            request = self.read(line)
            return self.verdict(request, self.plan(request.surface, request.model))
        except (NotARequest, UnknownModel, UnknownEdition) as error:
            raise BadLine(str(error.args[0])) from None

    def judge_all(self, lines: Sequence[Line | BadLine]) -> list[Verdict | BadLine]:
        """What :meth:`judge` gives or raises for each line, several times as fast.

        A bad line stays what it is. Equal verdicts may be one object, whose ``notes`` and
        ``breakdown`` are then those of another line with as many tokens.
        """
        return self._shapes.judge(lines)

    def bare(self, tokens: int) -> Verdict:
        """The verdict on a text alone, without a model."""
        return Verdict(None, tokens, TEXT)

    def verdict(self, request: Request, plan: Plan, more: int = 0) -> Verdict:
        """The verdict on a request; ``more`` as :meth:`Plan.estimate` takes it."""
        output_tokens = self.asked.output_tokens
        found = plan.estimate(request, output_tokens, more)
        if found.refusals and request.streaming is False:
            # No line of a batch streams, nor has to where a live call would.
            found = plan.estimate(replace(request, streaming=None), output_tokens, more)
        # A pricing is one object for each plan and way of thinking, and the plans keep it.
        key = request.surface, id(found.pricing)
        known = self._kinds.get(key)
        if known is None or known[0].model != found.model:
            kind = Kind(request.surface, found.model, plan.thinks(request.parameters))
            self._kinds[key] = known = kind, found.pricing
        return Verdict(found, found.input_tokens, known[0])

    def edition(self, surface: Surface, model: str | None) -> Edition | None:
        """The edition that a model's lines are held to; None where there is none."""
        try:
            return self.plan(surface, model).edition
        except (UnknownEdition, UnknownModel):
            return None

    def pricing(self, kind: Kind, *, batch: bool) -> Pricing:
        """What lines of a kind cost by, in a batch or one by one."""
        if kind is TEXT or kind == TEXT:
            return Pricing(None, "a text alone, without a model, has no price")
        if batch:
            return self.plan(kind.surface, kind.model).pricing(kind.thinks)
        return self._plan(kind.surface, kind.model, batch=False).pricing(kind.thinks)

    def plan(self, surface: Surface, model: Any) -> Plan:
        """What all lines of a model in one dialect share."""
        name = model if isinstance(model, str) else None
        kept = self._plans.get((surface, name))
        if kept is None:
            kept = self._plan(surface, name, batch=True)
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
                self._kinds.clear()
            self._plans[surface, name] = kept
        return kept

    def _plan(self, surface: Surface, model: str | None, *, batch: bool) -> Plan:
        asked, day = self.asked, self._day
        if day is None and asked.edition is not None and self._contract is None:
            day = own_time(asked.edition, model)
        choice = choose(surface, model, day, edition=asked.edition, contract=self._contract)
        return Plan(Terms(surface, model, day, batch, asked.region), choice, self._own)

    def read(self, line: Line) -> Request:
        """The request that a line stands for; NotARequest where it is none."""
        if line.kind == "text":
            return self._read_text(line.text)
        body, surface = line.body, self._surface
        if self.asked.model is not None:
            body = {**body, "model": self.asked.model}
        if line.kind == "batch":
            surface = surface or "openai"
        return read_request(body, surface=surface)

    def _read_text(self, text: str) -> Request:
        """A text as the one user message of a request."""
        model = self.asked.model
        message = {"role": "user", "content": text}
        surface = self._surface
        if surface is None:
            known = (s for s in _DIALECTS if self.edition(s, model) is not None)
            surface = next(known, _DIALECTS[0])
        if surface == "openai":
            body: dict[str, Any] = {"model": model, "messages": [message]}
        else:
            settings = {"result_format": "message"}
            body = {"model": model, "input": {"messages": [message]}, "parameters": settings}
        return read_request(body, surface=surface)
