"""Plain text in the encodings that it commonly comes in."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CUT: Final = "ends within a character: cut short?"
_LOOKED_AT: Final = 4096


def read_plain(path: Path) -> tuple[str, tuple[str, ...]]:
    """The text, and what is odd about it; ValueError where it is none."""
    data = path.read_bytes()
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    encoding = encoding or _unmarked(data)
    text, whole = _decoded(data, encoding or "utf-8")
    notes: tuple[str, ...] = () if whole else (_CUT,)
    if text is None and encoding is None:
        text, whole = _decoded(data, "gb18030")
        notes = ("is not UTF-8: read as GB 18030", *(() if whole else (_CUT,)))
    if text is None or "\0" in text:
        raise ValueError
    return text, notes


def _unmarked(data: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of Latin letters is zero."""
    head = data[:_LOOKED_AT]
    for encoding, high, low in (
        ("utf-16-le", head[1::2], head[::2]),
        ("utf-16-be", head[::2], head[1::2]),
    ):
        if high.count(0) > len(high) / 3 and not low.count(0):
            return encoding
    return None


def _decoded(data: bytes, encoding: str) -> tuple[str | None, bool]:
    """The text, and whether it ends with a whole character; None where it is no such text."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(data)
    except UnicodeDecodeError:
        return None, True
    return text, not decoder.getstate()[0]
