"""Where an endpoint really begins and ends to accept a number, found to the next float."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from tokenassay.conformance.failures import Inconclusive, Stopped, Violation
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.requests import prepare
from tokenassay.conformance.seeking import End, Seek, last_inside
from tokenassay.conformance.sessions import Session
from tokenassay.contracts.edition import Parameter
from tokenassay.contracts.intervals import Bound
from tokenassay.contracts.records import Level, Record

NAME: Final = "probe-bounds"
"""Under which its exchanges stand in the run file."""

_SHARES: Final = (0.05, 0.3, 0.5, 0.7, 0.95)
"""Where within a documented interval holes are looked for."""


class TooDear(Exception):
    """A value that would cost more to try than it could prove."""


class Spent(Exception):
    """The tries for one end are used up."""


class Observed(Record, frozen=True, kw_only=True):
    """A parameter's documented interval beside the accepted one."""

    parameter: str
    clause: str
    level: Level
    source: str
    documented: str
    observed: str
    """As an interval; ``?`` for an end that could not be found."""
    difference: str | None
    """In words; empty: none; None: it could not be told."""
    requests: int
    why: str = ""
    """What kept an end from being found, or kept it from being exact."""

    @property
    def broken(self) -> bool:
        """Whether the endpoint departs from what its documents promise."""
        return bool(self.difference) and self.level != "unspecified"


class BoundsProber:
    """Finds the accepted intervals of one session's endpoint."""

    def __init__(self, session: Session, *, only: Iterable[str] = (), tries: int = 90) -> None:
        wanted = set(only)
        known = session.edition.parameters(session.target.model)
        self._session, self._tries = session, tries
        self.parameters = tuple(
            parameter
            for name, parameter in known.items()
            if parameter.interval is not None and (not wanted or name in wanted)
        )

    def run(
        self, workers: int = 4, told: Callable[[Observed], None] | None = None
    ) -> Iterator[Observed]:
        """Probe each parameter; without ``workers`` all in this thread."""
        if not workers:
            yield from map(self._probe, self.parameters)
            return
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="bounds") as pool:
            try:
                for found in pool.map(self._probe, self.parameters):
                    if told is not None:
                        told(found)
                    yield found
            except BaseException:
                self._session.stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)
                self._session.wire.close()
                raise

    def _probe(self, parameter: Parameter) -> Observed:
        interval, clause = parameter.interval, parameter.range_clause
        assert interval is not None
        assert clause is not None
        trial = _Trial(Probe(self._session, NAME), parameter, self._tries)
        ends = [trial.end(sign) for sign in (-1, 1)]
        low, high = ends
        observed = f"{_written(low, -1)}, {_written(high, 1)}"
        differences = [
            words for end, sign in ((low, -1), (high, 1)) if (words := trial.compare(end, sign))
        ]
        differences += trial.spots(low, high)
        told = all(end.exact for end in ends)
        difference = (
            "; ".join(dict.fromkeys(differences)) if differences else ("" if told else None)
        )
        trial.probe.bound(parameter.name, str(interval), observed)
        return Observed(
            parameter=parameter.name,
            clause=clause.id,
            level=clause.level,
            source=str(self._session.edition.cite(clause)),
            documented=str(interval),
            observed=observed,
            difference=difference,
            requests=trial.sent,
            why="; ".join(dict.fromkeys(end.why for end in ends if end.why)),
        )


class _Trial:
    """The tries of one parameter."""

    def __init__(self, probe: Probe, parameter: Parameter, tries: int) -> None:
        assert parameter.interval is not None
        self.probe, self._parameter, self._interval = probe, parameter, parameter.interval
        self._whole = "number" not in parameter.declared.types
        self._tries, self._left = tries, tries
        self.sent = 0

    def end(self, sign: int) -> End:
        """The end on one side: -1 the lower, 1 the upper."""
        self._left = self._tries
        seek = Seek(self._accepts, self._whole, sign)
        bound = self._interval.high if sign > 0 else self._interval.low
        is_open = self._interval.high_open if sign > 0 else self._interval.low_open
        try:
            seek.run(self._anchors(), bound, is_open)
            self._confirm(seek, sign)
        except (Inconclusive, Stopped) as doubt:
            return seek.found(exact=False, why=doubt.why)
        except TooDear as dear:
            return seek.found(exact=False, why=str(dear))
        except Spent:
            return seek.found(exact=False, why=f"{self._tries} tries did not find it")
        endless = seek.first is None and math.isfinite(bound)
        why = f"no end was found up to {_shown(seek.last)}" if endless else ""
        return seek.found(exact=True, why=why)

    def _confirm(self, seek: Seek, sign: int) -> None:
        """Look again at an end that is not the documented one; Inconclusive where it moved."""
        if not self.compare(seek.found(exact=True), sign):
            return
        if seek.last is None:
            self._control()
        for value, wanted in ((seek.last, True), (seek.first, False)):
            if value is not None and self._accepts(value, repeat=1) is not wanted:
                name = self._parameter.name
                raise Inconclusive(f"{name} {_shown(value)} is accepted one time, refused another")

    def _control(self) -> None:
        """Inconclusive where a request without the parameter is refused as well."""
        try:
            self.probe.accepted(self.probe.send(self.probe.body()))
        except Violation as violation:
            raise Inconclusive(f"a plain request is refused too: {violation.observed}") from None

    def spots(self, low: End, high: End) -> Iterator[str]:
        """What is refused within the documented interval, and accepted without, all the same."""
        self._left = self._tries
        interval = self._interval
        known = {low.last, low.first, high.last, high.first}
        if low.last is None or high.last is None:
            return
        with contextlib.suppress(Inconclusive, Stopped, TooDear, Spent):
            for value in self._within():
                if value not in interval or value in known or not low.last < value < high.last:
                    continue
                if not self._accepts(value) and not self._accepts(value, repeat=1):
                    yield f"{_shown(value)} is refused, though within"
            for bound, sign, end in ((interval.low, -1, low), (interval.high, 1, high)):
                value = bound + sign
                if math.isinf(bound) or end.first is None or value in known:
                    continue
                beyond = (value - end.first) * sign > 0
                if beyond and self._accepts(value) and self._accepts(value, repeat=1):
                    yield f"{_shown(value)} is accepted, though {_shown(end.first)} is not"

    def _within(self) -> Iterator[Bound]:
        """A few values in the interval, near its ends and in its middle."""
        low, high = self._interval.low, self._interval.high
        if math.isinf(low):
            return
        if math.isinf(high):
            yield from (low + distance for distance in (1, 10, 100))
            return
        for share in _SHARES:
            value = low + (high - low) * share
            yield int(value) if self._whole else round(value, 4)

    def _anchors(self) -> list[Bound]:
        """Values well inside the documented interval, the likeliest first."""
        default, interval = self._parameter.default, self._interval
        low = interval.low if math.isfinite(interval.low) else -1
        high = interval.high if math.isfinite(interval.high) else low + 32
        middle = (low + high) // 2 if self._whole else (low + high) / 2
        usual = (default,) if isinstance(default, int | float) else ()
        likely = dict.fromkeys((*usual, 1, middle, low, high))
        return [value for value in likely if value in interval]

    def _accepts(self, value: Bound, *, repeat: int = 0) -> bool:
        if self._left <= 0:
            raise Spent
        name = self._parameter.name
        given: dict[str, Any] = {name: _plain(value)}
        request = prepare(self.probe, **given)
        if self.probe.too_dear(request.body):
            raise TooDear(f"{name} {_shown(value)} and beyond are too dear to try")
        self._left, self.sent = self._left - 1, self.sent + 1
        exchange = self.probe.send(request.body, stream=request.stream, repeat=repeat)
        try:
            self.probe.accepted(exchange)
        except Violation:
            return False
        return True

    def compare(self, end: End, sign: int) -> str:
        """How an end differs from the documented one, in words; empty where it does not."""
        bound = self._interval.high if sign > 0 else self._interval.low
        is_open = self._interval.high_open if sign > 0 else self._interval.low_open
        outside = "above" if sign > 0 else "below"
        if end.last is None:
            refused = end.first is not None and end.exact
            return "no value that was tried is accepted" if refused else ""
        if math.isinf(bound):
            return f"{_shown(end.first)} is refused" if end.first is not None else ""
        last = last_inside(bound, is_open, sign, self._whole)
        if end.last == last:
            return ""
        if (end.last - last) * sign > 0:
            far = "and beyond" if end.first is None else "too"
            if is_open and end.last == bound:
                return f"{_shown(bound)} is accepted {far}"
            return f"{outside} {_shown(bound)}, {_shown(end.last)} is accepted {far}"
        if end.first is None or not end.exact:
            return f"{_shown(end.first)} is refused" if end.first is not None else ""
        return f"{_shown(end.first)} is refused, the end is {_shown(end.last)}"


def _plain(value: Bound) -> Bound:
    """A whole number as one, which is how a person would send it."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53
    return int(value) if whole else value


def _shown(value: Bound | None) -> str:
    return "?" if value is None else repr(_plain(value))


def _written(end: End, sign: int) -> str:
    """One end as an interval writes it, by the shorter of what it includes and excludes."""
    opening, closing = ("[", "(") if sign < 0 else ("]", ")")

    def dressed(value: str, bracket: str) -> str:
        return f"{bracket}{value}" if sign < 0 else f"{value}{bracket}"

    last, first = _shown(end.last), _shown(end.first)
    if end.last is None:
        return dressed("?", opening)
    if end.first is None and end.exact:
        return dressed("-inf" if sign < 0 else "inf", closing)
    if end.first is None:
        return dressed(f"{last} or {'less' if sign < 0 else 'more'}", opening)
    if end.exact and len(first) < len(last):
        return dressed(first, closing)
    return dressed(last, opening)
