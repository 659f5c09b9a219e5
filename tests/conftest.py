"""What all tests share."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# An example that loads an edition or a vocabulary, or meets a busy machine, takes its time.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# A shell that starts us in the background has interrupts ignored, and programs that we start
# would inherit that; a test that interrupts one means it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Where the command line itself falls over, a test shall see how.
os.environ.setdefault("TOKENASSAY_TRACEBACK", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, or must stay in one process: it would else be waited for."""

    def late(item: pytest.Item) -> bool:
        return not any(item.get_closest_marker(name) for name in ("slow", "xdist_group"))

    items.sort(key=late)
