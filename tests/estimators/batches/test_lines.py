"""One line: its kind, or why it is bad."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.estimators.batches.lines import BadLine, read_line

VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["custom_id", "method", "url", "body", "text", "messages", "input", "x"])


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ('{"custom_id": "a", "method": "POST", "url": "/v1", "body": {"model": "m"}}', "batch"),
        ('{"body": {"messages": []}}', "batch"),
        ('{"model": "m", "messages": []}', "request"),
        ('{"model": "m", "input": {}, "parameters": {}}', "request"),
        ('{"model": "m", "messages": [], "body": 1}', "request"),
        ('{"text": ""}', "text"),
        ('{"text": "\\ud800", "custom_id": "b"}', "text"),
        ('{"text": "n", "big": 123456789012345678901234567890}\r\n', "text"),
    ],
)
def test_kinds(line: str, kind: str) -> None:
    assert read_line(line).kind == kind
    assert read_line(line.encode()).kind == kind


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"nonsense\n", "not JSON: Expecting value (column 1)"),
        (b'{"text": \n', "not JSON: Expecting value (column 10)"),
        (b'{"text": NaN}', "NaN is not a JSON number"),
        (b"[]", "got an array"),
        (b"3", "got a number"),
        (b"null", "got null"),
        (b"{}", "expected a line of a batch"),
        (b'{"custom_id": "a", "url": "/v1"}', "a line of a batch without a body"),
        (b'{"custom_id": "a", "body": "b"}', "body is a string, not an object"),
        (b'{"custom_id": 7, "body": {}}', "custom_id is a number, not a string"),
        (b'{"text": "\xff"}', "not UTF-8 text: invalid start byte at byte 10"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_bad_lines_say_why(line: bytes, why: str) -> None:
    with pytest.raises(BadLine) as caught:
        read_line(line)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def kind_of(raw: bytes) -> str:
    """The kind of a line, or why it is bad."""
    try:
        return read_line(raw).kind
    except BadLine as error:
        return str(error)


@given(st.dictionaries(KEYS, VALUES) | VALUES)
def test_any_json_is_a_line_or_bad(fields: Any) -> None:
    known = "expected a|a line of a batch without|body is|custom_id is|batch|request|text"
    assert re.match(known, kind_of(json.dumps(fields).encode()))


@given(st.binary(max_size=60))
def test_any_bytes_are_a_line_or_bad(raw: bytes) -> None:
    assert kind_of(raw)
