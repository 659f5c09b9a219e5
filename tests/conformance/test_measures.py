"""Percentiles are values that were seen; a constant surcharge comes out as one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tokenassay.conformance.measures import fit, spread

SECONDS = st.floats(0, 1e4, allow_nan=False)
COUNTS = st.integers(0, 1_000_000)


@given(st.lists(SECONDS, min_size=1))
def test_percentiles_are_values_that_were_seen(seconds: list[float]) -> None:
    found = spread(seconds)
    assert found is not None
    seen = {round(value, 4) for value in seconds}
    assert {found.p50, found.p90, found.p99, found.most} <= seen
    assert found.p50 <= found.p90 <= found.p99 <= found.most == max(seen)
    below = sum(round(value, 4) <= found.p50 for value in seconds)
    assert below * 2 >= len(seconds)


def test_no_times_have_no_percentiles() -> None:
    assert spread([]) is None


@given(st.lists(COUNTS, min_size=2, unique=True), st.integers(-50, 50), st.integers(1, 5))
def test_a_line_comes_out_as_it_went_in(counted: list[int], more: int, times: int) -> None:
    found = fit([(count, count * times + more) for count in counted])
    assert found is not None
    assert found.slope == times
    assert found.offset == more
    if times == 1:
        assert found.least == found.most == more


def test_what_no_line_can_be_drawn_through() -> None:
    assert fit([]) is None
    one = fit([(5, 7), (5, 9)])
    assert one is not None
    assert (one.slope, one.offset, one.least, one.most) == (None, None, 2, 4)
