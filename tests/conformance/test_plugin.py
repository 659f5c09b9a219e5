"""The promises in somebody's own pytest run, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.conformance import raw
from tokenassay.conformance import mock

EDITION = "qwen-dashscope@2024-04"
MOCK = ("--assay-target", "mock", "--assay-edition", EDITION)
ALL = ("--pyargs", "tokenassay.conformance")


class Ended(NamedTuple):
    """What a pytest run came to."""

    code: int
    out: str

    def counts(self) -> dict[str, int]:
        """``{"passed": 3, ...}`` of its last line."""
        last = self.out.strip().splitlines()[-1]
        return {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", last)}


def pytest_run(folder: Path, *arguments: str | Path, **env: str) -> Ended:
    """``pytest`` in a folder of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        timeout=300,
        check=False,
    )
    return Ended(done.returncode, done.stdout + done.stderr)


def test_without_a_target_it_does_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_fine(): pass\n")
    ended = pytest_run(tmp_path, "--strict-markers")
    assert ended.code == 0
    assert ended.counts() == {"passed": 1}
    assert "tokenassay" not in ended.out.replace(str(tmp_path), "").partition("plugins:")[0]
    assert pytest_run(tmp_path, *ALL).code == 5  # nothing was collected


def test_promises_are_items_that_can_be_chosen(tmp_path: Path) -> None:
    ended = pytest_run(tmp_path, *ALL, *MOCK, "-k", "temperature", "-v")
    assert ended.code == 0, ended.out
    assert "temperature_above_its_range_is_refused PASSED" in ended.out
    assert "3 requests" in ended.out or "requests, " in ended.out
    metering = pytest_run(tmp_path, *ALL, *MOCK, "-m", "metering", "--collect-only", "-q")
    assert metering.code == 0
    assert "usage_adds_up" in metering.out
    assert "temperature" not in metering.out
    assert "0 requests, 0 tokens" in metering.out


def test_processes_share_one_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    arguments: list[str | Path] = [*ALL, *MOCK, "-k", "temperature or top_p"]
    arguments += ["--assay-out", out]
    shared = pytest_run(tmp_path, *arguments, "-n", "2")
    assert shared.code == 0, shared.out
    document = json.loads((out / "results.json").read_text("utf-8"))
    alone = pytest_run(tmp_path, *ALL, *MOCK, "-k", "temperature or top_p")
    assert f"{document['requests']} requests" in alone.out
    assert shared.counts()["passed"] == alone.counts()["passed"] > 4
    kept = [p for p in document["promises"] if p["outcome"] == "kept"]
    assert kept


def test_a_broken_promise_fails_with_its_evidence(tmp_path: Path) -> None:
    with mock.running(EDITION, lies=["accepts_temperature_above_high"]) as endpoint:
        ended = pytest_run(
            tmp_path,
            *ALL,
            *("--assay-url", endpoint.base_url, "--assay-edition", EDITION),
            *("--assay-api-key-env", "ASSAY_KEY", "--assay-max-requests", "200"),
            *("-k", "temperature"),
            ASSAY_KEY=endpoint.api_key,
        )
    assert ended.code == 1, ended.out
    assert ended.counts()["failed"] == 1
    assert "clause temperature.range (must)" in ended.out
    assert "again: curl " in ended.out
    assert "promises/" not in ended.out.partition("FAILURES")[2].partition("short test")[0]
    assert endpoint.api_key not in ended.out


def test_nothing_established_is_exit_3(tmp_path: Path) -> None:
    reply = raw.answer(200, b"<html>Log in</html>", "text/html")
    with raw.serving(raw.always(reply)) as endpoint:
        for more in ((), ("-n", "2")):
            ended = pytest_run(
                tmp_path,
                *ALL,
                *("--assay-url", endpoint.url, "--assay-edition", EDITION),
                *("--assay-api-key-env", "ASSAY_KEY", "--assay-max-requests", "20"),
                *("-k", "temperature", "-rs"),
                *more,
                ASSAY_KEY="sk-assay",
            )
            assert ended.code == 3, ended.out
            assert set(ended.counts()) <= {"skipped", "deselected"}
            assert "HTML page" in ended.out


OWN = """
import pytest
from tokenassay.conformance.failures import Inconclusive

def test_says_hello(assay):
    exchange = assay.accepted(assay.send(assay.body("Say hello.")))
    assert exchange.json["output"]["choices"]

def test_is_broken(assay):
    raise assay.violation("a pony", "no pony")

def test_cannot_be_told(assay):
    raise Inconclusive("who knows")

def test_is_not_documented(assay):
    assay.call("create_batch")
"""


def test_promises_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(OWN)
    ended = pytest_run(tmp_path, *MOCK, "-rs")
    assert ended.code == 1, ended.out
    assert ended.counts() == {"failed": 1, "passed": 1, "skipped": 2}
    assert "expected a pony; observed no pony" in ended.out
    assert "inconclusive: who knows" in ended.out
    assert "documents no operation create_batch" in ended.out
    assert pytest_run(tmp_path).counts() == {"skipped": 4}


def test_options_that_make_no_sense_are_one_line(tmp_path: Path) -> None:
    for arguments, said in (
        (("--assay-target", "house"), "tokenassay.toml: No such file"),
        (("--assay-target", "mock", "--assay-edition", "x@1"), "no edition 'x@1'"),
        (("--assay-target", "mock", "--assay-seed", "one"), "seed: expected a number"),
        (("--assay-url", "http://127.0.0.1:1", "--assay-edition", EDITION), "is not set"),
    ):
        ended = pytest_run(tmp_path, *arguments, DASHSCOPE_API_KEY="")
        assert ended.code == 4, ended.out
        assert said in ended.out
        assert "Traceback" not in ended.out
    ended = pytest_run(
        tmp_path,
        *("--assay-url", "http://127.0.0.1:1", "--assay-edition", EDITION),
        DASHSCOPE_API_KEY="sk-assay",
    )
    assert "say how much by --assay-budget" in ended.out
