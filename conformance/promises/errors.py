"""Error tables: every row that can be brought about, with its status, code and message."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tokenassay.conformance.failures import Inconclusive, NotRun, Violation
from tokenassay.conformance.judging import cannot_tell, expectation, first_fault, told
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import control
from tokenassay.conformance.spend import last_usage
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

WRONG_KEY = "sk-tokenassay-no-such-key"
"""A key that no endpoint knows; sent on purpose, so no secret."""

FAULT_HEADER = "x-assay-fault"
"""Header by which the mock endpoint is asked for a row that no request brings about."""


@builder("error")
def row_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A row of the error table is told with its own status, code and words."""
    assert isinstance(clause, c.ErrorClause)
    slug = clause.id.rpartition(".")[2]
    yield Promise(
        id=f"{slug}_is_told_as_documented",
        title=f"{expectation(clause).removeprefix('a refusal with ')} is told as documented",
        family="errors",
        clause=clause.id,
        level=clause.level,
        check=partial(_row_is_told, row=clause),
    )


def _row_is_told(probe: Probe, *, row: c.ErrorClause) -> None:
    """Ask an endpoint that offers it for the row itself; elsewhere no request is known."""
    if not probe.target.faults:
        raise NotRun("no request brings this row about; other promises meet the rows that one does")
    exchange = probe.send(probe.body(), headers={FAULT_HEADER: row.id}, retry=False)
    error = exchange.error
    if exchange.failure is not None:
        raise Inconclusive(f"{exchange.failure.kind}: {exchange.failure.detail}", exchange.id)
    if error is None:
        raise Violation(expectation(row), f"an answer with status {exchange.status}", exchange.id)
    code_fits = error.code == row.code or (row.code_may_be_missing and error.code is None)
    says = row.varies or probe.edition.says(row.pattern, error.message or "")
    if (
        error.status not in (row.status, *row.other_statuses)
        or not (code_fits or row.code is None)
        or not says
    ):
        raise Violation(
            f'{expectation(row)} and the message "{row.pattern}"', told(error), exchange.id
        )
    for shape in probe.edition.of_kind(c.ShapeClause, probe.model):
        fault = first_fault(shape, error.body) if shape.of == "error" else None
        if fault and shape.level == "must" and error.code is not None:
            raise Violation(f"an error body as documented ({shape.id})", fault, exchange.id)


@builder("behaviour:auth_bearer")
def key_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A wrong key and no key are refused."""
    common = {"family": "errors", "clause": clause.id, "level": clause.level}
    for id, wrong in (("wrong_key_is_refused", True), ("missing_key_is_refused", False)):
        yield Promise(
            id=id,
            title=id.replace("_", " "),
            check=partial(_refused_key, clause=clause, wrong=wrong),
            **common,  # type: ignore[arg-type]
        )


def _refused_key(probe: Probe, *, clause: c.ClauseBase, wrong: bool) -> None:
    base = control(probe)
    headers = {"authorization": f"Bearer {WRONG_KEY}"} if wrong else {}
    exchange = probe.send(probe.body(), headers=headers, key=False)
    if exchange.failure is not None or exchange.status == 429:
        cannot_tell(exchange, probe.edition)
    probe.accepted(base)
    row = probe.edition.error_for(clause)
    error = exchange.error
    expected = expectation(row)
    if error is None:
        raise Violation(expected, f"an answer with status {exchange.status}", exchange.id)
    allowed = (row.status, *row.other_statuses) if row else (401, 403)
    if error.status not in allowed or (row and row.code and error.code != row.code):
        raise Violation(expected, told(error), exchange.id)
    says = row is None or row.varies or probe.edition.says(row.pattern, error.message or "")
    if row and wrong and not says:
        raise Violation(f'{expected} and the message "{row.pattern}"', told(error), exchange.id)


@builder("behaviour:errors_not_billed")
def unbilled_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A refused request carries no usage."""
    yield Promise(
        id="refused_requests_are_not_billed",
        title="a request that is refused carries no usage",
        family="metering",
        clause=clause.id,
        level=clause.level,
        check=_unbilled,
        cost=2,
    )


def _unbilled(probe: Probe) -> None:
    bodies = [{**probe.body(), "model": "no-such-model"}]
    key = "input" if probe.surface == "native" else "messages"
    bodies.append({k: v for k, v in probe.body().items() if k != key})
    refusals = 0
    for body in bodies:
        exchange = probe.send(body)
        if exchange.error is None:
            continue
        refusals += 1
        usage = last_usage(exchange)
        if usage:
            raise probe.violation("no usage in an error", f"usage {dict(usage)}", exchange)
    if not refusals:
        raise Inconclusive("nothing that was sent was refused")
