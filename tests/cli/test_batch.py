"""``tokenassay batch``: what it prints, and its exit codes."""

from __future__ import annotations

import gzip
import json
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import zstandard

from tests.cli.calling import EXAMPLES, Answer, Caller, interrupted, one_line
from tests.estimators.batches.making import chat, write
from tokenassay.cli import batchsheet
from tokenassay.reports.batches import BatchDocument
from tokenassay.reports.pages.batch import batch_html

LINES = EXAMPLES / "batch.jsonl"
TOP = ["lines", "input_tokens", "input_range", "basis", "uncounted_lines", "output_tokens", "cost"]
ONE = ("--workers", "1")


def test_the_totals_stand_at_the_top(call: Caller) -> None:
    answer = call("batch", LINES, "--json", *ONE)
    assert answer.code == 2
    assert list(answer.json)[: len(TOP)] == TOP
    assert answer.json["lines"] == 6
    assert [one["line"] for one in answer.json["refused"]] == [3]
    assert [one["line"] for one in answer.json["bad_lines"]] == [5]
    assert answer.json["duplicates"][0]["custom_id"] == "news-2"
    assert answer.json["complete"] is True
    assert "line 5: not JSON" in answer.err


def test_packed_files_come_to_the_same(call: Caller, tmp_path: Path) -> None:
    whole = call("batch", LINES, "--json", *ONE).json
    data = LINES.read_bytes()
    for name, packed in (
        ("a.gz", gzip.compress(data)),
        ("b.zst", zstandard.ZstdCompressor().compress(data)),
    ):
        path = tmp_path / name
        path.write_bytes(packed)
        shown = call("batch", path, "--json", *ONE).json
        for key in (*TOP, "refused_lines", "bad_line_count", "duplicate_ids", "distribution"):
            assert shown[key] == whole[key]
        assert shown["files"][0]["bytes"] == len(data)


def codes(call: Caller, path: str, *options: str) -> Answer:
    return call("batch", path, *ONE, *options)


def test_exit_codes(call: Caller, tmp_path: Path) -> None:
    fine = write(tmp_path / "fine", [chat("a"), chat("b")])
    refused = write(tmp_path / "refused", [chat("a", temperature=3)])
    mixed = write(tmp_path / "mixed", [chat("a"), chat("b", model="qwen-turbo")])
    bad = write(tmp_path / "bad", [chat("a", temperature=3), "nonsense"])
    doubtful = write(tmp_path / "doubtful", ['{"model": "qwen-turbo", "input": {"prompt": "a"}}'])
    assert codes(call, fine).code == 0
    assert codes(call, fine).err == ""
    assert codes(call, doubtful).code == 0
    assert codes(call, refused).code == 1
    assert "1 line would be refused" in codes(call, refused).err
    assert codes(call, mixed).code == 1
    assert "batches.validation" in codes(call, mixed).err
    assert codes(call, bad).code == 2
    assert codes(call, str(tmp_path / "gone")).code == 2


@pytest.mark.parametrize(
    ("ceiling", "code", "why"),
    [("1 CNY", 0, ""), ("0 CNY", 1, "may cost up to"), ("1 USD", 2, "prices are in CNY")],
)
def test_a_ceiling_is_held_to_the_batch_price(
    call: Caller, tmp_path: Path, ceiling: str, code: int, why: str
) -> None:
    path = write(tmp_path / "file", [chat("a"), chat("b")])
    answer = codes(call, path, "--max-cost", ceiling, "--output-tokens", "10")
    assert answer.code == code
    assert why in answer.err
    assert "input " in answer.out  # what was counted is not lost to a wrong currency


def test_standard_input_is_read_as_a_pipe(tmp_path: Path) -> None:
    data = "".join(chat(f"a-{number}") + "\n" for number in range(9)).encode()
    for packed in (data, gzip.compress(data)):
        for name in ("-", "/dev/stdin"):
            command = [sys.executable, "-m", "tokenassay", "batch", name, "--json"]
            done = subprocess.run(command, input=packed, capture_output=True, check=True)
            shown = json.loads(done.stdout)
            assert (shown["lines"], shown["files"][0]["bytes"]) == (9, len(data))


def test_an_unknown_cost_can_not_be_held_to_a_ceiling(call: Caller, tmp_path: Path) -> None:
    path = write(tmp_path / "file", ['{"text": "a"}', chat("b")])
    answer = codes(call, path, "--max-cost", "100 CNY", "--output-tokens", "10")
    assert answer.code == 1
    assert "the cost of 1 line is unknown" in answer.err
    assert "at least" in answer.out


def test_texts_take_the_model_that_is_named(call: Caller, tmp_path: Path) -> None:
    path = write(tmp_path / "file", ['{"text": "hi"}'])
    assert codes(call, path, "--json").json["input_tokens"] == 1
    shown = codes(call, path, "--json", "--model", "qwen-plus").json
    assert shown["input_tokens"] == 9
    assert shown["cost"]["batch"]["unpriced_lines"] == 0


def test_groups_are_listed(call: Caller) -> None:
    out = call("batch", LINES, "--by", "custom-prefix", *ONE).out
    assert out.index("custom-prefix") < out.index("news  ") < out.index("recipe  ")
    shown = call("batch", LINES, "--by", "file", "--json", *ONE).json
    assert [group["group"] for group in shown["groups"]] == [str(LINES)]


def test_a_page_is_written_with_what_json_prints(call: Caller, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    options = ("--by", "custom-prefix", "--max-cost", "0.5 CNY", *ONE)
    answer = call("batch", LINES, *options, "--html", page)
    assert answer.code == 2
    assert "temperature.range" in answer.out
    text = page.read_text("utf-8")
    shown = call("batch", LINES, *options, "--json").json
    assert shown["asked"] == {
        "command": f"tokenassay batch --by custom-prefix --max-cost '0.5 CNY' -- {LINES}",
        "by": "custom-prefix",
        "as_of": None,
        "max_cost": {"amount": "0.5", "currency": "CNY"},
    }
    assert text == batch_html(msgspec.convert(shown, BatchDocument))
    chinese = call("batch", LINES, *options, "--html", "-", "--lang", "zh")
    assert chinese.out == batch_html(msgspec.convert(shown, BatchDocument), "zh")
    assert "standard output" in one_line(call("batch", LINES, "--html", "-", "--json"))
    lost = call("batch", LINES, *ONE, "--html", tmp_path / "gone" / "page.html")
    assert lost.code == 2
    assert "temperature.range" in lost.out
    assert "gone" in lost.err


@pytest.mark.parametrize("options", [(), ("--model", "qwen-plus", "--output-tokens", "9")])
def test_the_command_told_comes_to_the_same(
    call: Caller, tmp_path: Path, options: tuple[str, ...]
) -> None:
    path = write(tmp_path / "a file", [chat("a"), '{"text": "b"}'])
    shown = call("batch", path, *ONE, *options, "--json").json
    words = shlex.split(shown["asked"]["command"])
    assert words[:2] == ["tokenassay", "batch"]
    assert call(*words[1:-2], *ONE, "--json", *words[-2:]).json == shown


def test_wrong_usage_is_one_line(call: Caller) -> None:
    assert "--by colour" in one_line(call("batch", LINES, "--by", "colour"))
    assert one_line(call("batch", LINES, LINES)) == f"{LINES} is named twice"
    again = LINES.parent / ".." / LINES.parent.name / LINES.name
    assert f"is named twice, as {LINES} too" in one_line(call("batch", LINES, again))
    assert "2024" in one_line(call("batch", LINES, "--as-of", "soon"))
    assert "nope" in one_line(call("batch", LINES, "--edition", "nope"))
    assert "gone" in one_line(call("batch", LINES, "--contract", "gone"))
    assert "gone" in one_line(call("batch", LINES, "--tokenizer", "gone"))


def test_what_lines_carry_can_not_forge_the_sheet(call: Caller, tmp_path: Path) -> None:
    lines = [chat("\x1b[2Ja-1"), chat("\x1b[2Ja-1"), chat("b", url="\x1b[2J", model="\x1b[2J")]
    for option in ("custom-prefix", "model"):
        answer = codes(call, write(tmp_path / "file", lines), "--by", option)
        assert "\x1b" not in answer.out + answer.err


def test_unknown_is_never_shown_as_a_number() -> None:
    assert batchsheet.cost({"amounts": {}, "unpriced_lines": 1}) == "unknown"
    amounts = {"total_min": "1", "total_max": "2"}
    bill = {"amounts": {"CNY": amounts}, "unpriced_lines": 1}
    assert batchsheet.cost(bill) == "at least 1.00 CNY"
    assert batchsheet.cost({**bill, "unpriced_lines": 0}) == "1.00 to 2.00 CNY"
    bill["amounts"]["CNY"] = {"total_min": "1", "total_max": None}  # type: ignore[index]
    assert batchsheet.cost({**bill, "unpriced_lines": 0}) == "at least 1.00 CNY"
    assert batchsheet.counted({"input_range": [3, None]}) == "at least 3"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_prints_what_was_done(tmp_path: Path, workers: str) -> None:
    path = tmp_path / "file"
    block = "".join(chat(f"a-{number}", f"word {number}") + "\n" for number in range(1000))
    path.write_bytes(gzip.compress(block.encode()) * 5_000)  # half a minute of work
    # The bar tells of the first part.
    command = ("batch", str(path), "--json", "--workers", workers)
    code, out, said = interrupted(*command, until=b" lines")
    assert code == 130, said
    assert b"Traceback" not in said
    shown = json.loads(out)
    assert shown["complete"] is False
    assert 0 < shown["lines"] < 5_000_000
    assert b"interrupted" in said
