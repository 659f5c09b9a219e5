"""A child counts and reads whatever another thread of its parent was in the midst of."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house.tree import ROOT

FORK = """
import os, signal, threading, time
import tokenassay
from tokenassay.contracts import reading
from tokenassay.estimators.tokens import bounded, counting

began, over = threading.Event(), threading.Event()

def stay(*_):
    began.set()
    over.wait()
    return "told"

def fork(used, in_child):
    thread = threading.Thread(target=used)
    thread.start()
    began.wait()
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        in_child()
        os._exit(0)
    over.set()
    thread.join()
    assert os.waitpid(pid, 0)[1] == 0
    in_child()
"""
LOADING = """
engine_of = counting.QwenCounter._load
def slowly(self):
    if not over.is_set() and threading.current_thread() is not threading.main_thread():
        stay()
    engine_of(self)
counting.QwenCounter._load = slowly
counter = counting.QwenCounter()
def count():
    assert counter.count("How are you?") == 4
fork(count, count)
"""
ENCODING = """
loads = []
def load():
    loads.append(1)
    return (lambda text: stay()) if len(loads) == 1 else len
encoder = bounded.BoundedEncoder(load)
def encode():
    assert encoder.encode("four") == ("told" if len(loads) == 1 else 4)
fork(encode, encode)
"""
READING = """
def used():
    with reading._CONVERTING:
        began.set()
        time.sleep(0.2)
fork(used, lambda: reading.convert({"a": 1}, dict[str, int], "", ""))
"""


@pytest.mark.parametrize("code", [LOADING, ENCODING, READING], ids=["load", "encode", "read"])
def test_a_child_does_not_wait_for_a_thread_that_is_not_there(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
