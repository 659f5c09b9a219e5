"""A run that was killed goes on where it stopped, and comes to the same end."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import raw
from tests.conformance.counting import Counting
from tokenassay.conformance import mock
from tokenassay.conformance.results import read_run
from tokenassay.conformance.rundb import RunFile

EDITION = "qwen-dashscope@2024-04"
WORKERS = 8
LIES = ("accepts_temperature_above_high", "total_does_not_add_up", "repeats_a_frame")


class Front:
    """A lying mock behind a counter."""

    def __init__(self, url: str, count: Counting) -> None:
        self.url, self._count = url, count

    @property
    def requests(self) -> int:
        return self._count.requests


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    with mock.running(EDITION, lies=LIES, latency=0.01) as endpoint:
        count = Counting(endpoint.url)
        with raw.serving(count) as counted:
            path = endpoint.base_url.removeprefix(endpoint.url)
            yield Front(counted.url + path, count)


def begin(front: Front, out: Path, *more: str) -> subprocess.Popen[str]:
    arguments = ["check", "--base-url", front.url, "--edition", EDITION, "--yes", "--json"]
    arguments += ["--api-key-env", "ASSAY_KEY", "--workers", str(WORKERS), "--out", str(out)]
    return subprocess.Popen(
        [sys.executable, "-m", "tokenassay", *arguments, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ASSAY_KEY": "sk-assay"},
    )


def finish(process: subprocess.Popen[str]) -> Any:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 1, (process.returncode, err[-2000:])
    return json.loads(out)


def outcomes(document: Any) -> dict[str, tuple[str, str, str]]:
    return {p["id"]: (p["outcome"], p["expected"], p["observed"]) for p in document["promises"]}


def sent(out: Path) -> dict[str, int]:
    """Exchanges in a run file by state."""
    with sqlite3.connect(out / "run.db") as connection:
        rows = connection.execute("SELECT state, COUNT(*) FROM exchanges GROUP BY state")
        return dict(rows.fetchall())


def test_kills_at_any_moment_change_nothing(front: Front, tmp_path: Path) -> None:
    whole = finish(begin(front, tmp_path / "whole"))
    unbroken = front.requests
    assert unbroken == whole["requests"]

    dice = random.Random(7)
    out = tmp_path / "broken"
    kills = 0
    for _ in range(5):
        process = begin(front, out, "--resume")
        before, wanted = front.requests, dice.randrange(0, unbroken // 3)
        deadline = time.monotonic() + 120
        while front.requests - before < wanted and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        if wanted == 0:
            time.sleep(dice.random())  # also before the first request, and while it starts
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        if (out / "run.db").exists():
            run = RunFile(out / "run.db")  # a report can be made of a broken run
            partial = read_run(run)
            run.close()
            assert not partial.complete
    assert kills >= 3
    document = finish(begin(front, out, "--resume"))
    assert document["complete"] is True
    assert document["stop_reason"] is None
    assert outcomes(document) == outcomes(whole)

    states = sent(out)
    assert "open" not in states
    # Each kill may lose what was under way, and only that is sent anew. A violation's second
    # look and its shrinking are requests like any other, so both runs need the same number.
    assert states["done"] == sent(tmp_path / "whole")["done"]
    assert states.get("lost", 0) <= kills * WORKERS
    through = front.requests - unbroken
    assert states["done"] <= through <= states["done"] + states.get("lost", 0)
    assert document["requests"] == states["done"] + states.get("lost", 0)


def test_an_interrupt_saves_the_partial_run(front: Front, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = begin(front, out)
    before = front.requests
    while front.requests - before < 200 and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    said, complaint = process.communicate(timeout=30)
    assert process.returncode == 130, complaint
    document = json.loads(said)
    assert document["complete"] is False
    assert document["stop_reason"] == "interrupted"
    assert "Traceback" not in complaint
    assert json.loads((out / "results.json").read_text("utf-8")) == document
    assert (out / "junit.xml").exists()
    done = {p["id"]: p["outcome"] for p in document["promises"] if p["outcome"] != "not-run"}
    assert done
    again = outcomes(finish(begin(front, out, "--resume")))
    assert {id: again[id][0] for id in done} == done
