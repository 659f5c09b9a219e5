"""The same requests to each target side by side, and what parts the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Final

from tokenassay.conformance import baseline, judging
from tokenassay.conformance.checking import Check
from tokenassay.conformance.compare.asking import asks
from tokenassay.conformance.compare.asks import Ask
from tokenassay.conformance.compare.differences import Difference, explains, keep, pruned
from tokenassay.conformance.compare.facets import DIALECT, TITLES, is_sound, is_surely_sound
from tokenassay.conformance.compare.foresights import Documents
from tokenassay.conformance.compare.judgements import keep_rows
from tokenassay.conformance.compare.predicting import expected, judge
from tokenassay.conformance.compare.shrinking import simpler
from tokenassay.conformance.compare.sides import Side
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Stopped
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.running import plan_of, run_promises
from tokenassay.conformance.sessions import Session
from tokenassay.contracts.records import Record

_STEPS: Final = 80
"""Requests that shrinking one difference may take of a target."""

_AGAIN: Final = 1
"""The repeat under which a difference is looked at once more."""


class Comparison(Record, frozen=True, kw_only=True):
    """What a comparison found."""

    asked: int
    differences: tuple[Difference, ...]
    unusable: Mapping[str, str]
    """Targets of which nothing could be established, and why."""
    stopped: Mapping[str, str]
    """Targets that a ceiling ended early."""
    not_run: Mapping[str, int]
    """Requests that a target was not asked or did not answer."""


class Comparer:
    """Asks all targets the same and finds what parts them."""

    def __init__(
        self, sessions: Sequence[Session], *, seed: int, examples: int, against: str | None = None
    ) -> None:
        documents: dict[tuple[str, str, str | None], Documents] = {}
        self._sides: dict[str, Side] = {}
        for session in sessions:
            target = session.target
            held_to = session.edition.id, target.model, target.contract
            side = Side(session, documents.get(held_to))
            documents[held_to] = side.documents
            self._sides[target.name] = side
        self._against = against
        self._standing: Counter[str] = Counter()
        probes = [side.probe for side in self._sides.values()]
        self.asks = asks(probes, seed, examples)

    def at_most(self) -> dict[str, tuple[int, Decimal | None, str | None, int]]:
        """Requests, money, its currency and tokens that asking takes at most, by target."""
        found = {}
        for name, side in self._sides.items():
            pricing = side.session.pricing
            each = [price for ask in self.asks if (price := side.at_most(ask)) is not None]
            money = sum((cost for cost, _ in each), Decimal(0)) if pricing.known else None
            found[name] = len(each), money, pricing.currency, sum(tokens for _, tokens in each)
        return found

    def run(self, workers: int = 4, told: Callable[[], None] | None = None) -> Comparison:
        """Ask everything, each target at its own pace, and shrink what differs."""
        sides = list(self._sides.values())
        self._side_by_side(lambda side: self._ask_all(side, workers, told))
        return Comparison(
            asked=len(self.asks),
            differences=tuple(self._differences()),
            unusable={side.name: side.unusable for side in sides if side.unusable},
            stopped={side.name: side.stopped for side in sides if side.stopped},
            not_run={side.name: self._missing(side) for side in sides},
        )

    def _side_by_side(self, work: Callable[[Side], None]) -> None:
        """Do it for each target in a thread of its own; an interrupt ends them all."""
        sides = list(self._sides.values())
        with ThreadPoolExecutor(max_workers=len(sides), thread_name_prefix="compare") as pool:
            try:
                list(pool.map(work, sides))
            except BaseException:
                for side in sides:
                    side.session.stopping.set()
                    side.session.wire.close()
                raise

    def check(self, suites: Sequence[Check], workers: int = 4) -> None:
        """Check the promises of each target's own edition, all targets side by side."""
        chosen = {suite.target.name: suite for suite in suites}
        self._side_by_side(lambda side: self._check(side, chosen[side.name], workers))

    def _check(self, side: Side, suite: Check, workers: int) -> None:
        plans = [plan_of(promise, suite.edition) for promise in suite.selected]
        side.session.run.plan(side.name, plans)
        run_promises(side.session, suite.selected, workers=workers)

    def keep_rows(self) -> None:
        """Put each request with each target's outcome into the run file, once it has run."""
        for side in self._sides.values():
            keep_rows(side, self.asks)

    def _missing(self, side: Side) -> int:
        return sum(side.seen.get((ask.key, 0)) is None for ask in self.asks)

    def _ask_all(self, side: Side, workers: int, told: Callable[[], None] | None) -> None:
        try:
            side.unusable = baseline.unusable_because(Probe(side.session, "baseline"))
        except Stopped as stop:
            side.stopped = stop.why
        if side.unusable or side.stopped:
            return

        def ask(one: Ask) -> None:
            side.look(one)
            if told is not None:
                told()

        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="compare") as pool:
            try:
                list(pool.map(ask, self.asks))
            except BaseException:
                side.session.stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    # ------------------------------------------------------------------ differences

    def _differences(self) -> Iterator[Difference]:
        found: list[Difference] = []
        self._standing = self._agreement()
        for ask in sorted(self.asks, key=lambda ask: ask.size):
            looks = {name: side.look(ask) for name, side in self._sides.items()}
            for facet in TITLES:
                # Who is known to differ here is left out, so that the others show.
                known = {
                    name
                    for name in looks
                    if not is_surely_sound(facet, looks[name].get(facet))
                    and any(
                        explains(difference, facet, name, ask, looks[name]) for difference in found
                    )
                }
                left = {name: look for name, look in looks.items() if name not in known}
                for reference, deviants in self._parted(ask, facet, left):
                    difference = self._shrunk(facet, ask, reference, deviants)
                    if difference is not None:
                        keep(found, difference)
        yield from pruned(found)

    def _parted(
        self, ask: Ask, facet: str, looks: Mapping[str, Mapping[str, str]]
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The target to measure by, and those that answer otherwise, class by class."""
        told = {name: look[facet] for name, look in looks.items() if facet in look}
        if len(set(told.values())) < 2:
            return
        reference = self._reference(ask, facet, told)
        surface = self._sides[reference].probe.surface
        classes: dict[str, list[str]] = {}
        for name, value in told.items():
            alien = facet in DIALECT and self._sides[name].probe.surface != surface
            if value != told[reference] and not alien:
                classes.setdefault(value, []).append(name)
        for names in classes.values():
            yield reference, tuple(names)

    def _reference(self, ask: Ask, facet: str, told: Mapping[str, str]) -> str:
        """The baseline, else one that keeps to its documents, of the largest class of such."""
        if self._against is not None and self._against in told:
            return self._against
        sizes = Counter(told.values())

        def rank(name: str) -> tuple[bool, int, bool, int]:
            return (
                self._as_documented(ask, facet, name),
                sizes[told[name]],
                is_sound(facet, told[name]),
                self._standing[name],
            )

        return max(told, key=rank)

    def _as_documented(self, ask: Ask, facet: str, name: str) -> bool:
        side = self._sides[name]
        exchange = side.exchange(ask)
        if exchange is None or ask.errand:
            return True
        return judge(ask, side.documents, facet, exchange).as_documented is not False

    def _agreement(self) -> Counter[str]:
        """How often each target answers as most do."""
        found: Counter[str] = Counter()
        for ask in self.asks:
            looks = {name: side.look(ask) for name, side in self._sides.items()}
            for facet in TITLES:
                told = {name: look[facet] for name, look in looks.items() if facet in look}
                sizes = Counter(told.values())
                found.update(
                    name
                    for name, value in told.items()
                    if len(told) > 1 and 2 * sizes[value] > len(told)
                )
        return found

    def _shrunk(
        self, facet: str, ask: Ask, reference: str, deviants: tuple[str, ...]
    ) -> Difference | None:
        """The difference at the smallest request that shows it; None where it does not repeat."""
        one, other = self._sides[reference], self._sides[deviants[0]]

        def shows(candidate: Ask, repeat: int = 0) -> bool:
            left, right = one.look(candidate, repeat), other.look(candidate, repeat)
            if facet not in left or facet not in right or left[facet] == right[facet]:
                return False
            if facet.startswith("usage.") or facet.endswith(".message"):
                return True
            wanted = one.look(ask)[facet], other.look(ask)[facet]
            return (left[facet], right[facet]) == wanted or facet not in _CATEGORICAL

        if not shows(ask, _AGAIN):
            return None
        smallest, steps = ask, 0
        shrinking = True
        while shrinking and steps < _STEPS:
            shrinking = False
            for candidate in simpler(smallest):
                if candidate.size >= smallest.size and not _plainer(candidate, smallest):
                    continue
                steps += 1
                if shows(candidate):
                    smallest, shrinking = candidate, True
                    break
                if steps >= _STEPS:
                    break
        return self._described(facet, smallest, reference, deviants)

    def _told(self, side: Side, facet: str, ask: Ask, exchange: Exchange) -> str:
        """What a target answered; of a list of fields only those that not all have."""
        if facet == "acceptance" and exchange.error is not None:
            return f"refused: {judging.told(exchange.error)}"
        seen = side.look(ask).get(facet, "not to be seen")
        if not facet.endswith(".form") or facet not in side.look(ask):
            return seen
        looks = [other.look(ask) for other in self._sides.values()]
        lists = [set(look[facet].split(", ")) for look in looks if facet in look]
        own = [field for field in seen.split(", ") if field not in set.intersection(*lists)]
        return ", ".join(own) or "no field beyond those of all"

    def _described(
        self, facet: str, ask: Ask, reference: str, deviants: tuple[str, ...]
    ) -> Difference:
        look = self._sides[deviants[0]].look(ask)
        answers, exchanges, clauses = {}, {}, {}
        sides, editions = [], []
        for name, side in self._sides.items():
            exchange = side.exchange(ask)
            if exchange is None:
                continue
            answers[name] = self._told(side, facet, ask, exchange)
            exchanges[name] = exchange.id
            if name == reference or name in deviants:
                judged = judge(ask, side.documents, facet, exchange)
                clauses[name] = judged.clauses
                sides.append(judged)
                editions.append(side.probe.edition.id)
        return Difference(
            facets=(facet,),
            ask=ask,
            reference=reference,
            deviants=deviants,
            values={name: value for name, value in look.items() if name in (facet, _SAID)},
            answers=answers,
            exchanges=exchanges,
            documented=expected(sides, editions),
            clauses=clauses,
        )


_SAID: Final = "refusal.message"

_CATEGORICAL: Final = frozenset({"acceptance", "refusal.status"})
"""Facets whose values must stay as they are while a request is made smaller."""


def _plainer(candidate: Ask, than: Ask) -> bool:
    """Whether a request of the same size has shorter values."""
    return candidate.size <= than.size and len(candidate.key) < len(than.key)
