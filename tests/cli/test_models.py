"""``tokenassay models``: what is known, how well, and how old it is."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from decimal import Decimal

import pytest

from tests.cli.calling import Caller
from tokenassay.cli import catalog
from tokenassay.cli.models import STALE_AFTER, Entry, Row, stale
from tokenassay.contracts import store
from tokenassay.contracts.catalog import Sizes


def test_json_has_every_model_with_every_row(call: Caller) -> None:
    answer = call("models", "--json")
    assert answer.code == 0
    listed = {model["id"]: model for model in answer.json["models"]}
    assert set(listed) == set(store.models())
    for id, model in store.models().items():
        for kind in ("sizes", "prices", "templates", "free_quota"):
            own = getattr(model, kind)
            if own:
                assert len(listed[id][kind]) == len(own)
            for row in listed[id][kind]:
                assert {"since", "until", "source", "seen", "trust", "title"} <= set(row)
                dt.date.fromisoformat(row["seen"])
    prices = [tier for model in listed.values() for p in model["prices"] for tier in p["tiers"]]
    assert prices
    for tier in prices:
        assert isinstance(tier["input_per_1k"], str)
        assert Decimal(tier["input_per_1k"]) > 0


def test_the_list_shows_what_holds_on_a_day(call: Caller) -> None:
    line = re.search(r"^qwen-turbo .*$", call("models", "--as-of", "2024-04-15").out, re.MULTILINE)
    assert line
    assert re.search(r" 8,000 +6,000 +1,500 +0\.008 / 0\.008 CNY +exact", line[0])
    assert re.search(r"^baichuan-7b-v1 .* unknown +approximate$", call("models").out, re.MULTILINE)


def test_one_model_shows_each_row_with_trust_day_and_document(call: Caller) -> None:
    out = call("models", "qwen-plus").out
    model = store.find_model("qwen-plus")
    for row in (*model.sizes, *model.prices, *model.templates):
        assert row.since in out
    for price in model.prices:
        for tier in price.tiers:
            assert f"{tier.input_per_1k:f}" in out
    assert "third-party" in out
    assert "2026-11-21" in out


def test_a_model_without_vocabulary_says_by_which_rule(call: Caller) -> None:
    out = call("models", "baichuan2-7b-chat-v1").out
    assert "approximate by the rule baichuan" in out


@pytest.mark.parametrize("id", sorted(store.models()))
def test_every_model_can_be_shown(call: Caller, id: str) -> None:
    answer = call("models", id)
    assert answer.code == 0
    assert answer.out.startswith(f"{id}\n")


def entry(seen: dt.date) -> Entry:
    row = Row("sizes", Sizes(source="x", since="2024"), seen, "document", "A page")
    return Entry("alibaba", store.find_model("qwen-plus"), (row,))


def test_rows_not_checked_for_180_days_are_warned_of() -> None:
    today = dt.date(2026, 11, 21)
    assert dt.timedelta(days=180) == STALE_AFTER
    assert stale([entry(today - STALE_AFTER)], today) == []
    (warning,) = stale([entry(today - STALE_AFTER - dt.timedelta(days=1))], today)
    assert warning == "qwen-plus: sizes last checked on 2026-05-24, 181 days ago"


def test_the_command_warns(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenassay.cli.models.STALE_AFTER", dt.timedelta(days=-1_000_000))
    answer = call("models", "qwen-plus")
    assert answer.code == 0
    assert "tokenassay: warning: qwen-plus: prices last checked on" in answer.err
    assert call("models", "qwen-plus", "--json").json["warnings"]


def test_rows_in_force_end_before_the_day_of_until() -> None:
    rows = [
        Row("sizes", Sizes(source="x", since=a, until=b), dt.date.min, "document", "")
        for a, b in [("2024-04", "2025"), ("2025", None)]
    ]
    last, first = dt.date(2024, 12, 31), dt.date(2025, 1, 1)
    assert catalog.in_force(rows, last) == rows[:1]
    assert catalog.in_force(rows, first) == rows[1:]
    assert catalog.in_force(rows, dt.date(2024, 3, 31)) == []


@pytest.mark.parametrize("columns", ["60", "90", "120"])
@pytest.mark.parametrize("arguments", [["models"], ["models", "qwen-plus"], ["contracts"]])
def test_a_narrow_terminal_wraps_and_loses_nothing(
    call: Caller, monkeypatch: pytest.MonkeyPatch, arguments: list[str], columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    wide = Counter(call(*arguments).out)
    monkeypatch.setenv("COLUMNS", columns)
    narrow = Counter(call(*arguments).out)
    for char in " \n─":
        del wide[char], narrow[char]
    assert narrow == wide
