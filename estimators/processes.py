"""How processes of our own are started."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from multiprocessing.context import BaseContext


def start_context() -> BaseContext:
    """Forked where that is safe, which starts soonest; else by a clean process."""
    alone = threading.active_count() == 1
    methods = multiprocessing.get_all_start_methods()
    if sys.platform == "linux" and alone:
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
