"""Whole files: sums, faults and rules, the same for any number of workers."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.estimators.batches.making import BODIES, chat, write
from tokenassay.estimators.batches import (
    Asked,
    Batch,
    count_files,
    gathering,
    rules,
    running,
    sources,
    summary,
    tallies,
    totals,
)
from tokenassay.estimators.batches.tallies import digest, prefix_of
from tokenassay.estimators.batches.totals import distribution
from tokenassay.estimators.estimating import estimate
from tokenassay.estimators.processes import start_context


def count(path: Path, lines: list[str], asked: Asked | None = None, **more: Any) -> dict[str, Any]:
    """The summary of a file of these lines, counted in this process."""
    more.setdefault("workers", 1)
    return summary(count_files([write(path, lines)], asked, **more), grouped="by" in more)


@settings(max_examples=25, deadline=None)
@given(bodies=st.lists(BODIES, max_size=8))
def test_sums_are_those_of_the_lines(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[dict[str, Any]]
) -> None:
    path = tmp_path_factory.mktemp("batch") / "file"
    shown = count(path, [json.dumps({"custom_id": "a", "body": body}) for body in bodies])
    alone = [estimate(body, batch=True) for body in bodies]
    known = [e.input_tokens for e in alone if e.input_tokens is not None]
    assert shown["lines"] == len(alone)
    assert shown["input_tokens"] == sum(known)
    assert shown["uncounted_lines"] == len(alone) - len(known)
    assert shown["basis"] == Counter(e.basis for e in alone)
    assert shown["refused_lines"] == sum(e.refused for e in alone)
    assert shown["clauses"] == Counter(c for e in alone for c in {r.clause for r in e.refusals})
    costs = [e.cost for e in alone if e.cost is not None]
    bill = shown["cost"]["batch"]
    assert bill["unpriced_lines"] == len(alone) - len(costs)
    if costs:
        amounts = bill["amounts"]["CNY"]
        assert Decimal(amounts["total_min"]) == sum(cost.total_min for cost in costs)
        most = [cost.total_max for cost in costs]
        expected = None if None in most else sum(filter(None, most), Decimal(0))
        assert (None if amounts["total_max"] is None else Decimal(amounts["total_max"])) == expected


def many() -> list[str]:
    """Lines of every sort, enough for several parts."""
    lines = []
    for number in range(600):
        id = f"{'news' if number % 3 else 'recipe'}-{number}"
        more: dict[str, Any] = {"temperature": 3} if number % 50 == 7 else {}
        model = "qwen-turbo" if number % 100 == 9 else "qwen-plus"
        lines.append(chat(id, "word " * (number % 37), model, **more))
    lines[100] = lines[99]
    lines[200] = "nonsense"
    lines[201] = ""
    lines[300] = chat("a", model="nope")
    return lines


@pytest.mark.parametrize("packed", [False, True])
def test_workers_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr(sources.parts_of, "__defaults__", (10_000,))
    first, second = tmp_path / "first", tmp_path / "second"
    write(first, many())
    data = "\n".join([*many(), '{"text": "hi"}']).encode()
    second.write_bytes(gzip.compress(data) if packed else data)
    asked = Asked(output_tokens=10)
    found = [
        summary(count_files([str(first), str(second)], asked, by="model", workers=n), grouped=True)
        for n in (1, 2, 3)
    ]
    assert found[0] == found[1] == found[2]
    one = found[0]
    assert one["lines"] == 2 * 597 + 1 + 0
    assert one["bad_line_count"] == 4
    assert [(bad["line"], bad["why"][:8]) for bad in one["bad_lines"][:2]] == [
        (201, "not JSON"),
        (301, "unknown "),
    ]
    assert one["duplicates"][0]["lines"] == [100, 101]
    assert one["duplicate_ids"] == 2
    assert one["refused_lines"] == 24
    assert [line["line"] for line in one["refused"][:3]] == [8, 58, 108]
    assert {group["group"] for group in one["groups"]} == {"qwen-plus", "qwen-turbo", "(no model)"}
    assert sum(group["input_tokens"] for group in one["groups"]) == one["input_tokens"]


def test_sizes_settle_to_the_same_sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = count(tmp_path / "file", many())
    monkeypatch.setattr(totals, "_MOST_PENDING", 3)
    monkeypatch.setattr(sources.parts_of, "__defaults__", (5_000,))
    assert count(tmp_path / "file", many()) == whole


def test_groups_by_prefix_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = count(tmp_path / "file", many(), by="custom-prefix")
    assert {group["group"] for group in shown["groups"]} == {"news", "recipe"}
    shown = count(tmp_path / "file", many(), by="file")
    (group,) = shown["groups"]
    assert group["group"] == str(tmp_path / "file")
    assert {key: group[key] for key in group if key != "group"}.items() <= shown.items()
    monkeypatch.setattr(tallies, "MOST_GROUPS", 2)
    monkeypatch.setattr(totals, "MOST_GROUPS", 2)
    ids = [chat(name) for name in ("a-1", "b-1", "c-1", "d-1", "a-2")]
    shown = count(tmp_path / "file", ids, by="custom-prefix")
    assert {g["group"]: g["lines"] for g in shown["groups"]} == {"a": 2, "b": 1, "(others)": 2}


@pytest.mark.parametrize(
    ("id", "prefix"),
    [("a-1", "a"), ("a", "a"), ("a:b-c", "a"), ("x_y", "x"), ("", ""), ("-1", "")],
)
def test_prefixes(id: str, prefix: str) -> None:
    assert prefix_of(id) == prefix
    assert prefix_of(None) == "(no custom_id)"


@given(st.lists(st.integers(0, 50), min_size=1))
def test_percentiles_are_sizes_that_enough_lines_do_not_exceed(sizes: list[int]) -> None:
    found = distribution(Counter(sizes))
    assert found is not None
    assert (found["min"], found["max"]) == (min(sizes), max(sizes))
    for percent in totals.PERCENTILES:
        size = found[f"p{percent}"]
        assert size in sizes
        assert sum(s <= size for s in sizes) * 100 >= percent * len(sizes)
        assert sum(s < size for s in sizes) * 100 < percent * len(sizes)


def test_longest_lines_come_first_and_of_equals_the_first(tmp_path: Path) -> None:
    lines = [chat(f"a-{n}", "word " * (n % 5)) for n in range(40)]
    shown = count(tmp_path / "file", lines)
    assert [one["custom_id"] for one in shown["longest"]][:3] == ["a-4", "a-9", "a-14"]


def found_rules(shown: dict[str, Any]) -> list[tuple[str, str, int | None]]:
    return [(rule["clause"], rule["level"], rule["line"]) for rule in shown["batch_rules"]]


def test_rules_on_a_batch(tmp_path: Path) -> None:
    lines = [
        chat("a"),
        chat("b", url="/v1/nothing"),
        chat("c", model="qwen-turbo"),
        chat("d", url="/v1/embeddings"),
        chat("a"),
    ]
    shown = count(tmp_path / "file", lines)
    assert found_rules(shown) == [
        ("endpoint.create_batch", "must", 2),
        ("endpoint.create_batch", "must", 4),
        ("batches.validation", "must", 3),
        ("batches.validation", "must", 5),
    ]
    assert "'/v1/nothing' is not supported" in shown["batch_rules"][0]["expect"]
    assert "custom_id 'a'" in shown["batch_rules"][3]["expect"]
    assert found_rules(count(tmp_path / "file", [chat("a"), chat("b")])) == []
    bare = json.dumps({"model": "qwen-plus", "messages": [{"role": "user", "content": "hi"}]})
    assert found_rules(count(tmp_path / "file", [bare, '{"text": "a"}'])) == []
    # An edition that says nothing of it is held to nothing.
    old = count(tmp_path / "file", lines[::2], Asked(edition="qwen-long@2024-10"))
    assert found_rules(old) == []


def test_limits_of_a_batch_are_those_of_the_clauses(tmp_path: Path) -> None:
    from tokenassay.contracts.store import load_edition

    edition = load_edition("qwen-openai@2026")
    limit = edition.limit("batch_lines", "qwen-plus")
    assert limit is not None
    assert limit.maximum is not None

    def judged(lines: int, size: int, model: str = "qwen-plus") -> list[tuple[str, str]]:
        facts = rules.FileFacts("f", size, lines, {}, {model: [lines, 1]})
        return [(found.clause, found.level) for found in rules.judge_file(facts, edition)]

    assert judged(limit.maximum, 10) == []
    assert judged(limit.maximum + 1, 10) == [(limit.id, limit.level)]
    assert judged(101, 10, "batch-test-model") == [("batches.test_lines", "must")]
    size = edition.limit("batch_file_bytes", "qwen-plus")
    assert size is not None
    low, high = size.undecided
    assert judged(1, low) == []
    assert judged(1, low + 1) == [(size.id, "unspecified")]
    assert judged(1, high) == [(size.id, "unspecified")]
    assert judged(1, high + 1) == [(size.id, "must")]


def test_duplicates_are_found_in_shares_and_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "_AT_ONCE", 3)
    ids = ["a", "b", "c", "a", "d", "b", "a", "e", "f"]
    shown = count(tmp_path / "file", [chat(id) for id in ids])
    assert [(d["custom_id"], d["lines"]) for d in shown["duplicates"]] == [
        ("a", [1, 4, 7]),
        ("b", [2, 6]),
    ]
    # Two ids of one hash are no duplicates.
    monkeypatch.setattr(tallies, "digest", lambda id: digest("a" if id == "c" else id))
    shown = count(tmp_path / "file", [chat(id) for id in ("a", "c", "b")])
    assert shown["duplicates"] == []
    monkeypatch.setattr(rules, "MOST_IDS", 2)
    shown = count(tmp_path / "file", [chat(id) for id in ("x", "y", "x")])
    assert shown["duplicate_ids"] == 0
    assert any("duplicates" in note for note in shown["notes"])


def test_ids_may_stand_again_in_another_file(tmp_path: Path) -> None:
    files = [write(tmp_path / name, [chat("a")]) for name in "ab"]
    shown = summary(count_files(files, workers=1))
    assert shown["duplicate_ids"] == 0
    assert [file["lines"] for file in shown["files"]] == [1, 1]


def test_a_line_without_an_id_is_noted(tmp_path: Path) -> None:
    line = json.dumps({"url": "/v1/chat/completions", "body": json.loads(chat("a"))["body"]})
    (note,) = count(tmp_path / "file", [line, line])["notes"]
    assert "2 lines are without a custom_id" in note


def test_a_file_that_is_gone_or_damaged_does_not_end_it(tmp_path: Path) -> None:
    good = write(tmp_path / "good", [chat("a")])
    torn = tmp_path / "torn.gz"
    torn.write_bytes(gzip.compress(os.urandom(100_000))[:50_000])
    for workers in (1, 2):
        found = count_files([str(tmp_path / "gone"), str(torn), good], workers=workers)
        assert found.totals.lines == 1
        faults = [file.fault for file in found.files]
        assert faults[0] == f"{tmp_path / 'gone'}: no such file"
        assert faults[1] is not None
        assert "torn.gz" in faults[1]
        assert faults[2] is None


def interrupt(_: object) -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_keeps_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(sources.parts_of, "__defaults__", (10_000,))
    path = write(tmp_path / "file", many())
    found: Batch = count_files([path], workers=workers, told=interrupt)
    assert not found.complete
    assert 0 < found.totals.lines < 597
    assert found.files[0].fault == "interrupted"


def test_an_interrupt_at_the_end_of_a_file_tells_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "file", many())
    monkeypatch.setattr(rules.Ids, "duplicates", interrupt)
    found = count_files([path], workers=1)
    assert not found.complete
    assert [file.lines for file in found.files] == [600]


def test_an_interrupt_before_the_first_part_is_told_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "file", many())
    monkeypatch.setattr(running, "start_context", lambda: interrupt(None))
    found = count_files([path], workers=2)
    assert (found.stopped, found.totals.lines) == ("interrupted", 0)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_pipe_is_counted_like_a_file(
    tmp_path: Path, workers: int, pack: Callable[[bytes], bytes]
) -> None:
    path = write(tmp_path / "file", many())
    data = pack(Path(path).read_bytes())
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=write_slowly, args=(pipe, data))
    shown = summary(count_files([path], workers=1))
    writer.start()
    piped = summary(count_files([str(pipe)], workers=workers))
    writer.join()
    assert piped["files"][0]["lines"] == shown["files"][0]["lines"]
    assert piped["duplicate_ids"] == shown["duplicate_ids"] == 1
    assert piped["duplicates"] == []  # they can't be read again
    assert any("no custom_id is named" in note for note in piped["notes"])
    for key in ("lines", "input_tokens", "cost", "refused_lines", "bad_line_count"):
        assert piped[key] == shown[key]


def write_slowly(pipe: Path, data: bytes) -> None:
    """The first bytes one by one, as a slow writer gives them."""
    with pipe.open("wb", buffering=0) as file:
        for at in range(6):
            file.write(data[at : at + 1])
        file.write(data[6:])


def shorten(path: str) -> Callable[[object], None]:
    return lambda _: os.truncate(path, 25_000)


def test_a_file_that_becomes_shorter_is_told_and_keeps_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources.parts_of, "__defaults__", (10_000,))
    path = write(tmp_path / "file", many())
    found = count_files([path], workers=1, told=shorten(path))
    assert found.files[0].fault == f"{path}: became shorter while it was read"
    whole = Path(path).read_bytes().count(b"\n")
    assert found.files[0].lines in (whole, whole + 1)  # the last may be cut


def kill_a_worker(_: object) -> None:
    for worker in multiprocessing.active_children():
        worker.kill()


def test_a_worker_that_is_killed_is_told_and_loses_nothing_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources.parts_of, "__defaults__", (500,))
    path = write(tmp_path / "file", many())
    found = count_files([path], workers=2, told=kill_a_worker)
    assert found.stopped is not None
    assert "a worker process was ended from outside" in found.stopped
    assert not found.complete
    assert found.files[0].fault == found.stopped
    assert 0 < found.totals.lines < 597


def test_a_clean_process_counts_as_a_forked_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "file", many())
    here = summary(count_files([path], workers=1))
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert start_context().get_start_method() != "fork"
    assert summary(count_files([path], workers=2)) == here


def test_names_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tallies, gathering):
        monkeypatch.setattr(module, "NAMED", 5)
    lines = [chat(f"a-{n}", temperature=3) for n in range(20)] + ["bad"] * 20
    shown = count(tmp_path / "file", lines)
    assert len(shown["refused"]) == len(shown["bad_lines"]) == 5
    assert (shown["refused_lines"], shown["bad_line_count"]) == (20, 20)


def test_progress_goes_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.parts_of, "__defaults__", (10_000,))
    path = write(tmp_path / "file", many())
    told: list[running.Progress] = []
    count_files([path, path + "x"], workers=1, told=told.append)
    assert told[-1].done == told[-1].whole == Path(path).stat().st_size
    assert [now.done for now in told] == sorted(now.done for now in told)


def test_an_empty_file(tmp_path: Path) -> None:
    shown = count(tmp_path / "file", [])
    assert (shown["lines"], shown["input_tokens"], shown["distribution"]) == (0, 0, None)
    assert summary(count_files([], workers=2))["lines"] == 0
