"""Each request of a comparison as a row of the matrix: what each target's own documents say of it.

It needs no request beyond those that are compared; promises, which look closer, are another run.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from typing import Final

from tokenassay.conformance import judging
from tokenassay.conformance.compare.asks import Ask
from tokenassay.conformance.compare.facets import TITLES
from tokenassay.conformance.compare.foresights import Documents, Foresight
from tokenassay.conformance.compare.predicting import judge
from tokenassay.conformance.compare.sides import NAME, Side
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.outcomes import Outcome, Verdict
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.reading import counts
from tokenassay.conformance.rundb import Planned
from tokenassay.conformance.spend import last_usage

_LONGEST_NAME: Final = 60
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")
_LOOKED_AT: Final = (
    "acceptance",
    "refusal.status",
    "refusal.code",
    "answer.kind",
    "answer.style",
    "answer.form",
    "answer.role",
    "usage.input",
)
"""Facets that documents decide, the broadest first."""


def keep_rows(side: Side, asks: Iterable[Ask]) -> None:
    """Put a row for each request into the run file, with the target's outcome."""
    run, rows = side.session.run, [(name_of(ask), ask) for ask in asks]
    run.plan(side.name, [_planned(name, ask, side.documents) for name, ask in rows])
    for name, ask in rows:
        if side.unusable is None:
            run.keep(side.name, _verdict(name, ask, side))
        _note_meter(name, ask, side)


def name_of(ask: Ask) -> str:
    """A request as a statement in snake_case, the same for all targets."""
    words = _NO_WORD.sub("_", re.sub(r"-(?=\d)", "minus ", ask.said.lower())).strip("_")
    if len(words) > _LONGEST_NAME or ask.messages:
        words = f"{words[:_LONGEST_NAME].rstrip('_')}_{zlib.crc32(ask.key.encode()):08x}"
    return f"{words}_is_answered_as_documented"


def _planned(name: str, ask: Ask, documents: Documents) -> Planned:
    clause = documents.of(ask).clause
    cited = "" if clause is None else str(documents.edition.cite(clause))
    return Planned(
        id=name,
        family=ask.family,
        clause="" if clause is None else clause.id,
        level=documents.of(ask).level,
        title=ask.said,
        statement="The documents do not speak of it." if clause is None else clause.text,
        source=cited,
    )


def _verdict(name: str, ask: Ask, side: Side) -> Verdict:
    exchange = side.exchange(ask)
    if exchange is None:
        outcome, why = side.without(ask)
        return Verdict(promise=name, outcome=outcome, why=why)
    look, foreseen = side.look(ask), side.documents.of(ask)
    level = foreseen.level
    seen = _seen(exchange)
    if level == "unspecified":
        return Verdict(promise=name, outcome="observed", observed=seen, exchange=exchange.id)
    for facet in _LOOKED_AT:
        if facet not in look:
            continue
        if judge(ask, side.documents, facet, exchange).as_documented is not False:
            continue
        if facet == "usage.input" and foreseen.basis != "exact":
            level = "should"
        broken: Outcome = "violated" if level == "must" else "non-strict"
        expected, observed = _expected(foreseen, facet), seen
        if facet == "usage.input":
            observed = f"{look[facet]} tokens"
        return Verdict(
            promise=name,
            outcome=broken,
            expected=expected,
            observed=observed,
            exchange=exchange.id,
        )
    return Verdict(promise=name, outcome="kept", exchange=exchange.id)


def _seen(exchange: Exchange) -> str:
    if exchange.failure is not None:
        return f"no whole answer ({exchange.failure.kind})"
    return "an answer" if exchange.error is None else f"refused: {judging.told(exchange.error)}"


def _expected(foreseen: Foresight, facet: str) -> str:
    firm = foreseen.firm
    if firm:
        status = "" if firm[0].status is None else f", {firm[0].status}"
        return f"a refusal{status}{f' {firm[0].code}' if firm[0].code else ''}"
    if facet == "usage.input":
        return f"{foreseen.counted} tokens of input"
    return "an answer" if facet == "acceptance" else f"{TITLES[facet]} as in the documents"


def _note_meter(name: str, ask: Ask, side: Side) -> None:
    """Put counted and billed input into the run file, for the picture of the meter."""
    exchange = side.exchange(ask)
    if exchange is None or ask.errand or exchange.error is not None or ask.model is not None:
        return
    billed, _ = counts(last_usage(exchange), side.probe.surface)
    foreseen = side.documents.of(ask)
    if billed is not None and foreseen.counted is not None and foreseen.basis is not None:
        Probe(side.session, NAME).meter_point(
            name,
            counted=foreseen.counted,
            billed=billed,
            basis=foreseen.basis,
            what=ask.said,
        )
