"""A million lines in memory that does not grow with them."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.estimators.batches.making import chat

LINES = 1_000_000
LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""Makes words of digits that no engine knows, and that never come again."""
LIMIT = 300 << 20
"""Bytes, of all processes together, what they share counted once."""


def processes(root: int) -> list[int]:
    """A process and all that descend from it, as Linux lists them."""
    found = [root]
    for parent in found:
        for listing in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, listing.read_text().split())
            except OSError:  # it has just ended
                continue
    return found


def resident(process: int) -> int:
    """Bytes of a process in memory, its share of what it shares with others."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) << 10


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_million_lines_in_flat_memory(tmp_path: Path, workers: int) -> None:
    path = tmp_path / "batch.jsonl"
    text = "How do I cook tomatoes with eggs, and for how long? " * 4
    random_ = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        for number in range(LINES):
            words = f"{random_.getrandbits(120):x} {random_.getrandbits(120):x}"
            file.write(chat(f"row-{number}", f"{text}{words.translate(LETTERS)}") + "\n")
    assert path.stat().st_size > 400e6
    command = [sys.executable, "-m", "tokenassay", "batch", str(path), "--json"]
    most = 0
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen([*command, "--workers", str(workers)], stdout=out)
        while process.poll() is None:
            most = max(most, sum(map(resident, processes(process.pid))))
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
    path.unlink()
    shown = json.loads((tmp_path / "out").read_bytes())
    assert shown["lines"] == LINES
    assert shown["duplicate_ids"] == 0
    assert [rule["clause"] for rule in shown["batch_rules"]] == ["batches.lines"]
    assert os.path.exists("/proc/self/smaps_rollup"), "memory is measured as Linux tells it"
    assert 0 < most < LIMIT, f"{most >> 20} MiB"
