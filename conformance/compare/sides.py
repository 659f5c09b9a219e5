"""One target of a comparison: what it was asked, and what is to be seen in its answers."""

from __future__ import annotations

from typing import Final

from tokenassay.conformance import judging
from tokenassay.conformance.compare.asks import Ask
from tokenassay.conformance.compare.facets import observe
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun, Stopped
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.sessions import Session

NAME: Final = "compare"
"""Under which its exchanges stand in the run file."""


class Side:
    """One target: its session, and what it was asked so far."""

    def __init__(self, session: Session) -> None:
        self.session, self.name = session, session.target.name
        self.probe = Probe(session, NAME)
        self.seen: dict[tuple[str, int], tuple[dict[str, str], Exchange] | None] = {}
        self.unusable: str | None = None
        self.stopped: str | None = None

    def look(self, ask: Ask, repeat: int = 0) -> dict[str, str]:
        """The facets of its answer; none where it can't be asked or nothing can be told."""
        found = self._look(ask, repeat)
        return found[0] if found else {}

    def exchange(self, ask: Ask) -> Exchange | None:
        found = self._look(ask, 0)
        return found[1] if found else None

    def _look(self, ask: Ask, repeat: int) -> tuple[dict[str, str], Exchange] | None:
        key = ask.key, repeat
        if key not in self.seen:
            self.seen[key] = self._ask(ask, repeat)
        return self.seen[key]

    def _ask(self, ask: Ask, repeat: int) -> tuple[dict[str, str], Exchange] | None:
        if self.unusable or self.stopped or ask.family in self.session.target.unsupported:
            return None
        probe = Probe(self.session, NAME)
        try:
            body = ask.body(probe)
            if probe.too_dear(body):
                return None
            exchange = probe.send(body, stream=ask.stream, repeat=repeat, key=ask.keyed)
            if exchange.failure is not None and exchange.failure.kind.startswith("timeout"):
                return None
            if exchange.failure is None and ask.keyed:
                judging.cannot_tell(exchange, probe.edition)
        except Stopped as stop:
            self.stopped = stop.why
            return None
        except (Inconclusive, NotRun):
            return None
        return observe(ask, probe, exchange), exchange
