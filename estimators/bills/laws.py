"""Laws that a meter may follow: from counted to billed tokens, in whole numbers.

Tokens are whole, so a law holds exactly or not at all: a constant surplus is the same in every
answer, and a factor leaves to each answer an interval of factors that give just the number that
was billed. All intervals must share a point. A law may miss one answer in a few dozen (``odd``),
which is looked at apart.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import reduce
from statistics import median
from typing import Final, Literal

from tokenassay.contracts.records import Record

LawKind = Literal["equal", "constant", "factor", "multiple"]
Numbers = Sequence[int]

_EPSILON: Final = 1e-9
"""A meter may work in floats, and 1.1 * 110 is a little more than 121 there."""

_SHIFTS: Final = 4
"""How far around the estimated offset a whole one is looked for, beside a factor."""

_LEAST_DRIFT: Final = 0.002
"""A factor nearer to 1 than this can't be told from a constant by prompts of our lengths."""


class Law(Record, frozen=True, kw_only=True):
    """How billed tokens follow from counted ones: ``factor * counted + surplus``, rounded."""

    kind: LawKind
    surplus: int = 0
    hidden: int = 0
    """Tokens added before the factor."""
    factor: float = 1.0
    uncertainty: float = 0.0
    """Half the width of the interval that the factor lies in."""
    rounding: str = ""
    """``up``, ``down``, ``to the nearest``, ``down, and one more``; empty where none shows."""
    multiple: int = 1
    """Billed tokens are multiples of it."""
    odd: tuple[int, ...] = ()
    """Positions of the answers that it does not explain."""


def find_law(counted: Numbers, billed: Numbers, spare: int) -> Law | None:
    """The simplest law that explains all answers but ``spare`` at most; None where none does."""
    for law in (Law(kind="equal", odd=_misses(billed, counted)), constant(counted, billed)):
        if len(law.odd) <= spare:
            return law
    rounded = multiple(counted, billed)
    if rounded is not None and not rounded.odd:
        return rounded
    # A few bills share a divisor by chance: multiples that leave one out give way to a factor.
    found = [law for law in (rounded, factor(counted, billed)) if law and len(law.odd) <= spare]
    return min(found, key=lambda law: len(law.odd), default=None)


def spare_of(answers: int) -> int:
    """How many of so many answers a law may leave unexplained."""
    return 0 if answers < 4 else max(1, answers // 40)


def _misses(billed: Numbers, expected: Numbers) -> tuple[int, ...]:
    pairs = zip(billed, expected, strict=True)
    return tuple(at for at, (told, wanted) in enumerate(pairs) if told != wanted)


def constant(counted: Numbers, billed: Numbers) -> Law:
    """The surplus that most answers share."""
    offsets = [told - own for told, own in zip(billed, counted, strict=True)]
    surplus, _ = Counter(offsets).most_common(1)[0]
    return Law(
        kind="constant", surplus=surplus, odd=_misses(billed, [own + surplus for own in counted])
    )


def multiple(counted: Numbers, billed: Numbers) -> Law | None:
    """Counts rounded to multiples of one number: down, up or to the nearest."""
    best: Law | None = None
    for size in _common_divisors(billed):
        ways: dict[str, Callable[[int, int], int]] = {
            "up": lambda own, by: -(-own // by) * by,
            "down": lambda own, by: own // by * by,
            "to the nearest": lambda own, by: (2 * own + by) // (2 * by) * by,
        }
        for name, way in ways.items():
            odd = _misses(billed, [way(own, size) for own in counted])
            if best is None or len(odd) < len(best.odd):
                ratio = round(sum(billed) / max(1, sum(counted)), 4)
                best = Law(kind="multiple", multiple=size, rounding=name, factor=ratio, odd=odd)
    return best


def _common_divisors(billed: Numbers) -> list[int]:
    """Greatest common divisors above 1 of all answers, and of all but one."""
    if not any(billed):
        return []
    found = {reduce(math.gcd, billed)}
    for at in range(len(billed)):
        found.add(reduce(math.gcd, [*billed[:at], *billed[at + 1 :]], 0))
    return sorted((size for size in found if size > 1), reverse=True)


# ------------------------------------------------------------------------------- factors


def factor(counted: Numbers, billed: Numbers) -> Law | None:
    """A factor, rounded one way, where need be with tokens added before or after it."""
    if len(set(counted)) < 2:
        return None
    slope, offset = theil_sen(counted, billed)
    if slope <= 0:
        zero = not any(billed)
        return Law(kind="factor", factor=0.0, odd=()) if zero else None
    around = range(-_SHIFTS, _SHIFTS + 1)
    before = [round(offset / slope) + step for step in around]
    after = [round(offset) + step for step in around]
    candidates = [(0, 0), *((hidden, 0) for hidden in before), *((0, more) for more in after)]
    best: Law | None = None
    for hidden, surplus in dict.fromkeys(candidates):
        if any(own + hidden <= 0 for own in counted):
            continue
        law = _factor(counted, billed, hidden, surplus)
        if abs(law.factor - 1) < _LEAST_DRIFT:
            continue
        if best is None or _rank(law) < _rank(best):
            best = law
    return best


def _rank(law: Law) -> tuple[int, bool]:
    """Fewest misses first; of two ways to say the same, the one that says it in one."""
    return len(law.odd), bool(law.surplus) and law.rounding == _ONE_MORE


_ONE_MORE: Final = "down, and one more"
_WAYS: Final[tuple[tuple[str, float, float], ...]] = (
    ("up", 1, 0),
    ("down", 0, 1),
    ("to the nearest", 0.5, 0.5),
)
"""How far below and above its billed tokens an unrounded value lies."""


def _factor(counted: Numbers, billed: Numbers, hidden: int, surplus: int) -> Law:
    laws = []
    for name, below, above in _WAYS:
        bands = [
            (
                (told - surplus - below) / (own + hidden) - _EPSILON,
                (told - surplus + above) / (own + hidden) + _EPSILON,
            )
            for own, told in zip(counted, billed, strict=True)
        ]
        low, high = _deepest(bands)
        value = _plainest(low, high)
        law = Law(
            kind="factor",
            factor=value,
            uncertainty=(high - low) / 2,
            rounding=name,
            hidden=hidden,
            surplus=surplus,
            odd=tuple(at for at, (a, b) in enumerate(bands) if not a <= value <= b),
        )
        laws.append(law)
    return _named(min(laws, key=lambda law: len(law.odd)), counted, billed)


def _deepest(bands: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The interval that lies in the most bands."""
    edges = sorted([(low, 0) for low, _ in bands] + [(high, 1) for _, high in bands])
    depth, most, begin, found = 0, 0, -math.inf, (-math.inf, math.inf)
    for at, closes in edges:
        if closes:
            if depth > most:
                most, found = depth, (begin, at)
            depth -= 1
        else:
            depth, begin = depth + 1, at
    return found


def _plainest(low: float, high: float) -> float:
    """The shortest decimal within an interval: 1.05 rather than 1.04973."""
    for places in range(10):
        value: float = math.ceil(Fraction(low) * 10**places) / 10**places
        if low <= value <= high:
            return value
    return (low + high) / 2


def _named(law: Law, counted: Numbers, billed: Numbers) -> Law:
    """The law with the way of rounding that the very numbers show, where they show one."""
    exact = Fraction(str(law.factor))
    bases = [own + law.hidden for own in counted]
    ways: tuple[list[Fraction | float], ...] = (
        [exact * own for own in bases],
        [law.factor * own for own in bases],  # as a meter in floats has it
    )
    missed: dict[str, int] = {}
    for values in ways:
        for name, expected in _rounded(values):
            misses = len(_misses(billed, [own + law.surplus for own in expected]))
            missed[name] = min(misses, missed.get(name, misses))
    least = min(missed.values())
    if least > len(law.odd):
        return law
    fitting = [name for name in missed if missed[name] == least]
    # Where each way gives the same numbers, nothing was rounded.
    rounding = "" if len(fitting) >= len(_WAYS) else " or ".join(fitting)
    fields = {name: getattr(law, name) for name in law.__struct_fields__}
    return Law(**{**fields, "rounding": rounding})


def _rounded(values: Sequence[Fraction | float]) -> Iterator[tuple[str, list[int]]]:
    yield "up", [math.ceil(value) for value in values]
    yield "down", [math.floor(value) for value in values]
    yield "to the nearest", [math.floor(Fraction(value) + Fraction(1, 2)) for value in values]
    yield "to the nearest", [round(value) for value in values]
    yield _ONE_MORE, [math.floor(value) + 1 for value in values]


def theil_sen(counted: Numbers, billed: Numbers) -> tuple[float, float]:
    """Slope and offset of the line through most points: medians, so that one odd one is nothing."""
    pairs = list(zip(counted, billed, strict=True))
    slopes = [
        (told - before) / (own - start)
        for at, (start, before) in enumerate(pairs)
        for own, told in pairs[at + 1 :]
        if abs(own - start) > 3
    ]
    if not slopes:
        return 0.0, 0.0
    slope = median(slopes)
    # Only steep pairs give a slope worth its digits: weigh by distance, by taking the widest.
    wide = [
        (told - before) / (own - start)
        for at, (start, before) in enumerate(pairs)
        for own, told in pairs[at + 1 :]
        if abs(own - start) > 150
    ]
    slope = median(wide) if wide else slope
    return slope, median(told - slope * own for own, told in pairs)
