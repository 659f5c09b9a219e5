"""Logs reconciled: every call of some files weighed, joined to its bill, and judged by model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from tokenassay.contracts.errors import UnknownEdition, UnknownModel
from tokenassay.estimators.batches.stores import SourceError
from tokenassay.estimators.bills.answers import read_answer
from tokenassay.estimators.bills.calls import BadField, Call, Fault, Place, Read, Skipped
from tokenassay.estimators.bills.judging import Judged, judge
from tokenassay.estimators.bills.matching import Alone, By, join
from tokenassay.estimators.bills.sources import har, litellm, pairs
from tokenassay.estimators.bills.sources.files import (
    Shape,
    fields_of,
    items_of,
    shape_of,
    unit_of,
)
from tokenassay.estimators.bills.tallies import Tally
from tokenassay.estimators.bills.weighing import Terms, Weigher
from tokenassay.estimators.requests import NotARequest

Form = Literal["requests and responses", "JSON lines", "LiteLLM's log", "browser's log", "run"]

NAMED: Final = 100
"""Lines of a kind that are listed."""

_MOST_MODELS: Final = 200


class Reconciled(NamedTuple):
    """Everything told of some logs. Lists name the first hundred, counts count all."""

    models: list[Judged]
    forms: Counter[str]
    """Calls by the form of the log that they stand in."""
    joined_by: By | None
    """What joined requests and answers; None: they stand together."""
    calls: int
    """Requests with their answer."""
    faults: list[Fault]
    fault_count: int
    alone: list[Alone]
    alone_counts: Counter[str]
    """Requests without an answer and answers without a request."""
    alone_tokens: int
    """Billed in answers without a request."""
    uncounted: list[Fault]
    uncounted_count: int
    """Calls that can't be counted, as nobody knows their model."""
    skipped: Counter[str]
    complete: bool


Told = Callable[[int], None]
"""Hears how many calls are weighed."""


def reconcile(
    requests: str,
    responses: Sequence[str] = (),
    terms: Terms | None = None,
    *,
    by: By | None = None,
    run: Iterable[Read] | None = None,
    told: Told | None = None,
) -> Reconciled:
    """Weigh every call of the files against its bill.

    ``requests`` alone is a log of both: JSON lines with request and response, LiteLLM's log or a
    browser's (HAR). With ``responses`` it holds requests, joined with those answers ``by`` their
    custom_id, their request id or their order. ``run`` gives the calls of a conformance run in
    place of a file's. A KeyboardInterrupt ends it early. SourceError where a file can't be read;
    raises what :class:`Weigher` raises.
    """
    gatherer = _Gatherer(Weigher(terms or Terms()))
    joined_by = None
    complete = True
    try:
        if run is not None:
            gatherer.take_all(run, "run", told)
        elif responses:
            joined_by, found = join(requests, responses, by)
            gatherer.take_all(found, "requests and responses", told)
        else:
            gatherer.take_all(_calls_of(requests, gatherer.forms), None, told)
    except KeyboardInterrupt:
        complete = False
    return gatherer.reconciled(joined_by, complete)


def is_run(path: str) -> bool:
    """Whether a file is a run of ``check``; SourceError where it can't be read."""
    return shape_of(path) == "run"


def _calls_of(path: str, forms: Counter[str]) -> Iterator[Read]:
    shape = shape_of(path)
    if shape == "run":
        raise SourceError(f"{path}: a run is read by its own reader")
    for number, raw in items_of(path, shape):
        place = Place(path, number, unit_of(shape))
        try:
            yield _read(raw, shape, place, forms)
        except BadField as error:
            yield Fault(place, error.field, error.why)


def _read(raw: bytes | None, shape: Shape, place: Place, forms: Counter[str]) -> Read:
    fields = fields_of(raw)
    form: Form
    if shape == "har":
        form, found = "browser's log", har.read_entry(fields, place)
    elif litellm.is_row(fields):
        form, found = "LiteLLM's log", litellm.read_row(fields, place)
    else:
        form, found = "JSON lines", pairs.read_pair(fields, place)
    forms[form] += isinstance(found, Call)
    return found


class _Gatherer:
    def __init__(self, weigher: Weigher) -> None:
        self._weigher = weigher
        self._tallies: dict[tuple[str, str], Tally] = {}
        self.forms: Counter[str] = Counter()
        self._calls = 0
        self._faults: list[Fault] = []
        self._uncounted: list[Fault] = []
        self._alone: list[Alone] = []
        self._counts: Counter[str] = Counter()
        self._alone_counts: Counter[str] = Counter()
        self._alone_tokens = 0
        self._skipped: Counter[str] = Counter()

    def take_all(
        self, found: Iterable[Read | Alone | None], form: Form | None, told: Told | None
    ) -> None:
        for one in found:
            if isinstance(one, Call):
                if form is not None:
                    self.forms[form] += 1
                self._take(one)
                if told is not None and self._calls % 500 == 0:
                    told(self._calls)
            elif isinstance(one, Fault):
                self._counts["faults"] += 1
                _keep(self._faults, one)
            elif isinstance(one, Alone):
                self._take_alone(one)
            elif isinstance(one, Skipped):
                self._skipped[one.why] += 1

    def _take(self, call: Call) -> None:
        self._calls += 1
        try:
            weighed = self._weigher.weigh(call, self._calls)
        except (NotARequest, UnknownModel, UnknownEdition) as error:
            self._counts["uncounted"] += 1
            _keep(self._uncounted, Fault(call.place, "model", str(error.args[0])))
            return
        key = weighed.estimate.model or "(no model)", weighed.estimate.edition
        tally = self._tallies.get(key)
        if tally is None:
            if len(self._tallies) >= _MOST_MODELS:
                key = "(other models)", ""
            tally = self._tallies.setdefault(key, Tally(*key))
        tally.take(weighed)

    def _take_alone(self, one: Alone) -> None:
        self._alone_counts[one.side] += 1
        _keep(self._alone, one._replace(given=None))
        if one.given is None:
            return
        billed = read_answer(one.given.payload, one.given.status).billed
        self._alone_tokens += (billed.input or 0) + (billed.output or 0) if billed else 0

    def reconciled(self, joined_by: By | None, complete: bool) -> Reconciled:
        return Reconciled(
            [judge(tally) for tally in self._tallies.values()],
            self.forms,
            joined_by,
            self._calls,
            self._faults,
            self._counts["faults"],
            self._alone,
            self._alone_counts,
            self._alone_tokens,
            self._uncounted,
            self._counts["uncounted"],
            self._skipped,
            complete,
        )


def _keep(held: list[Any], one: Any) -> None:
    if len(held) < NAMED:
        held.append(one)
