"""``tokenassay probe-bounds``: what it prints, its exit codes, its ceilings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.calling import Caller, one_line
from tokenassay.conformance import mock
from tokenassay.conformance.results import read_run
from tokenassay.conformance.rundb import RunFile

EDITION = "qwen-dashscope@2024-04"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The mock's key in its variable, and a working folder of our own."""
    monkeypatch.setenv("ASSAY_KEY", "sk-assay")
    monkeypatch.chdir(tmp_path)


def live(url: str, *more: str | Path) -> list[str | Path]:
    """Arguments of a live run."""
    named = ["probe-bounds", "--base-url", url, "--edition", EDITION, "--api-key-env", "ASSAY_KEY"]
    return [*named, "--model", "qwen-turbo", *more]


def test_the_mock_is_as_documented(call: Caller) -> None:
    answer = call("probe-bounds", "--edition", EDITION)
    assert answer.code == 0, answer
    assert answer.out.startswith("mock: all 6 ranges are as documented")


def test_a_lie_is_told_with_documented_and_observed(call: Caller, tmp_path: Path) -> None:
    with mock.running(EDITION, lies=["accepts_temperature_at_high"]) as endpoint:
        answer = call(*live(endpoint.base_url, "--yes", "--json", "--out", tmp_path / "kept"))
    assert answer.code == 1
    rows = {row["parameter"]: row for row in answer.json["bounds"]}
    temperature = rows.pop("temperature")
    assert (temperature["documented"], temperature["observed"]) == ("[0, 2)", "[0, 2]")
    assert temperature["difference"] == "2 is accepted too"
    must = [row for row in rows.values() if row["level"] != "unspecified"]
    assert must
    assert all(row["difference"] == "" for row in must)
    run = RunFile(tmp_path / "kept" / "run.db")
    kept = {bound.parameter: bound.observed for bound in read_run(run).bounds}
    run.close()
    assert kept["temperature"] == "[0, 2]"


def test_it_says_what_it_costs_and_asks(call: Caller) -> None:
    with mock.running(EDITION) as endpoint:
        answer = call(*live(endpoint.base_url))
    assert answer.code == 2
    assert "never more than" in answer.err
    assert "say --yes" in answer.err


def test_a_ceiling_leaves_ends_untold(call: Caller) -> None:
    with mock.running(EDITION) as endpoint:
        answer = call(*live(endpoint.base_url, "--yes", "--max-requests", "4", "--workers", "1"))
    assert "could not be told" in answer.out
    assert "requests is reached" in answer.out
    assert answer.code in (0, 3)


def test_a_dead_port_establishes_nothing(call: Caller) -> None:
    answer = call(*live("http://127.0.0.1:9", "--yes"))
    assert answer.code == 3
    assert "nothing could be established" in answer.out


def test_an_unknown_parameter_is_told(call: Caller) -> None:
    said = one_line(call("probe-bounds", "--edition", EDITION, "--parameter", "warmth"))
    assert "no range of 'warmth'" in said
    assert "temperature" in said
