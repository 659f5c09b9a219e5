"""``tokenassay estimate``: what it prints, and what makes it exit with 1."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.calling import EXAMPLES, Caller, one_line
from tokenassay.cli import sheet
from tokenassay.cli.estimate import stands_against
from tokenassay.cli.inputs import Money

CHAT = EXAMPLES / "qwen-chat.json"
APRIL = ("--as-of", "2024-04-15")
FIELDS = {
    "model",
    "edition",
    "input_tokens",
    "input_range",
    "basis",
    "basis_why",
    "output_tokens",
    "cost",
    "cost_why",
    "refusals",
    "notes",
    "breakdown",
}
LISTED: list[dict[str, Any]] = yaml.safe_load((EXAMPLES / "requests.yaml").read_text("utf-8"))


def test_every_example_is_listed() -> None:
    assert {entry["request"] for entry in LISTED} == {path.name for path in EXAMPLES.glob("*.json")}


@pytest.mark.parametrize("entry", LISTED, ids=lambda entry: str(entry["request"]))
def test_examples(call: Caller, entry: dict[str, Any]) -> None:
    asked = ["--edition", entry["edition"], "--as-of", entry["as_of"]]
    answer = call("estimate", EXAMPLES / entry["request"], *asked, "--json")
    (shown,) = answer.json["estimates"]
    assert set(shown) == FIELDS
    assert shown["edition"] == entry["edition"]
    assert set(shown["output_tokens"]) == {"min", "max"}
    money = {"currency", "input", "output_max", "total_min", "total_max"}
    # The gateway prints no price, and another provider's is not its own.
    assert shown["cost"] is None or set(shown["cost"]) == money
    assert (shown["cost"] is None) == (entry["request"] == "gateway-chat.json")
    assert sum(part["tokens"] for part in shown["breakdown"]) == shown["input_tokens"]
    low, high = shown["input_range"]
    assert low <= shown["input_tokens"]
    assert high is None or shown["input_tokens"] <= high
    if "published" in entry:
        assert shown["input_tokens"] == entry["published"]
    refused = [refusal for refusal in shown["refusals"] if refusal["level"] == "must"]
    assert answer.code == (1 if refused else 0)
    assert bool(refused) == (entry["request"] == "refused.json")
    read = call("estimate", EXAMPLES / entry["request"], *asked)
    assert read.code == answer.code
    assert read.err == answer.err
    for clause in (refusal["clause"] for refusal in shown["refusals"]):
        assert f"[{clause}]" in read.out


def test_the_refused_example_says_what_to_expect(call: Caller) -> None:
    answer = call("estimate", EXAMPLES / "refused.json", *APRIL, "--json")
    (shown,) = answer.json["estimates"]
    found = {refusal["clause"]: refusal for refusal in shown["refusals"]}
    assert set(found) == {"max_tokens.range", "top_p.range", "temperature.range", "stop.forms"}
    expected = found["top_p.range"]
    assert set(expected) == {"clause", "level", "status", "code", "message", "why"}
    assert (expected["status"], expected["code"]) == (400, "InvalidParameter")
    assert answer.err.startswith("tokenassay: qwen-turbo: ")


def test_the_sheet_says_tokens_with_basis_output_and_cost(call: Caller) -> None:
    out = call("estimate", CHAT, *APRIL).out
    assert "25 tokens, exact" in out
    assert "up to 1,500" in out
    assert "0.0002 to 0.0122 CNY" in out


def test_standard_input_is_read_as_a_file_is(call: Caller) -> None:
    assert call("estimate", "-", *APRIL, stdin=CHAT.read_bytes()) == call("estimate", CHAT, *APRIL)


def test_a_message_is_a_request(call: Caller) -> None:
    (quick,) = call(
        *("estimate", "-m", "如何做西红柿炒鸡蛋?", "--system", "You are a helpful assistant."),
        *("--model", "qwen-turbo", *APRIL, "--json"),
    ).json["estimates"]
    (read,) = call("estimate", CHAT, *APRIL, "--json").json["estimates"]
    assert quick == read


def test_a_message_takes_the_dialect_that_serves_the_model(call: Caller) -> None:
    answer = call("estimate", "-m", "hi", "--model", "qwen-long", "--as-of", "2024-10", "--json")
    assert answer.json["estimates"][0]["edition"] == "qwen-long@2024-10"
    named = ("--edition", "qwen-openai@2026", "--json")
    answer = call("estimate", "-m", "hi", "--model", "qwen-plus", *named)
    assert answer.json["estimates"][0]["refusals"] == []


def test_several_models_are_compared_in_the_order_given(call: Caller) -> None:
    answer = call("estimate", CHAT, "--model", "qwen-max", "--model", "qwen-turbo", "--json")
    assert [e["model"] for e in answer.json["estimates"]] == ["qwen-max", "qwen-turbo"]
    out = call("estimate", CHAT, "--model", "qwen-max", "--model", "qwen-turbo").out
    assert out.index("qwen-max") < out.index("qwen-turbo")
    assert "--output-tokens" in out  # ceilings differ, and the reader is told so


def test_all_models_come_cheapest_first_and_unknown_last(call: Caller) -> None:
    answer = call("estimate", CHAT, "--all-models", "--output-tokens", "300", "--json")
    assert answer.code == 0
    costs = [estimate["cost"] for estimate in answer.json["estimates"]]
    known = [cost for cost in costs if cost is not None]
    assert None in costs
    assert costs[: len(known)] == known
    amounts = [Decimal(cost["total_max"]) for cost in known]
    assert amounts == sorted(amounts)
    left_out = {out["model"]: out["why"] for out in answer.json["left_out"]}
    assert "prompt" in left_out["baichuan-7b-v1"]
    assert "retired" in left_out["qwen-max-1201"]
    assert not set(left_out) & {estimate["model"] for estimate in answer.json["estimates"]}
    asked = ("estimate", CHAT, "--all-models", "--output-tokens", "300", "--json", *APRIL)
    assert "qwen-max-1201" in {estimate["model"] for estimate in call(*asked).json["estimates"]}


def test_a_request_that_no_model_can_serve(call: Caller, tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_text(json.dumps({"input": {}, "parameters": {}}))
    answer = call("estimate", path, "--all-models", "--json")
    assert (answer.code, answer.json["estimates"]) == (1, [])
    assert "no model can serve this request" in answer.err


@pytest.mark.parametrize(
    ("ceiling", "code"), [("0.0122 CNY", 0), ("0.01219 CNY", 1), ("1cny", 0), ("0 CNY", 1)]
)
def test_max_cost_is_held_against_the_highest_cost(call: Caller, ceiling: str, code: int) -> None:
    answer = call("estimate", CHAT, *APRIL, "--max-cost", ceiling)
    assert answer.code == code
    assert bool(code) == ("may cost up to 0.0122 CNY" in answer.err)


def test_an_unknown_cost_can_not_be_held_to_a_ceiling(call: Caller) -> None:
    answer = call("estimate", CHAT, "--model", "qwen-max-0403", "--max-cost", "1000 CNY")
    assert answer.code == 1
    assert "unknown" in answer.err
    assert "unknown" in answer.out


def test_all_models_within_a_ceiling(call: Caller) -> None:
    asked = ("estimate", CHAT, "--all-models", "--output-tokens", "300", "--json")
    within = call(*asked, "--max-cost", "0.0005 CNY")
    assert within.code == 0
    assert all(
        Decimal(e["cost"]["total_max"]) <= Decimal("0.0005") for e in within.json["estimates"]
    )
    assert any("over 0.0005 CNY" in out["why"] for out in within.json["left_out"])
    assert call(*asked, "--max-cost", "0.0000001 CNY").code == 1


def test_batch_costs_half(call: Caller) -> None:
    asked = ("estimate", CHAT, "--model", "qwen-turbo", "--output-tokens", "300", "--json")
    (live,) = call(*asked).json["estimates"]
    (batch,) = call(*asked, "--batch").json["estimates"]
    assert Decimal(batch["cost"]["total_max"]) * 2 == Decimal(live["cost"]["total_max"])


def test_a_region_has_its_own_prices(call: Caller) -> None:
    asked = ("estimate", CHAT, "--model", "qwen-plus", "--region", "singapore", "--json")
    (shown,) = call(*asked).json["estimates"]
    assert shown["cost"]["currency"] == "USD"


def test_a_contract_file_overrides_a_clause(call: Caller, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        """\
edition: mine@2026
extends: qwen-dashscope@2024-04
title: My gateway
sources:
  page: {provider: me, title: My page, published: "2026", trust: document}
clauses:
- {kind: range, id: temperature.range, level: must, family: parameters, source: page,
   text: The temperature is 1 at most., parameter: temperature, interval: "[0, 1]"}
"""
    )
    body = json.loads(CHAT.read_text("utf-8"))
    body["parameters"]["temperature"] = 1.5
    request = json.dumps(body).encode()
    assert call("estimate", "-", *APRIL, stdin=request).code == 0
    answer = call("estimate", "-", "--contract", path, "--json", stdin=request)
    assert answer.code == 1
    (shown,) = answer.json["estimates"]
    assert shown["edition"] == "mine@2026"
    assert [refusal["clause"] for refusal in shown["refusals"]] == ["temperature.range"]


def test_what_a_request_carries_can_not_forge_the_sheet(call: Caller) -> None:
    body = {"model": "qwen-turbo", "input": {"messages": [{"role": "\x1b[2J\nok", "content": "a"}]}}
    answer = call("estimate", "-", stdin=json.dumps(body).encode())
    assert "\x1b" not in answer.out + answer.err
    lone = call("estimate", "-", "--json", stdin=b'{"model": "\\ud800", "messages": []}')
    assert lone.code in (1, 2)


def shown(level: str | None = None, **cost: str | None) -> dict[str, Any]:
    refusals = [] if level is None else [{"level": level, "why": "because", "clause": "x"}]
    return {"model": "m", "refusals": refusals, "cost": {"currency": "CNY", **cost}}


def test_what_stands_against_a_call() -> None:
    ceiling = Money(Decimal(1), "CNY")
    assert stands_against(shown("must", total_max="0"), None) == "m: because (x)"
    assert stands_against(shown("should", total_max="0"), ceiling) is None
    assert stands_against(shown(total_max="1"), ceiling) is None
    assert "over 1.00 CNY" in str(stands_against(shown(total_max="1.01"), ceiling))
    assert "no known upper end" in str(stands_against(shown(total_max=None), ceiling))


def test_unknown_is_never_shown_as_a_number() -> None:
    estimate = {
        "input_range": [None, None],
        "output_tokens": {"min": 0, "max": None},
        "cost": None,
    }
    assert sheet.counted(estimate) == "unknown"
    assert sheet.output(estimate) == "ceiling unknown"
    assert sheet.cost(estimate) == "unknown"
    assert sheet.counted({"input_range": [36, None]}) == "at least 36"
    known = {"cost": {"currency": "CNY", "total_min": "0.1", "total_max": None}}
    assert sheet.cost(known) == "at least 0.10 CNY"


def test_several_requests(call: Caller, tmp_path: Path) -> None:
    refused = EXAMPLES / "refused.json"
    answer = call("estimate", CHAT, refused, *APRIL, "--json")
    alone = [call("estimate", path, *APRIL, "--json").json["estimates"] for path in (CHAT, refused)]
    assert answer.json["estimates"] == [
        {"request": str(path), **shown}
        for path, (shown,) in zip((CHAT, refused), alone, strict=True)
    ]
    assert answer.code == 1
    assert answer.err.startswith(f"tokenassay: {refused}: qwen-turbo: ")
    assert str(CHAT) not in answer.err
    table = call("estimate", CHAT, CHAT, "--model", "qwen-plus", "--model", "qwen-max").out
    assert (table.count("qwen-plus "), table.count("qwen-max ")) == (2, 2)


def test_each_of_several_requests_is_held_to_the_ceiling(call: Caller) -> None:
    answer = call(
        "estimate", CHAT, EXAMPLES / "qwen-multi-turn.json", *APRIL, "--max-cost", "0 CNY"
    )
    assert answer.code == 1
    assert len(answer.err.splitlines()) == 2


@pytest.mark.parametrize("option", [["--all-models"], ["--html", "page.html"]])
def test_what_is_for_one_request_alone(call: Caller, option: list[str]) -> None:
    assert one_line(call("estimate", CHAT, CHAT, *option)).endswith("one request at a time")
