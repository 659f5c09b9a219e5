"""What a comparison of many endpoints takes beside one: the same requests, each answer 100 ms late.

    python -m benchmarks.sides [--targets N] [--workers N] [--latency MS]

The endpoints are the mock of one edition, in one process of its own; requests are made once, and
each target is asked at its own pace. Exit code 1 where so many take 1.5 times what one takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tokenassay.conformance.compare.comparing import Comparer
from tokenassay.conformance.rundb import RunFile
from tokenassay.conformance.targets import Target
from tokenassay.conformance.visits import contract_of, visit

EDITION = "qwen-openai@2026"
MOST = 1.5


@contextmanager
def served(latency: int) -> Iterator[str]:
    """The mock's base URL, in a process of its own, so that its work is not ours."""
    command = [sys.executable, "-m", "tokenassay", "serve", "--edition", EDITION, "--json"]
    command += ["--port", "0", "--latency", str(latency)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield json.loads(server.stdout.readline())["base_url"]
    finally:
        server.terminate()
        server.wait(timeout=10)
        server.stdout.close()


def seconds(url: str, many: int, workers: int) -> tuple[float, int]:
    """How long so many targets take side by side, rows included, and the requests of each."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = RunFile(folder / "run.db")
        stack.callback(run.close)
        sides = []
        for number in range(many):
            target = Target(
                name=f"t{number}",
                base_url=url,
                edition=EDITION,
                model="qwen-turbo",
                api_key_env="MOCK_KEY",
                faults=True,
            )
            visited = visit(target, contract_of(target), run, "sk-assay", workers=workers)
            sides.append(stack.enter_context(visited))
        comparer = Comparer(sides, seed=0, examples=20)
        begun = time.monotonic()
        found = comparer.run(workers=workers)
        comparer.keep_rows()
        took = time.monotonic() - begun
    assert found.differences == ()
    assert set(found.not_run.values()) == {0}
    return took, found.asked


def main() -> int:
    """Print the figures; the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--targets", type=int, default=8)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--latency", type=int, default=100)
    given = options.parse_args()
    with served(given.latency) as url:
        seconds(url, 1, given.workers)  # what is compiled once is not measured
        one, asked = seconds(url, 1, given.workers)
        many, _ = seconds(url, given.targets, given.workers)
    print(f"{asked} requests each, {given.workers} at once, {given.latency} ms late")
    print(f"1 target            {one:6.1f} s")
    print(f"{given.targets} targets           {many:6.1f} s, {many / one:.2f} times as long")
    return int(many >= MOST * one)


if __name__ == "__main__":
    sys.exit(main())
