"""Prices: exact decimals, the right tier, and no figure where none is known."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tokenassay.contracts import store
from tokenassay.contracts.catalog import Tier
from tokenassay.estimators.money import (
    Charged,
    Cost,
    Step,
    Tariff,
    Usage,
    find_tariff,
    k_readings,
    plain,
)

FEN = Decimal("0.01")
LONG = store.models()["qwen-long"]
PLUS = store.models()["qwen-plus"]
LONG_2024 = store.load_edition("qwen-long@2024-10")
OCTOBER = dt.date(2024, 10, 1)
TOKENS = st.integers(0, 10_000_000)


def tariff_of(
    model: str, day: dt.date | None = None, edition: str = "qwen-openai@2026", **options: Any
) -> Tariff:
    options = {"region": None, "batch": False, "thinking": False, **options}
    tariff, why = find_tariff(store.models()[model], store.load_edition(edition), day, **options)
    assert tariff is not None, why
    return tariff


def cost(tariff: Tariff, input: int, output: int = 0) -> Cost:
    found = tariff.cost(Usage(input, input, input, output, output))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("input", "output", "yuan"),
    [(1_648_530, 423, "0.83"), (290_766, 251, "0.15"), (53_038, 557, "0.03")],
)
def test_the_worked_prices_of_the_guide(input: int, output: int, yuan: str) -> None:
    tariff = tariff_of("qwen-long", OCTOBER, "qwen-long@2024-10")
    found = cost(tariff, input, output)
    assert found.currency == "CNY"
    assert found.total_min == found.total_max
    assert found.total_min.quantize(FEN, ROUND_HALF_UP) == Decimal(yuan)


def test_one_yuan_buys_two_million_tokens_of_input() -> None:
    assert cost(tariff_of("qwen-long", OCTOBER, "qwen-long@2024-10"), 2_000_000).input == 1


@given(TOKENS, TOKENS, TOKENS, TOKENS)
def test_a_cost_without_tiers_is_linear(a: int, b: int, c: int, d: int) -> None:
    tariff = tariff_of("qwen-long")
    parts = cost(tariff, a, b).total_min + cost(tariff, c, d).total_min
    assert cost(tariff, a + c, b + d).total_min == parts


@given(TOKENS, TOKENS)
def test_batch_is_half_of_the_live_price(input: int, output: int) -> None:
    live = cost(tariff_of("qwen-long"), input, output)
    batch = cost(tariff_of("qwen-long", batch=True), input, output)
    assert batch.total_min * 2 == live.total_min


def test_a_batch_price_comes_from_the_row_or_from_the_edition_and_else_is_unknown() -> None:
    flash = store.models()["qwen-flash"]
    options: dict[str, Any] = {"region": None, "batch": True, "thinking": False}
    native = store.load_edition("qwen-dashscope@2024-04")  # says nothing of batches
    tariff, why = find_tariff(flash, native, None, **options)
    assert tariff is None
    assert why is not None
    assert "batch price" in why
    halved = find_tariff(flash, LONG_2024, None, **options)[0]  # says: half
    live = find_tariff(flash, LONG_2024, None, **{**options, "batch": False})[0]
    assert halved is not None
    assert live is not None
    assert cost(halved, 1000, 1000).total_min * 2 == cost(live, 1000, 1000).total_min


@given(st.integers(0, 1_100_000), st.integers(0, 100_000))
def test_the_whole_request_is_billed_at_one_tier(input: int, output: int) -> None:
    tariff = tariff_of("qwen-plus", batch=True)
    found = tariff.cost(Usage(input, input, input, output, output))
    if found is None:
        assert input > 1_048_576
        return
    prices = {(tier.batch_input_per_1k, tier.batch_output_per_1k) for tier, *_ in tariff.steps}
    possible = {
        input * price / 1000 + output * other / 1000
        for price, other in prices
        if price is not None and other is not None
    }
    assert found.total_min in possible
    assert found.total_max in possible


@pytest.mark.parametrize(
    ("input", "prices"),
    [
        (128_000, {"0.0008"}),
        (128_001, {"0.0008", "0.0024"}),
        (131_072, {"0.0008", "0.0024"}),
        (131_073, {"0.0024"}),
        (256_001, {"0.0024", "0.0048"}),
        (1_000_000, {"0.0048"}),
        (1_048_576, {"0.0048"}),
    ],
)
def test_between_a_thousand_and_1024_both_tiers_may_hold(input: int, prices: set[str]) -> None:
    tariff = tariff_of("qwen-plus")
    found = cost(tariff, input)
    assert found.input == max(input * Decimal(price) / 1000 for price in prices)
    note = tariff.boundary(input, input)
    assert (note is not None) == (len(prices) == 2)


def test_beyond_the_last_tier_nothing_is_priced() -> None:
    assert tariff_of("qwen-plus").cost(Usage(1_048_577, 1_048_577, 1_048_577, 0, 0)) is None


def test_a_range_over_tiers_costs_from_the_cheapest_to_the_dearest() -> None:
    tariff = tariff_of("qwen-plus", batch=True)
    wide = tariff.cost(Usage(1000, 1000, 1_000_000, 0, 0))
    assert wide is not None
    assert wide.total_min == cost(tariff, 1000).total_min
    assert wide.total_max == cost(tariff, 1_000_000).total_max


def test_cache_and_thinking_make_a_range_where_they_are_unknown() -> None:
    unsure = cost(tariff_of("qwen-plus", thinking=None), 1000, 1000)
    assert (unsure.total_min, unsure.total_max) == (Decimal("0.0022"), Decimal("0.0088"))
    sure = cost(tariff_of("qwen-plus", thinking=True), 1000, 1000)
    assert sure.total_min == Decimal("0.0082")
    assert unsure.input == sure.input == Decimal("0.0008")


def test_an_unknown_end_has_no_price() -> None:
    tariff = tariff_of("qwen-long")
    open_output = tariff.cost(Usage(1000, 1000, 1000, 0, None))
    assert open_output is not None
    assert open_output.output_max is None
    assert open_output.total_max is None
    open_input = tariff.cost(Usage(1000, 1000, None, 0, 10))
    assert open_input is not None
    assert open_input.output_max is not None
    assert open_input.total_max is None


@pytest.mark.parametrize(
    ("day", "price"), [("2024-04-15", "0.02"), ("2024-06-01", "0.004"), ("2025-06-01", "0.0008")]
)
def test_prices_are_those_in_force(day: str, price: str) -> None:
    tariff = tariff_of("qwen-plus", dt.date.fromisoformat(day))
    assert cost(tariff, 1000).input == Decimal(price)


def test_a_region_has_its_own_currency_and_an_unknown_one_has_no_price() -> None:
    assert cost(tariff_of("qwen-plus", region="singapore"), 1000).currency == "USD"
    tariff, why = find_tariff(PLUS, LONG_2024, None, region="atlantis", batch=False, thinking=False)
    assert tariff is None
    assert why == "no price of qwen-plus is known for atlantis"


def test_before_the_first_row_no_price_is_known() -> None:
    tariff, why = find_tariff(
        LONG, LONG_2024, dt.date(2024, 5, 1), region=None, batch=False, thinking=False
    )
    assert tariff is None
    assert why == "no price of qwen-long is known for beijing on 2024-05-01"


def test_a_callers_decimal_context_rounds_no_price() -> None:
    tariff = tariff_of("qwen-long")

    def figures() -> list[str]:
        found = cost(tariff, 1_648_530, 423)
        billed = tariff.charge(Charged(1_648_530, 423))
        assert billed is not None
        money = (found.input, found.output_max, found.total_min, found.total_max, billed)
        return [plain(one) for one in money if one is not None]

    expected = figures()
    assert expected[0] == "0.824265"
    assert len(expected) == 5
    with localcontext() as context:
        context.prec = 2
        assert figures() == expected


@given(st.decimals(0, 10**9, allow_nan=False, allow_infinity=False))
def test_money_is_written_without_exponent_and_reads_back_equal(money: Decimal) -> None:
    written = plain(money)
    assert "e" not in written.lower()
    assert Decimal(written) == money


@pytest.mark.parametrize(
    ("end", "boundary", "readings"),
    [
        (32_000, "k", (32_000, 32_768)),
        (1_000_000, "k", (1_000_000, 1_048_576)),
        (32_768, "k", (32_000, 32_768)),
        (32_000, "exact", (32_000, 32_000)),
        (None, "exact", (None, None)),
    ],
)
def test_what_k_may_mean(end: int | None, boundary: Any, readings: tuple[int, int]) -> None:
    price = Decimal(1)
    tier = Tier(up_to_input_tokens=end, boundary=boundary, input_per_1k=price, output_per_1k=price)
    assert k_readings(tier) == readings


def test_a_range_of_input_may_lie_in_two_tiers() -> None:
    tariff = tariff_of("qwen-plus")
    assert tariff.boundary(127_990, 128_000) is None
    across = tariff.boundary(127_990, 128_001)
    assert across is not None
    assert "127,990 to 128,001 tokens may be billed at either price" in across
    assert tariff.boundary(131_073, 131_080) is None
    assert tariff.boundary(5, None) is None
    first, second, _ = tariff.steps
    exact = Step.of(replace(first.tier, boundary="exact"), first.rates)
    sharp = Tariff(tariff.row, (exact, second))
    assert sharp.boundary(128_000, 128_000) is None
    told = sharp.boundary(128_000, 128_001)
    assert told is not None
    assert "ends at 128,000 tokens:" in told
