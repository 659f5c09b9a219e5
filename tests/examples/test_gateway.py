"""The example of a contract file is estimated by its own words, and its mock keeps them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.calling import EXAMPLES, Caller

CONTRACT = EXAMPLES / "my-gateway.yaml"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Caller:
    """Calls the command line in this process."""
    return Caller(monkeypatch, capsys)


def test_its_range_and_price_are_its_own(call: Caller) -> None:
    body = {
        "model": "my-model",
        "input": {"messages": [{"role": "user", "content": "hello"}]},
        "parameters": {"temperature": 1.5},
    }
    told = call(
        *("estimate", "-", "--contract", CONTRACT, "--output-tokens", "1000", "--json"),
        stdin=json.dumps(body).encode(),
    )
    assert told.code == 1
    (shown,) = told.json["estimates"]
    assert [refusal["clause"] for refusal in shown["refusals"]] == ["temperature.range"]
    input_tokens = shown["input_tokens"]
    assert shown["cost"]["total_max"] == f"{0.003 + input_tokens * 0.000001:.6f}"


def test_its_mock_bills_as_the_model_that_it_is_another_name_of(
    call: Caller, tmp_path: Path
) -> None:
    words = "temperature_above or billed_input"
    checked = call("check", "--contract", CONTRACT, "-k", words, "--out", tmp_path / "run")
    assert checked.code == 0, checked.out
    promises = json.loads((tmp_path / "run/results.json").read_bytes())["promises"]
    kept = {promise["id"] for promise in promises if promise["outcome"] == "kept"}
    assert kept >= {"temperature_above_its_range_is_refused", "billed_input_equals_the_local_count"}
