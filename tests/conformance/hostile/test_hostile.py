"""Hostile endpoints: each is classified, none holds us up, none fills the memory."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import raw
from tests.conformance.hostile.endpoints import HOSTILE, Hostile
from tokenassay.conformance.exchanges import Exchange, Sent
from tokenassay.conformance.wire import HttpWire, Limits

LIMITS = Limits(connect_s=1, first_byte_s=0.6, idle_s=0.5, total_s=1.2)
PATIENCE = 60.0
"""Seconds after which an exchange hangs, however busy the machine: most endpoints never end."""

MEMORY = 300_000_000


@contextlib.contextmanager
def standing(hostile: Hostile) -> Iterator[str]:
    with raw.serving(hostile.handler, read=hostile.read) as endpoint:
        yield endpoint.url.replace("http://", f"{hostile.scheme}://")


def ask(wire: HttpWire, url: str) -> Exchange:
    body = b'{"model":"m","input":{"messages":[{"role":"user","content":"hi"}]}}'
    headers = (("authorization", "Bearer $KEY"), ("content-type", "application/json"))
    sent = Sent(method="POST", url=f"{url}/generation", headers=headers, body=body)
    return wire.exchange(sent, {"authorization": "Bearer sk-secret"})


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) >= 25


@pytest.mark.parametrize("name", HOSTILE)
def test_each_is_classified_in_time(name: str) -> None:
    hostile = HOSTILE[name]
    with standing(hostile) as url:
        wire = HttpWire(url, LIMITS)
        begun = time.monotonic()
        exchange = ask(wire, url)
        took = time.monotonic() - begun
        wire.close()
    assert took < PATIENCE
    end = exchange.failure.kind if exchange.failure else exchange.status
    assert end in hostile.ends, exchange.failure
    # Whatever came can be looked at without a fault of ours.
    assert exchange.events is not None
    assert exchange.json is None or exchange.text
    assert exchange.error is None or exchange.error.status is not None


# What getrusage tells of a process includes the memory of the one that started it; Linux's own
# mark is of the program alone.
RUNNER = """
import json, pathlib, re, sys, time
from tokenassay.cli import main
for url in json.load(sys.stdin):
    sys.argv = ["tokenassay", "check", "--base-url", url, "--edition", "qwen-dashscope@2024-04",
                "--api-key-env", "KEY", "--yes", "--timeout", "1.2", "--json", "--out",
                f"{OUT}/{abs(hash(url))}", "-k", SELECTION]
    begun = time.monotonic()
    code = None
    try:
        code = main()
    except SystemExit as end:
        code = end.code
    status = pathlib.Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])
    print("\\x1e" + json.dumps([url, code, time.monotonic() - begun, peak]), flush=True)
"""


def runs(urls: list[str], folder: Path, selection: str) -> tuple[dict[str, list[Any]], str]:
    """``tokenassay check`` at each of these, one after another in a process of their own."""
    code = f"OUT = {str(folder)!r}\nSELECTION = {selection!r}\n{RUNNER}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(urls),
        capture_output=True,
        text=True,
        env={**os.environ, "KEY": "sk-secret-canary"},
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [json.loads(part.partition("\n")[0]) for part in done.stdout.split("\x1e")[1:]]
    return {url: row for url, *row in rows}, done.stdout + done.stderr


@pytest.mark.slow
def test_a_whole_run_ends_well_at_each_of_them(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        urls = {name: stack.enter_context(standing(entry)) for name, entry in HOSTILE.items()}
        ended, said = runs(list(urls.values()), tmp_path, "usage or temperature")
    assert "Traceback" not in said
    assert "a fault of tokenassay's own" not in said
    assert "sk-secret-canary" not in said
    for name, url in urls.items():
        code, took, peak = ended[url]
        assert code in (1, 3), (name, code)
        assert took < 90, (name, took)
        assert peak * 1024 < MEMORY, (name, peak)
