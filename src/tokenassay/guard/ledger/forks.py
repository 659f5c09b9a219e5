"""Putting down before a fork what must not be carried over it.

SQLite remembers the locks of its files for the whole process, and a fork copies that memory while
it does not copy the locks. So the child, even with a connection of its own, would believe in locks
that nobody holds: it waits for ever for a write that went on in the parent, or goes on writing into
a log that the parent has merged and deleted. With every connection closed there is nothing to copy.
"""

from __future__ import annotations

import os
import threading
from typing import Final, Protocol
from weakref import WeakSet

_PATIENCE_S: Final = 5
"""A fork waits no longer for a write: what it then carries over is left alone by the child."""


class Holder(Protocol):
    """What holds something that must not be carried over a fork."""

    def let_go(self, patience_s: float) -> bool:
        """Put it down, and take up nothing until ``resume``; False where it is in use."""

    def resume(self) -> None:
        """Go on, on either side."""

    def disown(self) -> None:
        """In the child: leave what was not put down to the parent."""


_told: Final[WeakSet[Holder]] = WeakSet()
_resting: Final[list[Holder]] = []
_lock: Final = threading.Lock()
"""Held from before a fork to its end: one at a time, and nobody is added meanwhile."""


def tell(holder: Holder) -> None:
    """Tell of each fork from now on, as long as there is such a holder."""
    with _lock:
        _told.add(holder)


def _before() -> None:
    _lock.acquire()
    _resting.extend(holder for holder in list(_told) if holder.let_go(_PATIENCE_S))


def _in_parent() -> None:
    for holder in _resting:
        holder.resume()
    _resting.clear()
    _lock.release()


def _in_child() -> None:
    for holder in list(_told):
        if holder not in _resting:
            holder.disown()
    _in_parent()


if hasattr(os, "register_at_fork"):  # not where there are no forks
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
