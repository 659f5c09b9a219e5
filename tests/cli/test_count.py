"""``tokenassay count``, as a command and in process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.calling import ROOT, Caller
from tokenassay.estimators import tokens


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("你好，world\n", encoding="utf-8")
    return path


COUNT = tokens.count_tokens("你好，world\n")


def test_a_line_a_file_and_a_total(text: Path, tmp_path: Path, call: Caller) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    run = call("count", text, empty)
    assert run.code == 0
    rows = [line.split() for line in run.out.splitlines()]
    assert rows == [[str(COUNT), str(text)], ["0", str(empty)], [str(COUNT), "total"]]
    assert call("count", text).out.split() == [str(COUNT), str(text)]


def test_quiet_is_a_bare_number(text: Path, call: Caller) -> None:
    assert call("count", "--quiet", text).out == f"{COUNT}\n"
    assert call("count", "-q", text, text).out == f"{2 * COUNT}\n"


def test_json(text: Path, call: Caller) -> None:
    run = call("count", "--json", text, text)
    row = {"path": str(text), "bytes": 15, "tokens": COUNT}
    assert run.json == {"files": [row, row], "tokens": 2 * COUNT}


@pytest.mark.parametrize("argv", [["-"], [], ["-q"], ["--quiet", "-"]])
def test_standard_input(argv: list[str], call: Caller) -> None:
    assert call("count", *argv, stdin="苹果".encode()).out.split()[0] == "1"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("苹果".encode(), None),
        (b"\xef\xbb\xbf" + "苹果".encode(), None),
        ("苹果".encode("gb18030"), "gb18030"),
        ("苹果".encode("utf-16"), "utf-16"),
        ("苹果".encode("utf-16-le"), "utf-16-le"),
    ],
)
def test_encodings(data: bytes, encoding: str | None, tmp_path: Path, call: Caller) -> None:
    path = tmp_path / "text"
    path.write_bytes(data)
    options = [f"--encoding={encoding}"] if encoding else []
    assert call("count", "-q", *options, path).out == "1\n"


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (b"caf\xe9", [], "not UTF-8 (at byte 3): name its encoding with --encoding"),
        ("苹果".encode("gb18030"), [], "--encoding"),
        ("苹果".encode("utf-16"), [], "looks like UTF-16: name it with --encoding utf-16"),
        (b"\x7fELF\0\0", [], "not text: it holds NUL bytes"),
        (b"text", ["--encoding", "klingon"], "unknown text encoding 'klingon'"),
        (b"text", ["--encoding", "hex"], "unknown text encoding 'hex'"),
        (b"text", ["--encoding", "undefined"], "not undefined"),
        (b"abc", ["--encoding", "utf-16"], "not utf-16"),
    ],
)
def test_bytes_that_are_no_text_are_one_clear_line(
    data: bytes,
    options: list[str],
    said: str,
    tmp_path: Path,
    call: Caller,
) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(data)
    run = call("count", *options, path)
    assert (run.code, run.out) == (2, "")
    assert run.err.count("\n") == 1
    assert str(path) in run.err
    assert said in run.err


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_bad_file_does_not_keep_the_others_from_being_counted(
    options: list[str], text: Path, tmp_path: Path, call: Caller
) -> None:
    run = call("count", *options, tmp_path / "nowhere", text, tmp_path)
    assert run.code == 2
    assert len(run.err.splitlines()) == 2
    assert "nowhere: No such file or directory" in run.err
    counted = run.json["tokens"] if options else int(run.out.split()[0])
    assert counted == COUNT


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--nope"], "no such option: --nope"),
        (["--json=1"], "no such option: --json=1"),
        (["--model"], "--model needs a value"),
        (["--encoding="], "--encoding needs a value"),
        (["--model", "no-such-model"], "unknown model 'no-such-model'"),
        (["--model", "baichuan-7b-v1"], "baichuan-7b-v1 has no tokenizer at hand"),
        (["--tokenizer", "nowhere.json"], "nowhere.json: No such file or directory"),
    ],
)
def test_wrong_usage_is_one_clear_line(
    argv: list[str], said: str, text: Path, call: Caller
) -> None:
    run = call("count", text, *argv)
    assert (run.code, run.out) == (2, "")
    assert run.err.count("\n") == 1
    assert said in run.err


def test_a_model_with_a_tokenizer_at_hand(text: Path, call: Caller) -> None:
    assert call("count", "--model", "qwen-turbo", "-q", text).out == f"{COUNT}\n"


def test_a_tokenizer_of_ones_own(text: Path, tmp_path: Path, call: Caller) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    file = tmp_path / "tokenizer.json"
    tokenizer.save(str(file))
    run = call("count", "--tokenizer", file, "--model", "baichuan-7b-v1", "-q", text)
    assert run.out == f"{len(text.read_text(encoding='utf-8'))}\n"


def test_a_missing_vocabulary_is_one_clear_line(
    text: Path, monkeypatch: pytest.MonkeyPatch, call: Caller
) -> None:
    def missing(text: str) -> int:
        raise tokens.VocabularyError("the Qwen vocabulary is missing")

    monkeypatch.setattr(tokens, "count_tokens", missing)
    run = call("count", text, text)
    assert (run.code, run.out) == (2, "")
    assert run.err == "tokenassay: the Qwen vocabulary is missing\n"


def test_a_dash_dash_ends_the_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Caller
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("--json").write_text("苹果", encoding="utf-8")
    assert call("count", "-q", "--", "--json").out == "1\n"


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_names_every_option(word: str, call: Caller) -> None:
    run = call("count", word)
    assert run.code == 0
    for option in ("--model", "--tokenizer", "--encoding", "--json", "--quiet", "--help"):
        assert option in run.out


def _python(
    *argv: str | Path, folder: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, argv)],
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        env={**os.environ, **variables},
    )


def test_the_command_imports_little(text: Path) -> None:
    script = """
import sys
sys.argv[1:] = ["count", sys.argv[1]]
from tokenassay.cli import main
assert main() == 0
heavy = "typer rich click msgspec yaml numpy gigatoken tiktoken dashscope argparse json"
print(*(name for name in heavy.split() if name in sys.modules))
"""
    done = _python("-c", script, text)
    assert done.stdout.splitlines()[1:] == [""]


def test_the_module_runs_as_the_command(text: Path, tmp_path: Path) -> None:
    done = _python("-m", "tokenassay", "count", "-q", text)
    assert (done.returncode, done.stdout) == (0, f"{COUNT}\n")
    assert _python("-m", "tokenassay", "count", tmp_path).returncode == 2


def test_a_name_that_the_terminal_cannot_show(tmp_path: Path) -> None:
    path = tmp_path / "文件.txt"
    path.write_text("苹果", encoding="utf-8")
    done = _python("-m", "tokenassay", "count", path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.split() == ["1", str(tmp_path / "\\u6587\\u4ef6.txt")]


def test_a_reader_that_goes_away_is_no_traceback(text: Path) -> None:
    command = [sys.executable, "-u", "-m", "tokenassay", "count", *[str(text)] * 2000]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() != 0
    process.stderr.close()


def test_a_checkout_without_links_still_counts(text: Path, tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    for room in ("contracts", "estimators"):
        shutil.copytree(ROOT / room, copy / room)
    package = copy / "src" / "tokenassay"
    package.mkdir(parents=True)
    for path in (ROOT / "src" / "tokenassay").iterdir():
        if path.is_symlink():
            (package / path.name).write_text(os.readlink(path))  # as git writes them there
        elif path.is_dir():
            shutil.copytree(path, package / path.name)
        else:
            shutil.copy(path, package)
    script = "from tokenassay.estimators import tokens; print(tokens.__file__)"
    room = _python("-c", script, folder=tmp_path, PYTHONPATH=str(copy / "src")).stdout
    assert room.startswith(str(copy / "estimators"))
    argv = ("-m", "tokenassay", "count", "-q", "--model", "qwen-turbo", text)
    done = _python(*argv, folder=tmp_path, PYTHONPATH=str(copy / "src"))
    assert (done.returncode, done.stdout) == (0, f"{COUNT}\n"), done.stderr


def test_a_file_with_more_tokens_than_allowed(text: Path, tmp_path: Path, call: Caller) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    assert call("count", "--max-tokens", str(COUNT), text, empty).code == 0  # each file by itself
    over = call("count", f"--max-tokens={COUNT - 1}", text, empty)
    assert (over.code, over.err) == (1, f"tokenassay: {text}: {COUNT} tokens, over {COUNT - 1}\n")
    assert over.out.splitlines()[0].split() == [str(COUNT), str(text)]
    assert call("count", "--max-tokens", "0", tmp_path / "none", text).code == 2


@pytest.mark.parametrize("written", ["-1", "1.5", "many", "٣", ""])
def test_a_number_of_tokens_that_is_none(written: str, text: Path, call: Caller) -> None:
    answer = call("count", "--max-tokens", written, text)
    assert answer.code == 2
    assert answer.err.startswith("tokenassay: --max-tokens needs a ")
