"""Reading in a process of its own: what takes too much costs its own line only."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from pathlib import Path

import pytest

from tests.house.tree import ROOT
from tokenassay.estimators.tokens import count_tokens
from tokenassay.estimators.uploads import Unreadable, apart, judge_folder, read_text
from tokenassay.estimators.uploads.apart import Apart
from tokenassay.estimators.uploads.texts import Text, Told

DATA = ROOT / "tests/data/documents"
TOKENS = count_tokens("eggs")


def slow(path: Path, told: Told | None = None) -> Text:
    """Reads forever where a file's name says so."""
    if "forever" in path.name:
        threading.Event().wait()
    if "pages" in path.name and told is not None:
        told(10**6)
        threading.Event().wait(3.5)
    return read_text(path, told)


def greedy(path: Path, told: Told | None = None) -> Text:
    """Takes all memory, or ends its process, where a file's name says so."""
    if "greedy" in path.name:
        return Text("txt", "a" * (8 << 30))
    if "deadly" in path.name:
        os._exit(1)
    return read_text(path, told)


def files(folder: Path, *names: str) -> list[str]:
    for name in names:
        (folder / name).write_text("eggs")
    return [str(folder / name) for name in names]


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forks, so that what a test replaces is replaced in the process that reads.

    Otherwise a thread that another test left behind would have a clean process started.
    """
    monkeypatch.setattr(apart, "start_context", lambda: multiprocessing.get_context("fork"))


def test_it_reads_what_reading_here_does() -> None:
    with Apart() as reader:
        for path in sorted(DATA.iterdir()):
            try:
                here: Text | str = read_text(path)
            except Unreadable as error:
                here = str(error)
            try:
                there: Text | str = reader.read(path)
            except Unreadable as error:
                there = str(error)
            assert there == here
        with pytest.raises(FileNotFoundError):
            reader.read(DATA / "gone.txt")


def test_one_that_takes_long_is_given_up_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: None
) -> None:
    monkeypatch.setattr(apart, "read_text", slow)
    paths = files(tmp_path, "a.txt", "b-forever.txt", "c.txt")
    first, second, third = judge_folder(paths, seconds=3.5).documents
    assert second.faults[-1].why == "is not read within 3.5 s"
    assert second.unread
    assert first.tokens == third.tokens == TOKENS


def test_pages_are_given_more_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: None
) -> None:
    monkeypatch.setattr(apart, "read_text", slow)
    monkeypatch.setattr(apart, "_SECONDS", 3.0)  # enough on a busy machine
    (path,) = files(tmp_path, "pages.txt")
    assert judge_folder([path]).documents[0].tokens == TOKENS


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux only")
def test_one_that_takes_all_memory_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: None
) -> None:
    monkeypatch.setattr(apart, "read_text", greedy)
    monkeypatch.setattr(apart, "MOST_MEMORY", 64 << 20)
    paths = files(tmp_path, "a-greedy.txt", "b-deadly.txt", "c.txt")
    first, second, third = judge_folder(paths).documents
    assert first.faults[-1].why == "takes more memory to read than is lent to it"
    assert second.faults[-1].why == "ends the process that reads it"
    assert third.tokens == TOKENS


def test_a_clean_process_reads_as_a_forked_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    with Apart() as reader:
        assert reader.read(DATA / "notes.docx") == read_text(DATA / "notes.docx")


def test_ctrl_c_keeps_what_was_judged(tmp_path: Path) -> None:
    def stop(document: object) -> None:
        raise KeyboardInterrupt

    found = judge_folder(files(tmp_path, "a.txt", "b.txt"), told=stop)
    assert not found.complete
    assert [Path(one.path).name for one in found.documents] == ["a.txt"]
    assert found.tokens == TOKENS
