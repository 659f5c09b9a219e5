"""What litellm 1.106 logged of calls to a mock that bills one token of input too many."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import ROOT
from tokenassay.estimators.bills.reconciling import Reconciled, reconcile

LOG = ROOT / "tests/data/litellm-log.jsonl"


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in LOG.read_text("utf-8").splitlines()]


def read(folder: Path, lines: list[dict[str, Any]]) -> Reconciled:
    path = folder / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return reconcile(str(path))


def test_its_own_log_is_read() -> None:
    found = reconcile(str(LOG))
    assert (found.calls, found.fault_count) == (6, 0), found.faults
    (model,) = found.models
    tally = model.tally
    assert (tally.model, tally.compared, tally.streamed, tally.refused) == ("qwen-turbo", 5, 2, 1)
    assert (model.verdict, model.offset) == ("constant surplus", 1)
    assert tally.bill.recorded["USD"] > 0
    assert tally.first_day is not None


def test_the_row_has_figures_where_the_answer_has_none(tmp_path: Path) -> None:
    lines = [{**row, "response": None} for row in rows()[:5]]
    (model,) = read(tmp_path, lines).models
    assert (model.tally.compared, model.tally.outputs) == (5, 0)
    assert model.offset == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"call_type": "aembedding"}, "no chat: call_type aembedding"),
        ({"cache_hit": True}, "answered from LiteLLM's own cache"),
    ],
)
def test_what_was_not_billed_is_left_out(change: dict[str, Any], why: str, tmp_path: Path) -> None:
    found = read(tmp_path, [{**rows()[0], **change}])
    assert (found.calls, found.skipped) == (0, {why: 1})


@pytest.mark.parametrize(
    "messages",
    ["", None, [], {}, [{"role": "user", "content": "redacted-by-litellm"}]],
)
def test_a_request_that_was_not_logged_is_named(messages: Any, tmp_path: Path) -> None:
    found = read(tmp_path, [{**rows()[0], "messages": messages}])
    assert [fault.field for fault in found.faults] == ["messages"]
