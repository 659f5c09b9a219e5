"""Refusals held to their documents, side by side: status, code, type, words, form and header."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, Violation
from tokenassay.conformance.judging import expectation, told
from tokenassay.conformance.probe import Probe
from tokenassay.contracts import clauses as c


def control(probe: Probe, stream: bool = False) -> Exchange:
    """The plain request that every refusal is measured against."""
    return probe.send(probe.body(), stream=stream)


def refuse_as(
    probe: Probe,
    exchange: Exchange,
    clause: c.ClauseBase,
    base: Exchange,
    what: str,
    *,
    rows: Iterable[c.ErrorClause] = (),
) -> Exchange:
    """``exchange`` where it is the documented refusal; a breach says ``what`` was sent.

    ``rows`` are error rows that the documents allow beside the clause's own.
    """
    try:
        try:
            probe.refused(exchange, clause, control=base)
        except Violation:
            if exchange.error is None or not any(says(probe, exchange, row) for row in rows):
                raise
        hold_type(exchange, probe.edition.error_for(clause))
        hold_header(probe, exchange)
    except Violation as violation:
        raise Violation(
            f"{what}: {violation.expected}", violation.observed, violation.exchange
        ) from None
    return exchange


def says(probe: Probe, exchange: Exchange, row: c.ErrorClause) -> bool:
    """Whether an answer is the error of a row: its status, its code and its words."""
    error = exchange.error
    if error is None or error.status not in (row.status, *row.other_statuses):
        return False
    if row.code is not None and error.code != row.code:
        return False
    return row.varies or probe.edition.says(row.pattern, error.message or "")


def hold_type(exchange: Exchange, row: c.ErrorClause | None) -> None:
    """The type of an error, where its row has one, is that of the row."""
    error = exchange.error
    if row is None or row.type is None or error is None or error.code != row.code:
        return
    if error.type is not None and error.type != row.type:
        raise Violation(f"{expectation(row)} of type {row.type}", f"type {error.type}", exchange.id)


def hold_header(probe: Probe, exchange: Exchange) -> None:
    """An error is announced as what it is: JSON, or a stream that it stands in.

    Clients read code and message of JSON alone; of anything else they show the raw text.
    """
    error = exchange.error
    if error is None or error.in_stream or exchange.content_type == "application/json":
        return
    announced = exchange.content_type or "no content type"
    if probe.edition.of_kind(c.ErrorClause):
        raise Violation("an error announced as application/json", announced, exchange.id)


def observe_either(probe: Probe, exchange: Exchange, what: str) -> None:
    """Note whether something that the documents leave open was accepted or refused."""
    try:
        probe.accepted(exchange)
    except Violation as violation:
        probe.observe(f"{what}: refused with {violation.observed}")
    except Inconclusive:
        if exchange.error is None:
            raise
        probe.observe(f"{what}: refused with {told(exchange.error)}")
    else:
        probe.observe(f"{what}: accepted")


def expect(
    probe: Probe,
    exchange: Exchange,
    clause: c.ClauseBase,
    base: Exchange,
    what: str,
    *,
    rows: Iterable[c.ErrorClause] = (),
) -> None:
    """Hold an answer to a refusal, or note it, where the documents leave that open."""
    if clause.level == "unspecified":
        observe_either(probe, exchange, what)
    else:
        refuse_as(probe, exchange, clause, base, what, rows=rows)


def laid(body: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of ``body`` with ``value`` at a dotted path."""
    changed = dict(body)
    head, _, rest = path.partition(".")
    inner = changed.get(head)
    changed[head] = (
        laid(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value
    )
    return changed
