"""``tokenassay audit``: what it prints and saves, its exit codes, its cost."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.calling import Caller, one_line
from tests.conformance import raw
from tokenassay.conformance import mock
from tokenassay.conformance.results import read_run
from tokenassay.conformance.rundb import RunFile
from tokenassay.contracts.store import load_contract
from tokenassay.estimators.estimating import estimate

EDITION = "qwen-dashscope@2024-04"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The mock's key in its variable, and a working folder of our own."""
    monkeypatch.setenv("ASSAY_KEY", "sk-assay")
    monkeypatch.chdir(tmp_path)


def live(url: str, *more: str | Path, edition: str = EDITION) -> list[str | Path]:
    """Arguments of a live audit."""
    named = ["audit", "--base-url", url, "--edition", edition, "--api-key-env", "ASSAY_KEY"]
    return [*named, "--model", "qwen-turbo", "--yes", *more]


def test_the_mock_is_honest(call: Caller) -> None:
    answer = call("audit")
    assert answer.code == 0, answer
    assert answer.out.startswith("mock: honest")
    assert "never more than" in answer.err


def test_a_lie_is_told_with_its_size_and_its_cost(call: Caller) -> None:
    with mock.running(EDITION, lies=["bills_a_hidden_system_prompt"]) as endpoint:
        answer = call(*live(endpoint.base_url))
    assert answer.code == 1
    first = answer.out.splitlines()[0]
    assert first.endswith(": constant surplus")
    assert "19 tokens too many in each request" in answer.out
    assert "per million requests" in answer.out


def test_json_has_the_documented_fields(call: Caller) -> None:
    with mock.running(EDITION, lies=["inflates_usage_by_a_tenth"]) as endpoint:
        answer = call(*live(endpoint.base_url, "--json"))
    assert answer.code == 1
    document = answer.json
    fields = ["verdict", "surplus", "factor", "uncertainty", "probes", "spend"]
    assert set(fields) <= set(document)
    assert (document["verdict"], document["factor"]) == ("inflated", 1.1)
    assert len(document["probes"]) >= 36
    spend = document["spend"]
    assert Decimal(spend["amount"]) <= Decimal(spend["at_most"])
    assert Decimal(spend["overcharge_per_million_tokens"]) > 0


def test_it_costs_less_than_five_fen_at_the_price_of_2024(call: Caller) -> None:
    with mock.running(EDITION) as endpoint:
        answer = call(*live(endpoint.base_url, "--price", "0.002 0.006 CNY", "--json"))
    assert answer.code == 0
    assert Decimal(answer.json["spend"]["at_most"]) < Decimal("0.05")


def test_a_live_audit_asks_first(call: Caller) -> None:
    with mock.running(EDITION) as endpoint:
        arguments = [word for word in live(endpoint.base_url) if word != "--yes"]
        answer = call(*arguments)
    assert answer.code == 2
    assert "never more than" in answer.err
    assert "say --yes" in answer.err


def test_without_a_price_it_wants_ceilings(call: Caller) -> None:
    with mock.running("computevault-gateway@2025") as endpoint:
        named = live(endpoint.base_url, edition="computevault-gateway@2025")
        refused = call(*named)
        answer = call(*named, "--max-requests", "200", "--max-tokens", "900000")
    assert refused.code == 2
    assert "no price is known" in refused.err
    assert answer.code == 0, answer


def test_a_budget_ends_it_early(call: Caller) -> None:
    with mock.running(EDITION) as endpoint:
        answer = call(*live(endpoint.base_url, "--budget", "0.0001 CNY"))
    assert answer.code == 3
    assert "budget" in answer.out


def test_nothing_is_established_at_an_endpoint_of_no_use(call: Caller) -> None:
    page = raw.always(raw.answer(200, b"<html>login</html>", "text/html"))
    with raw.serving(page) as endpoint:
        answer = call(*live(endpoint.url))
    assert answer.code == 3
    assert "inconclusive" in answer.out
    assert "HTML page" in answer.out


def test_the_run_is_kept_and_can_be_read(call: Caller, tmp_path: Path) -> None:
    with mock.running(EDITION) as endpoint:
        answer = call(*live(endpoint.base_url, "--out", tmp_path / "kept"))
        again = call(*live(endpoint.base_url, "--out", tmp_path / "kept", "--resume", "--json"))
    assert (answer.code, again.code) == (0, 0)
    run = RunFile(tmp_path / "kept" / "run.db")
    document = read_run(run)
    run.close()
    assert document.requests == again.json["spend"]["requests"]  # nothing was sent again
    assert document.meter.counted == document.meter.billed > 0


def test_what_is_saved_makes_the_next_audit_honest(call: Caller, tmp_path: Path) -> None:
    saved = tmp_path / "mine.yaml"
    with mock.running(EDITION, lies=["bills_a_hidden_system_prompt"]) as endpoint:
        first = call(*live(endpoint.base_url, "--save", saved))
        assert first.code == 1
        contract = load_contract(saved)
        body = {
            "model": "qwen-turbo",
            "input": {"messages": [{"role": "user", "content": "Say hello."}]},
        }
        plain = estimate(body, edition=EDITION)
        calibrated = estimate(body, contract=contract)
        assert plain.input_tokens is not None
        assert calibrated.input_tokens == plain.input_tokens + 19
        assert sum(part.tokens for part in calibrated.breakdown) == calibrated.input_tokens
        assert calibrated.basis == "calibrated"
        assert calibrated.cost is not None
        named: list[str | Path] = ["audit", "--base-url", endpoint.base_url]
        named += ["--contract", saved]
        second = call(*named, "--model", "qwen-turbo", "--api-key-env", "ASSAY_KEY", "--yes")
    assert second.code == 0, second


def test_nothing_is_saved_where_no_template_explains_the_bill(call: Caller, tmp_path: Path) -> None:
    with mock.running(EDITION, lies=["bills_characters"]) as endpoint:
        answer = call(*live(endpoint.base_url, "--save", tmp_path / "mine.yaml"))
    assert answer.code == 2
    assert "none is saved" in answer.err
    assert not (tmp_path / "mine.yaml").exists()


def test_resume_needs_a_folder(call: Caller) -> None:
    assert "--out DIR" in one_line(call("audit", "--resume"))


def test_the_key_stands_nowhere(
    call: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = "sk-assay-canary-7f3a91"
    monkeypatch.setenv("ASSAY_KEY", canary)
    answer = call(*live("http://127.0.0.1:9", "--out", tmp_path / "kept"))
    assert answer.code == 3
    assert canary not in answer.out + answer.err
    assert canary.encode() not in (tmp_path / "kept" / "run.db").read_bytes()
    assert json.dumps(canary) not in answer.out
