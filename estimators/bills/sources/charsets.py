"""Text of logs that was read in another encoding than it was written in."""

from __future__ import annotations

from typing import Final


def _byte_by_sign() -> dict[int, int]:
    """Windows-1252 as browsers read it: what it leaves open stands for itself, as in Latin-1."""
    found = {number: number for number in range(256)}
    for number in range(0x80, 0xA0):
        try:
            found[ord(bytes((number,)).decode("cp1252"))] = number
        except UnicodeDecodeError:
            continue
    return found


_BYTES: Final = _byte_by_sign()


def restored(text: str) -> str:
    """The text, read again as UTF-8 where it was read as Latin-1 or Windows-1252.

    Chromium and mitmproxy read so what comes without a charset, an event stream for instance,
    which is UTF-8 by its standard. Text that really is Latin-1 is hardly ever valid UTF-8.
    """
    if text.isascii():
        return text
    try:
        return bytes(map(_BYTES.__getitem__, map(ord, text))).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return text
