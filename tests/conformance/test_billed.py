"""The file of a run is reconciled as any other log is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.conformance.audit.metering import audit
from tokenassay.conformance.billed import calls_in
from tokenassay.conformance.rundb import RunFile, RunFileError
from tokenassay.estimators.bills.judging import Judged
from tokenassay.estimators.bills.reconciling import is_run, reconcile

EDITION = "qwen-dashscope@2024-04"


OTHERS = [
    ("qwen-long@2024-10", "qwen-long"),
    ("computevault-gateway@2025", "qwen-turbo"),
    ("qwen-dashscope@2026", "qwen-plus"),
    ("baichuan-dashscope@2024", "baichuan2-7b-chat-v1"),
]


def judged(folder: Path, *lies: str, edition: str = EDITION, model: str = "qwen-turbo") -> Judged:
    audit(folder, lies=lies, edition=edition, model=model)
    path = str(folder / "run-0.db")
    run = RunFile(path)
    run.set_meta("targets", [{"name": "mock", "edition": edition}])
    run.close()
    assert is_run(path)
    found = reconcile(path, run=calls_in(path))
    assert found.forms == {"run": found.calls}
    (judged,) = found.models
    assert judged.tally.edition == edition
    return judged


def test_the_run_of_an_honest_endpoint_agrees(tmp_path: Path) -> None:
    found = judged(tmp_path)
    assert (found.verdict, found.wrong_calls) == ("agrees", 0), found.why
    assert found.tally.compared > 50


@pytest.mark.parametrize(("edition", "model"), OTHERS)
def test_so_do_those_of_other_editions(edition: str, model: str, tmp_path: Path) -> None:
    found = judged(tmp_path, edition=edition, model=model)
    assert (found.verdict, found.wrong_calls) == ("agrees", 0), found.why


def test_a_lie_is_found_in_a_run(tmp_path: Path) -> None:
    found = judged(tmp_path, "bills_a_hidden_system_prompt")
    assert (found.verdict, found.offset) == ("constant surplus", 19)
    assert found.wrong[0].place.file.endswith("run-0.db")


def test_a_file_that_is_no_run_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE things (a)")
    file.close()
    before = path.read_bytes()
    assert is_run(str(path))
    with pytest.raises(RunFileError, match="not a run file"):
        list(calls_in(str(path)))
    assert path.read_bytes() == before
