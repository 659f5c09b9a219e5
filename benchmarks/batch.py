"""How fast whole batches are counted beside other counters called line by line, on one machine.

    python -m benchmarks.batch [--rounds N] [--lines N]

Processes count the lines of one batch file in turns: ours with one worker and with one for
each core; dashscope's tokenizer on every message, after the same JSON parsing; and litellm's
token_counter in an environment of its own (make bench makes it). No text comes twice in the
file. What is told is the median of the ratio within a round. The counts of a sample must be
those of dashscope's tokenizer on the rendered template, line by line. Exit code 1 where they are
not, or where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.estimate import PEER
from benchmarks.tokens import Words
from tokenassay.estimators.batches import Asked, Judge, read_line
from tokenassay.estimators.batches.running import usable_cores

ROUNDS = 3
LINES = 1_000_000
"""Lines that we count in a round; the others count the first ``FEW`` of them, and are slower."""
FEW = 20_000
SAMPLE = 1_000
TARGET = 6.0
"""Our rate on all cores above that of dashscope's tokenizer, called per line as it can be."""
SCALING = 1.6
"""Two workers above one."""
MODEL, DAY = "qwen-turbo", "2024-12-01"
"""Counted by the plain template: what is compared is counting, not what templates add."""

_COMMON = """
import sys, time
path, few = sys.argv[1], int(sys.argv[2])
print("ready" if count(path, 100) else "", flush=True)
for _ in sys.stdin:
    started, before = time.perf_counter(), time.process_time()
    counted = count(path, few)
    used = time.process_time() - before
    print(counted / (time.perf_counter() - started), counted / used, flush=True)
"""

_OURS = f"""
from tokenassay.estimators.batches import Asked, count_files
import sys
asked, workers = Asked(as_of={DAY!r}), int(sys.argv[3])
def count(path, few):
    return count_files([path], asked, workers=workers).totals.lines
"""

_DASHSCOPE = """
import msgspec
from dashscope import get_tokenizer
encode, decode = get_tokenizer("qwen-turbo").encode, msgspec.json.Decoder().decode
def count(path, few):
    lines = 0
    with open(path, "rb") as file:
        for raw in file:
            for message in decode(raw)["body"]["messages"]:
                len(encode(message["content"]))
            lines += 1
            if lines == few:
                break
    return lines
"""

_LITELLM = """
import json, os
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
from litellm import token_counter
def count(path, few):
    lines = 0
    with open(path, "rb") as file:
        for raw in file:
            token_counter(model="qwen-turbo", messages=json.loads(raw)["body"]["messages"])
            lines += 1
            if lines == few:
                break
    return lines
"""


class Rates(NamedTuple):
    """Lines a second."""

    elapsed: float
    cpu: float
    """By the processor time of the process, so that what other processes do is no matter."""


class Side:
    """A process that counts the file when it is told to, and says its rate."""

    def __init__(self, python: str, code: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [python, "-c", code + _COMMON, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if self._read() != "ready":
            raise SystemExit(f"{python} could not count the lines")

    def rates(self) -> Rates:
        """Lines a second."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        whole, own = self._read().split()
        return Rates(float(whole), float(own))

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()


def write_lines(path: Path, lines: int) -> None:
    """A batch of short chats of about 400 bytes a line, half of them Chinese, each text new."""
    words, random_ = Words(), random.Random(1)
    system = {"role": "system", "content": "You are a helpful assistant."}
    with path.open("w", encoding="utf-8") as file:
        for number in range(lines):
            if number % 2:
                text = words.english(random_, random_.randrange(40, 260))
            else:
                text = words.chinese(random_, random_.randrange(15, 90))
            user = {"role": "user", "content": text}
            body = {"model": MODEL, "messages": [system, user]}
            fields = {"custom_id": f"row-{number}", "method": "POST", "url": "/v1/chat/completions"}
            line = json.dumps({**fields, "body": body}, ensure_ascii=False)
            file.write(f"{line}\n")


def differing(path: Path) -> int:
    """Lines of the sample whose count is not that of dashscope's tokenizer."""
    from dashscope import get_tokenizer

    encode = get_tokenizer("qwen-turbo").encode
    judge = Judge(Asked(as_of=DAY))
    differ = 0
    with path.open("rb") as file:
        for _ in range(SAMPLE):
            line = read_line(file.readline())
            rendered = "".join(
                f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n"
                for message in line.body["messages"]
            )
            theirs = len(encode(f"{rendered}<|im_start|>assistant\n"))
            differ += judge.judge(line).tokens != theirs
    return differ


def main(argv: Sequence[str] = ()) -> int:
    """Measure, print the table; the exit code."""
    parser = argparse.ArgumentParser(description="Batches counted beside other counters.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--lines", type=int, default=LINES)
    asked = parser.parse_args(argv)
    if not PEER.exists():
        print("litellm is not installed: run make bench", file=sys.stderr)
        return 2
    cores = usable_cores()
    every = f"all {cores} cores" if cores > 2 else "two workers"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "batch.jsonl"
        write_lines(path, asked.lines)
        size = path.stat().st_size / asked.lines
        wrong = differing(path)
        given = (str(path), str(FEW))
        sides = {
            "one worker": Side(sys.executable, _OURS, *given, "1"),
            "two workers": Side(sys.executable, _OURS, *given, "2"),
            **({every: Side(sys.executable, _OURS, *given, str(cores))} if cores > 2 else {}),
            "dashscope": Side(sys.executable, _DASHSCOPE, *given),
            "litellm": Side(str(PEER), _LITELLM, *given),
        }
        found: list[dict[str, Rates]] = []
        for number in range(asked.rounds):
            names = list(sides) if number % 2 else list(reversed(sides))
            found.append({name: sides[name].rates() for name in names})
        for side in sides.values():
            side.close()

    def ratio(one: str, other: str) -> float:
        return statistics.median(r[one].elapsed / r[other].elapsed for r in found)

    for name in sides:
        rate = statistics.median(rates[name].elapsed for rates in found)
        print(f"{name:<14}{rate:>10,.0f} lines/s{rate * size / 1e6:>8.1f} MB/s")
    by_cpu = statistics.median(r["one worker"].cpu / r["dashscope"].cpu for r in found)
    kept = True
    for told, value, target in (
        (f"{every} / dashscope", ratio(every, "dashscope"), TARGET),
        ("one worker / dashscope", ratio("one worker", "dashscope"), None),
        ("the same by CPU time", by_cpu, None),
        (f"{every} / litellm", ratio(every, "litellm"), None),
        ("two workers / one", ratio("two workers", "one worker"), SCALING if cores > 1 else None),
    ):
        missed = target is not None and value < target
        kept = kept and not missed
        aim = "" if target is None else f"  target {target:.1f}x{'  MISSED' if missed else ''}"
        print(f"{told:<26}{value:>6.1f}x{aim}")
    print(f"counts of {SAMPLE:,} lines: {'equal' if not wrong else f'{wrong} DIFFER'}")
    return 0 if kept and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
