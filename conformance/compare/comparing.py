"""The same requests to each target side by side, and what parts the answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from tokenassay.conformance import baseline, judging
from tokenassay.conformance.compare.asks import Ask, asks, simpler
from tokenassay.conformance.compare.facets import DIALECT, TITLES, observe
from tokenassay.conformance.compare.predicting import expected, judge
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun, Stopped
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.sessions import Session
from tokenassay.contracts.records import Record

NAME: Final = "compare"
"""Under which its exchanges stand in the run file."""

_STEPS: Final = 80
"""Requests that shrinking one difference may take of a target."""

_AGAIN: Final = 1
"""The repeat under which a difference is looked at once more."""


class Difference(Record, frozen=True, kw_only=True):
    """One way in which some targets answer otherwise than the others."""

    facets: tuple[str, ...]
    """What differs, by names of :data:`facets.TITLES`."""
    ask: Ask
    """The smallest request that was found to show it."""
    reference: str
    deviants: tuple[str, ...]
    answers: Mapping[str, str]
    """What each target answered, as far as it was looked at."""
    exchanges: Mapping[str, int]
    documented: bool | None
    """Whether the targets' own documents differ there; None where they do not tell."""
    clauses: Mapping[str, tuple[str, ...]]

    @property
    def promise(self) -> str:
        """The broken statement in snake_case."""
        return TITLES[self.facets[0]].replace(" ", "_")


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


class _Side:
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


class Comparer:
    """Asks all targets the same and finds what parts them."""

    def __init__(
        self, sessions: Sequence[Session], *, seed: int, examples: int, against: str | None = None
    ) -> None:
        self._sides = {session.target.name: _Side(session) for session in sessions}
        self._against = against
        probes = [side.probe for side in self._sides.values()]
        self.asks = asks(probes, seed, examples)

    def at_most(self) -> dict[str, tuple[int, Decimal | None, str | None, int]]:
        """Requests, money, its currency and tokens that asking takes at most, by target."""
        found = {}
        for name, side in self._sides.items():
            pricing = side.session.pricing
            each = [
                pricing.at_most(ask.body(side.probe))
                for ask in self.asks
                if not side.probe.too_dear(ask.body(side.probe))
            ]
            money = sum((cost for cost, _ in each), Decimal(0)) if pricing.known else None
            found[name] = len(each), money, pricing.currency, sum(tokens for _, tokens in each)
        return found

    def run(self, workers: int = 4, told: Callable[[], None] | None = None) -> Comparison:
        """Ask everything, each target at its own pace, and shrink what differs."""
        sides = list(self._sides.values())
        with ThreadPoolExecutor(max_workers=len(sides), thread_name_prefix="compare") as pool:
            try:
                list(pool.map(lambda side: self._ask_all(side, workers, told), sides))
            except BaseException:
                for side in sides:
                    side.session.stopping.set()
                    side.session.wire.close()
                raise
        return Comparison(
            asked=len(self.asks),
            differences=tuple(self._differences()),
            unusable={side.name: side.unusable for side in sides if side.unusable},
            stopped={side.name: side.stopped for side in sides if side.stopped},
            not_run={side.name: self._missing(side) for side in sides},
        )

    def _missing(self, side: _Side) -> int:
        return sum(side.seen.get((ask.key, 0)) is None for ask in self.asks)

    def _ask_all(self, side: _Side, workers: int, told: Callable[[], None] | None) -> None:
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
        for ask in sorted(self.asks, key=lambda ask: ask.size):
            looks = {name: side.look(ask) for name, side in self._sides.items()}
            for facet in TITLES:
                # Who is known to differ here is left out, so that the others show.
                known = {
                    name
                    for name in looks
                    if any(
                        _explains(difference, facet, name, ask, looks[name].get(facet, ""))
                        for difference in found
                    )
                }
                left = {name: look for name, look in looks.items() if name not in known}
                for reference, deviants in self._parted(facet, left):
                    difference = self._shrunk(facet, ask, reference, deviants)
                    if difference is not None:
                        _keep(found, difference)
        yield from _pruned(found)

    def _parted(
        self, facet: str, looks: Mapping[str, Mapping[str, str]]
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The target to measure by, and those that answer otherwise, class by class."""
        told = {name: look[facet] for name, look in looks.items() if facet in look}
        if len(set(told.values())) < 2:
            return
        reference = self._reference(told)
        surface = self._sides[reference].probe.surface
        classes: dict[str, list[str]] = {}
        for name, value in told.items():
            alien = facet in DIALECT and self._sides[name].probe.surface != surface
            if value != told[reference] and not alien:
                classes.setdefault(value, []).append(name)
        for names in classes.values():
            yield reference, tuple(names)

    def _reference(self, told: Mapping[str, str]) -> str:
        """The baseline, else the first of the largest class."""
        if self._against is not None and self._against in told:
            return self._against
        sizes = Counter(told.values())
        return max(told, key=lambda name: sizes[told[name]])

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

    def _described(
        self, facet: str, ask: Ask, reference: str, deviants: tuple[str, ...]
    ) -> Difference:
        answers, exchanges, clauses = {}, {}, {}
        sides, editions = [], []
        for name, side in self._sides.items():
            exchange = side.exchange(ask)
            if exchange is None:
                continue
            answers[name] = _told(side.look(ask), facet, exchange)
            exchanges[name] = exchange.id
            if name == reference or name in deviants:
                judged = judge(ask, side.probe, facet, exchange)
                clauses[name] = judged.clauses
                sides.append(judged)
                editions.append(side.probe.edition.id)
        return Difference(
            facets=(facet,),
            ask=ask,
            reference=reference,
            deviants=deviants,
            answers=answers,
            exchanges=exchanges,
            documented=expected(sides, editions),
            clauses=clauses,
        )


_CATEGORICAL: Final = frozenset({"acceptance", "refusal.status"})
"""Facets whose values must stay as they are while a request is made smaller."""


def _plainer(candidate: Ask, than: Ask) -> bool:
    """Whether a request of the same size has shorter values."""
    return candidate.size <= than.size and len(candidate.key) < len(than.key)


def _told(look: Mapping[str, str], facet: str, exchange: Exchange) -> str:
    if facet == "acceptance" and exchange.error is not None:
        return f"refused: {judging.told(exchange.error)}"
    return look.get(facet, "not to be seen")


def _explains(known: Difference, facet: str, target: str, ask: Ask, value: str) -> bool:
    """Whether a difference that is known makes a target differ here too."""
    if target not in known.deviants or not _covers(known, facet, value, target):
        return False
    names = set(known.ask.parameters) <= set(ask.parameters)
    plain = known.ask.messages == Ask().messages
    roles = {message.get("role") for message in known.ask.messages}
    if facet == "acceptance":
        talk = plain or known.ask.messages == ask.messages
    elif facet.startswith("refusal.") and "acceptance" in known.facets:
        talk = plain or roles <= {message.get("role") for message in ask.messages}
    else:
        talk = plain or len(known.ask.messages) <= len(ask.messages)
    return (
        names
        and talk
        and known.ask.stream <= ask.stream
        and known.ask.bare <= ask.bare
        and known.ask.model in (None, ask.model)
        and known.ask.keyed >= ask.keyed
    )


def _covers(known: Difference, facet: str, value: str, target: str) -> bool:
    """Whether one of the facets of a difference is this one, or brings it about."""
    if facet == "acceptance":
        same = known.answers.get(target, "").startswith("refused") == (value == "refused")
        return facet in known.facets and same
    return facet in known.facets or any(
        facet.startswith(tuple(_BRINGS[broad])) for broad in known.facets if broad in _BRINGS
    )


_BRINGS: Final[dict[str, tuple[str, ...]]] = {
    "answer.kind": ("answer.", "usage.", "stream."),
    "usage.presence": ("usage.", "stream.usage", "stream.form"),
    "answer.text": ("usage.output", "answer.", "stream."),
    "answer.choices": ("answer.", "usage."),
    "acceptance": ("refusal.",),
    "answer.form": ("answer.role", "answer.tools", "answer.choices", "stream.form"),
    "answer.style": ("answer.form", "answer.role", "answer.choices"),
}
"""What a facet that differs makes differ as well."""


def _cause(difference: Difference) -> tuple[object, ...]:
    """What two differences in acceptance have in common where they are one."""
    refused = next((a for a in difference.answers.values() if a.startswith("refused")), "")
    taken = {
        name: told.startswith("refused")
        for name, told in difference.answers.items()
        if name in (*difference.deviants, difference.reference)
    }
    ask = difference.ask
    said = _NUMBERS.sub("#", refused)
    by = difference.clauses.get(difference.reference, ())
    return tuple(ask.parameters), ask.stream, ask.model, taken.items().__str__(), said, by


_NUMBERS: Final = re.compile(r"-?\d[\d.e+-]*")


def _keep(found: list[Difference], new: Difference) -> None:
    """Add a difference, or put it to one that the same request shows in the same figures."""
    for at, known in enumerate(found):
        if known.deviants != new.deviants:
            continue
        both = {*known.facets, *new.facets}
        if both == {"acceptance"} and _cause(known) == _cause(new):
            return
        if known.ask.key != new.ask.key:
            continue
        if new.facets[0] in known.facets:
            return
        if known.ask.stream or len({facet.partition(".")[0] for facet in both}) == 1:
            found[at] = _merged(known, new)
            return
    found.append(new)


def _merged(known: Difference, new: Difference) -> Difference:
    documented = known.documented if known.documented == new.documented else None
    if False in (known.documented, new.documented):
        documented = False
    return replace(
        known,
        facets=known.facets + new.facets,
        answers={
            name: f"{told}; {new.answers[name]}" if name in new.answers else told
            for name, told in known.answers.items()
        },
        documented=documented,
    )


def _pruned(found: list[Difference]) -> list[Difference]:
    """Without those that a broader one brings about."""
    order = list(TITLES)

    def rank(difference: Difference) -> tuple[int, tuple[int, ...]]:
        return min(map(order.index, difference.facets)), difference.ask.size

    def brought(difference: Difference, by: Difference) -> bool:
        return rank(by) < rank(difference) and all(
            _explains(by, facet, target, difference.ask, difference.answers.get(target, ""))
            for facet in difference.facets
            for target in difference.deviants
        )

    return [
        difference
        for difference in found
        if not any(brought(difference, by) for by in found if by is not difference)
    ]


def undocumented(differences: Iterable[Difference]) -> list[Difference]:
    """Those that no document leads one to expect."""
    return [difference for difference in differences if difference.documented is not True]
