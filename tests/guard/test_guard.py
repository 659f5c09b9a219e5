"""What a guard lets through, what it refuses, and what it writes of both."""

from __future__ import annotations

import ast
import datetime as dt
import os
import subprocess
import sys
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

from tests.guard.conftest import kept
from tests.guard.sums import sums
from tests.house.tree import ROOT
from tokenassay import estimate
from tokenassay.contracts.errors import UnknownEdition
from tokenassay.estimators.bills.usages import Billed
from tokenassay.estimators.requests import NotARequest
from tokenassay.guard import Budget, Guard, Ledger, LedgerError, OverBudget, Refused

CHAT: dict[str, Any] = {
    "model": "qwen-plus",
    "messages": [{"role": "user", "content": "How are you?"}],
    "max_tokens": 100,
}
STRANGE = {**CHAT, "model": "someones-model"}


def cost(body: dict[str, Any]) -> Decimal:
    """The most that a request may cost."""
    found = estimate(body).cost
    assert found is not None
    assert found.total_max is not None
    return found.total_max


def test_a_call_is_reserved_at_its_highest_price_and_settled_by_its_usage(path: Path) -> None:
    guard = Guard(ledger=path, tag="mine")
    admission = guard.admit(CHAT)
    (before,) = kept(path)
    assert (before["state"], before["cost_nano"]) == ("open", None)
    assert Decimal(before["reserved_nano"]) / 10**9 == cost(CHAT)
    assert admission.settle(1000, 2000, request_id="r", status=200)
    assert not admission.settle(1, 1)
    assert not admission.release()
    (after,) = kept(path)
    row = estimate(CHAT).pricing.tariff
    assert row is not None
    (tier, *_) = row.row.tiers
    billed = tier.input_per_1k + 2 * tier.output_per_1k
    assert Decimal(after["cost_nano"]) / 10**9 == billed
    assert after["state"] == "settled"
    assert (after["tag"], after["request_id"], after["status"]) == ("mine", "r", 200)
    assert (after["input_estimated"], after["input_billed"]) == (estimate(CHAT).input_tokens, 1000)


@pytest.mark.parametrize("tokens", [-1, 10**20, 1.5, None, True])
def test_what_is_no_number_of_tokens_settles_nothing(path: Path, tokens: Any) -> None:
    admission = Guard(ledger=path).admit(CHAT)
    for used in ((tokens, 1), (1, tokens)):
        with pytest.raises(ValueError, match="expected numbers of tokens"):
            admission.settle(*used)
    assert admission.settle(1, 1)


def test_a_documented_refusal_stops_a_call(path: Path) -> None:
    guard = Guard(ledger=path)
    with pytest.raises(Refused) as told:
        guard.admit({**CHAT, "temperature": 2})
    assert [refusal.clause for refusal in told.value.refusals] == ["temperature.range"]
    assert told.value.estimate is not None
    assert str(told.value) == "qwen-plus: temperature is 2, outside [0, 2) (temperature.range)"
    (row,) = kept(path)
    assert (row["state"], row["why"]) == ("refused", "temperature.range")
    assert not any(sums(guard._store).values())


def test_the_level_of_refusals_that_stop_is_chosen(path: Path) -> None:
    body = {**CHAT, "stop": [1, "a"]}
    levels = {refusal.level for refusal in estimate(body).refusals}
    assert levels
    Guard(ledger=path, refuse_at="never").admit(body)
    stopping = "should" if levels == {"should"} else "must"
    with pytest.raises(Refused):
        Guard(ledger=path, refuse_at=stopping).admit(body)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="refuse_at of must, should or never"):
        Guard(ledger=path, refuse_at="all")  # type: ignore[arg-type]


def test_a_budget_holds_what_is_under_way_too(path: Path) -> None:
    most = cost(CHAT)
    budget = Budget(most * 2 + most / 2, "CNY", "day")
    guard = Guard(ledger=path, budget=budget)
    first = guard.admit(CHAT)
    guard.admit(CHAT)
    with pytest.raises(OverBudget) as told:
        guard.admit(CHAT)
    assert told.value.budget is budget or told.value.budget == budget
    assert (told.value.spent, told.value.most) == (most * 2, most)
    assert first.settle(1, 1)
    guard.admit(CHAT)  # what the first did not use is free again
    assert [row["state"] for row in kept(path)].count("refused") == 1


def test_budgets_by_tag_are_apart_and_others_are_shared(path: Path) -> None:
    most = cost(CHAT)
    own = Budget(most, "CNY", None, True)
    for tag in ("a", "b"):
        guard = Guard(ledger=path, budget=[own, Budget(most * 2, "CNY")], tag=tag)
        guard.admit(CHAT)
        with pytest.raises(OverBudget) as told:
            guard.admit(CHAT)
        assert told.value.budget == own
    with pytest.raises(OverBudget) as told:
        Guard(ledger=path, budget=Budget(most * 2, "CNY", "month"), tag="c").admit(CHAT)
    assert told.value.budget.period == "month"


@pytest.mark.parametrize("amount", ["9223372036.854775807", "10000000000", "1" + "0" * 40])
def test_a_budget_may_be_beyond_what_a_ledger_can_sum(path: Path, amount: str) -> None:
    guard = Guard(ledger=path, budget=[f"{amount} CNY", f"{amount} CNY/day/tag"])
    assert guard.admit(CHAT).settle(1, 1)


def test_no_sum_is_rounded_by_a_callers_context(path: Path) -> None:
    most = cost(CHAT)
    guard = Guard(ledger=path, budget=Budget(most, "CNY"))
    with localcontext() as context:
        context.prec = 2
        guard.admit(CHAT)
        with pytest.raises(OverBudget) as told:
            guard.admit(CHAT)
        with Ledger(path) as ledger:
            (money,) = ledger.totals().money
    assert len(most.as_tuple().digits) > 2
    assert told.value.spent == money.unsettled == most


def test_days_begin_where_the_guard_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.timezone.utc).timestamp()
    monkeypatch.setattr("tokenassay.guard.guarding.time.time", lambda: moment)
    Guard(ledger=path).admit(CHAT)
    Guard(ledger=path, zone=dt.timezone(dt.timedelta(hours=8))).admit(CHAT)
    assert {row["day"] for row in kept(path)} == {"2026-11-20", "2026-11-21"}


def test_a_new_day_has_its_own_budget(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = dt.datetime(2026, 11, 30, 12, tzinfo=dt.timezone.utc).timestamp()
    monkeypatch.setattr("tokenassay.guard.guarding.time.time", lambda: now)
    most = cost(CHAT)
    daily = Guard(ledger=path, budget=Budget(most, "CNY", "day"))
    for _ in range(2):
        daily.admit(CHAT)
        with pytest.raises(OverBudget):
            daily.admit(CHAT)
        now += 86_400
    monthly = Guard(ledger=path, budget=Budget(most * 2, "CNY", "month"))
    monthly.admit(CHAT)  # the days before were in November
    with pytest.raises(OverBudget):
        Guard(ledger=path, budget=Budget(most * 3, "CNY")).admit(CHAT)


@pytest.mark.parametrize(
    ("budget", "body", "why"),
    [
        ("5 CNY/day", STRANGE, "nobody knows its model, so it can't be held to 5 CNY/day"),
        ("5 USD/day", CHAT, "it is priced in CNY, and the budget is 5 USD/day"),
    ],
)
def test_what_no_budget_can_be_held_to_is_stopped_unless_allowed(
    path: Path, budget: str, body: dict[str, Any], why: str
) -> None:
    with pytest.raises(OverBudget) as told:
        Guard(ledger=path, budget=budget).admit(body)
    assert str(told.value) == why
    assert told.value.spent is None
    admission = Guard(ledger=path, budget=budget, on_unknown_price="allow").admit(body)
    assert admission.settle(5, 5)
    without = Guard(ledger=path).admit(body)
    assert without.settle(5, 5)
    assert [row["state"] for row in kept(path)] == ["refused", "settled", "settled"]


def test_what_was_read_from_a_cache_costs_no_more(path: Path) -> None:
    admission = Guard(ledger=path).admit(CHAT)
    whole = admission.cost(Billed(1000, 10))
    cached = admission.cost(Billed(1000, 10, cached=1000))
    assert whole is not None
    assert cached is not None
    assert 0 < cached <= whole
    assert admission.cost(Billed(1000, 10, cache_created=5)) is None
    thinking = Guard(ledger=path).admit({**CHAT, "enable_thinking": True, "stream": True})
    thought = thinking.cost(Billed(1000, 10, reasoning=5))
    plain = thinking.cost(Billed(1000, 10, reasoning=0))
    assert thought is not None
    assert plain is not None
    assert plain <= thought == thinking.cost(Billed(1000, 10))


def test_a_cost_that_is_not_known_counts_at_its_highest(path: Path) -> None:
    guard = Guard(ledger=path)
    admission = guard.admit(CHAT)
    admission.end(admission.settled(Billed(9, 9, cache_created=5), None, 200))
    with Ledger(path) as ledger:
        (money,) = ledger.totals().money
        assert (money.settled, money.unsettled) == (Decimal(0), cost(CHAT))


def test_a_price_without_an_end_is_not_nothing(path: Path) -> None:
    endless = {key: value for key, value in CHAT.items() if key != "max_tokens"}
    endless["model"] = "qwen-max-latest"
    guard = Guard(ledger=path, budget="5 CNY", on_unknown_price="allow")
    admission = guard.admit(endless)
    assert admission.estimate is not None
    assert admission.estimate.output_tokens.max is None
    with pytest.raises(OverBudget, match="its highest cost is not known"):
        Guard(ledger=path, budget="5 CNY").admit(endless)
    admission.settle(1000, 1000)
    with Ledger(path) as ledger:
        (money,) = ledger.totals().money
        assert money.settled == admission.cost(Billed(1000, 1000)) is not None


def test_an_unknown_cost_is_unknown_and_not_nothing(path: Path) -> None:
    Guard(ledger=path).admit(STRANGE).settle(5, 5)
    (row,) = kept(path)
    assert (row["cost_nano"], row["reserved_nano"], row["input_estimated"]) == (None, None, None)
    assert (row["input_billed"], row["output_billed"]) == (5, 5)


def test_an_edition_and_a_contract_are_held_to(path: Path, tmp_path: Path) -> None:
    body = {"model": "qwen-plus", "input": {"prompt": "a"}, "parameters": {"temperature": 1.5}}
    contract = tmp_path / "mine.yaml"
    contract.write_text(
        "edition: mine@2026\nextends: qwen-dashscope@2024-04\ntitle: Mine\n"
        "sources:\n  page: {provider: me, title: Page, published: '2026-11', trust: document}\n"
        "clauses:\n- {kind: range, id: temperature.range, level: must, text: At most 1.,\n"
        "   family: parameters, source: page, parameter: temperature, interval: '[0, 1]'}\n"
    )
    Guard(ledger=path, edition="qwen-dashscope@2024-04").admit(body)
    with pytest.raises(Refused):
        Guard(ledger=path, contract=contract).admit(body)
    with pytest.raises(UnknownEdition):
        Guard(ledger=path, edition="qwen@1999")


def test_a_ledger_that_cannot_be_written_lets_nothing_through(path: Path) -> None:
    guard = Guard(ledger=path)
    admission = guard.admit(CHAT)
    guard.close()
    with pytest.raises(LedgerError):
        guard.admit(CHAT)
    assert not admission.settle(1, 1)  # told to the log: the answer is the caller's
    assert kept(path)[0]["state"] == "open"


def test_what_is_no_request_is_told(path: Path) -> None:
    with pytest.raises(NotARequest):
        Guard(ledger=path).admit({"model": "qwen-plus"})


def test_a_fork_writes_on_its_own(path: Path) -> None:
    code = f"""
import os
from tests.guard.test_guard import CHAT
from tokenassay.guard import Guard
guard = Guard(ledger={str(path)!r})
guard.admit(CHAT).settle(1, 1)
child = os.fork()
guard.admit(CHAT).settle(1, 1)
if child:
    assert os.waitpid(child, 0)[1] == 0
    guard.admit(CHAT).settle(1, 1)
guard.close()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["state"] for row in kept(path)] == ["settled"] * 4


def test_importing_the_guard_loads_no_http_client() -> None:
    code = "import sys, tokenassay.guard as g; g.Guard; g.Ledger; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ}
    )
    loaded = set(ast.literal_eval(done.stdout))
    assert loaded & {"httpx", "anyio", "dashscope", "sqlalchemy", "psycopg", "typer"} == set()
