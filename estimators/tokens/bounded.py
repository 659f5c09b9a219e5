"""An encoder that remembers all that it meets, in bounded memory.

gigatoken keeps every word that it has met, so that texts which go on bringing new ones (Chinese,
identifiers, random letters) would fill the memory of a process that counts for long. What it
keeps changes no count, so it is loaded anew, in about 0.3 s, once the process has grown.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Final

from tokenassay.estimators.tokens.children import renew_in_children

GROWTH: Final = 32 << 20
"""Bytes that the process may grow by before the encoder is loaded anew."""
CHECKED: Final = 1 << 20
"""Characters between two looks at the memory; the worst of them take about 35 bytes each."""
UNWATCHED: Final = 16 << 20
"""Characters after which it is loaded anew where the system does not tell the memory in use."""

Encode = Callable[[str], Any]


class BoundedEncoder:
    """Calls one encoder at a time, and lets go of it in good time. Safe to share by threads."""

    def __init__(self, load: Callable[[], Encode]) -> None:
        self._fresh = load
        self._alone = threading.Lock()  # gigatoken raises where two threads meet in it
        self._encode: Encode | None = None
        self._load()
        renew_in_children(self)

    def renew(self) -> None:
        """In a child: load it anew where another thread was in the midst of it."""
        if self._alone.locked():
            self._alone, self._encode = threading.Lock(), None

    def encode(self, text: str) -> Any:
        """What the encoder gives for a text."""
        with self._alone:
            self._left -= len(text)
            encode = self._encode
            if encode is None or self._left < 0:  # none: its loading anew was interrupted
                del encode
                encode = self._relieved()
            return encode(text)

    def _relieved(self) -> Encode:
        """The encoder, loaded anew where the process has grown."""
        if self._encode is not None:
            held = resident_bytes()
            if held is not None and self._resting is not None and held - self._resting < GROWTH:
                self._left = CHECKED
                return self._encode
        self._encode = None  # before the next is there, so that two are never held
        give_back()
        return self._load()

    def _load(self) -> Encode:
        self._encode = encode = self._fresh()
        give_back()  # what loading took beside it, which growth would otherwise be hidden in
        self._resting = resident_bytes()
        self._left = UNWATCHED if self._resting is None else CHECKED
        return encode


def give_back() -> None:
    """Give the system what was let go of; glibc keeps it, and the next encoder lies beside it."""
    import ctypes

    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):  # another library, which has no such call
        return


def resident_bytes() -> int | None:
    """Memory that this process has in use; None where the system does not tell it (Linux does)."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
