"""What an edition says of each request, thought out once for all targets that are held to it."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

from tokenassay.conformance.audit.readings import can_stream
from tokenassay.conformance.compare.asks import Ask
from tokenassay.conformance.compare.facets import ADDS_INPUT
from tokenassay.conformance.probe import Probe
from tokenassay.contracts import clauses as c
from tokenassay.contracts.records import Level, Record
from tokenassay.estimators.records import Basis
from tokenassay.estimators.refusals import Refusal
from tokenassay.estimators.requests import read_request

_RESPONSES: Final = ("response", "message_response", "text_response", "tool_response")


class Foresight(Record, frozen=True, kw_only=True):
    """One request by the documents of one edition and model."""

    refusals: tuple[Refusal, ...]
    firm: tuple[Refusal, ...]
    """Those that the documents do not leave open."""
    counted: int | None
    """Input tokens; None where no document lets one count them."""
    basis: Basis | None
    clause: c.Clause | None
    """What decides how it is to be answered; None where the documents do not speak of it."""
    level: Level


class Documents:
    """The documents of one edition for one model."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self.edition = probe.edition
        self._known: dict[str, Foresight] = {}

    def of(self, ask: Ask) -> Foresight:
        """What they say of a request."""
        if ask.key not in self._known:
            self._known[ask.key] = self._foresee(ask)
        return self._known[ask.key]

    @cached_property
    def shapes(self) -> tuple[c.ShapeClause, ...]:
        """Shapes that a whole answer may have."""
        shapes = self.edition.of_kind(c.ShapeClause, self._probe.model)
        return tuple(shape for shape in shapes if shape.of in _RESPONSES)

    @cached_property
    def formats(self) -> tuple[str, ...]:
        """Ids of the clauses that say which form an answer has unless another is asked for."""
        return tuple(
            clause.id
            for clause in self.edition.of_kind(c.DefaultClause, self._probe.model)
            if clause.parameter == "result_format"
        )

    @cached_property
    def streams(self) -> bool:
        """Whether they have streams."""
        return can_stream(self.edition, self._probe.model)

    def _foresee(self, ask: Ask) -> Foresight:
        probe = self._probe
        if ask.errand:
            return Foresight(
                refusals=(), firm=(), counted=None, basis=None, clause=None, level="unspecified"
            )
        body = ask.body(probe)
        estimate: Any = probe.estimate(body) if ask.model is None else None
        tokens = estimate.input_tokens if estimate else None
        read = read_request(body, surface=probe.surface, streaming=ask.stream)
        found = probe.rules.check(read, input_tokens=tokens)
        firm = tuple(refusal for refusal in found if refusal.level != "unspecified")
        clause, level = self._clause(ask, found, firm)
        return Foresight(
            refusals=tuple(found),
            firm=firm,
            counted=None if ADDS_INPUT.intersection(ask.parameters) else tokens,
            basis=estimate.basis if estimate else None,
            clause=clause,
            level=level,
        )

    def _clause(
        self, ask: Ask, found: tuple[Refusal, ...], firm: tuple[Refusal, ...]
    ) -> tuple[c.Clause | None, Level]:
        probe, edition = self._probe, self.edition
        known = edition.parameters(probe.model)
        if ask.model is not None or not ask.keyed:
            return None, "unspecified"
        if found:
            first = (firm or found)[0]
            return edition.get(first.clause), first.level if firm else "unspecified"
        if any(name not in known for name in ask.parameters):
            return None, "unspecified"
        for name in ask.parameters:
            parameter = known[name]
            clause = parameter.range_clause or parameter.choice or parameter.declared
            return clause, clause.level
        endpoint = probe.operation("generate" if probe.surface == "native" else "chat")
        return endpoint, endpoint.level
