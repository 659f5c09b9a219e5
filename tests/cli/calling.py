"""The command line, called in this process as a shell would call it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tokenassay.cli import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


class Answer(NamedTuple):
    """What a call printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Caller:
    """Calls ``tokenassay`` with arguments and standard input."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
    ) -> None:
        self._patch, self._capture = monkeypatch, capture

    def __call__(self, *arguments: str | Path, stdin: bytes = b"") -> Answer:
        self._patch.setattr(sys, "argv", ["tokenassay", *map(str, arguments)])
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            code = main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        return Answer(code, *self._capture.readouterr())


def one_line(answer: Answer) -> str:
    """The one line that a refused input comes to; asserts that there is nothing else."""
    assert answer.code == 2, answer
    assert answer.out == ""
    (line,) = answer.err.splitlines()
    assert line.startswith("tokenassay: ")
    return line.removeprefix("tokenassay: ")


def interrupted(*arguments: str, until: bytes) -> tuple[int, bytes, bytes]:
    """Call the command in a process at a terminal, and press Ctrl-C when that says ``until``.

    Its exit code, its standard output, and all that the terminal said.
    """
    terminal, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tokenassay", *arguments],
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    said = bytearray()

    def listen(until: bytes) -> None:
        while until not in said:
            try:
                said.extend(os.read(terminal, 4096))
            except OSError:  # how a terminal ends
                return

    try:
        listen(until)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
        rest = threading.Thread(target=listen, args=(b"\0 never",))
        rest.start()
        out, _ = process.communicate(timeout=120)
        rest.join()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        os.close(terminal)
    return process.returncode, out, bytes(said)
