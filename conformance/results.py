"""A run as one document, ``tokenassay.run/1``: made from the run file alone, at any time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from tokenassay.conformance import suites
from tokenassay.conformance.compare.rows import DifferenceRow, read_differences
from tokenassay.conformance.evidence import ExchangeRow, exchange_row
from tokenassay.conformance.measures import Fit, Spread, fit, spread
from tokenassay.conformance.outcomes import NOT_SELECTED, Outcome, Verdict
from tokenassay.conformance.rundb import Planned, RunFile
from tokenassay.contracts.records import Level, Record

SCHEMA: Final = "tokenassay.run/1"

Kind = Literal["check", "compare"]
"""The command that a run is of."""


class SpendRow(Record, frozen=True, kw_only=True):
    """What a run used, by the endpoint's own usage; at the reserved maximum where it tells none."""

    amount: str | None
    """Decimal; None where no price is known."""
    currency: str | None
    tokens: int
    ceiling: str | None = None
    """The budget that could not be passed."""


class TargetRow(Record, frozen=True, kw_only=True):
    """An endpoint that was checked."""

    name: str
    base_url: str
    edition: str
    edition_title: str
    model: str
    api_key_env: str
    complete: bool
    stop_reason: str | None
    unusable: bool
    """Whether nothing could be established: no answer, a wrong key, no API."""
    requests: int
    spend: SpendRow
    outcomes: dict[str, int]
    """Promises by outcome."""


class PromiseRow(Record, frozen=True, kw_only=True):
    """One promise at one target."""

    id: str
    family: str
    clause: str
    statement: str
    """What the clause states, in one sentence."""
    source: str
    """Where the clause was read."""
    level: Level
    target: str
    outcome: Outcome
    title: str
    expected: str
    observed: str
    why: str
    observations: list[str]
    seconds: float
    """What the answers to its own requests took; what another had asked before is not in it."""
    exchange: ExchangeRow | None


class BoundRow(Record, frozen=True, kw_only=True):
    """A parameter's documented interval beside the one that was observed."""

    target: str
    parameter: str
    documented: str
    observed: str


class MeterPoint(Record, frozen=True, kw_only=True):
    """Input tokens of one request: counted here and billed there."""

    target: str
    what: str
    basis: str
    """How sure the count is: exact, modelled or approximate."""
    counted: int
    billed: int


class Meter(Record, frozen=True, kw_only=True):
    """Billed against counted input tokens."""

    points: list[MeterPoint]
    fits: dict[str, Fit]
    """By target."""
    counted: int
    billed: int


class TimingRow(Record, frozen=True, kw_only=True):
    """How long the answers took that came to their end."""

    target: str
    family: str | None
    """Family of the promises that asked first; None: all of the target's answers."""
    answers: int
    total_s: Spread
    first_byte_s: Spread | None


class RunDocument(Record, frozen=True, kw_only=True):
    """A run, whole or partial."""

    schema: str = SCHEMA
    kind: Kind = "check"
    version: str
    """Of tokenassay."""
    targets: list[TargetRow]
    complete: bool
    stop_reason: str | None
    spend: SpendRow
    requests: int
    seed: int
    examples: int | None
    """Values that each search tried."""
    command: str | None
    """As it was typed."""
    started: str | None
    """UTC, ISO 8601, of the first request."""
    duration_s: float | None
    """From the first request to the end of the last answer, pauses included."""
    suite: suites.Score | None
    promises: list[PromiseRow]
    bounds: list[BoundRow]
    meter: Meter
    timings: list[TimingRow]
    baseline: str | None = None
    """The endpoint that a comparison measures the others by, where one was named."""
    differences: list[DifferenceRow] | None = None
    """What parts the endpoints; None where none were compared."""


def read_run(run: RunFile) -> RunDocument:
    """The document of a run file, of a broken or a running run too."""
    targets = [_Target(run, entry) for entry in run.meta("targets") or ()]
    rows = [target.row() for target in targets]
    unfinished = [row for row in rows if not row.complete]
    began, ended = run.span()
    compared_with, differences = read_differences(run)
    return RunDocument(
        kind=run.meta("kind") or "check",
        version=run.meta("version") or "unknown",
        targets=rows,
        complete=bool(rows) and not unfinished,
        stop_reason=unfinished[0].stop_reason if unfinished else None,
        spend=_sum(rows),
        requests=sum(row.requests for row in rows),
        seed=run.meta("seed") or 0,
        examples=max((entry["examples"] for entry in run.meta("targets") or ()), default=None),
        command=run.meta("command"),
        started=moment(began),
        duration_s=None if began is None or ended is None else round(ended - began, 1),
        suite=suites.last_score(),
        promises=[promise for target in targets for promise in target.promises()],
        bounds=[bound for target in targets for bound in target.bounds()],
        meter=_meter(point for target in targets for point in target.meter()),
        timings=[timing for target in targets for timing in target.timings()],
        baseline=compared_with,
        differences=differences,
    )


def as_json(document: RunDocument) -> Any:
    """The document as plain JSON data."""
    return msgspec.to_builtins(document)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of :class:`RunDocument`."""
    schema = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(RunDocument)))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A run of tokenassay ({SCHEMA})",
        **schema,
    }


class _Target:
    """One target's part of a run file."""

    def __init__(self, run: RunFile, entry: dict[str, Any]) -> None:
        self._run, self._entry, self._name = run, entry, entry["name"]
        self._planned = run.planned(self._name)
        self._verdicts = run.verdicts(self._name)
        ending = run.meta(f"ending of {self._name}") or (False, None, False)
        self._ended: bool = ending[0]
        self._stop: str | None = ending[1]
        self._unusable: bool = ending[2]

    def row(self) -> TargetRow:
        spend = self._run.spend(self._name)
        currency = self._entry["currency"]
        waiting = [p for p in self._planned if p.selected and p.id not in self._verdicts]
        stop = self._stop or ("the run was cut off before its end" if waiting else None)
        return TargetRow(
            name=self._name,
            base_url=self._entry["base_url"],
            edition=self._entry["edition"],
            edition_title=self._entry["edition_title"],
            model=self._entry["model"],
            api_key_env=self._entry["api_key_env"],
            complete=bool(self._ended) and not waiting,
            stop_reason=stop,
            unusable=self._unusable,
            requests=spend.requests,
            spend=SpendRow(
                amount=None if currency is None else format(spend.money, "f"),
                currency=currency,
                tokens=spend.tokens,
                ceiling=self._entry["budget"],
            ),
            outcomes=dict(sorted(Counter(self._verdict(p).outcome for p in self._planned).items())),
        )

    def _verdict(self, planned: Planned) -> Verdict:
        kept = self._verdicts.get(planned.id)
        if kept is not None:
            return kept
        if not planned.selected:
            return Verdict(promise=planned.id, outcome="not-run", why=NOT_SELECTED)
        if self._unusable:
            return Verdict(promise=planned.id, outcome="inconclusive", why=self._stop or "")
        why = self._stop or "the run has not come to it"
        return Verdict(promise=planned.id, outcome="not-run", why=why)

    def promises(self) -> Iterable[PromiseRow]:
        took: dict[str, float] = {}
        for promise, _, _, seconds in self._run.timings(self._name):
            took[promise] = took.get(promise, 0.0) + seconds
        for planned in self._planned:
            verdict = self._verdict(planned)
            shown = None if verdict.exchange is None else self._run.exchange(verdict.exchange)
            yield PromiseRow(
                id=planned.id,
                family=planned.family,
                clause=planned.clause,
                statement=planned.statement,
                source=planned.source,
                level=planned.level,
                target=self._name,
                outcome=verdict.outcome,
                title=planned.title,
                expected=verdict.expected,
                observed=verdict.observed,
                why=verdict.why,
                observations=list(verdict.observations),
                seconds=round(took.get(planned.id, 0.0), 4),
                exchange=None if shown is None else exchange_row(shown),
            )

    def bounds(self) -> Iterable[BoundRow]:
        for _, _, bound in self._run.notes(self._name, "bound"):
            yield BoundRow(target=self._name, **bound)

    def meter(self) -> Iterable[MeterPoint]:
        for _, _, point in self._run.notes(self._name, "meter"):
            yield MeterPoint(target=self._name, **point)

    def timings(self) -> Iterable[TimingRow]:
        families = {planned.id: planned.family for planned in self._planned}
        times: dict[str | None, list[tuple[float | None, float]]] = {}
        for promise, _, first, total in self._run.timings(self._name):
            times.setdefault(None, []).append((first, total))
            if promise in families:
                times.setdefault(families[promise], []).append((first, total))
        for family, answers in times.items():
            whole = spread(total for _, total in answers)
            if whole is not None:
                yield TimingRow(
                    target=self._name,
                    family=family,
                    answers=len(answers),
                    total_s=whole,
                    first_byte_s=spread(first for first, _ in answers if first is not None),
                )


def moment(seconds: float | None) -> str | None:
    """A time of the clock as documents write it: UTC, ISO 8601, to the second."""
    if seconds is None:
        return None
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _meter(points: Iterable[MeterPoint]) -> Meter:
    listed = list(points)
    pairs: dict[str, list[tuple[int, int]]] = {}
    for point in listed:
        pairs.setdefault(point.target, []).append((point.counted, point.billed))
    return Meter(
        points=listed,
        fits={target: found for target, own in pairs.items() if (found := fit(own)) is not None},
        counted=sum(point.counted for point in listed),
        billed=sum(point.billed for point in listed),
    )


def _sum(rows: list[TargetRow]) -> SpendRow:
    """One sum where all targets are paid in one currency; else only the tokens add up."""
    tokens = sum(row.spend.tokens for row in rows)
    currencies = {row.spend.currency for row in rows}
    if len(rows) == 1:
        return rows[0].spend
    if len(currencies) != 1 or None in currencies:
        return SpendRow(amount=None, currency=None, tokens=tokens)
    amount = sum((Decimal(row.spend.amount or 0) for row in rows), Decimal(0))
    return SpendRow(amount=format(amount, "f"), currency=currencies.pop(), tokens=tokens)
