"""Calls of one model, summed up while they are read: figures, wrong ones, and a sample."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from tokenassay.estimators.bills.calls import Place
from tokenassay.estimators.bills.money import Bill
from tokenassay.estimators.bills.usages import Billed
from tokenassay.estimators.bills.weighing import Observation, Weighed, thinking_markers

Wrong = Literal["input", "documents", "output", "total", "details", "unmetered", "errors"]
"""What of a call is billed wrongly. ``documents``: no more is billed than without them;
``details``: cached or thinking tokens beyond the whole, or a figure that is no number of tokens;
``unmetered``: no usage where there must
be some; ``errors``: usage of a refused request."""

NAMED: Final = 100
"""Calls that are listed for each model and kind of fault."""

_BEYOND: Final = 0.2
_MARGIN: Final = 16
"""What published answers with tools were above their count lies well within this share and these
tokens."""
_MOST_DOCUMENTS: Final = 2_000

_SAMPLED: Final = {False: 200, True: 120}
"""Plain answers and streams that the laws are found by: some of all, evenly."""


UNACCOUNTED: Final = "input"
"""Under which name the calls stand that none of the model's own templates accounts for."""


class WrongCall(NamedTuple):
    """A call that was billed otherwise than it was counted."""

    place: Place
    key: str | None
    number: int
    what: Wrong
    counted: int | None
    billed: int | None
    why: str | None = None
    """What of its usage can't be read."""


class Sample:
    """So many of all that are offered, each with the same chance."""

    def __init__(self, size: int) -> None:
        self._dice = random.Random(size)  # noqa: S311 - which ones are taken is no secret
        self._size, self._offered = size, 0
        self.taken: list[Observation] = []

    def offer(self, made: Callable[[], Observation]) -> None:
        """Take it or leave it; only what is taken is made."""
        self._offered += 1
        if len(self.taken) < self._size:
            self.taken.append(made())
            return
        at = self._dice.randrange(self._offered)
        if at < self._size:
            self.taken[at] = made()


class Tally:
    """All calls of one model that are held to one edition."""

    def __init__(self, model: str, edition: str) -> None:
        self.model, self.edition = model, edition
        self.calls = self.streamed = self.refused = self.silent = self.compared = 0
        self.doubtful = 0
        """Calls outside the range of a count that is no proof: tools, files, other vocabulary."""
        self.counted_input = self.own_input = self.counted_billed_input = 0
        """Input of the calls that could be counted: by whichever of the model's templates accounts
        for the bill, by the first of them alone, and as billed."""
        self.billed_input = 0
        self.counted_output = self.told_output = self.outputs = 0
        """Output of the answers that could be counted: counted, billed, how many."""
        self.billed_output = 0
        self.featured = self.beyond = self.beneath = 0
        """Calls with more than plain text; those billed far beyond the range of their count, and
        those far beneath it."""
        self.document_calls = 0
        self.documents: dict[tuple[str, ...], int] = {}
        """What documents are billed beside the rest of the request."""
        self.cached = self.cache_created = self.reasoning = 0
        self.cached_calls = self.thinking_calls = 0
        self.thoughts = self.counted_thoughts = self.told_thoughts = self.misstated_thoughts = 0
        """Answers that show thoughts and state their tokens: how many, the tokens counted and
        stated, and how many state others than are shown."""
        self.basis: Counter[str] = Counter()
        self.whys: dict[str, str] = {}
        self.first_day: dt.date | None = None
        self.last_day: dt.date | None = None
        self.bill = Bill()
        self.wrong: dict[str, list[WrongCall]] = {}
        """By what is wrong; the input's also by each template that would not account for it."""
        self.wrong_counts: Counter[str] = Counter()
        self.plain = {stream: Sample(size) for stream, size in _SAMPLED.items()}
        self.others = {stream: Sample(size) for stream, size in _SAMPLED.items()}
        self.errors = Sample(_SAMPLED[False])

    def take(self, weighed: Weighed) -> None:
        """Take in a call."""
        self.calls += 1
        self.streamed += weighed.streamed
        day = weighed.call.day
        if day is not None:
            self.first_day = min(self.first_day or day, day)
            self.last_day = max(self.last_day or day, day)
        answer = weighed.call.answer
        if answer.refused:
            self._take_refused(weighed)
            return
        billed = answer.billed
        if billed is None or not billed.tells:
            if weighed.may_be_silent and answer.usage_fault is None:
                self.silent += 1
            else:
                self._note(weighed, "unmetered", "unmetered", None, None, answer.usage_fault)
            self.bill.take(weighed, {})
            return
        self._take_billed(weighed, billed)

    def _take_refused(self, weighed: Weighed) -> None:
        self.refused += 1
        billed = weighed.call.answer.billed
        tokens = (billed.input or 0) + (billed.output or 0) if billed else 0
        self.errors.offer(weighed.observed)
        if tokens:
            self._note(weighed, "errors", "errors", 0, tokens)
        self.bill.take(weighed, {"errors": (0, 0)} if tokens else {})

    def _take_billed(self, weighed: Weighed, billed: Billed) -> None:
        given, made = billed.input or 0, billed.output or 0
        found = weighed.estimate
        self.compared += 1
        self.basis[found.basis] += 1
        self.whys.setdefault(found.basis, found.basis_why)
        self.billed_input += given
        self.billed_output += made
        self._take_details(weighed, billed)
        rights = self._judge_input(weighed, given, made)
        output = weighed.output
        if output is not None:
            self.outputs += 1
            self.counted_output += output
            self.told_output += made
            if output != made:
                self._note(weighed, "output", "output", output, made)
                rights["output"] = (given, output)
        if billed.total is not None and billed.total != given + made:
            self._note(weighed, "total", "total", given + made, billed.total)
        self.bill.take(weighed, rights)
        samples = self.plain if weighed.is_plain else self.others
        if found.input_range[1] is not None and found.input_tokens is not None:
            samples[weighed.streamed].offer(weighed.observed)

    def _judge_input(self, weighed: Weighed, given: int, made: int) -> dict[str, tuple[int, int]]:
        """What should have been billed, by each way of counting that does not account for it."""
        found = weighed.estimate
        counted = found.input_tokens
        if counted is None:
            return {}
        if found.input_range[1] is not None:
            self.counted_input += given if weighed.accounts else counted
            self.own_input += counted
            self.counted_billed_input += given
        self.featured += not weighed.is_plain and not weighed.files
        if weighed.files:
            return self._judge_documents(weighed, given, counted)
        if given == counted:
            return {}
        if not weighed.is_plain or found.basis == "approximate":
            if weighed.accounts:
                return {}
            most = found.input_range[1]
            if found.basis != "approximate" and most is not None:
                self.beyond += given > most + most * _BEYOND + _MARGIN
                least = found.input_range[0] or 0
                self.beneath += given < least - least * _BEYOND - _MARGIN
            if not weighed.within:
                self.doubtful += 1
            return {}
        rights = {}
        if not weighed.accounts:
            self._note(weighed, UNACCOUNTED, "input", counted, given)
            rights[UNACCOUNTED] = (counted, made)
        for name, count in weighed.counts().items():
            if count != given:
                self._note(weighed, input_by(name), "input", count, given)
                rights[input_by(name)] = (count, made)
        return rights

    def _judge_documents(
        self, weighed: Weighed, given: int, counted: int
    ) -> dict[str, tuple[int, int]]:
        """What is billed for documents, which are not here to be counted."""
        self.document_calls += 1
        if given <= counted:
            self._note(weighed, "documents", "documents", None, given)
        elif len(self.documents) < _MOST_DOCUMENTS:
            self.documents.setdefault(weighed.files, given - counted)
        return {}

    def _take_details(self, weighed: Weighed, billed: Billed) -> None:
        given, made = billed.input or 0, billed.output or 0
        cached, reasoning = billed.cached or 0, billed.reasoning or 0
        fault = weighed.call.answer.usage_fault
        self.cached += cached
        self.cached_calls += cached > 0
        self.cache_created += billed.cache_created or 0
        self.reasoning += reasoning
        self.thinking_calls += bool(reasoning or weighed.call.answer.reasoning)
        thought = weighed.thought
        if thought is not None and billed.reasoning is not None:
            self.thoughts += 1
            self.counted_thoughts += thought
            self.told_thoughts += reasoning
            self.misstated_thoughts += not thought <= reasoning <= thought + thinking_markers()
        if fault is not None:
            self._note(weighed, "details", "details", None, None, fault)
        elif cached > given:
            self._note(weighed, "details", "details", given, cached)
        elif reasoning > made:
            self._note(weighed, "details", "details", made, reasoning)

    def _note(
        self,
        weighed: Weighed,
        kind: str,
        what: Wrong,
        counted: int | None,
        billed: int | None,
        why: str | None = None,
    ) -> None:
        self.wrong_counts[kind] += 1
        listed = self.wrong.setdefault(kind, [])
        if len(listed) < NAMED:
            call = weighed.call
            at = call.place, call.key, weighed.number
            listed.append(WrongCall(*at, what, counted, billed, why))


def input_by(template: str) -> str:
    """Under which name the calls stand that this one template does not account for."""
    return f"input by {template}"
