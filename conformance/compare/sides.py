"""One target of a comparison: what it was asked, and what is to be seen in its answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tokenassay.conformance import judging
from tokenassay.conformance.compare.asks import Ask
from tokenassay.conformance.compare.errands import batch_body, run_errand
from tokenassay.conformance.compare.facets import observe
from tokenassay.conformance.compare.foresights import Documents
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun, Stopped, Violation
from tokenassay.conformance.outcomes import Outcome
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.requests import is_dearer
from tokenassay.conformance.sessions import Session

NAME: Final = "compare"
"""Under which its exchanges stand in the run file."""


class Side:
    """One target: its session, and what it was asked so far."""

    def __init__(self, session: Session, documents: Documents | None = None) -> None:
        self.session, self.name = session, session.target.name
        self.probe = Probe(session, NAME)
        self.documents = documents or Documents(self.probe)
        self.seen: dict[tuple[str, int], tuple[dict[str, str], Exchange] | None] = {}
        self._without: dict[str, tuple[Outcome, str]] = {}
        self.unusable: str | None = None
        self.stopped: str | None = None

    def look(self, ask: Ask, repeat: int = 0) -> dict[str, str]:
        """The facets of its answer; none where it can't be asked or nothing can be told."""
        found = self._look(ask, repeat)
        return found[0] if found else {}

    def exchange(self, ask: Ask) -> Exchange | None:
        found = self._look(ask, 0)
        return found[1] if found else None

    def without(self, ask: Ask) -> tuple[Outcome, str]:
        """What becomes of a request that has no answer, or none that tells anything, and why."""
        absent = sorted(ask.needs.intersection(self.session.target.unsupported))
        if absent:
            return "not-run", f"{self.name} does not claim to support {', '.join(absent)}"
        reason = self.unusable or self.stopped or "it was not asked"
        return self._without.get(ask.key, ("not-run", reason))

    def at_most(self, ask: Ask) -> tuple[Decimal, int] | None:
        """The most money and tokens that it can take; None where it will not be asked."""
        body = batch_body(self.probe) if ask.errand else ask.body(self.probe)
        return None if is_dearer(self.probe, body) else self.session.pricing.at_most(body)

    def _look(self, ask: Ask, repeat: int) -> tuple[dict[str, str], Exchange] | None:
        key = ask.key, repeat
        if key not in self.seen:
            self.seen[key] = self._ask(ask, repeat)
        return self.seen[key]

    def _ask(self, ask: Ask, repeat: int) -> tuple[dict[str, str], Exchange] | None:
        unsupported = ask.needs.intersection(self.session.target.unsupported)
        if self.unusable or self.stopped or unsupported:
            return None
        probe = Probe(self.session, NAME)
        truth = None
        try:
            if ask.errand:
                exchange, truth = run_errand(probe, ask.errand, repeat)
            else:
                body = ask.body(probe)
                if is_dearer(probe, body):
                    raise NotRun("one answer to it could cost too much")
                # Where the documents themselves refuse it by a 500, to insist is of no use.
                due = [refusal.status or 0 for refusal in self.documents.of(ask).firm]
                exchange = probe.send(
                    body,
                    stream=ask.stream,
                    repeat=repeat,
                    key=ask.keyed,
                    retry=max(due, default=0) < 500,
                )
            if exchange.failure is not None and exchange.failure.kind.startswith("timeout"):
                raise Inconclusive(f"no answer in time ({exchange.failure.kind})", exchange.id)
            if exchange.failure is None and ask.keyed:
                judging.cannot_tell(exchange, probe.edition)
        except Stopped as stop:
            self.stopped = stop.why
            return None
        except Inconclusive as doubt:
            self._without[ask.key] = "inconclusive", doubt.why
            return None
        except NotRun as skipped:
            self._without[ask.key] = "not-run", skipped.why
            return None
        except Violation as broken:  # of a step before the last: an upload that was refused
            found = self.session.run.exchange(broken.exchange or 0)
            if found is None:
                return None
            exchange = found
        return observe(ask, probe, exchange, truth), exchange
