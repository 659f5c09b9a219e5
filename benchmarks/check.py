"""What a check costs beside the endpoint's own time, and how long whole runs take.

    python -m benchmarks.check [--rounds N]

First ours and schemathesis (in .venv-bench, which make bench makes) check the same path of the
same mock, in turns, one request at a time, each as a process from its start to its end. Told is
the processor time of the checking process for each request that the mock counted, so that neither
the mock's own work nor another process is in it; the elapsed time stands beside it. Ours has all
that a live run does in it: the forecast on a mock of its own, the run file, the report.

Then every edition's default run against the mock, and runs against a mock that takes 300 ms for
each answer. Exit code 1 where a target is missed: at most half of the peer's time a request, a
default run below a minute, eight workers at least half busy while they wait.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tokenassay.conformance.mock import Settings, make_app
from tokenassay.conformance.mock.app import App, choose_editions, path_of
from tokenassay.conformance.mock.server import bind, serving
from tokenassay.conformance.mock.wire import Receive, Scope, Send
from tokenassay.conformance.rundb import RunFile
from tokenassay.contracts.edition import Edition, Parameter
from tokenassay.contracts.store import headers, load_edition

ROOT = Path(__file__).resolve().parents[1]
PEER = ROOT / ".venv-bench" / "bin" / "st"
EDITION, MODEL = "qwen-openai@2026", "qwen-plus"
KEY = "sk-assay"
ROUNDS = 3
EXAMPLES = 400
"""Requests that the peer's fuzzing makes, so that its start weighs as little as ours."""
TARGET = 0.5
"""Our time a request beside the peer's."""
LONGEST = 60.0
"""Seconds of a default run."""
LATENCY, WORKERS = 0.3, 8
SLOWED = ("baichuan-dashscope@2024", "qwen-dashscope@2024-04", "qwen-long@2024-10")


class Cost(NamedTuple):
    """What a checking process used."""

    requests: int
    cpu: float
    """Seconds of processor time, user and system."""
    elapsed: float

    @property
    def each(self) -> float:
        """Milliseconds of processor time a request."""
        return self.cpu / self.requests * 1000

    def __str__(self) -> str:
        shown = self.elapsed / self.requests * 1000
        return f"{self.each:6.1f} ms a request ({shown:.1f} ms elapsed, {self.requests:,} requests)"


# --------------------------------------------------------------------------------- the mock


class Counted(App):
    """The mock, and how many requests it got: ``GET /asked`` tells, and begins anew."""

    def __init__(self, app: App) -> None:
        super().__init__(app.mounts)
        self._asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != "/asked":
            self._asked += scope["type"] == "http"
            await super().__call__(scope, receive, send)
            return
        told, self._asked = str(self._asked).encode(), 0
        head = [(b"content-length", str(len(told)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": told})


def serve(edition: str, latency: float) -> None:
    """Serve until standard input ends."""
    app = Counted(make_app(choose_editions([edition]), (), Settings(latency=latency)))
    with serving(app, bind("127.0.0.1", 0)) as url:
        print(url, flush=True)
        sys.stdin.read()


@contextlib.contextmanager
def served(edition: str, latency: float = 0.0) -> Iterator[str]:
    """A counting mock in a process of its own: its URL."""
    command = [sys.executable, "-m", "benchmarks.check", "--serve", edition, str(latency)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.communicate()


# --------------------------------------------------------------------------------- two tools


def cost(command: list[str], url: str, folder: str, *fine: int) -> Cost:
    """What a command uses in a folder; RuntimeError where it ends neither with 0 nor ``fine``."""
    httpx.get(f"{url}/asked")
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=folder, stdout=said, stderr=said, env={**os.environ, "KEY": KEY}
        )
        _, status, used = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, *fine):
            said.seek(0)
            raise RuntimeError(said.read().decode(errors="replace")[-2000:])
    requests = int(httpx.get(f"{url}/asked").text)
    return Cost(requests, used.ru_utime + used.ru_stime, elapsed)


def ours(edition: Edition, url: str, folder: Path, *, workers: int, model: str = "") -> list[str]:
    """The command line of a whole check of ours."""
    return [
        *(sys.executable, "-m", "tokenassay", "check", "--base-url", url + path_of(edition)),
        *("--edition", edition.id, "--api-key-env", "KEY", "--yes"),
        *("--workers", str(workers), "--out", str(folder)),
        # Asked for where no price is known.
        *("--max-requests", "1000000", "--max-tokens", "1000000000"),
        *(("--model", model) if model else ()),
    ]


def theirs(edition: Edition, url: str, folder: Path) -> list[str]:
    """The command line of a whole run of schemathesis on the path for chats."""
    file = folder / "openapi.json"
    file.write_text(json.dumps(openapi(edition)), "utf-8")
    return [
        *(str(PEER), "run", str(file), "--url", url + path_of(edition)),
        *("-H", f"Authorization: Bearer {KEY}", "--workers", "1"),
        *("--max-examples", str(EXAMPLES), "--continue-on-failure", "--seed", "0"),
    ]


def openapi(edition: Edition) -> dict[str, Any]:
    """What OpenAPI can say of an edition's path for chats: types, bounds and values."""
    message = {
        "type": "object",
        "required": ["role", "content"],
        "properties": {
            "role": {"enum": ["user", "assistant", "system"]},
            "content": {"type": "string", "minLength": 1},
        },
    }
    top = {"model", "messages", "tools"}
    properties = {
        name: _schema(parameter)
        for name, parameter in edition.parameters(MODEL).items()
        if name not in top and "." not in parameter.declared.at
    }
    properties["model"] = {"const": MODEL}
    properties["messages"] = {"type": "array", "minItems": 1, "items": message}
    body = {
        "type": "object",
        "required": ["model", "messages"],
        "properties": properties,
        "additionalProperties": False,
    }
    content = {"application/json": {"schema": body}}
    answers = {code: {"description": "an answer"} for code in ("200", "400", "401")}
    operation = {"requestBody": {"required": True, "content": content}, "responses": answers}
    return {
        "openapi": "3.1.0",
        "info": {"title": edition.title, "version": edition.date},
        "paths": {"/chat/completions": {"post": operation}},
    }


def _schema(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": list(parameter.declared.types)}
    if parameter.choice is not None:
        schema["enum"] = list(parameter.choice.values)
    interval = parameter.interval
    if interval is not None and math.isfinite(interval.low):
        schema["exclusiveMinimum" if interval.low_open else "minimum"] = interval.low
    if interval is not None and math.isfinite(interval.high):
        schema["exclusiveMaximum" if interval.high_open else "maximum"] = interval.high
    return schema


# --------------------------------------------------------------------------------- measuring


def beside_the_peer(rounds: int) -> list[str]:
    """Tell both tools' cost; the target where it is missed."""
    edition = load_edition(EDITION)
    print(f"{EDITION}, {MODEL}, one request at a time; median of {rounds} rounds")
    pairs: list[tuple[Cost, Cost]] = []
    with served(EDITION) as url:
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                mine = cost(ours(edition, url, folder / "run", workers=1, model=MODEL), url, name)
                pairs.append((mine, cost(theirs(edition, url, folder), url, name, 1)))
    ratio = statistics.median(mine.each / other.each for mine, other in pairs)
    middle = sorted(pairs, key=lambda pair: pair[0].each / pair[1].each)[len(pairs) // 2]
    print(f"  tokenassay    {middle[0]}")
    print(f"  schemathesis  {middle[1]}")
    print(f"  ratio         {ratio:6.2f} (target: at most {TARGET})")
    return [] if ratio <= TARGET else [f"a request costs {ratio:.2f} of the peer's"]


def default_runs() -> list[str]:
    """Tell how long each edition's default run takes; those that take too long."""
    missed = []
    print("\ndefault run against the mock, start and report included")
    for id in headers():
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tokenassay", "check", "--edition", id]
            began = time.perf_counter()
            subprocess.run(
                [*command, "--out", f"{folder}/run"], check=True, cwd=ROOT, capture_output=True
            )
            elapsed = time.perf_counter() - began
            requests = json.loads(Path(folder, "run", "results.json").read_bytes())["requests"]
        print(f"  {id:<26}{elapsed:6.1f} s  {requests:>6,} requests")
        if elapsed > LONGEST:
            missed.append(f"{id}: the default run takes {elapsed:.0f} s")
    return missed


def span(file: Path) -> float:
    """Seconds from a run's first request to its last answer."""
    run = RunFile(file)
    first, last = run.span()
    run.close()
    assert first is not None
    assert last is not None
    return last - first


def slowed_runs() -> list[str]:
    """Tell how runs share out an endpoint's latency among workers; those that wait in line."""
    missed = []
    print(f"\n{LATENCY * 1000:.0f} ms an answer, {WORKERS} workers")
    for id in SLOWED:
        with served(id, LATENCY) as url, tempfile.TemporaryDirectory() as folder:
            command = ours(load_edition(id), url, Path(folder, "run"), workers=WORKERS)
            used = cost(command, url, folder)
            took = span(Path(folder, "run", "run.db"))
        ratio = took / (used.requests * LATENCY / WORKERS)
        print(f"  {id:<26}{took:6.1f} s, {ratio:.2f} times requests x latency / workers")
        if ratio >= 2:
            missed.append(f"{id}: {ratio:.2f} times what its latency takes")
    return missed


def main() -> int:
    """Measure and report; the exit code."""
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], float(sys.argv[3]))
        return 0
    rounds = int(sys.argv[2]) if sys.argv[1:2] == ["--rounds"] else ROUNDS
    missed = [*beside_the_peer(rounds), *default_runs(), *slowed_runs()]
    for line in missed:
        print(f"missed: {line}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
