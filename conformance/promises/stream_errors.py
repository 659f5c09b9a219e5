"""Errors where a stream was asked for: before it begins, and in its middle."""

from __future__ import annotations

from collections.abc import Iterator

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.judging import first_fault, told
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.errors import FAULT_HEADER, WRONG_MODEL
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import without
from tokenassay.conformance.promises.talking import can_stream
from tokenassay.conformance.promises.texts import LONG, LONG_ZH
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

AFTER_HEADER = "x-assay-fault-after"
"""Header by which the mock endpoint is asked to break a stream off after so many frames."""


@builder("behaviour:stream_error_frame", "shape:stream_error")
def error_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """How an error comes when a stream was asked for."""
    which = "frame" if isinstance(clause, c.BehaviourClause) else "data"
    yield promise(clause, f"error_{which}_of_a_stream_is_as_documented", _refused, cost=3)
    yield promise(
        clause,
        f"error_{which}_inside_a_stream_is_as_documented",
        _broken_off,
        title="a stream that breaks off says why, as documented",
        cost=4,
    )


def _refused(probe: Probe, *, clause: c.Clause) -> None:
    if not can_stream(probe):
        raise NotRun(f"{probe.edition.id} documents no streams")
    plain = probe.body()
    words = "input" if probe.surface == "native" else "messages"
    refused = 0
    for body in ({**plain, "model": WRONG_MODEL}, without(plain, words), without(plain, "model")):
        exchange = probe.send(body, stream=True)
        if exchange.failure is not None or exchange.error is None:
            continue
        refused += 1
        if exchange.is_stream:
            _hold(probe, clause, exchange)
        else:
            probe.observe(f"an error before the stream comes plain, with status {exchange.status}")
    if not refused:
        raise Inconclusive("no faulty request brought an error")


def _broken_off(probe: Probe, *, clause: c.Clause) -> None:
    """Ask an endpoint that offers it to break off; elsewhere that can't be brought about."""
    if not probe.target.faults:
        raise NotRun("no request is known that breaks a stream off")
    row = next((r for r in probe.edition.errors.values() if r.status == 500), None)
    if row is None:
        raise NotRun("the edition has no error row for a fault of the server's own")
    for question in (LONG, LONG_ZH):
        for after in (1, 4):
            headers = {FAULT_HEADER: row.id, AFTER_HEADER: str(after)}
            body = probe.body(question, cap=40)
            exchange = probe.send(body, stream=True, headers=headers, retry=False)
            if exchange.error is None:
                raise probe.violation(
                    "a stream that breaks off and says why",
                    f"{len(exchange.events)} frames, and no error in any",
                    exchange,
                )
            if not exchange.is_stream:
                raise probe.violation("a stream", told(exchange.error), exchange)
            _hold(probe, clause, exchange)


def _hold(probe: Probe, clause: c.Clause, exchange: Exchange) -> None:
    """An error inside a stream has the documented event, transport and data."""
    error = exchange.error
    assert error is not None
    if isinstance(clause, c.ShapeClause):
        fault = first_fault(clause, error.body)
    else:
        assert isinstance(clause, c.BehaviourClause)
        event = next((e.event for e in exchange.events if e.json == error.body), None)
        wanted, status = clause.args.get("event"), clause.args["transport_status"]
        fault = None
        if event != wanted or exchange.status != status:
            fault = f"event {event!r} with status {exchange.status}"
    if fault and clause.level == "unspecified":
        probe.observe(fault)
    elif fault:
        raise probe.violation(clause.text, fault, exchange)
