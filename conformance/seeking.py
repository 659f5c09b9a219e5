"""One end of what is accepted, closed in on until nothing lies between a yes and a no."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Final

from tokenassay.contracts.intervals import Bound
from tokenassay.contracts.records import Record

_OUTWARD: Final = (1, 10, 1_000, 1_000_000, 1 << 31, 1 << 63, 1 << 64)
"""How far beyond a documented end is looked for the real one."""

_PLAIN_ROUNDS: Final = 6
"""Rounds in which numbers that a person would choose are tried before halves are."""
_ROUNDS: Final = 80

Accepts = Callable[[Bound], bool]
"""Whether the endpoint takes a value; Inconclusive where that can't be told."""


class End(Record, frozen=True, kw_only=True):
    """One end of an accepted interval."""

    last: Bound | None
    """The outermost value known to be accepted; None where none is."""
    first: Bound | None
    """The innermost value known to be refused; None where none was found."""
    exact: bool
    """Whether no value lies between them, or no end was found where none is documented."""
    why: str = ""


class Seek:
    """The search for one end: from a value inside outwards, then between two values."""

    def __init__(self, accepts: Accepts, whole: bool, sign: int) -> None:
        self._accepts, self._whole, self._sign = accepts, whole, sign
        self.last: Bound | None = None
        self.first: Bound | None = None

    def found(self, *, exact: bool, why: str = "") -> End:
        return End(last=self.last, first=self.first, exact=exact, why=why)

    def run(self, anchors: list[Bound], bound: Bound, is_open: bool) -> None:
        """Close in on the end until nothing lies between ``last`` and ``first``.

        ``anchors`` are values to begin from. None of them accepted: ``first`` is one of them.
        """
        if math.isinf(bound):
            if self._anchor(anchors):
                self._go_out(anchors[0])
        else:
            promised = last_inside(bound, is_open, self._sign, self._whole)
            if self._try(promised):
                if self._try(self._next(promised)) and self._try(self._next(bound)):
                    self._go_out(bound)
            elif not self._try(self._back(promised)):
                self._anchor([value for value in anchors if value != promised])
        for number in range(_ROUNDS):
            if self.last is None or self.first is None or self._closed():
                break
            self._halve(self.last, self.first, plainly=number < _PLAIN_ROUNDS)

    def _anchor(self, anchors: list[Bound]) -> bool:
        """Whether any of them is accepted; then it is ``last``."""
        for value in anchors:
            if self._accepts(value):
                self.last = value
                return True
        self.first = anchors[0] if anchors else self.first
        return False

    def _try(self, value: Bound) -> bool:
        taken = self._accepts(value)
        if taken:
            self.last = value
        else:
            self.first = value
        return taken

    def _go_out(self, begin: Bound) -> None:
        for distance in _OUTWARD:
            value = begin + self._sign * distance
            beyond = self.last is None or (value - self.last) * self._sign > 0
            if beyond and not self._try(value):
                return

    def _next(self, value: Bound) -> Bound:
        return _beside(value, self._sign, self._whole)

    def _closed(self) -> bool:
        return self.last is not None and self._next(self.last) == self.first

    def _halve(self, last: Bound, first: Bound, *, plainly: bool) -> None:
        """Try the plainest number between two and its neighbour, and the middle."""
        low, high = sorted((last, first))
        plain = _plainest_between(low, high, self._whole) if plainly else None
        if plain is not None:
            neighbour = self._next(plain) if self._try(plain) else self._back(plain)
            if not self._closed() and neighbour not in (self.last, self.first):
                self._try(neighbour)
        if self.last is not None and self.first is not None and not self._closed():
            middle = _middle(self.last, self.first, self._whole)
            if middle not in (self.last, self.first):
                self._try(middle)

    def _back(self, value: Bound) -> Bound:
        return _beside(value, -self._sign, self._whole)


def last_inside(bound: Bound, is_open: bool, sign: int, whole: bool) -> Bound:
    """The outermost value that a documented end still includes."""
    return _beside(bound, -sign, whole) if is_open else bound


def _beside(value: Bound, sign: int, whole: bool) -> Bound:
    return int(value) + sign if whole else math.nextafter(value, sign * math.inf)


def _plainest_between(low: Bound, high: Bound, whole: bool) -> Bound | None:
    """The number with the fewest decimals that lies strictly between two; None: too many."""
    if whole:
        for power in range(len(str(int(high))), -1, -1):
            step: int = 10**power
            value = (int(low) // step + 1) * step
            if low < value < high:
                return value
        return None
    for places in range(12):
        scale = float(10**places)
        decimal = (math.floor(low * scale) + 1) / scale
        if low < decimal < high:
            return decimal
    return None


def _middle(one: Bound, other: Bound, whole: bool) -> Bound:
    """Halfway between two numbers, for floats by how many floats lie between."""
    if whole:
        return (int(one) + int(other)) // 2
    return _float_at((_place(float(one)) + _place(float(other))) // 2)


def _place(value: float) -> int:
    """The position of a float among all floats, in their order."""
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def _float_at(place: int) -> float:
    (value,) = struct.unpack("<d", struct.pack("<Q", place if place >= 0 else (1 << 63) - place))
    return float(value)
