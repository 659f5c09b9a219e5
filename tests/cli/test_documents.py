"""``tokenassay documents``: what it prints, and its exit codes."""

from __future__ import annotations

from pathlib import Path

from tests.cli.calling import ROOT, Caller, one_line

DATA = ROOT / "tests/data/documents"


def test_the_sums_stand_first_and_each_file_has_its_line(call: Caller) -> None:
    answer = call("documents", DATA, "--json")
    assert answer.code == 2
    assert list(answer.json)[:4] == ["documents", "input_tokens", "input_range", "basis"]
    assert answer.json["basis"] == "modelled"
    assert len(answer.json["files"]) == answer.json["documents"] == len(list(DATA.iterdir()))
    read = call("documents", DATA)
    assert read.code == 2
    assert "is protected by a password" in " ".join(read.out.split())
    assert len(read.err.splitlines()) == 2


def test_exit_codes(call: Caller, tmp_path: Path) -> None:
    assert call("documents", DATA / "guide.txt").code == 0
    assert call("documents", DATA / "guide.txt", DATA / "blank.md").code == 1
    assert call("documents", DATA / "guide.txt", tmp_path / "gone.pdf").code == 2
    assert "nope" in one_line(call("documents", DATA, "--model", "nope"))
    assert "soon" in one_line(call("documents", DATA, "--as-of", "soon"))


def test_a_name_can_not_forge_the_table(call: Caller, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.txt").write_text("hi")
    answer = call("documents", tmp_path)
    assert "\x1b" not in answer.out + answer.err
