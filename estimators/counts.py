"""Input tokens of a request, by the template that its model was billed by on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from tokenassay.contracts import store
from tokenassay.contracts.catalog import Model, Template, TextRule
from tokenassay.estimators.dates import first_day, row_near
from tokenassay.estimators.documents import FileSyntax
from tokenassay.estimators.features import Features, examine, is_plain
from tokenassay.estimators.prose import ProseCounter
from tokenassay.estimators.records import Basis
from tokenassay.estimators.requests import Request
from tokenassay.estimators.templates import Meter, Part
from tokenassay.estimators.tokens import Counter, UnknownTokenizer, counter

_NOTHING: Final = "there are no messages and no prompt to count"


class InputCount(msgspec.Struct, frozen=True):
    """Input tokens with their basis; ``high`` None: without an upper end that is known."""

    tokens: int | None
    low: int | None
    high: int | None
    basis: Basis
    why: str
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] | None = None
    """None: those of ``meter``."""
    meter: Meter | None = None


class Standard(NamedTuple):
    """What a request of one kind is counted by."""

    meters: tuple[Meter, ...]
    basis: Basis
    why: str


class InputCounter:
    """Counts requests to one model on one day. Immutable but for what it remembers."""

    def __init__(
        self,
        model: Model | None,
        day: dt.date | None,
        *,
        surface: str,
        syntax: FileSyntax | None,
        own: Counter | None = None,
    ) -> None:
        snapshot = model.snapshot if model else None
        self._day = first_day(snapshot) if snapshot is not None else day
        self._model, self._own = model, own
        self.syntax = syntax
        self._standards: dict[tuple[bool | None, bool], Standard] = {}
        rows = model.templates if model else ()
        self._rows = tuple(row for row in rows if not row.surfaces or surface in row.surfaces)
        self._vocabulary = own or _vocabulary(model)

    def count(
        self, request: Request, thinking: bool | None, limit: int | None, more: int = 0
    ) -> InputCount:
        """Input tokens; ``limit`` ends the range where something can't be counted here.

        ``more``: how many tokens other texts have more, where those of a request are asked about
        that is like this one but for its texts (see :meth:`is_by_tokens`). The parts stay this
        one's.
        """
        standard = self._of(request, thinking)
        messages = request.messages
        if self._vocabulary is not None and is_plain(request, self.syntax) and messages:
            meters = standard.meters
            if len(meters) == 1:
                tokens = low = high = meters[0].total(messages) + more
            else:
                said = meters[0].said(messages)
                totals = [meter.total(messages, said) + more for meter in meters]
                tokens, low, high = totals[0], min(totals), max(totals)
            return InputCount(tokens, low, high, standard.basis, standard.why, (), None, meters[0])
        return self._examined(request, standard, limit, more)

    def is_by_tokens(self, request: Request, thinking: bool | None, counter: Counter) -> bool:
        """Whether the count grows by what ``counter`` counts more for other texts.

        Each of them, plain as the one in its place, is counted behind its role and a newline.
        That holds for all messages but a system message before tools, whose end is another.
        """
        if self._vocabulary is not counter:
            return False
        return not any(meter.bare for meter in self._of(request, thinking).meters)

    def _of(self, request: Request, thinking: bool | None) -> Standard:
        messages = request.messages
        has_system = messages is not None and bool(messages) and messages[0].role == "system"
        standard = self._standards.get((thinking, has_system))
        if standard is None:
            standard = self._standard(thinking, has_system)
            self._standards[thinking, has_system] = standard
        return standard

    def text_tokens(self, text: str) -> int:
        """Tokens of one text; by rule the fewest, where no vocabulary is at hand."""
        if self._vocabulary is not None:
            return self._vocabulary.count(text)
        return min(ProseCounter(rule, "fewest").count(text) for rule in self._rules())

    def _examined(
        self, request: Request, standard: Standard, limit: int | None, more: int
    ) -> InputCount:
        prompt = isinstance(request.prompt, str) and bool(request.prompt)
        if not request.messages and not prompt and not request.history:
            return InputCount(None, None, None, "approximate", _NOTHING)
        features = examine(request, self.syntax, store.templates())
        if self._vocabulary is None:
            return self._by_rule(request, features, limit)
        counted = [(*meter.parts(request), *features.extra) for meter in standard.meters]
        totals = [_total(parts) + more for parts in counted]
        low, high = min(totals), max(totals) + features.above
        at = totals.index(low) if features.gaps else 0
        return self._concluded(totals[at], low, high, standard, features, counted[at], limit)

    def _by_rule(self, request: Request, features: Features, limit: int | None) -> InputCount:
        """A range: the fewest tokens by any rule and template, and the most."""
        rules = self._rules()
        profiles = tuple(store.profiles().values())
        if self._rows:
            names = {row.profile for row in self._rows}
            profiles = tuple(profile for profile in profiles if profile.id in names)
        ends = [
            [
                _total(Meter(profile, ProseCounter(rule, end).count, self.syntax).parts(request))
                for profile in profiles
                for rule in rules
            ]
            for end in ("fewest", "most")
        ]
        extra = _total(features.extra)
        low, high = min(ends[0]) + extra, max(ends[1]) + extra + features.above
        tokens = low if features.gaps else (low + high) // 2
        ids = ", ".join(rule.id for rule in rules)
        known = "" if self._rows else "; its template is not known either"
        name = self._model.id if self._model else "the model"
        why = f"no vocabulary of {name} is at hand: a range by the text rule {ids}{known}"
        parts = (Part(f"whole request, by rule {ids}", tokens),)
        standard = Standard((), "approximate", why)
        return self._concluded(tokens, low, high, standard, features, parts, limit)

    def _concluded(
        self,
        tokens: int,
        low: int,
        high: int,
        standard: Standard,
        features: Features,
        parts: tuple[Part, ...],
        limit: int | None,
    ) -> InputCount:
        basis, why = standard.basis, standard.why
        if features.doubts:
            basis = "modelled" if basis in ("exact", "calibrated") else basis
            why = "; ".join(dict.fromkeys((*features.doubts, why)))
        if not features.gaps:
            return InputCount(tokens, low, high, basis, why, features.notes, parts)
        missing = "; ".join(features.gaps)
        end: int | None = None
        if limit is not None and limit >= high:
            end, limited = limit, f"; the most is the model's limit of {limit:,}"
        else:
            limited = ""
        why = f"a lower bound, without {missing}{limited}; {why}"
        notes = (*features.notes, f"{tokens:,} input tokens is a lower bound, without {missing}")
        return InputCount(tokens, low, end, "approximate", why, notes, parts)

    def _rules(self) -> tuple[TextRule, ...]:
        """The model's own text rule, or all of them where it has none."""
        rules = store.text_rules()
        own = rules.get(self._model.text_rule or "") if self._model else None
        return (own,) if own else tuple(rules.values())

    def _standard(self, thinking: bool | None, has_system: bool) -> Standard:
        if self._vocabulary is None:
            return Standard((), "approximate", "")
        count = self._vocabulary.count
        row, in_force = row_near(self._fitting(thinking, has_system), self._day)
        profiles = store.profiles()
        if row is None:
            meters = tuple(Meter(profile, count, self.syntax) for profile in profiles.values())
            ordered = tuple(sorted(meters, key=lambda meter: not meter.bare))
            name = self._model.id if self._model else "the model"
            why = f"no template of {name} is known: from the texts alone to the largest known"
            return Standard(ordered, "modelled", why)
        names = (row.profile, *row.also)
        more = row.offset_tokens
        meters = tuple(Meter(profiles[name], count, self.syntax, more) for name in names)
        if self._own is not None:
            why = f"counted with a tokenizer of your own, in the template {' or '.join(names)}"
            return Standard(meters, "modelled", why)
        why = _why(row, in_force)
        if self._model is not None and self._model.like is not None:
            why = f"like {self._model.like}, by the form of its name; {why}"
        return Standard(meters, row.basis if in_force else "modelled", why)

    def _fitting(self, thinking: bool | None, has_system: bool) -> Iterable[Template]:
        system = "explicit" if has_system else "absent"
        return [
            row
            for row in self._rows
            if (thinking is None or row.thinking in (None, thinking))
            and row.system in (None, system)
        ]


def _vocabulary(model: Model | None) -> Counter | None:
    """The counter of the model's tokenizer; None where it has none that is at hand."""
    if model is None or model.tokenizer is None:
        return None
    try:
        return counter(model.tokenizer)
    except UnknownTokenizer:  # a contract file may name any
        return None


def _why(row: Template, in_force: bool) -> str:
    until = f" until {row.until}" if row.until else ""
    said = f"template {' or '.join((row.profile, *row.also))}, from {row.since}{until}"
    if not in_force:
        return f"{said}, the nearest in time; none is known for the day"
    if row.evidence:
        return f"{said}, by {'; '.join(row.evidence)}"
    return f"{said}: {row.note.rstrip('.')}" if row.note else said


def _total(parts: Iterable[Part]) -> int:
    return sum(part.tokens for part in parts)
