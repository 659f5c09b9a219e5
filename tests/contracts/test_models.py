"""Models: sizes, prices and templates by date, each with a source; what is unknown is None."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import ROUND_HALF_UP, Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.contracts import clauses as c
from tokenassay.contracts import soundness, store
from tokenassay.contracts.catalog import Model, ModelList, Price, Sized, Sizes, Template, Tier
from tokenassay.contracts.records import Trust

LISTS = store.model_lists()
MODELS = [pytest.param(listed, model, id=model.id) for listed in LISTS for model in listed.models]
IDS = sorted(store.models())
DAYS = st.dates(dt.date(2023, 1, 1), dt.date(2027, 12, 31))


def holds(row: Sized, on: dt.date) -> bool:
    return store.day(row.since) <= on and (row.until is None or on < store.day(row.until))


def rows_of(model: Model) -> list[Sized]:
    return [*model.sizes, *model.prices, *model.templates, *model.free_quota]


def price(model: str, on: str, region: str = "beijing") -> Price:
    """The price row of a region in force on a day, the one that began last."""
    day = store.day(on)
    found = [p for p in store.find_model(model).prices if p.region == region and holds(p, day)]
    return max(found, key=lambda p: store.day(p.since))


def sizes(model: str, on: str) -> Sizes:
    day = store.day(on)
    [found] = [s for s in store.find_model(model).sizes if holds(s, day)]
    return found


# ------------------------------------------------------------------------ provenance


@pytest.mark.parametrize(("listed", "model"), MODELS)
def test_every_row_has_source_and_trust(listed: ModelList, model: Model) -> None:
    for row in rows_of(model):
        source = listed.sources[row.source.partition(" § ")[0]]
        assert (row.trust or source.trust) in get_args(Trust)
        assert source.title
        assert source.published


@pytest.mark.parametrize("listed", LISTS, ids=lambda listed: listed.models[0].id)
def test_names_in_the_lists_lead_somewhere(listed: ModelList) -> None:
    problem = soundness.first_problem(
        listed.models,
        sources=listed.sources,
        profiles=store.profiles(),
        rules=store.text_rules(),
    )
    assert problem is None
    used = {row.source.partition(" § ")[0] for model in listed.models for row in rows_of(model)}
    unused = set(listed.sources) - used
    notes = " ".join(row.note or "" for model in listed.models for row in rows_of(model))
    assert not unused or "chat page of 2026" in notes


@pytest.mark.parametrize("listed", LISTS, ids=lambda listed: listed.models[0].id)
def test_a_row_of_weak_or_undated_source_says_so(listed: ModelList) -> None:
    for model in listed.models:
        for row in [*model.prices, *model.sizes]:
            key = row.source.partition(" § ")[0]
            if key in ("tables-2025-26", "help-3023262", "qwen-long-2026"):
                assert row.note, (model.id, row.since)


def test_rows_of_templates_have_sources_too() -> None:
    file = store.templates()
    named = [profile.source for profile in file.profiles]
    named += [rule.source for rule in file.text_rules]
    assert set(named) <= set(file.sources)


@pytest.mark.parametrize(("listed", "model"), MODELS)
def test_rows_of_one_sort_do_not_overlap(listed: ModelList, model: Model) -> None:
    regions: dict[str, list[Sized]] = {"sizes": list(model.sizes), "quota": list(model.free_quota)}
    for row in model.prices:
        regions.setdefault(row.region, []).append(row)
    for rows in regions.values():
        for before, after in itertools.pairwise(rows):
            assert before.until is not None
            assert store.day(before.until) <= store.day(after.since)


# ---------------------------------------------------------------------------- money

# Model, day, region: input and output per 1,000 tokens, tier by tier.
PRICES = [
    ("qwen-turbo", "2024-04-22", "beijing", [("0.008", "0.008")]),
    ("qwen-plus", "2024-04-22", "beijing", [("0.02", "0.02")]),
    ("qwen-max", "2024-04-22", "beijing", [("0.12", "0.12")]),
    ("qwen-turbo", "2024-06-01", "beijing", [("0.002", "0.006")]),
    ("qwen-plus", "2024-06-01", "beijing", [("0.004", "0.012")]),
    ("qwen-max", "2024-06-01", "beijing", [("0.04", "0.12")]),
    ("qwen-long", "2024-10-31", "beijing", [("0.0005", "0.002")]),
    ("qwen-long", "2026-01-01", "beijing", [("0.0005", "0.002")]),
    ("qwen-turbo", "2026-01-01", "beijing", [("0.0003", "0.0006")]),
    ("qwen-max", "2026-01-01", "beijing", [("0.0024", "0.0096")]),
    (
        "qwen-plus", "2026-01-01", "beijing",
        [("0.0008", "0.002"), ("0.0024", "0.02"), ("0.0048", "0.048")],
    ),
    (
        "qwen-flash", "2026-01-01", "beijing",
        [("0.00015", "0.0015"), ("0.0006", "0.006"), ("0.0012", "0.012")],
    ),
    (
        "qwen3-max", "2026-01-01", "beijing",
        [("0.0025", "0.01"), ("0.004", "0.016"), ("0.007", "0.028")],
    ),
    ("qwen-max", "2025-05-01", "singapore", [("0.0016", "0.0064")]),
    ("qwen-plus", "2025-05-01", "singapore", [("0.0004", "0.0012")]),
    ("qwen-turbo", "2025-05-01", "singapore", [("0.00005", "0.0002")]),
    (
        "qwen3-max", "2026-09-01", "singapore",
        [("0.0012", "0.006"), ("0.0024", "0.012"), ("0.003", "0.015")],
    ),
    ("baichuan2-7b-chat-v1", "2025-04-01", "beijing", [("0.006", "0.006")]),
    ("baichuan2-13b-chat-v1", "2025-04-01", "beijing", [("0.008", "0.008")]),
]  # fmt: skip


@pytest.mark.parametrize(("model", "on", "region", "expected"), PRICES)
def test_prices_by_date(model: str, on: str, region: str, expected: list[tuple[str, str]]) -> None:
    row = price(model, on, region)
    assert row.currency == ("USD" if region == "singapore" else "CNY")
    found = [(tier.input_per_1k, tier.output_per_1k) for tier in row.tiers]
    assert found == [(Decimal(i), Decimal(o)) for i, o in expected]


def test_prices_of_plus_by_thinking_and_cache() -> None:
    tiers = price("qwen-plus", "2026-01-01").tiers
    thinking = [tier.thinking_output_per_1k for tier in tiers]
    assert thinking == [Decimal("0.008"), Decimal("0.024"), Decimal("0.064")]
    hits = [tier.cache_hit_per_1k for tier in tiers]
    assert hits == [Decimal("0.0002"), Decimal("0.0005"), Decimal("0.001")]
    assert [tier.up_to_input_tokens for tier in tiers] == [128_000, 256_000, 1_000_000]
    assert {tier.boundary for tier in tiers} == {"k"}


def tiers() -> list[tuple[str, Tier]]:
    return [
        (model.id, tier)
        for model in store.models().values()
        for row in model.prices
        for tier in row.tiers
    ]


@pytest.mark.parametrize(("model", "tier"), tiers())
def test_money_is_decimal_and_a_batch_costs_half(model: str, tier: Tier) -> None:
    for field in tier.__struct_fields__:
        if field.endswith("_per_1k") and getattr(tier, field) is not None:
            assert isinstance(getattr(tier, field), Decimal)
            assert getattr(tier, field) > 0
    for batch, live in [
        (tier.batch_input_per_1k, tier.input_per_1k),
        (tier.batch_output_per_1k, tier.output_per_1k),
    ]:
        assert batch is None or batch * 2 == live


@pytest.mark.parametrize("model", ["baichuan-7b-v1", "qwen-max-longcontext", "qwen-max-0403",
                                   "qwen-max-0107", "qwen-max-1201", "qwen3-vl-plus",
                                   "qwen3.8-max"])  # fmt: skip
def test_an_unknown_price_is_no_row(model: str) -> None:
    assert store.find_model(model).prices == ()


def test_what_a_row_does_not_print_is_none() -> None:
    [tier] = price("qwen-turbo", "2024-04-22").tiers
    assert tier.batch_input_per_1k is None
    assert tier.thinking_output_per_1k is None
    assert tier.cache_hit_per_1k is None
    assert all(t.batch_input_per_1k is None for t in price("qwen3-max", "2026-01-01").tiers)


def test_before_the_first_row_a_price_is_unknown() -> None:
    for model in ("qwen-turbo", "qwen-plus", "qwen-max", "qwen-long"):
        day = dt.date(2024, 3, 31)
        assert [row for row in store.find_model(model).prices if holds(row, day)] == []


WORKED = [(1_648_530, 423, "0.83"), (290_766, 251, "0.15"), (53_038, 557, "0.03")]


@pytest.mark.parametrize(("given", "answered", "printed"), WORKED)
def test_the_worked_prices_of_the_guide(given: int, answered: int, printed: str) -> None:
    [tier] = price("qwen-long", "2024-10-31").tiers
    cost = (given * tier.input_per_1k + answered * tier.output_per_1k) / 1000
    assert cost.quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal(printed)


def test_the_edition_has_the_same_worked_prices() -> None:
    edition = store.load_edition("qwen-long@2024-10")
    found = {
        (x.given["input_tokens"], x.given["output_tokens"], x.expected["total_rounded"])
        for x in edition.of_kind(c.ExampleClause)
        if x.of == "cost" and "total_rounded" in x.expected
    }
    assert found == set(WORKED)
    for x in edition.of_kind(c.ExampleClause):
        if x.of == "cost" and "total" in x.expected:
            [tier] = price(x.given["model"], "2024-10-31").tiers
            batch = x.given.get("batch", False)
            per_input = tier.batch_input_per_1k if batch else tier.input_per_1k
            per_output = tier.batch_output_per_1k if batch else tier.output_per_1k
            assert per_input is not None
            assert per_output is not None
            cost = x.given["input_tokens"] * per_input + x.given["output_tokens"] * per_output
            assert cost / 1000 == Decimal(x.expected["total"])


# ---------------------------------------------------------------------------- sizes

SIZES = [
    # model, day, context, input, output, default
    ("qwen-turbo", "2024-04-15", 8_000, 6_000, 1_500, 1_500),
    ("qwen-plus", "2024-04-15", 32_000, 30_000, 2_000, 2_000),
    ("qwen-max", "2024-04-15", 8_000, 6_000, 2_000, 2_000),
    ("qwen-max-0403", "2024-04-15", 8_000, 6_000, None, None),
    ("qwen-max-0107", "2024-04-15", 8_000, 6_000, None, None),
    ("qwen-max-1201", "2024-04-15", 8_000, 6_000, 2_000, 2_000),
    ("qwen-max-longcontext", "2024-04-15", 30_000, 28_000, 2_000, 2_000),
    ("qwen-long", "2024-06-01", 10_000_000, None, None, 2_000),
    ("qwen-long", "2024-10-31", 10_000_000, 10_000_000, 6_000, 2_000),
    ("qwen-long", "2025-06-01", 10_000_000, 10_000_000, 8_192, 8_192),
    ("qwen-long", "2026-06-01", 10_000_000, 10_000_000, 32_768, 32_768),
    ("qwen-plus", "2026-06-01", 1_000_000, None, 32_768, 32_768),
    ("qwen-max", "2026-06-01", 131_072, None, 8_192, 8_192),
    ("qwen3.8-max", "2026-09-01", None, None, 131_072, 131_072),
    ("baichuan-7b-v1", "2024-06-01", 4_096, None, None, None),
    ("baichuan2-13b-chat-v1", "2025-06-01", 4_096, None, None, None),
]


@pytest.mark.parametrize(("model", "on", "context", "given", "output", "default"), SIZES)
def test_sizes_by_date(
    model: str,
    on: str,
    context: int | None,
    given: int | None,
    output: int | None,
    default: int | None,
) -> None:
    row = sizes(model, on)
    assert (row.context_tokens, row.input_tokens) == (context, given)
    assert (row.output_tokens, row.default_output_tokens) == (output, default)


def test_free_quota_by_date() -> None:
    quota = store.find_model("qwen-long").free_quota
    assert [(q.since, q.tokens, q.days) for q in quota] == [
        ("2024-10", 1_000_000, 180),
        ("2025", 1_000_000, 90),
    ]


def test_tokenizers() -> None:
    without = {id for id, model in store.models().items() if model.tokenizer is None}
    assert without == {
        id for id in IDS if id.startswith(("baichuan", "qwen3.5", "qwen3.7", "qwen3.8"))
    }
    for model in store.models().values():
        assert model.text_rule in store.text_rules()


def test_the_base_model_of_baichuan_takes_prompts_only() -> None:
    assert store.find_model("baichuan-7b-v1").input_modes == ("prompt",)
    assert "messages" in store.find_model("baichuan2-7b-chat-v1").input_modes


def test_the_snapshot_that_went_offline() -> None:
    assert store.find_model("qwen-max-1201").retired == "2024-04-22"


# ------------------------------------------------------------------------- templates


def template(model: str, on: dt.date | None, *, thinking: bool, system: bool) -> Template | None:
    """The row in force; without a day the newest."""
    found = [
        row
        for row in store.find_model(model).templates
        if (on is None or holds(row, on))
        and row.thinking in (None, thinking)
        and row.system in (None, "explicit" if system else "absent")
    ]
    if on is not None:
        assert len(found) <= 1, (model, on, found)
    return max(found, key=lambda row: store.day(row.since), default=None)


@given(model=st.sampled_from(IDS), on=DAYS, thinking=st.booleans(), system=st.booleans())
def test_at_most_one_template_holds(model: str, on: dt.date, thinking: bool, system: bool) -> None:
    template(model, on, thinking=thinking, system=system)


# Published answers: model, day, thinking, a system message of its own; the template that gives
# the tokens that were billed. Their texts stand with the tests of the estimators.
PUBLISHED = [
    ("qwen-turbo", "2024-02-01", False, True, "bare"),
    ("qwen-turbo", "2024-04-15", False, True, "chatml-default-system"),
    ("qwen-turbo", "2024-06-05", False, True, "chatml-default-system"),
    ("qwen-turbo", "2024-06-01", False, False, "chatml-default-system"),
    ("qwen-plus", "2024-09-12", False, False, "chatml-default-system"),
    ("qwen-max", "2025-03-18", False, True, "chatml"),
    ("qwen-plus", "2025-04-24", True, False, "chatml"),
    ("qwen-turbo-latest", "2025-05-13", True, True, "chatml"),
    ("qwen-turbo", "2025-08-01", False, False, "chatml-think-block"),
    ("qwen3-vl-plus", "2025-09-02", False, False, "chatml"),
    ("qwen-max", "2025-09-08", False, False, "chatml"),
    ("qwen-flash", "2025-11-10", False, False, "chatml"),
    ("qwen-plus", "2025-12-01", False, True, "chatml"),
    ("qwen-turbo", "2025-12-02", False, False, "chatml-think-block"),
    ("qwen-plus", "2026-01-25", True, False, "chatml"),
    ("qwen-flash", "2026-01-25", False, True, "chatml"),
    ("qwen-plus", None, False, True, "chatml"),
]


@pytest.mark.parametrize(("model", "on", "thinking", "system", "profile"), PUBLISHED)
def test_templates_of_published_answers(
    model: str, on: str | None, thinking: bool, system: bool, profile: str
) -> None:
    day = store.day(on) if on else None
    row = template(model, day, thinking=thinking, system=system)
    assert row is not None
    assert row.profile == profile


@pytest.mark.parametrize("model", IDS)
def test_exact_is_said_only_between_published_answers(model: str) -> None:
    for row in store.find_model(model).templates:
        if row.basis == "exact":
            assert row.evidence
            assert row.until is not None, "the newest row is never more than modelled"
            days = [
                store.day(on)
                for name, on, *_, profile in PUBLISHED
                if on
                and profile == row.profile
                and name[:9] in (model[:9], "qwen-turb", "qwen-plus")
            ]
            assert any(holds(row, day) for day in days)


def test_a_request_without_a_day_meets_the_newest_row() -> None:
    for id, model in store.models().items():
        for thinking in (False, True):
            row = template(id, None, thinking=thinking, system=True)
            if row is not None:
                assert row.until is None, id
            else:
                assert model.tokenizer is None, id


def test_profiles() -> None:
    profiles = store.profiles()
    assert set(profiles) == {"bare", "chatml", "chatml-default-system", "chatml-think-block"}
    assert profiles["chatml-think-block"].think_block_tokens == 4
    assert profiles["chatml-default-system"].default_system == "You are a helpful assistant."
    for id in set(profiles) - {"bare"}:
        tools = profiles[id].tools
        assert tools is not None
        assert (tools.preamble_tokens, tools.closing_tokens, tools.separator) == (35, 42, "spaced")
    file = store.templates()
    assert (file.image_cell_pixels, file.image_min_tokens, file.image_marker_tokens) == (28, 4, 2)
    assert file.json_mode_tokens == 2


def test_text_rules_are_ranges() -> None:
    rules = store.text_rules()
    for rule in rules.values():
        for low, high in (rule.cjk_chars_per_token, rule.other_chars_per_token):
            assert 0 < low <= high
    assert rules["qwen-2024"].cjk_chars_per_token == (Decimal("1.8"), Decimal(2))
    assert rules["qwen-2024"].other_chars_per_token == (Decimal(3), Decimal(4))
    assert rules["qwen-long-2024"].cjk_chars_per_token[0] == Decimal("1.5")
    for id in ("baichuan", "qwen-3.5"):
        low, high = rules[id].cjk_chars_per_token
        assert low < Decimal("1.8")
        assert high >= 2


@pytest.mark.parametrize(
    "model", [id for id in IDS if not id.startswith("baichuan")], ids=lambda id: id
)
def test_a_model_without_a_row_of_2024_is_served_from_a_later_day_on(model: str) -> None:
    """Else it would be offered for a day before anyone had heard of it."""
    found = store.find_model(model)
    early = [row for row in (*found.sizes, *found.prices) if store.day(row.since).year <= 2024]
    named = any(model in store.load_edition(id).models for id in ("qwen-dashscope@2024-04",))
    assert early or named or found.since is not None
