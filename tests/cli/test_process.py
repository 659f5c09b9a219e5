"""What only a process of its own can show: signals, pipes, standard streams."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.cli.calling import EXAMPLES, ROOT, Caller

COMMAND = [sys.executable, "-m", "tokenassay"]
CHAT = str(EXAMPLES / "qwen-chat.json")


@pytest.mark.parametrize("arguments", [["estimate", "-"], ["count", "-"]])
def test_an_interrupt_is_exit_130_without_a_traceback(arguments: list[str]) -> None:
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(b" " * 1_000_000)  # more than a pipe holds: it is reading once this is done
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in error


def test_a_fault_of_our_own_is_one_line_and_no_finding(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(arguments: list[str]) -> int:
        raise KeyError("oops")

    monkeypatch.setattr("tokenassay.cli.count.main", stumble)
    with pytest.raises(KeyError):
        call("count", CHAT)
    monkeypatch.delenv("TOKENASSAY_TRACEBACK")
    answer = call("count", CHAT)
    assert answer.code == 3
    assert answer.out == ""
    (line,) = answer.err.splitlines()
    assert line.startswith("tokenassay: a fault of tokenassay's own: KeyError: 'oops' (test_proc")


def test_a_reader_that_leaves_is_no_fault() -> None:
    process = subprocess.Popen(
        [*COMMAND, "contracts", "qwen-openai@2026"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "qwen-openai@2026\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait(timeout=20)


def test_output_is_utf_8_json_whatever_the_terminal() -> None:
    done = subprocess.run(
        [*COMMAND, "estimate", CHAT, "--edition", "qwen-dashscope@2024-04", "--json"],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    done.stdout.decode("utf-8")
    told = subprocess.run(
        [*COMMAND, "models", "qwen-turbo"],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
        cwd=ROOT,
    )
    assert told.returncode == 0, told.stderr
    assert b"Traceback" not in told.stderr
