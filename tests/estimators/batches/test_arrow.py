"""Arrow batch in, Arrow batch out: row by row what a line comes to."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.estimators.batches.making import BODIES, chat
from tokenassay.estimators.batches import Asked
from tokenassay.estimators.batches.arrow import (
    SCHEMA,
    SPARK_SCHEMA,
    arrow_schema,
    count_batch,
    count_batches,
)
from tokenassay.estimators.estimating import estimate


@settings(max_examples=30, deadline=None)
@given(st.lists(BODIES, max_size=5), st.booleans())
def test_rows_are_estimates_in_their_order(bodies: list[dict[str, Any]], binary: bool) -> None:
    lines = [json.dumps({"custom_id": str(n), "body": body}) for n, body in enumerate(bodies)]
    values = pa.array(lines, pa.string())
    batch = pa.record_batch({"line": values.cast(pa.binary()) if binary else values})
    found = count_batch(batch)
    assert found.schema == arrow_schema()
    assert found.num_rows == len(bodies)
    for number, (row, body) in enumerate(zip(found.to_pylist(), bodies, strict=True)):
        alone = estimate(body, batch=True)
        assert row["custom_id"] == str(number)
        assert row["input_tokens"] == alone.input_tokens
        assert (row["input_min"], row["input_max"]) == alone.input_range
        assert (row["basis"], row["why"]) == (alone.basis, alone.basis_why)
        assert (row["model"], row["edition"]) == (alone.model, alone.edition)
        assert row["refused"] == alone.refused
        assert set(row["refusals"]) == {refusal.clause for refusal in alone.refusals}


def test_what_can_not_be_counted_is_a_row_with_its_reason() -> None:
    lines = ["nonsense", None, chat("a", model="nope"), "{}"]
    rows = count_batch(pa.record_batch({"line": pa.array(lines, pa.string())})).to_pylist()
    assert [row["input_tokens"] for row in rows] == [None] * 4
    assert [row["custom_id"] for row in rows] == [None, None, "a", None]
    assert all(row["why"] for row in rows)


def test_texts_and_batches_of_them() -> None:
    batches = [pa.record_batch({"text": ["苹果", "{}"]}), pa.record_batch({"text": ["a b"]})]
    counted = [
        batch.column("input_tokens").to_pylist() for batch in count_batches(batches, column="text")
    ]
    assert counted == [[1, 1], [2]]
    (row,) = count_batch(batches[1], column="text", asked=Asked(model="qwen-plus")).to_pylist()
    assert row["model"] == "qwen-plus"


def test_names_that_are_no_utf8_are_escaped() -> None:
    line = chat("\\ud83d").replace("\\\\", "\\")
    (row,) = count_batch(pa.record_batch({"line": [line]})).to_pylist()
    assert row["custom_id"] == "\\ud83d"
    assert row["input_tokens"] is not None


def test_texts_may_be_bytes_and_other_values_are_told() -> None:
    values = pa.array(["苹果".encode(), b"\xff", None], pa.binary())
    rows = count_batch(pa.record_batch({"text": values}), column="text").to_pylist()
    assert [row["input_tokens"] for row in rows] == [1, None, None]
    assert rows[1]["why"] == "not UTF-8 text: invalid start byte at byte 0"
    for column in ("line", "text"):
        (row,) = count_batch(pa.record_batch({column: [5]}), column=column).to_pylist()
        assert (row["input_tokens"], row["why"]) == (None, "expected text or bytes, got int")


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        count_batch(pa.record_batch({"x": ["a"]}))


def test_the_schemas_name_the_same_columns() -> None:
    assert [part.split()[0] for part in SPARK_SCHEMA.split(", ")] == [name for name, _ in SCHEMA]
