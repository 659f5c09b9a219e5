"""Logs of any content are read to their end: bad lines are named, and nothing is raised."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenassay.estimators.batches.stores import SourceError
from tokenassay.estimators.bills.answers import frames_of, read_answer
from tokenassay.estimators.bills.reconciling import Reconciled, reconcile
from tokenassay.estimators.bills.usages import read_usage

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
KEYS = ["request", "response", "body", "custom_id", "id", "messages", "model", "call_type"]
KEYS += ["startTime", "usage", "output", "choices", "status_code", "error", "stream", "input"]
LINES = st.dictionaries(st.sampled_from(KEYS), JSON)
SAID = {"model": "qwen-plus", "messages": [{"role": "user", "content": "hi"}]}
USAGE = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
GOOD = {
    "choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}],
    "usage": USAGE,
}


def read(folder: Path, text: str | bytes, name: str = "log.jsonl") -> Reconciled:
    path = folder / name
    path.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return reconcile(str(path))


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=5))
def test_lines_of_any_content_raise_nothing(lines: list[Any]) -> None:
    text = "\n".join(json.dumps(line, allow_nan=False, default=str) for line in _finite(lines))
    with TemporaryDirectory() as folder:
        found = read(Path(folder), text)
    used = found.calls + found.fault_count + sum(found.skipped.values())
    assert used == len(lines)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value == value and abs(value) < 1e300 else 0.5
    if isinstance(value, list):
        return [_finite(one) for one in value]
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return value


@settings(max_examples=150, deadline=None)
@given(LINES | st.builds(lambda more: {**SAID, **more}, LINES), JSON | LINES)
def test_pairs_of_any_content_raise_nothing(asked: Any, given: Any) -> None:
    line = json.dumps(_finite({"request": asked, "response": given}))
    with TemporaryDirectory() as folder:
        assert read(Path(folder), line).calls <= 1


@given(JSON | LINES, st.none() | st.integers(100, 599))
def test_answers_of_any_content_raise_nothing(payload: Any, status: int | None) -> None:
    answer = read_answer(payload, status)
    assert answer.billed is None or answer.billed.input is None or answer.billed.input >= 0


@given(st.text(), st.lists(JSON, max_size=4))
def test_streams_of_any_content_raise_nothing(noise: str, frames: list[Any]) -> None:
    sent = "".join(f"data: {json.dumps(_finite(frame))}\n\n" for frame in frames)
    assert len(list(frames_of(noise + "\n\n" + sent))) >= len([f for f in frames if f is not None])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[1]\n[2]", ""),
        (b'"text"', "expected a JSON object"),
        (b"{}", "response"),
        (json.dumps({"request": SAID}).encode(), "response"),
        (json.dumps({"request": 7, "response": GOOD}).encode(), "body"),
        (b'{"call_type": "acompletion", "startTime": 1, "messages": ""}', "messages"),
        (b'{"a":' * 5000, "nested too deeply"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(line: bytes, said: str, tmp_path: Path) -> None:
    good = json.dumps({"request": SAID, "response": GOOD}).encode()
    if line.startswith(b"[1]"):
        with pytest.raises(SourceError, match="not an array"):
            read(tmp_path, line)
        return
    found = read(tmp_path, good + b"\n" + line + b"\n\n" + good + b"\n")
    assert (found.calls, found.fault_count) == (2, 1)
    (fault,) = found.faults
    assert fault.place.line == 2
    assert said in fault.why or said == fault.field


@pytest.mark.parametrize("text", ["", "\n \n", "[\n", "{\n", '{\n"log": {}}'])
def test_a_file_that_holds_nothing_is_one_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as raised:
        read(tmp_path, text)
    assert "\n" not in str(raised.value)


def test_an_unknown_model_is_counted_apart(tmp_path: Path) -> None:
    line = json.dumps({"request": {**SAID, "model": "gpt-nope"}, "response": GOOD})
    found = read(tmp_path, line)
    assert (found.calls, found.uncounted_count, found.models) == (1, 1, [])
    assert "gpt-nope" in found.uncounted[0].why


def test_the_dialects_figures_are_read_in_all_forms() -> None:
    native: dict[str, Any] = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    native |= {"prompt_tokens_details": {"cached_tokens": 3}}
    native |= {"output_tokens_details": {"reasoning_tokens": 1}}
    assert read_usage(native) == (5, 2, 7, 3, None, 1)
    assert read_usage({**USAGE, "prompt_tokens_details": None}) == (9, 1, 10, None, None, None)
    wrongs: list[Any] = [None, 7, [], {}, {"prompt_tokens": -1}, {"prompt_tokens": True}, "usage"]
    for wrong in wrongs:
        assert read_usage(wrong) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prompt_tokens": "9"}, 'usage.prompt_tokens is "9"'),
        ({"completion_tokens": -1}, "usage.completion_tokens is -1"),
        ({"prompt_tokens": 9.5}, "usage.prompt_tokens is 9.5"),
        ({"prompt_tokens": True}, "usage.prompt_tokens is true"),
        ({"prompt_tokens": 10**30}, "usage.prompt_tokens is 1000"),
        ({"prompt_tokens": "\ud800" + "9" * 99}, "usage.prompt_tokens is"),
        ({"total_tokens": -10}, "usage.total_tokens is -10"),
        ({"prompt_tokens_details": {"cached_tokens": -3}}, "prompt_tokens_details.cached_tokens"),
        (
            {"completion_tokens_details": {"reasoning_tokens": "1"}},
            "completion_tokens_details.reasoning_tokens",
        ),
    ],
)
def test_a_figure_that_is_no_number_of_tokens_is_told(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    usage: dict[str, Any] = {**USAGE, **change}
    body = {**GOOD, "usage": usage}
    (found,) = read(tmp_path, json.dumps({"request": SAID, "response": body})).models
    assert found.wrong_calls == 1
    (call,) = found.wrong
    assert call.why is not None
    assert said in call.why
    assert "expected a whole number" in call.why
    assert len(call.why) < 150


def test_usage_of_another_kind_is_told_and_whole_floats_are_read(tmp_path: Path) -> None:
    line = {"request": SAID, "response": {**GOOD, "usage": [1]}}
    (found,) = read(tmp_path, json.dumps(line)).models
    assert found.verdict == "unmetered"
    assert found.why.endswith("usage is [1], expected an object")
    assert read_usage({"prompt_tokens": 9.0, "completion_tokens": 1.0}) == read_usage(
        {"prompt_tokens": 9, "completion_tokens": 1}
    )


def test_of_a_stream_the_last_usage_counts() -> None:
    frames = [
        {"output": {"text": "A river"}, "usage": {"input_tokens": 9, "output_tokens": 2}},
        {
            "output": {"text": "A river runs", "finish_reason": "stop"},
            "usage": {"input_tokens": 9, "output_tokens": 3},
        },
    ]
    text = "".join(
        f"id:1\nevent:result\n:HTTP_STATUS/200\ndata:{json.dumps(f)}\n\n" for f in frames
    )
    answer = read_answer(text, 200)
    assert answer.texts == ("A river runs",)
    assert answer.billed is not None
    assert answer.billed.output == 3
    pieces = [{"output": {"text": text}} for text in ("A", " river", " runs")]
    assert read_answer(pieces, 200).texts == ("A river runs",)
    assert read_answer(pieces[:1] * 2, 200, incremental=True).texts == ("AA",)
