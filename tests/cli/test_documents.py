"""``tokenassay documents``: what it prints, and its exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.cli.calling import ROOT, Caller, interrupted, one_line

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


def test_nothing_to_read_is_no_success(call: Caller, tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("a")
    answer = call("documents", tmp_path)
    assert answer.code == 2
    assert answer.err == f"tokenassay: no documents under {tmp_path}\n"
    assert "1 hidden" in answer.out


def test_an_unknown_sum_is_called_unknown(call: Caller) -> None:
    answer = call("documents", DATA / "password.pdf")
    assert "input       unknown tokens" in answer.out
    assert call("documents", DATA / "password.pdf", "--json").json["input_tokens"] is None


def test_calls_name_their_figures(call: Caller, tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number}.txt").write_text("a")
    answer = call("documents", tmp_path, "--edition", "qwen-long@2024-10")
    assert "2 at least, of 99 files and 10,000,000 tokens" in " ".join(answer.out.split())
    assert "[documents.count, input_tokens.limit]" in " ".join(answer.out.split())


def test_links_to_folders_are_told(call: Caller, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "again").symlink_to(tmp_path)
    answer = call("documents", tmp_path)
    assert answer.code == 0
    assert "again, a link to a folder" in "".join(answer.out.split("\n"))
    assert call("documents", tmp_path, "--json").json["linked_folders"] == [str(tmp_path / "again")]


def test_the_documented_fields_are_those_of_the_json(call: Caller) -> None:
    page = (ROOT / "docs/documents.md").read_text("utf-8")
    told = page.partition("## JSON")[2].partition("\n## ")[0]
    fields, of_files = (
        set(re.findall(r"^\| `(\w+)` \|", part, re.M)) for part in told.split("Each of `files`")
    )
    shown = call("documents", DATA, "--json").json
    assert fields == set(shown)
    assert all(of_files == set(one) for one in shown["files"])


def test_ctrl_c_prints_what_was_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("eggs")
    pages = (DATA / "guide.pdf").read_bytes()
    for number in range(3000):  # a minute of work
        (tmp_path / f"b{number}.pdf").write_bytes(pages)
    # The bar tells of the first documents.
    code, out, said = interrupted("documents", str(tmp_path), "--json", until=b" read")
    assert code == 130, said
    assert b"Traceback" not in said
    assert b"tokenassay: interrupted" in said
    shown = json.loads(out)
    assert shown["complete"] is False
    assert 0 < shown["documents"] < 3001


def test_a_name_can_not_forge_the_table(call: Caller, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.txt").write_text("hi")
    answer = call("documents", tmp_path)
    assert "\x1b" not in answer.out + answer.err
