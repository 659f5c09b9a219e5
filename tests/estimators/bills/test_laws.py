"""Laws are found from whole numbers alone, whatever they are, with their sizes."""

from __future__ import annotations

import math
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tokenassay.estimators.bills.laws import Law, find_law, theil_sen

COUNTED = [
    *(9, 11, 14, 17, 22, 31, 40, 50, 58, 63, 77, 100, 104, 119, 150, 151, 173, 200, 204, 250),
    *(263, 300, 333, 402, 511, 555, 590, 640, 1013, 1618, 1777, 2193),
]
WAYS: dict[str, Callable[[float], int]] = {
    "up": math.ceil,
    "down": math.floor,
    "to the nearest": round,
}
PERCENT = st.integers(101, 400) | st.integers(30, 99)


def found(billed: list[int]) -> Law:
    law = find_law(COUNTED, billed, 1)
    assert law is not None
    return law


@given(surplus=st.integers(-9, 5000))
def test_a_constant_is_found(surplus: int) -> None:
    law = found([own + surplus for own in COUNTED])
    assert (law.kind, law.surplus) == (("constant", surplus) if surplus else ("equal", 0))


@settings(deadline=None, max_examples=60)
@given(percent=PERCENT, way=st.sampled_from(sorted(WAYS)))
def test_a_factor_is_found_within_its_uncertainty(percent: int, way: str) -> None:
    law = found([WAYS[way](own * percent / 100) for own in COUNTED])
    assert law.kind == "factor"
    assert abs(law.factor - percent / 100) <= max(law.uncertainty, 1e-9)
    assert law.uncertainty < 0.001
    assert way in law.rounding or not law.rounding or percent % 100 in (0, 50)


@settings(deadline=None, max_examples=40)
@given(
    percent=st.integers(103, 300),
    at=st.integers(0, len(COUNTED) - 1),
    far=st.integers(-8, 900).filter(bool),
)
def test_one_odd_answer_moves_no_factor(percent: int, at: int, far: int) -> None:
    billed = [math.ceil(own * percent / 100) for own in COUNTED]
    billed[at] += far
    law = found(billed)
    assert law.kind == "factor"
    assert abs(law.factor - percent / 100) <= max(law.uncertainty, 1e-9)
    assert set(law.odd) <= {at}


@given(size=st.integers(2, 256), way=st.sampled_from(["up", "down"]))
def test_multiples_are_found(size: int, way: str) -> None:
    rounded = {
        "up": [-(-own // size) * size for own in COUNTED],
        "down": [own // size * size for own in COUNTED],
    }[way]
    law = found(rounded)
    assert (law.kind, law.multiple, law.rounding) == ("multiple", size, way)


def test_a_divisor_by_chance_gives_way_to_a_factor() -> None:
    """Three of four bills are multiples of 28, and all four are a twentieth too high."""
    counted = [53, 26, 236, 240]
    law = find_law(counted, [-(-own * 105 // 100) for own in counted], 1)
    assert law is not None
    assert (law.kind, law.factor, law.odd) == ("factor", 1.05, ())


@given(st.lists(st.integers(1, 3000), min_size=30, max_size=30))
def test_no_law_is_claimed_that_misses_more_than_it_may(billed: list[int]) -> None:
    law = find_law(COUNTED[:30], billed, 1)
    assert law is None or len(law.odd) <= 1


def test_the_line_through_most_points_heeds_no_single_one() -> None:
    billed = [2 * own + 5 for own in COUNTED]
    billed[-1] = 1
    assert theil_sen(COUNTED, billed) == (2.0, 5.0)
