"""A small generator of numbers that depend on nothing but the seed (SplitMix64)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

_MASK: Final = (1 << 64) - 1


class Dice:
    """Numbers by seed; far cheaper to start than ``random.Random``, and one is made per answer."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def bits(self) -> int:
        """64 bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, end: int) -> int:
        """An integer in ``[0, end)``; ``end`` is at least 1."""
        return self.bits() % end

    def between(self, low: int, high: int) -> int:
        """An integer in ``[low, high]``."""
        return low + self.bits() % (high - low + 1)

    def pick(self, choices: Sequence[T]) -> T:
        """One of ``choices``."""
        return choices[self.bits() % len(choices)]

    def shuffled(self, choices: Sequence[T]) -> list[T]:
        """All of ``choices`` in another order."""
        left = list(choices)
        last = len(left) - 1
        bits = 0
        for end in range(last, 0, -1):
            if end == last or end % 4 == 0:  # 64 bits are enough for four steps
                bits = self.bits()
            other = (bits & 0xFFFF) * (end + 1) >> 16
            bits >>= 16
            left[end], left[other] = left[other], left[end]
        return left
