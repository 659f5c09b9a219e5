"""Frames are read whatever way they were cut, and what is irregular is told."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tokenassay.conformance.sse import Event, read_events


def read(*chunks: bytes) -> list[Event]:
    return list(read_events((float(at), chunk) for at, chunk in enumerate(chunks)))


def plain(events: list[Event]) -> list[tuple[object, ...]]:
    return [(e.data, e.event, e.id, e.comments, e.irregular) for e in events]


DASHSCOPE = (
    'id:1\nevent:result\n:HTTP_STATUS/200\ndata:{"text":"你好"}\n\n'
    'id:2\nevent:result\n:HTTP_STATUS/200\ndata:{"text":"你好，🙂"}\n\n'
).encode()


def test_the_frames_of_the_documents() -> None:
    first, second = read(DASHSCOPE)
    assert (first.id, first.event, first.status) == ("1", "result", 200)
    assert first.json == {"text": "你好"}
    assert second.json == {"text": "你好，🙂"}
    assert first.irregular == second.irregular == ()


@given(st.sets(st.integers(1, len(DASHSCOPE) - 1)))
def test_where_the_bytes_are_cut_makes_no_difference(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(DASHSCOPE)]
    chunks = [DASHSCOPE[a:b] for a, b in pairwise(edges)]
    assert plain(read(*chunks)) == plain(read(DASHSCOPE))


@given(st.sampled_from(["\r\n", "\n", "\r"]), st.booleans(), st.booleans())
def test_line_ends_spaces_and_a_mark_at_the_front(end: str, space: bool, mark: bool) -> None:
    text = DASHSCOPE.decode()
    if space:
        text = text.replace("data:", "data: ").replace("id:", "id: ")
    data = text.replace("\n", end).encode()
    assert plain(read(b"\xef\xbb\xbf" * mark + data)) == plain(read(DASHSCOPE))


def test_a_frame_has_the_time_of_its_last_byte() -> None:
    half = DASHSCOPE.index(b"data") + 4
    first, second = read(b"", DASHSCOPE[:half], DASHSCOPE[half:-9], DASHSCOPE[-9:])
    assert (first.at, second.at) == (2.0, 3.0)


def test_frames_that_run_together_are_told_apart() -> None:
    first, second = read(b'id:1\ndata:{"a":1}\nid:2\ndata:{"a":2}\n\n')
    assert (first.json, second.json) == ({"a": 1}, {"a": 2})
    assert first.irregular == ("no blank line before the next frame",)
    assert second.irregular == ()


def test_data_over_several_lines_is_one_frame_and_fields_have_no_order() -> None:
    (event,) = read(b'data: {"a":\ndata: [1,\ndata: {"b": 2}]}\nid: 7\nevent: result\n\n')
    assert event.json == {"a": [1, {"b": 2}]}
    assert (event.id, event.event, event.irregular) == ("7", "result", ())


def test_the_end_mark_and_a_torn_end() -> None:
    first, second = read(b'data: {"a":1}\n\ndata: [DONE]')
    assert not first.is_done
    assert second.is_done
    assert second.irregular == (
        "the last line has no line end",
        "no blank line after the last frame",
    )


def test_what_is_no_field_and_what_is_no_text_is_told() -> None:
    (event,) = read(b"nonsense\nweird: yes\ndata: \xff\xfe\n\n")
    assert event.irregular == (
        "a bare line",
        "a line of no known field: 'weird: yes'",
        "a line is not UTF-8",
    )
    assert event.data == "��"
    assert event.json is None


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_anything_at_all_is_read(chunks: list[bytes]) -> None:
    read(*chunks)
