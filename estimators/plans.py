"""All that can be settled about a call before its request is seen, worked out once and kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from tokenassay.contracts.catalog import Price, Sizes
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.errors import UnknownModel
from tokenassay.contracts.records import Surface
from tokenassay.estimators.counts import InputCounter
from tokenassay.estimators.dates import first_day, row_near, row_on
from tokenassay.estimators.documents import file_syntax
from tokenassay.estimators.editions import Choice
from tokenassay.estimators.money import find_tariff
from tokenassay.estimators.outputs import OutputRule
from tokenassay.estimators.records import Estimate, OutputTokens, Pricing
from tokenassay.estimators.refusals import compile_rules
from tokenassay.estimators.requests import Message, Request
from tokenassay.estimators.tokens import Counter


class Terms(NamedTuple):
    """What a caller asks about, the request aside."""

    surface: Surface
    model: str | None
    day: dt.date | None
    batch: bool
    region: str | None


class Plan:
    """What all estimates of one model's calls share: rules, template, prices, ceilings.

    Immutable but for what it remembers, and safe to share between threads.
    """

    def __init__(self, terms: Terms, choice: Choice, own: Counter | None = None) -> None:
        edition, row = choice.edition, choice.model
        self._terms, self._choice = terms, choice
        self._rules = compile_rules(edition, terms.model)
        syntax = file_syntax(edition, terms.model)
        self._counter = InputCounter(
            row,
            terms.day,
            surface=terms.surface,
            syntax=syntax,
            own=own,
        )
        sizes, fit = row_near(row.sizes if row else (), terms.day)
        self._outputs = OutputRule(edition, terms.model, row, sizes)
        self._input_limit = _input_limit(edition, terms.model, sizes)
        self._pricings: dict[bool | None, Pricing] = {}
        self._notes = _notes(terms, choice, sizes, fit)
        self.file_prefixes = (syntax.prefix,) if syntax is not None else ()
        """What a text begins with that stands for files."""
        self._stranger = row is None and not (terms.model and edition.serves(terms.model))

    def estimate(
        self, request: Request, output_tokens: int | None = None, more: int = 0
    ) -> Estimate:
        """The estimate of one request; UnknownModel where nobody knows the model.

        ``more``: as :meth:`InputCounter.count` takes it; see :meth:`is_by_tokens`.
        """
        parameters = request.parameters
        thinks = self.thinks(parameters)
        counted = self._counter.count(request, thinks, self._input_limit, more)
        low, high = counted.low, counted.high
        refusals = self._rules.check(request, input_tokens=low, message_tokens=self._message_tokens)
        if self._stranger and all(refusal.at != "model" for refusal in refusals):
            raise UnknownModel(f"{self._choice.edition.id} names no model {request.model!r}")
        pricing = self.pricing(thinks)
        notes = self._notes + counted.notes
        limit = self._input_limit
        if limit is not None and low is not None and low <= limit and (high or limit + 1) > limit:
            notes += (f"the input may exceed the limit of {limit:,} tokens",)
        if output_tokens is not None:
            output = OutputTokens(output_tokens, output_tokens)
        else:
            output = self._outputs.tokens(parameters, thinks, low)
        return Estimate(
            self._terms.model,
            self._choice.edition.id,
            counted.tokens,
            (low, high),
            counted.basis,
            counted.why,
            output,
            refusals,
            pricing,
            request,
            self._rules,
            notes,
            counted.parts,
            counted.meter,
        )

    def is_by_tokens(self, request: Request, counter: Counter) -> bool:
        """Whether all requests with these roles and parameters are estimated alike.

        Then other texts, plain as these, make no difference but by their tokens, as ``counter``
        has them, and by the :meth:`words` that are in them: not to the count, nor to refusals.
        """
        thinks = self.thinks(request.parameters)
        return (
            not self._stranger
            and self._counter.is_by_tokens(request, thinks, counter)
            and self._rules.is_by_tokens(request)
        )

    def words(self, request: Request) -> tuple[str, ...]:
        """Words, in small letters, that the parameters ask to stand in some message."""
        return self._rules.words(request)

    @property
    def edition(self) -> Edition:
        """The edition that requests are judged by."""
        return self._choice.edition

    def thinks(self, parameters: Mapping[str, Any]) -> bool | None:
        """Whether the model thinks before it answers; None where that can't be told."""
        return self._outputs.thinks(parameters)

    def pricing(self, thinks: bool | None) -> Pricing:
        """What the cost of a request is computed from; one object for each ``thinks``."""
        return self._pricings.get(thinks) or self._price(thinks)

    def text_tokens(self, text: str) -> int:
        """Tokens of a text alone; by rule the fewest, where no vocabulary is at hand."""
        return self._counter.text_tokens(text)

    def _message_tokens(self, message: Message) -> int:
        return self._counter.text_tokens(message.text)

    def _price(self, thinks: bool | None) -> Pricing:
        terms, row = self._terms, self._choice.model
        if row is None:
            pricing = Pricing(None, f"no price of {terms.model or 'no model'} is known")
        else:
            tariff, why = find_tariff(
                row,
                self._choice.edition,
                terms.day,
                region=terms.region,
                batch=terms.batch,
                thinking=thinks,
            )
            pricing = Pricing(tariff, self._cite(tariff.row, terms.batch) if tariff else why or "")
        self._pricings[thinks] = pricing
        return pricing

    def _cite(self, price: Price, batch: bool) -> str:
        source = self._choice.sources.get(price.source.partition(" § ")[0])
        until = f" until {price.until}" if price.until else ""
        read = f"{source.provider}, {source.title}" if source else price.source
        trust = price.trust or (source.trust if source else "inferred")
        hit = any(tier.cache_hit_per_1k is not None for tier in price.tiers)
        cached = "; the least is with all input from the cache" if hit and not batch else ""
        return f"prices of {price.region} from {price.since}{until}, by {read} ({trust}){cached}"


def _input_limit(edition: Edition, model: str | None, sizes: Sizes | None) -> int | None:
    """The most input that the edition, or else the model's row, allows."""
    clause = edition.limit("input_tokens", model)
    stated = clause.by_model.get(model or "", clause.maximum) if clause else None
    if stated is not None or sizes is None:
        return stated
    return sizes.input_tokens or sizes.context_tokens


def _notes(terms: Terms, choice: Choice, sizes: Sizes | None, fit: bool) -> tuple[str, ...]:
    """What is worth saying of any request to the model."""
    row, day = choice.model, terms.day
    notes = list(choice.notes)
    if row is None:
        return tuple(notes)
    if not choice.edition.serves(row.id):
        notes.append(f"{choice.edition.id} does not name {row.id}")
    if sizes is not None and not fit:
        since = sizes.since
        notes.append(f"no limits of {row.id} are known for {day}: those from {since} are used")
    if row.retired and (day is None or first_day(row.retired) <= day):
        notes.append(f"{row.id} is offline since {row.retired}")
    quota = None if terms.batch else row_on(row.free_quota, day)
    if quota is not None:
        notes.append(
            f"the first {quota.tokens:,} tokens within {quota.days} days of activation are free; "
            "the cost is without that"
        )
    return tuple(notes)
