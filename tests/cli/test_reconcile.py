"""The reconcile command: its figures, its exit codes, and the contract that it saves."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import EXAMPLES, Caller, one_line
from tokenassay import estimate
from tokenassay.contracts.store import load_contract

REQUESTS = EXAMPLES / "bill-requests.jsonl"
RESPONSES = EXAMPLES / "bill-responses.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def rebilled(folder: Path, more: int) -> Path:
    """The example's answers with so many input tokens more."""
    answers = lines(RESPONSES)
    for answer in answers:
        usage = answer["response"]["body"].get("usage")
        if usage:
            usage["prompt_tokens"] += more
            usage["total_tokens"] += more
    path = folder / "answers.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in answers), "utf-8")
    return path


def test_json_has_the_documented_fields(call: Caller) -> None:
    answer = call("reconcile", REQUESTS, RESPONSES, "--json")
    assert answer.code == 1
    shown = answer.json
    assert {"calls", "compared", "wrong", "forms", "joined_by", "models"} <= shown.keys()
    assert (shown["calls"], shown["compared"], shown["wrong"]) == (9, 8, 8)
    assert shown["unmatched"]["requests"] == 1
    assert shown["unmatched"]["named"][0]["key"] == "tea-09"
    (model,) = shown["models"]
    assert (model["verdict"], model["offset"]) == ("constant surplus", 19)
    assert (model["input"]["constant"], model["input"]["factor"]) == (19, 1.0)
    assert model["input"]["billed"] - model["input"]["counted"] == 8 * 19
    assert (model["output"]["constant"], model["output"]["factor"]) == (0, 1.0)
    first = model["wrong_calls"][0]
    assert (first["key"], first["what"]) == ("tea-01", "input")
    assert first["billed"] - first["counted"] == 19
    amounts = model["money"]["amounts"]["CNY"]
    assert Decimal(amounts["billed"]) - Decimal(amounts["due"]) == Decimal(amounts["overpaid"])
    assert "1 token" not in answer.err
    assert "constant surplus" in answer.err


def test_what_agrees_is_0(call: Caller, tmp_path: Path) -> None:
    answer = call("reconcile", REQUESTS, rebilled(tmp_path, -19))
    assert answer.code == 0, answer
    assert "agrees" in answer.out
    assert "no drift" in answer.out


def test_too_little_is_told_as_well(call: Caller, tmp_path: Path) -> None:
    answer = call("reconcile", REQUESTS, rebilled(tmp_path, -22))
    assert answer.code == 1
    assert "underpaid" in answer.out


def test_what_is_saved_calibrates_estimates(call: Caller, tmp_path: Path) -> None:
    saved = tmp_path / "mine.yaml"
    assert call("reconcile", REQUESTS, RESPONSES, "--save-contract", saved).code == 1
    body = lines(REQUESTS)[1]["body"]
    plain = estimate(body)
    found = estimate(body, contract=load_contract(saved))
    assert plain.input_tokens is not None
    assert found.input_tokens == plain.input_tokens + 19
    assert found.basis == "calibrated"
    assert "8 calls" in found.basis_why
    shown = call("estimate", "--contract", saved, "--json", "-", stdin=json.dumps(body).encode())
    assert shown.json["estimates"][0]["basis"] == "calibrated"
    again = call("reconcile", REQUESTS, RESPONSES, "--contract", saved, "--json")
    assert again.code == 0, again
    assert again.json["models"][0]["basis"] == {"calibrated": 8}


def test_a_calibrated_count_excuses_no_other_template(call: Caller, tmp_path: Path) -> None:
    saved = tmp_path / "mine.yaml"
    call("reconcile", REQUESTS, RESPONSES, "--save-contract", saved)
    answer = call("reconcile", REQUESTS, rebilled(tmp_path, -15), "--contract", saved, "--json")
    assert answer.code == 1
    (model,) = answer.json["models"]
    assert (model["verdict"], model["offset"]) == ("constant surplus", -15)


def test_nothing_is_saved_where_no_template_accounts_for_it(call: Caller, tmp_path: Path) -> None:
    saved = tmp_path / "mine.yaml"
    answer = call("reconcile", REQUESTS, RESPONSES, "--by", "order", "--save-contract", saved)
    assert answer.code == 2
    assert "no contract is saved" in answer.err
    assert not saved.exists()


def test_bad_lines_are_named_and_not_fatal(call: Caller, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("{broken\n" + rebilled(tmp_path, -19).read_text("utf-8"), "utf-8")
    answer = call("reconcile", REQUESTS, path)
    assert answer.code == 0
    assert "1 line can't be read" in answer.err
    assert "line 1" in answer.err


def test_lines_left_over_by_order_are_a_warning(call: Caller, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines(RESPONSES)[1:]), "utf-8")
    answer = call("reconcile", REQUESTS, path, "--by", "order")
    assert "joined by order, yet 2 requests and 0 answers are left over" in answer.err


def test_an_answer_too_many_is_named_with_what_it_bills(call: Caller, tmp_path: Path) -> None:
    path = rebilled(tmp_path, -19)
    again = next(one for one in path.read_text("utf-8").splitlines() if "tea-01" in one)
    path.write_text(f"{path.read_text('utf-8')}{again}\n", "utf-8")
    usage = json.loads(again)["response"]["body"]["usage"]
    answer = call("reconcile", REQUESTS, path)
    assert f"1 answer without a request, billed {usage['total_tokens']} tokens" in answer.err
    assert "tea-01: no request is left with its key" in " ".join(answer.out.split())


def test_entries_of_an_array_are_called_so(call: Caller, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(lines(rebilled(tmp_path, 1))), "utf-8")
    requests = tmp_path / "requests.json"
    requests.write_text(json.dumps([*lines(REQUESTS), 7]), "utf-8")
    answer = call("reconcile", requests, path)
    assert "requests.json, entry 1" in " ".join(answer.out.split())
    assert "1 entry can't be read; the first is" in answer.err


def test_where_nothing_matches_it_is_3(call: Caller, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    answers = [{**one, "custom_id": f"x{at}"} for at, one in enumerate(lines(RESPONSES))]
    path.write_text("".join(json.dumps(one) + "\n" for one in answers), "utf-8")
    answer = call("reconcile", REQUESTS, path)
    assert answer.code == 3
    assert "no request could be matched" in answer.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.jsonl"], "no such file"),
        ([str(REQUESTS), "none.jsonl"], "no such file"),
        ([str(REQUESTS), str(RESPONSES), "--by", "name"], "--by name"),
        ([str(REQUESTS), "--by", "id"], "--by joins two files"),
        ([str(REQUESTS), str(RESPONSES), "--as-of", "soon"], "expected a date"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], said: str, call: Caller) -> None:
    assert said in one_line(call("reconcile", *arguments))
