"""The accepted interval of each parameter is found to the next float, wherever it ends."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenassay.conformance.bounds import BoundsProber, Observed
from tokenassay.conformance.rehearsals import mock_session
from tokenassay.conformance.seeking import Seek
from tokenassay.contracts.store import Contract, load_edition

EDITION, MODEL = "qwen-dashscope@2024-04", "qwen-turbo"


def probed(*lies: str, edition: str = EDITION, only: tuple[str, ...] = ()) -> dict[str, Observed]:
    with mock_session(Contract(load_edition(edition)), MODEL, lies=lies) as session:
        found = BoundsProber(session, only=only).run(workers=0)
        return {observed.parameter: observed for observed in found}


@pytest.mark.parametrize("edition", ["qwen-dashscope@2024-04", "qwen-openai@2026"])
def test_an_honest_endpoint_has_the_documented_ends(edition: str) -> None:
    found = probed(edition=edition)
    assert {"temperature", "top_p", "seed", "max_tokens"} <= set(found)
    assert not [name for name, observed in found.items() if observed.broken]
    told = [observed for observed in found.values() if observed.difference is not None]
    assert len(told) >= len(found) - 1  # an open-ended max_tokens is too dear to try
    assert all(observed.requests < 30 for observed in found.values())


ENDS = {
    "accepts_temperature_at_high": ("[0, 2]", "2 is accepted too"),
    "refuses_temperature_at_low": ("(0, 2)", "0 is refused, the end is 5e-324"),
    "refuses_temperature_near_high": ("[0, 1.8)", "1.8 is refused"),
    "refuses_temperature_near_low": ("[0, 2)", "is refused, though within"),
    "accepts_temperature_above_high": ("[0, 2)", "3 is accepted, though 2 is not"),
    "accepts_temperature_below_low": ("(-inf, 2)", "below 0"),
    "clamps_temperature": ("(-inf, inf)", "and beyond"),
}


@pytest.mark.parametrize("lie", ENDS)
def test_another_end_is_found_exactly(lie: str) -> None:
    observed = probed(lie, only=("temperature",))["temperature"]
    interval, words = ENDS[lie]
    assert observed.broken
    assert observed.observed == interval
    assert observed.difference is not None
    assert words in observed.difference


def test_whole_numbers_end_at_whole_numbers() -> None:
    observed = probed("refuses_seed_at_high", only=("seed",))["seed"]
    assert observed.observed == f"[0, {2**64 - 2}]"


def test_nothing_is_held_against_a_range_where_plain_requests_fail() -> None:
    found = probed("refuses_max_tokens_near_low")
    assert not found["top_p"].broken
    assert found["top_p"].difference is None
    assert "a plain request is refused too" in found["top_p"].why


def seek(accepts: object, whole: bool, sign: int, documented: float) -> Seek:
    seek = Seek(accepts, whole, sign)  # type: ignore[arg-type]
    seek.run([1], documented, is_open=False)
    return seek


@settings(max_examples=200, deadline=None)
@given(
    real=st.floats(1, 1e6, allow_nan=False),
    documented=st.floats(1, 1e6, allow_nan=False),
)
def test_the_last_float_is_found_in_few_tries(real: float, documented: float) -> None:
    tries = 0

    def accepts(value: float) -> bool:
        nonlocal tries
        tries += 1
        return value <= real

    found = seek(accepts, False, 1, documented)
    assert (found.last, found.first) == (real, math.nextafter(real, math.inf))
    assert tries <= 90


@given(real=st.integers(-(2**63), 0), documented=st.integers(-(2**40), 1))
def test_the_last_whole_number_is_found_in_few_tries(real: int, documented: int) -> None:
    tries = 0

    def accepts(value: float) -> bool:
        nonlocal tries
        tries += 1
        return value >= real

    found = seek(accepts, True, -1, documented)
    assert (found.last, found.first) == (real, real - 1)
    assert tries <= 90
