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


def judged(folder: Path, *lies: str) -> Judged:
    audit(folder, lies=lies, edition=EDITION)
    path = str(folder / "run-0.db")
    run = RunFile(path)
    run.set_meta("targets", [{"name": "mock", "edition": EDITION}])
    run.close()
    assert is_run(path)
    found = reconcile(path, run=calls_in(path))
    assert found.forms == {"run": found.calls}
    (model,) = found.models
    assert model.tally.edition == EDITION
    return model


def test_the_run_of_an_honest_endpoint_agrees(tmp_path: Path) -> None:
    found = judged(tmp_path)
    assert (found.verdict, found.wrong_calls) == ("agrees", 0), found.why
    assert found.tally.compared > 50


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
