"""What each target's own documents say of a difference: whether it is to be expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tokenassay.conformance.compare.asks import Ask
from tokenassay.conformance.compare.foresights import Documents
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.judging import first_fault
from tokenassay.contracts.records import Record

_SHAPED = ("answer.style", "answer.form", "answer.role")
"""Facets that the documented shape of an answer decides."""


class Side(Record, frozen=True, kw_only=True):
    """Whether one target answers as its own documents say, and by which clauses."""

    as_documented: bool | None
    """None: they do not say."""
    clauses: tuple[str, ...] = ()


def judge(ask: Ask, documents: Documents, facet: str, exchange: Exchange) -> Side:
    """Whether an answer is what the target's own edition says of this request."""
    for ways in (_by_rules, _by_template, _by_stream, _by_shape):
        side = ways(ask, documents, facet, exchange)
        if side is not None:
            return side
    return Side(as_documented=None)


def expected(sides: Sequence[Side], editions: Sequence[str]) -> bool | None:
    """Whether a difference is one between documents; None where they do not tell.

    Between endpoints that are held to the same documents none is.
    """
    if any(side.as_documented is False for side in sides) or len(set(editions)) == 1:
        return False
    return True if all(side.as_documented for side in sides) else None


def _by_rules(ask: Ask, documents: Documents, facet: str, exchange: Exchange) -> Side | None:
    if facet != "acceptance" and not facet.startswith("refusal."):
        return None
    found, firm = documents.of(ask).refusals, documents.of(ask).firm
    clauses = tuple(refusal.clause for refusal in found[:1])
    error = exchange.error
    if facet == "acceptance":
        if found and not firm:
            return Side(as_documented=True, clauses=clauses)  # left open: either will do
        if exchange.failure is not None:
            return Side(as_documented=False)
        return Side(as_documented=bool(firm) == (error is not None), clauses=clauses)
    if not firm or error is None:
        return Side(as_documented=None if not found else not firm, clauses=clauses)
    row = firm[0]
    if row.status is None:
        return Side(as_documented=True, clauses=clauses)
    same = row.status == error.status and row.code in (None, error.code)
    told = row.message is None or documents.edition.says(row.message, error.message or "")
    fits = facet == "refusal.form" or (same and (told or facet != "refusal.message"))
    return Side(as_documented=fits, clauses=clauses)


def _by_template(ask: Ask, documents: Documents, facet: str, exchange: Exchange) -> Side | None:
    if facet != "usage.input" or ask.model is not None:
        return None
    counted = documents.of(ask).counted
    usage = exchange.json.get("usage") if isinstance(exchange.json, Mapping) else None
    told = (usage or {}).get("input_tokens", (usage or {}).get("prompt_tokens"))
    return Side(as_documented=None if None in (told, counted) else told == counted)


def _by_stream(ask: Ask, documents: Documents, facet: str, exchange: Exchange) -> Side | None:
    if facet != "answer.kind":
        return None
    streams = ask.stream and documents.streams
    kind = "text/event-stream" if streams else "application/json"
    return Side(as_documented=exchange.content_type == kind)


def _by_shape(ask: Ask, documents: Documents, facet: str, exchange: Exchange) -> Side | None:
    """By the documented shapes of answers and by defaults: one of them has to fit."""
    if facet not in _SHAPED or exchange.is_stream:
        return None
    shapes = documents.shapes
    fitting = [shape.id for shape in shapes if first_fault(shape, exchange.json) is None]
    if not shapes:
        return None
    return Side(as_documented=bool(fitting), clauses=(*fitting[:1], *documents.formats))
