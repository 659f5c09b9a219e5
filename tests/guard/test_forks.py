"""A ledger goes on over a fork: what was acknowledged is there, and nobody waits for ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.guard.conftest import kept
from tests.house.tree import ROOT

BEGIN = """
import os, signal, sqlite3, sys, threading, time
from tests.guard.test_guard import CHAT
from tokenassay.guard import Guard
from tokenassay.guard.ledger import forks
path = sys.argv[1]
guard = Guard(ledger=path)

def write(calls):
    for _ in range(calls):
        assert guard.admit(CHAT).settle(1, 1)

def child(calls):
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        write(calls)
        os._exit(0)
    return pid

write(1)
"""


def run(code: str, path: Path | str, cwd: Path = ROOT) -> str:
    """What a program prints that begins as above."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", BEGIN + code, str(path)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_child_goes_on_where_its_parent_closed_the_ledger(path: Path) -> None:
    run(
        """
told, tell = os.pipe()
wrote, write_on = os.pipe()
pid = os.fork()
if pid == 0:
    write(1)
    os.write(write_on, b"x")
    os.read(told, 1)
    write(5)
    os._exit(0)
os.read(wrote, 1)
guard.close()
os.write(tell, b"x")
assert os.waitpid(pid, 0)[1] == 0
""",
        path,
    )
    assert [row["state"] for row in kept(path)] == ["settled"] * 7


def test_a_child_does_not_wait_for_what_other_threads_were_writing(path: Path) -> None:
    written = run(
        """
calls, over = 0, False
def go_on():
    global calls
    while not over:
        write(1)
        calls += 1
thread = threading.Thread(target=go_on)
thread.start()
failed = [status for _ in range(12) if (status := os.waitpid(child(3), 0)[1])]
over = True
thread.join()
assert not failed, failed
print(calls + 1 + 12 * 3)
""",
        path,
    )
    assert len(kept(path)) == int(written)


def test_a_fork_does_not_wait_for_ever_for_a_write_that_does(path: Path) -> None:
    run(
        """
forks._PATIENCE_S = 0.1
held, hold = os.pipe()
over, end = os.pipe()
holder = os.fork()
if holder == 0:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    os.write(hold, b"x")
    os.read(over, 1)
    other.execute("ROLLBACK")
    os._exit(0)
os.read(held, 1)
thread = threading.Thread(target=write, args=(1,))
thread.start()
while not guard._store._lock.locked():
    time.sleep(0.01)
pid = child(3)
os.write(end, b"x")
os.waitpid(holder, 0)
thread.join()
write(1)
assert os.waitpid(pid, 0)[1] == 0
""",
        path,
    )
    assert [row["state"] for row in kept(path)] == ["settled"] * 6


def test_a_child_that_goes_elsewhere_keeps_its_ledger(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run(
        f"""
pid = os.fork()
if pid == 0:
    os.chdir({str(elsewhere)!r})
    write(1)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
""",
        "calls.db",
        tmp_path,
    )
    assert len(kept(tmp_path / "calls.db")) == 2
    assert list(elsewhere.iterdir()) == []


def test_what_was_closed_stays_closed_over_a_fork(path: Path) -> None:
    run(
        """
guard.close()
guard.close()
pid = os.fork()
if pid == 0:
    try:
        write(1)
    except Exception as error:
        assert "the ledger was closed" in str(error), error
        os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
""",
        path,
    )
    assert len(kept(path)) == 1
