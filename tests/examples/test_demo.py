"""The demo tells a lie that was found from one that was missed, and ends when it is told to."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from examples.demo import endpoints, estimates, findings
from examples.demo.running import ROOT, Command, Fault, show, typed
from tests.house.tree import copy

COMMANDS = (
    estimates.FOR_EVERY_MODEL,
    endpoints.check("honest"),
    endpoints.check("lying"),
    endpoints.COMPARE,
)


def row(clause: str, outcome: str = "violated", request: str = "{}") -> dict[str, Any]:
    """A promise of a run, as far as the demo reads it."""
    return {
        "id": f"promise_of_{clause}",
        "clause": clause,
        "statement": "So it is.",
        "expected": "one",
        "observed": "two",
        "outcome": outcome,
        "exchange": {"request": {"body": {"text": request}}},
    }


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs nothing: says which promises the run of the demo left behind."""
    monkeypatch.setattr(findings, "ROOT", tmp_path)
    monkeypatch.setattr(findings, "show", lambda *_: "")

    def write(name: str, *promises: dict[str, Any], differences: int = 0) -> None:
        target = {"edition": "e", "requests": 1, "spend": {"tokens": 1, "amount": "1"}}
        target["spend"]["currency"] = "CNY"  # type: ignore[index]
        part = {"promise": "p", "answers": {}, "request": "{}"}
        document = {
            "targets": [target],
            "promises": promises,
            "requests": 1,
            "differences": [part] * differences,
        }
        folder = tmp_path / endpoints.FOLDER / name
        folder.mkdir(parents=True)
        (folder / "results.json").write_text(json.dumps(document), "utf-8")

    return write


def test_three_lies_are_told() -> None:
    assert [lie.name for lie in endpoints.LIES] == list(endpoints.TOLD)


def test_each_lie_is_told_with_the_shortest_request_that_shows_it(
    left: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    clauses = ["usage.counts_template", "temperature.range", "stop.ends_answer"]
    longer = [row(clause, request='{"longer": 1}') for clause in clauses]
    missed = [row(clause, "non-strict", "") for clause in clauses]
    left("lying", *longer, *missed, *[row(clause, request='{"x": 1}') for clause in clauses])
    findings.show_lying({})
    told = capsys.readouterr().out
    assert told.count("found: ") == told.count('request   {"x": 1}') == 3


@pytest.mark.parametrize("outcome", ["kept", "observed", "inconclusive", "not-run"])
def test_a_lie_without_a_finding_is_missed(left: Any, outcome: str) -> None:
    left(
        "lying",
        row("usage.counts_template", outcome),
        row("temperature.range"),
        row("stop.ends_answer"),
    )
    with pytest.raises(Fault, match=r"missed: overcounts_input_by_one$"):
        findings.show_lying({})


def test_a_finding_at_the_honest_endpoint_is_a_false_alarm(left: Any) -> None:
    left("honest", row("temperature.range", "non-strict"))
    with pytest.raises(Fault, match="promise_of_temperature"):
        findings.show_honest({})


@pytest.mark.parametrize(("differences", "enough"), [(2, False), (3, True)])
def test_a_comparison_has_to_find_the_lies(left: Any, differences: int, enough: bool) -> None:
    left("compared", differences=differences)
    if enough:
        findings.show_compared({})
    else:
        with pytest.raises(Fault):
            findings.show_compared({})


def test_a_command_that_leaves_nothing_is_a_fault(left: Any) -> None:
    with pytest.raises(Fault, match=r"honest/results\.json was not written"):
        findings.show_honest({})


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.arguments[0])
def test_a_shown_command_is_what_runs(command: Command) -> None:
    line = typed(command).replace("\\\n", "")  # as a shell reads it
    assert shlex.split(line) == ["tokenassay", *command.arguments]
    assert max(map(len, typed(command).splitlines())) <= 100


def test_another_exit_code_is_a_fault_that_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(Command(("--version",), code=0)).startswith("tokenassay ")
    with pytest.raises(Fault, match=r"^tokenassay --none\nended with 2 in place of 1: "):
        show(Command(("--none",), code=1))
    assert "$ tokenassay --none" in capsys.readouterr().out


def test_an_interrupt_ends_it_and_what_it_started(tmp_path: Path) -> None:
    tree = copy(tmp_path / "tree")
    shutil.copytree(ROOT / "examples", tree / "examples")
    with subprocess.Popen(
        [sys.executable, "-m", "examples.demo"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert any(line.startswith("$ tokenassay check") for line in process.stdout)
        os.killpg(process.pid, signal.SIGINT)
        said = process.stderr.read()  # ends once nothing holds it any more
        assert process.wait() == 130
    assert said.strip() == "demo: interrupted"
