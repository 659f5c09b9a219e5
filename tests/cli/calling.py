"""The command line, called in this process as a shell would call it."""

from __future__ import annotations

import io
import json
import sys
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
