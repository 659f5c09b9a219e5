"""Requests and answers in files of their own are joined, whatever their order and number."""

from __future__ import annotations

import gzip
import json
import random
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenassay.estimators.batches.stores import SourceError
from tokenassay.estimators.bills import shelves
from tokenassay.estimators.bills.calls import Call, Fault
from tokenassay.estimators.bills.matching import Alone, By, join
from tokenassay.estimators.bills.shelves import Shelf

IDS = st.lists(st.text(max_size=6), unique=True, max_size=30)


def asked(id: str, **more: Any) -> dict[str, Any]:
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": f"say {id}"}]}
    return {"custom_id": id, "method": "POST", "url": "/v1/chat/completions", "body": body, **more}


def given_to(id: str, said: str | None = None) -> dict[str, Any]:
    message = {"role": "assistant", "content": id if said is None else said}
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}
    return {"custom_id": id, "response": {"status_code": 200, "body": body}, "error": None}


def write(path: Path, lines: list[Any]) -> str:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return str(path)


def joined(
    folder: Path, requests: list[Any], responses: list[Any], by: By | None = None
) -> tuple[By, list[Call], list[Alone], list[Fault]]:
    names = write(folder / "a.jsonl", requests), write(folder / "b.jsonl", responses)
    way, found = join(names[0], [names[1]], by)
    every = list(found)
    return (
        way,
        [one for one in every if isinstance(one, Call)],
        [one for one in every if isinstance(one, Alone)],
        [one for one in every if isinstance(one, Fault)],
    )


def said(call: Call) -> tuple[str, str]:
    assert call.answer.texts is not None
    text: str = call.body["messages"][0]["content"]
    return text, f"say {call.answer.texts[0]}"


@settings(max_examples=60, deadline=None)
@given(IDS, st.sets(st.integers(0, 29)), st.sets(st.integers(0, 29)), st.randoms(), st.booleans())
def test_each_request_meets_its_own_answer(
    ids: list[str], unasked: set[int], unanswered: set[int], dice: random.Random, tight: bool
) -> None:
    ids = [id for id in ids if id]
    ours = [id for at, id in enumerate(ids) if at not in unasked]
    theirs = [id for at, id in enumerate(ids) if at not in unanswered]
    dice.shuffle(theirs)
    room = shelves.HELD_BYTES
    shelves.HELD_BYTES = 300 if tight else room  # type: ignore[misc]
    try:
        with TemporaryDirectory() as folder:
            _, calls, alone, faults = (
                joined(
                    Path(folder), list(map(asked, ours)), list(map(given_to, theirs)), "custom_id"
                )
                if ours and theirs
                else ("custom_id", [], [], [])
            )
    finally:
        shelves.HELD_BYTES = room  # type: ignore[misc]
    if not ours or not theirs:
        return
    assert not faults
    assert all(text == answer for text, answer in map(said, calls))
    assert sorted(call.key or "" for call in calls) == sorted(set(ours) & set(theirs))
    assert sorted(str(one.key) for one in alone) == sorted(set(ours) ^ set(theirs))


@given(st.dictionaries(st.text(), st.binary(max_size=40), max_size=40), st.integers(0, 200))
def test_a_shelf_gives_back_what_was_put(things: dict[str, bytes], room: int) -> None:
    with Shelf(room) as shelf:
        assert all(shelf.put(key, data) for key, data in things.items())
        assert not any(shelf.put(key, b"other") for key in things)
        keys = list(things)
        taken = keys[::2]
        assert [shelf.take(key) for key in taken] == [things[key] for key in taken]
        assert [shelf.take(key) for key in taken] == [None] * len(taken)
        assert sorted(shelf.rest()) == sorted(things[key] for key in keys[1::2])


def test_a_shelf_of_many_small_things_keeps_to_its_room() -> None:
    """What they take for themselves counts, not their text alone."""
    with Shelf(1 << 20) as shelf:
        tracemalloc.start()
        assert all(shelf.put(f"row-{number}", b"x") for number in range(30_000))
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held < 1.2 * (1 << 20)
        assert len(list(shelf.rest())) == 30_000


def test_the_way_to_join_is_found_out(tmp_path: Path) -> None:
    ids = ["a", "b", "c"]
    assert joined(tmp_path, [*map(asked, ids)], [*map(given_to, reversed(ids))])[0] == "custom_id"
    named = [{"request_id": id, "body": asked(id)["body"]} for id in ids]
    answers = [{"request_id": id, **given_to(id)["response"]} for id in reversed(ids)]
    way, calls, alone, _ = joined(tmp_path, named, answers)
    assert (way, len(calls), alone) == ("id", 3, [])
    bodies = [asked(id)["body"] for id in ids]
    way, calls, _, _ = joined(tmp_path, bodies, [given_to(id)["response"]["body"] for id in ids])
    assert (way, [*map(said, calls)]) == ("order", [(f"say {id}",) * 2 for id in ids])


def test_a_key_that_stands_twice_is_told(tmp_path: Path) -> None:
    _, calls, alone, _ = joined(
        tmp_path, [asked("a"), asked("b")], [given_to("a"), given_to("a"), given_to("b")]
    )
    assert len(calls) == 2
    assert [(one.side, one.key) for one in alone] == [("response", "a")]


def test_one_line_without_its_key_does_not_join_the_others_by_order(tmp_path: Path) -> None:
    lines = [given_to("c"), {"response": given_to("b")["response"]}, given_to("a")]
    way, calls, _, faults = joined(tmp_path, [*map(asked, "abc")], lines)
    assert way == "custom_id"
    assert sorted(call.key or "" for call in calls) == ["a", "c"]
    assert [(fault.place.line, fault.field) for fault in faults] == [(2, "custom_id")]


def test_a_line_without_its_key_is_named(tmp_path: Path) -> None:
    lines = [given_to("a"), {"response": given_to("b")["response"]}]
    _, calls, alone, faults = joined(tmp_path, [asked("a"), asked("b")], lines, "custom_id")
    assert len(calls) == 1
    assert [(fault.place.line, fault.field) for fault in faults] == [(2, "custom_id")]
    assert [one.key for one in alone] == ["b"]


def test_compressed_files_are_joined_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(asked("a")).encode()))
    answers = write(tmp_path / "b.jsonl", [given_to("a")])
    _, found = join(str(path), [answers])
    assert [type(one) for one in found if one is not None] == [Call]


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        join(str(tmp_path / "none.jsonl"), [str(tmp_path / "none2.jsonl")])
