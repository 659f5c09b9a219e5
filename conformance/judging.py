"""Whether an answer accepts a request, or refuses it as documented.

A refusal counts only with a positive control: the same request without the fault was accepted
in this run. A dead port, a wrong key or a 429 proves nothing, about accepting or refusing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsonschema

from tokenassay.conformance.exchanges import ErrorAnswer, Exchange
from tokenassay.conformance.failures import Inconclusive, Violation
from tokenassay.contracts import clauses as c
from tokenassay.contracts import patterns
from tokenassay.contracts.edition import Edition

if TYPE_CHECKING:
    from tokenassay.conformance.probe import Probe


def worth_retrying(exchange: Exchange, edition: Edition) -> bool:
    """Whether the same request may fare better in a moment."""
    if exchange.failure is not None:
        return False
    error = exchange.error
    if error is None or error.status is None:
        return False
    return error.status == 429 or (
        error.status >= 500 and any(row.retryable for row in _rows(edition, error))
    )


def accepted(exchange: Exchange, expected: str) -> Exchange:
    """``exchange`` where it is a whole answer with no error in it."""
    cannot_tell(exchange)
    error = exchange.error
    if error is not None:
        if error.status is not None and error.status >= 500:
            raise Inconclusive(f"the endpoint answered {told(error)}", exchange.id)
        raise Violation(expected, told(error), exchange.id)
    if exchange.status is None or not 200 <= exchange.status < 300:
        raise Inconclusive(f"the endpoint answered with status {exchange.status}", exchange.id)
    return exchange


def cannot_tell(exchange: Exchange) -> None:
    """Inconclusive where nothing about the request can be learnt from its answer."""
    if exchange.failure is not None:
        failure = exchange.failure
        raise Inconclusive(f"{failure.kind}: {failure.detail}", exchange.id)
    error = exchange.error
    status = error.status if error else exchange.status
    if status in (401, 403):
        raise Inconclusive(f"the key was refused ({told(error) if error else status})", exchange.id)
    if status == 429:
        raise Inconclusive("the endpoint asks for fewer requests (429)", exchange.id)


def refused(
    probe: Probe, exchange: Exchange, clause: c.ClauseBase, *, control: Exchange
) -> Exchange:
    """``exchange`` where it is the refusal that the documents state for breaking ``clause``."""
    cannot_tell(exchange)
    try:
        accepted(control, "an answer")
    except (Violation, Inconclusive) as problem:
        raise Inconclusive(
            f"no baseline: the request without the fault was not accepted ({problem})", control.id
        ) from None
    row = probe.edition.error_for(clause)
    expected = expectation(row)
    error = exchange.error
    if error is None:
        raise Violation(expected, f"an answer with status {exchange.status}", exchange.id)
    _hold_to(row, clause, error, expected, exchange)
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
    words = [str(error.status), error.code or "", f'"{shown}"' if shown else ""]
    where = " inside the stream" if error.in_stream else ""
    return " ".join(word for word in words if word) + where


def _hold_to(
    row: c.ErrorClause | None,
    clause: c.ClauseBase,
    error: ErrorAnswer,
    expected: str,
    exchange: Exchange,
) -> None:
    status = error.status or 0
    allowed = (row.status, *row.other_statuses) if row else tuple(range(400, 500))
    if status not in allowed:
        raise Violation(expected, told(error), exchange.id)
    if row is None:
        return
    missing_is_fine = row.code_may_be_missing and error.code is None
    if row.code is not None and error.code != row.code and not missing_is_fine:
        raise Violation(expected, told(error), exchange.id)
    pattern = clause.message or (None if row.varies else row.pattern)
    if pattern and not _says(pattern, error.message or ""):
        raise Violation(f'{expected} and the message "{pattern}"', told(error), exchange.id)


def _says(pattern: str, message: str) -> bool:
    """Messages vary by a layer's prefix and by a link to the help pages at their end."""
    text = patterns.tidy(message)
    text = text.partition(" For details, see:")[0]
    if text.startswith("<") and "> " in text:
        text = text.partition("> ")[2]
    text = text.removeprefix("InternalError.Algo.InvalidParameter: ")
    return patterns.matches(pattern, message) or patterns.matches(pattern, text)


def _hold_shape(probe: Probe, error: ErrorAnswer, exchange: Exchange) -> None:
    wanted = "stream_error" if error.in_stream else "error"
    for shape in probe.edition.of_kind(c.ShapeClause, probe.model):
        if shape.of == wanted and shape.level == "must":
            fault = first_fault(shape, error.body)
            if fault:
                raise Violation(f"an error body as documented ({shape.id})", fault, exchange.id)


def first_fault(shape: c.ShapeClause, body: object) -> str | None:
    """The first place where ``body`` departs from a documented shape; None where it fits."""
    validator = jsonschema.Draft202012Validator(shape.schema)
    faults = sorted(validator.iter_errors(body), key=lambda fault: list(map(str, fault.path)))
    if not faults:
        return None
    place = ".".join(map(str, faults[0].path)) or "the body"
    return f"{place}: {faults[0].message[:200]}"


def _rows(edition: Edition, error: ErrorAnswer) -> list[c.ErrorClause]:
    return [row for row in edition.errors.values() if row.status == error.status]
