"""What the guard adds to a short call: the same call with and without it, in turns, in one run.

    python -m benchmarks.guard [--pairs N]

Measured twice: with an endpoint in this process that answers at once, and with the mock endpoint
in a process of its own, a real server on a real socket. The order within a pair alternates, and
what is told is the median of the differences within a pair: of the time on the clock, and of the
time that the calling thread had a processor, which other work on the machine adds less to. Of
five rounds the one is told in which the calls without the guard were quickest, so the least was
going on beside; what the guard added in each of them stands behind. The ledger is a file in the
system's temporary folder, with two budgets. Exit code 1 where the time of the processor, with the
endpoint that answers at once, misses its target: over a socket the figure tells as much of the
other programs, which empty the processor's caches while a call waits.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tokenassay.guard import Guard

PAIRS = 400
ROUNDS = 5
TARGET_MS = 0.2
WARM_UP = 100
MESSAGES = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "What is the weather in Paris?"},
]
BODY = {"model": "qwen-plus", "messages": MESSAGES, "max_tokens": 20}
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "Sunny."}}],
    "usage": {"prompt_tokens": 23, "completion_tokens": 2, "total_tokens": 25},
}


def instant(request: httpx.Request) -> httpx.Response:
    """An answer without a network."""
    body = httpx.Response(200, json=ANSWER)
    return httpx.Response(200, headers=body.headers, stream=httpx.ByteStream(body.content))


@contextmanager
def mock() -> Iterator[str]:
    """The base URL of a mock endpoint in another process."""
    command = [sys.executable, "-m", "tokenassay", "serve", "--edition", "qwen-openai@2026"]
    process = subprocess.Popen(
        [*command, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            found = [word for word in line.split() if word.startswith("http")]
            if found:
                yield found[0].rstrip("/")
                return
        raise SystemExit("the mock did not start")
    finally:
        process.terminate()
        process.communicate()


Times = tuple[float, float]
"""Seconds on the clock, and of the processor."""


def caller(client: httpx.Client, url: str) -> Callable[[], Times]:
    """Makes one call and gives the time that it took."""
    headers = {"authorization": "Bearer sk-assay"}

    def call() -> Times:
        began, worked = time.perf_counter(), time.thread_time()
        client.post(url, json=BODY, headers=headers).raise_for_status().json()
        return time.perf_counter() - began, time.thread_time() - worked

    return call


def measure(plain: Callable[[], Times], guarded: Callable[[], Times], pairs: int) -> list[float]:
    """Medians in ms: a call without and with, what is added on the clock and of the processor."""
    gc.collect()
    times: list[tuple[Times, Times]] = []
    for number in range(pairs):
        if number % 2:
            with_guard = guarded()
            times.append((plain(), with_guard))
        else:
            times.append((plain(), guarded()))
    figures = [
        [without[0] for without, _ in times],
        [with_guard[0] for _, with_guard in times],
        [with_guard[0] - without[0] for without, with_guard in times],
        [with_guard[1] - without[1] for without, with_guard in times],
    ]
    return [statistics.median(seconds) * 1e3 for seconds in figures]


def main(argv: Sequence[str] = ()) -> int:
    """Measure, print the lines; the exit code."""
    pairs = int(argv[1]) if argv[:1] == ["--pairs"] else PAIRS
    missed = False
    head = ("without", "with", "adds", "adds, of CPU", "in all rounds", "target")
    print(f"{'':<26}" + "".join(f"{name:>15}" for name in head))
    with tempfile.TemporaryDirectory() as folder, mock() as base:
        guard = Guard(ledger=Path(folder) / "calls.db", budget=["5 CNY/day", "50 CNY"], tag="bench")
        sides: list[tuple[str, Any, Any, str]] = [
            (
                "answered at once",
                httpx.MockTransport(instant),
                guard.transport(httpx.MockTransport(instant)),
                "http://endpoint/v1/chat/completions",
            ),
            (
                "the mock, over a socket",
                httpx.HTTPTransport(),
                guard.transport(),
                f"{base}/chat/completions",
            ),
        ]
        for name, without, with_guard, url in sides:
            with httpx.Client(transport=without) as one, httpx.Client(transport=with_guard) as two:
                plain, guarded = caller(one, url), caller(two, url)
                for _ in range(WARM_UP):
                    plain(), guarded()
                rounds = [measure(plain, guarded, pairs) for _ in range(ROUNDS)]
            figures = min(rounds)  # by the time without the guard
            adds = sorted(figures[3] for figures in rounds)
            told = f"{name:<26}" + "".join(f"{ms:>12.3f} ms" for ms in figures)
            told += f"{adds[0]:>9.3f}-{adds[-1]:.3f}"
            if with_guard is sides[0][2]:
                missed = figures[3] >= TARGET_MS
                told += f"{TARGET_MS:>12.3f} ms{'  MISSED' if missed else ''}"
            print(told)
        guard.close()
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
