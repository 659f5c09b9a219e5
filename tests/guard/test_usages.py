"""Usage is read from bytes that pass by, however they are cut."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.estimators.bills.usages import Billed
from tokenassay.guard import usages
from tokenassay.guard.usages import Listener, Reading

TOKENS = st.integers(0, 10**6)
TEXT = st.text() | st.just('"usage": {"input_tokens": 1, "output_tokens": 1}')


def native(text: str, usage: tuple[int, int] | None, reason: str = "null") -> dict[str, Any]:
    """A frame of the native surface."""
    frame: dict[str, Any] = {
        "output": {"choices": [{"message": {"content": text}, "finish_reason": reason}]},
        "request_id": "r",
    }
    if usage is not None:
        frame["usage"] = {"input_tokens": usage[0], "output_tokens": usage[1]}
    return frame


def compatible(text: str, usage: tuple[int, int] | None) -> dict[str, Any]:
    """A chunk of the compatible surface; the one with a usage has no choices."""
    if usage is None:
        return {"id": "r", "choices": [{"delta": {"content": text}}], "usage": None}
    told = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return {"id": "r", "choices": [], "usage": told}


def heard(chunks: list[bytes], **kind: Any) -> Reading:
    """What a listener makes of an answer in pieces."""
    listener = Listener(**kind)
    for chunk in chunks:
        listener.hear(chunk)
    return listener.reading()


def told(usage: tuple[int, int], total: int | None = None) -> Reading:
    """What a whole answer says."""
    return Reading(Billed(*usage, total), "r", True)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """``data`` in pieces."""
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[low:high] for low, high in pairwise(ends)]


@given(TEXT, st.tuples(TOKENS, TOKENS), st.lists(st.integers(0, 5000)), st.booleans())
def test_a_stream_is_read_by_its_last_usage(
    text: str, usage: tuple[int, int], places: list[int], old: bool
) -> None:
    if old:
        frames = [native(text, (usage[0], 0)), native(text * 2, usage, "stop")]
    else:
        frames = [compatible(text, None), compatible(text, None), compatible("", usage)]
    end = "\r\n" if old else "\n"
    lines = "".join(f"id:1{end}data: {json.dumps(frame)}{end}{end}" for frame in frames)
    data = (lines + "" if old else lines + f"data: [DONE]{end}{end}").encode()
    assert heard(cut(data, places), streaming=True) == told(usage, None if old else sum(usage))


@given(TEXT, st.tuples(TOKENS, TOKENS), st.lists(st.integers(0, 5000)), st.booleans())
def test_a_plain_answer_is_read_whole(
    text: str, usage: tuple[int, int], places: list[int], packed: bool
) -> None:
    data = json.dumps(native(text, usage, "stop")).encode()
    found = heard(
        cut(gzip.compress(data) if packed else data, places),
        streaming=False,
        undone=gzip.decompress if packed else None,
    )
    assert found == told(usage)


def test_a_packed_stream_is_read_at_its_end() -> None:
    data = b"".join(b"data: %s\n\n" % json.dumps(native("a", (3, n))).encode() for n in range(4))
    found = heard([gzip.compress(data)], streaming=True, undone=gzip.decompress)
    assert found == Reading(Billed(3, 3), "r", False, "ended early")


@given(st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
    lambda value: json.dumps({"usage": value, "output": value, "choices": value}).encode()
), st.booleans())  # fmt: skip
def test_nothing_that_is_no_usage_is_one(data: bytes, streaming: bool) -> None:
    found = heard([b"data: " + data + b"\n\n" if streaming else data], streaming=streaming)
    assert found.usage is None
    assert found.why


@pytest.mark.parametrize("usage", [{"input_tokens": 1}, {"output_tokens": 1}])
def test_a_usage_that_lacks_something_is_none(usage: Any) -> None:
    found = heard([json.dumps({"usage": usage}).encode()], streaming=False)
    assert (found.usage, found.why) == (None, "the answer says no usage")


def test_a_line_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usages, "_MOST_KEPT", 1000)
    listener = Listener(streaming=True)
    for _ in range(100):
        listener.hear(b"x" * 100)
    assert sum(map(len, listener._kept)) == 0
    assert listener.reading() == Reading(
        None, None, False, "the answer is too large to be read for its usage"
    )
    many = Listener(streaming=True)
    for number in range(200):
        many.hear(b"data: %s\n\n" % json.dumps(native("x", (1, number))).encode())
    assert many.reading().usage == Billed(1, 199)


def test_bytes_that_cannot_be_decoded_say_so() -> None:
    found = heard([b"no gzip"], streaming=False, undone=gzip.decompress)
    assert found == Reading(None, None, False, "the answer can't be decoded")


def test_what_is_said_is_kept_until_a_usage_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [b"data: %s\n\n" % json.dumps(compatible(part, None)).encode() for part in "abc"]
    listener = Listener(streaming=True)
    for frame in frames:
        listener.hear(frame)
    assert len(listener._frames or ()) == 3
    early = listener.reading()
    assert early.answer is not None
    assert (early.answer.texts, early.finished, early.request_id) == (("abc",), False, "r")
    assert early.why == "ended early"
    usage = b"data: %s\n\n" % json.dumps(compatible("", (1, 2))).encode()
    told_at_last = Listener(streaming=True)
    for frame in (*frames, usage, *frames):
        told_at_last.hear(frame)
    assert told_at_last._frames is None
    assert told_at_last.reading().answer is None
    monkeypatch.setattr(usages, "_MOST_KEPT", 150)
    long = heard(frames, streaming=True)
    assert (long.answer, long.why) == (None, "the answer says no usage")


def test_a_plain_answer_without_a_usage_is_kept_too() -> None:
    found = heard([json.dumps(native("abc", None, "stop")).encode()], streaming=False)
    assert found.answer is not None
    assert found.answer.texts == ("abc",)
