"""The first use of the contracts may come from many threads at once."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys, threading
from tokenassay import estimate

sys.setswitchinterval(1e-5)
begin = threading.Barrier(8)
found = []

def first() -> None:
    begin.wait()
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": "How are you?"}]}
    found.append(estimate(body).input_tokens)

threads = [threading.Thread(target=first) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(found)
"""


def test_many_threads_may_estimate_first() -> None:
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{[12] * 8}\n"
