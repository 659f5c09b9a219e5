"""What each target's own documents say of a difference: whether it is to be expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tokenassay.conformance.audit.readings import can_stream
from tokenassay.conformance.compare.asks import Ask
from tokenassay.conformance.compare.facets import ADDS_INPUT
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.judging import first_fault
from tokenassay.conformance.probe import Probe
from tokenassay.contracts import clauses as c
from tokenassay.contracts.records import Record
from tokenassay.estimators.refusals import Refusal
from tokenassay.estimators.requests import read_request

_RESPONSES = ("response", "message_response", "text_response", "tool_response")

_SHAPED = ("answer.style", "answer.form", "answer.role")
"""Facets that the documented shape of an answer decides."""


class Side(Record, frozen=True, kw_only=True):
    """Whether one target answers as its own documents say, and by which clauses."""

    as_documented: bool | None
    """None: they do not say."""
    clauses: tuple[str, ...] = ()


def judge(ask: Ask, probe: Probe, facet: str, exchange: Exchange) -> Side:
    """Whether an answer is what the target's own edition says of this request."""
    for ways in (_by_rules, _by_template, _by_stream, _by_shape):
        side = ways(ask, probe, facet, exchange)
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


def refusals(ask: Ask, probe: Probe) -> list[Refusal]:
    """What the target's own edition has against a request."""
    body = ask.body(probe)
    read = read_request(body, surface=probe.surface, streaming=ask.stream)
    estimate = probe.estimate(body) if ask.model is None else None
    tokens = estimate.input_tokens if estimate else None
    return list(probe.rules.check(read, input_tokens=tokens))


def _by_rules(ask: Ask, probe: Probe, facet: str, exchange: Exchange) -> Side | None:
    if facet != "acceptance" and not facet.startswith("refusal."):
        return None
    found = refusals(ask, probe)
    firm = [refusal for refusal in found if refusal.level != "unspecified"]
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
    told = row.message is None or probe.edition.says(row.message, error.message or "")
    fits = facet == "refusal.form" or (same and (told or facet != "refusal.message"))
    return Side(as_documented=fits, clauses=clauses)


def _by_template(ask: Ask, probe: Probe, facet: str, exchange: Exchange) -> Side | None:
    if facet != "usage.input" or ask.model is not None:
        return None
    counted = counted_input(ask, probe)
    usage = exchange.json.get("usage") if isinstance(exchange.json, Mapping) else None
    told = (usage or {}).get("input_tokens", (usage or {}).get("prompt_tokens"))
    return Side(as_documented=None if None in (told, counted) else told == counted)


def counted_input(ask: Ask, probe: Probe) -> int | None:
    """Input tokens by our count; None where no document lets one count them."""
    if ADDS_INPUT.intersection(ask.parameters):
        return None
    tokens: int | None = probe.estimate(ask.body(probe)).input_tokens
    return tokens


def _by_stream(ask: Ask, probe: Probe, facet: str, exchange: Exchange) -> Side | None:
    if facet != "answer.kind":
        return None
    streams = ask.stream and can_stream(probe.edition, probe.model)
    kind = "text/event-stream" if streams else "application/json"
    return Side(as_documented=exchange.content_type == kind)


def _by_shape(ask: Ask, probe: Probe, facet: str, exchange: Exchange) -> Side | None:
    """By the documented shapes of answers and by defaults: one of them has to fit."""
    if facet not in _SHAPED or exchange.is_stream:
        return None
    shapes = list(_shapes(probe))
    fitting = [shape.id for shape in shapes if first_fault(shape, exchange.json) is None]
    defaults = [
        clause.id
        for clause in probe.edition.of_kind(c.DefaultClause, probe.model)
        if clause.parameter == "result_format"
    ]
    if not shapes:
        return None
    return Side(as_documented=bool(fitting), clauses=(*fitting[:1], *defaults))


def _shapes(probe: Probe) -> Iterator[c.ShapeClause]:
    for shape in probe.edition.of_kind(c.ShapeClause, probe.model):
        if shape.of in _RESPONSES:
            yield shape
