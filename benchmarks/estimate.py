"""How much faster estimate() is than litellm's token_counter alone, in one run on one machine.

    python benchmarks/estimate.py [--rounds N]

litellm lives in an environment of its own (make bench makes it), so each side is a process that
stays, is told the chats once, and times the same chats in turns with the other. What is told is
the median over the rounds of the ratio within a round. Exit code 1 where it misses its target.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROUNDS = 7
TARGET = 3.0
CHATS = 2_000
PEER = Path(__file__).parents[1] / ".venv-bench" / "bin" / "python"

_COMMON = """
import gc, json, sys, time
chats = json.loads(sys.stdin.readline())
for chat in chats:
    call(chat)
gc.collect()
gc.disable()
print("ready", flush=True)
for _ in sys.stdin:
    started = time.perf_counter()
    for chat in chats:
        call(chat)
    print((time.perf_counter() - started) / len(chats), flush=True)
"""

_OURS = """
from tokenassay.estimators.estimating import estimate
def call(chat):
    estimate({"model": "qwen-turbo", "input": {"messages": chat}, "parameters": {}})
"""

_THEIRS = """
import os
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
from litellm import token_counter
def call(chat):
    token_counter(model="qwen-turbo", messages=chat)
"""


def chats() -> list[list[dict[str, str]]]:
    """Short chats of a system and a user message, no two alike, half of them Chinese."""
    asked = ("How do I cook {} tomatoes with eggs?", "如何用{}个西红柿做西红柿炒鸡蛋?")
    system = {"role": "system", "content": "You are a helpful assistant."}
    return [
        [system, {"role": "user", "content": asked[number % 2].format(number)}]
        for number in range(CHATS)
    ]


class Side:
    """A process that times its own way of counting the chats."""

    def __init__(self, python: str, code: str, given: Any) -> None:
        self._process = subprocess.Popen(
            [python, "-c", code + _COMMON],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        if self.ask(json.dumps(given)) != "ready":
            raise SystemExit(f"{python} could not count the chats")

    def ask(self, line: str) -> str:
        """The answer to one line; empty where the process has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()


def main(argv: Sequence[str] = ()) -> int:
    """Measure, print the line; the exit code."""
    rounds = int(argv[1]) if argv[:1] == ["--rounds"] else ROUNDS
    if not PEER.exists():
        print("litellm is not installed: run make bench", file=sys.stderr)
        return 2
    given = chats()
    ours, theirs = Side(sys.executable, _OURS, given), Side(str(PEER), _THEIRS, given)
    times = []
    for number in range(rounds):
        pair = (ours, theirs) if number % 2 else (theirs, ours)
        taken = {side: float(side.ask("go")) for side in pair}
        times.append((taken[ours], taken[theirs]))
    ours.close()
    theirs.close()
    ratio = statistics.median(their / our for our, their in times)
    our, their = (statistics.median(side) * 1e6 for side in zip(*times, strict=True))
    print(f"{'':<14}{'ours':>10}{'litellm':>11}{'ratio':>8}{'target':>8}")
    missed = "" if ratio >= TARGET else "  MISSED"
    print(f"{'estimate()':<14}{our:>7.1f} µs{their:>8.1f} µs{ratio:>7.1f}x{TARGET:>7.1f}x{missed}")
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
