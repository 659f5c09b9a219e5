"""Processes that are killed lose nothing that was acknowledged, and nothing is counted twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.guard import killing
from tests.house.tree import ROOT


def killed(where: Path | str, *, seconds: float, every: float) -> dict[str, Any]:
    """Of a process that forks the writers, so that the tests' own process does not."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.guard.killing", str(where)),
            *(f"--seconds={seconds}", f"--every={every}"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["wrong"] == [], (found, done.stderr)
    return found


def test_a_file_keeps_what_it_acknowledged(path: Path) -> None:
    killed(path, seconds=2, every=0.2)


def test_a_database_does_too(postgres: str) -> None:
    killed(postgres, seconds=3, every=0.3)


@pytest.mark.slow
def test_a_file_keeps_it_for_a_minute(path: Path) -> None:
    killed(path, seconds=60, every=1)


@pytest.mark.slow
def test_a_database_keeps_it_for_a_minute(postgres: str) -> None:
    killed(postgres, seconds=60, every=1)


def test_the_judgement_finds_what_is_lost_and_what_is_doubled(path: Path) -> None:
    found = killed(path, seconds=1, every=0.2)
    good = killing.judge(str(path), [])
    assert good["not_acknowledged"] > found["kills"]  # all of it, as nobody noted any
    assert "counted twice" in str(killing.wrong({**good, "kills": 3, "died": 0}))
    absent = "reserved " + "0" * 32
    assert killing.judge(str(path), [absent])["lost"] == 1
