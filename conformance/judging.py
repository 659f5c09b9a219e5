"""Whether an answer accepts a request, or refuses it as documented.

A refusal counts only with a positive control: the same request without the fault was accepted
in this run. A dead port, a wrong key or a 429 proves nothing, about accepting or refusing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import jsonschema

from tokenassay.conformance.exchanges import ErrorAnswer, Exchange, FailureKind
from tokenassay.conformance.failures import Inconclusive, Violation
from tokenassay.contracts import clauses as c
from tokenassay.contracts import patterns
from tokenassay.contracts.edition import Edition

if TYPE_CHECKING:
    from tokenassay.conformance.probe import Probe

_BREAKDOWNS: Final[frozenset[FailureKind]] = frozenset(
    {"closed-early", "protocol", "undecodable", "too-large"}
)
"""Failures that are the endpoint's own where the same request always meets them."""


def is_passing(exchange: Exchange, edition: Edition) -> bool:
    """Whether the same request may fare better in a moment: a 429, or a 5xx to be retried."""
    error = exchange.error
    if exchange.failure is not None or error is None or error.status is None:
        return False
    rows = rows_of(edition, error)
    if error.status == 429:
        return not is_of_account(edition, error) or any(row.retryable for row in rows)
    if any(row.induced_by == "request" and not row.varies for row in rows):
        return False
    return error.status >= 500 and any(row.retryable for row in rows)


def is_breakdown(exchange: Exchange, edition: Edition) -> bool:
    """Whether an endpoint that always answers like this, to this request only, is at fault."""
    if exchange.failure is not None:
        return exchange.failure.kind in _BREAKDOWNS
    error = exchange.error
    status = (error.status if error else exchange.status) or 0
    if error is not None and is_of_account(edition, error):
        return False
    return status in (401, 403) or status >= 500


def is_of_account(edition: Edition, error: ErrorAnswer) -> bool:
    """Whether an error is a row about the account or the hour, whatever was asked."""
    rows = rows_of(edition, error)
    return bool(rows) and all(row.induced_by in ("account", "time") for row in rows)


def rows_of(edition: Edition, error: ErrorAnswer) -> list[c.ErrorClause]:
    """The edition's error rows that an error may be: by status and code, and by its message
    where that tells them apart."""
    rows = [
        row
        for row in edition.errors.values()
        if error.code == row.code
        and (error.status in (row.status, *row.other_statuses) or _untold(edition, error))
    ]
    said = [row for row in rows if row.varies or edition.says(row.pattern, error.message or "")]
    return said or rows


def _untold(edition: Edition, error: ErrorAnswer) -> bool:
    """Whether an error stands in a stream that began well and has no place for its status.

    Native frames state it in a comment; those of the OpenAI dialect can't.
    """
    return error.in_stream and error.status == 200 and edition.surface == "openai"


def accepted(exchange: Exchange, expected: str, edition: Edition) -> Exchange:
    """``exchange`` where it is a whole answer with no error in it."""
    cannot_tell(exchange, edition)
    error = exchange.error
    if error is not None:
        if error.status is not None and error.status >= 500:
            raise Inconclusive(f"the endpoint answered {told(error)}", exchange.id)
        raise Violation(expected, told(error), exchange.id)
    if exchange.status is None or not 200 <= exchange.status < 300:
        raise Inconclusive(f"the endpoint answered with status {exchange.status}", exchange.id)
    return exchange


def cannot_tell(exchange: Exchange, edition: Edition) -> None:
    """Inconclusive where nothing about the request can be learnt from its answer."""
    if exchange.failure is not None:
        raise Inconclusive(broke_off(exchange), exchange.id)
    error = exchange.error
    status = error.status if error else exchange.status
    if status in (401, 403):
        raise Inconclusive(f"the key was refused ({told(error) if error else status})", exchange.id)
    if status == 429:
        raise Inconclusive("the endpoint asks for fewer requests (429)", exchange.id)
    if error is not None and is_of_account(edition, error):
        raise Inconclusive(f"the account stands against it: {told(error)}", exchange.id)


def broke_off(exchange: Exchange) -> str:
    """What came in place of a whole answer, in one line."""
    if exchange.failure is not None:
        return f"{exchange.failure.kind}: {exchange.failure.detail}"
    return told(exchange.error) if exchange.error else f"status {exchange.status}"


def refused(
    probe: Probe, exchange: Exchange, clause: c.ClauseBase, *, control: Exchange
) -> Exchange:
    """``exchange`` where it is the refusal that the documents state for breaking ``clause``."""
    cannot_tell(exchange, probe.edition)
    try:
        accepted(control, "an answer", probe.edition)
    except (Violation, Inconclusive) as problem:
        raise Inconclusive(
            f"no baseline: the request without the fault was not accepted ({problem})", control.id
        ) from None
    row = probe.edition.error_for(clause)
    expected = expectation(row)
    error = exchange.error
    if error is None:
        raise Violation(expected, f"an answer with status {exchange.status}", exchange.id)
    _hold_to(probe.edition, row, clause, error, expected, exchange)
    _hold_shape(probe, error, exchange)
    return exchange


def expectation(row: c.ErrorClause | None) -> str:
    """What a documented refusal looks like, in words."""
    if row is None:
        return "a refusal with a status of 4xx"
    return f"a refusal with {row.status}{f' {row.code}' if row.code else ''}"


def told(error: ErrorAnswer) -> str:
    """An error as the endpoint told it, in one short line."""
    message = patterns.tidy(error.message or "")
    shown = message if len(message) <= 160 else message[:157] + "..."
    words = [str(error.status), (error.code or "")[:80], f'"{shown}"' if shown else ""]
    where = " inside the stream" if error.in_stream else ""
    return " ".join(word for word in words if word) + where


def _hold_to(
    edition: Edition,
    row: c.ErrorClause | None,
    clause: c.ClauseBase,
    error: ErrorAnswer,
    expected: str,
    exchange: Exchange,
) -> None:
    status = error.status or 0
    allowed = (row.status, *row.other_statuses) if row else tuple(range(400, 500))
    if status not in allowed and not _untold(edition, error):
        raise Violation(expected, told(error), exchange.id)
    if row is None:
        return
    missing_is_fine = row.code_may_be_missing and error.code is None
    if row.code is not None and error.code != row.code and not missing_is_fine:
        raise Violation(expected, told(error), exchange.id)
    pattern = clause.message or (None if row.varies else row.pattern)
    if pattern and not edition.says(pattern, error.message or ""):
        raise Violation(f'{expected} and the message "{pattern}"', told(error), exchange.id)


def _hold_shape(probe: Probe, error: ErrorAnswer, exchange: Exchange) -> None:
    wanted = "stream_error" if error.in_stream else "error"
    for shape in probe.edition.of_kind(c.ShapeClause, probe.model):
        if shape.of == wanted and shape.level == "must":
            fault = first_fault(shape, error.body)
            if fault:
                raise Violation(f"an error body as documented ({shape.id})", fault, exchange.id)


def first_fault(shape: c.ShapeClause, body: object) -> str | None:
    """The first place where ``body`` departs from a documented shape; None where it fits."""
    validator = _validator(shape)
    faults = sorted(validator.iter_errors(body), key=lambda fault: list(map(str, fault.path)))
    if not faults:
        return None
    place = ".".join(map(str, faults[0].path)) or "the body"
    return f"{place}: {faults[0].message[:200]}"


_validators: dict[int, tuple[c.ShapeClause, Any]] = {}


def _validator(shape: c.ShapeClause) -> Any:
    kept = _validators.get(id(shape))
    if kept is None or kept[0] is not shape:
        kept = shape, jsonschema.Draft202012Validator(shape.schema)
        _validators[id(shape)] = kept
    return kept[1]
