"""Not faster than a target allows: one gate that all its workers pass."""

from __future__ import annotations

import threading
import time

from tokenassay.conformance.failures import Stopped


class Pace:
    """Lets through at most so many requests a minute, evenly; None lets all through."""

    def __init__(self, per_minute: float | None) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self, stopping: threading.Event) -> None:
        """Return when the next request may leave; Stopped where the run is stopping."""
        with self._lock:
            now = time.monotonic()
            leave = max(now, self._next)
            self._next = leave + self._gap
        if leave > now and stopping.wait(leave - now):
            raise Stopped("interrupted")

    def hold(self, seconds: float) -> None:
        """Nobody leaves for so long: the endpoint asked for less."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)
