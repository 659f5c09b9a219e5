"""What a child must not take over from the other threads of its parent.

A fork copies locks as they are, and not the threads that would give them back.
"""

from __future__ import annotations

import os
from typing import Final, Protocol
from weakref import WeakSet


class Renewed(Protocol):
    """What begins anew in a child where it was in use by a thread that is not there."""

    def renew(self) -> None:
        """Begin anew."""


_shared: Final[WeakSet[Renewed]] = WeakSet()


def renew_in_children(one: Renewed) -> None:
    """Have it begin anew after each fork, in the child, as long as it lives."""
    _shared.add(one)


def _renew() -> None:
    for one in list(_shared):
        one.renew()


if hasattr(os, "register_at_fork"):  # not where there are no forks
    os.register_at_fork(after_in_child=_renew)
