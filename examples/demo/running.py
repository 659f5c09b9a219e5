"""Commands of the demo: shown as they would be typed, run as processes of their own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_LONG = 100
"""Characters of a line before a long command goes on in the next one."""


class Fault(Exception):
    """Something in the demo is not as it should be."""


class Command(NamedTuple):
    """A call of ``tokenassay``."""

    arguments: tuple[str, ...]
    code: int
    """The exit code that it should come to."""


def show(command: Command, variables: Mapping[str, str] | None = None) -> str:
    """Print a command and run it; its output. Fault where its exit code is another.

    What it says on standard error, its bar above all, is shown where that is a terminal.
    """
    print(f"\n$ {typed(command)}\n", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "tokenassay", *command.arguments],
        cwd=ROOT,
        env={**os.environ, **(variables or {}), "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=None if sys.stderr.isatty() else subprocess.PIPE,
        encoding="utf-8",
        errors="backslashreplace",
    )
    if done.returncode != command.code:
        said = (done.stderr or "").strip().rpartition("\n")[2]
        raise Fault(
            f"{typed(command)}\nended with {done.returncode} in place of {command.code}: {said}"
        )
    return done.stdout


def typed(command: Command) -> str:
    """The command as it would be typed, over several lines where it is long."""
    lines = ["tokenassay"]
    for word in map(shlex.quote, command.arguments):
        if word.startswith("--") and len(lines[-1]) + len(word) > _LONG - 20:
            lines.append(f"    {word}")
        else:
            lines[-1] += f" {word}"
    return " \\\n".join(lines)
