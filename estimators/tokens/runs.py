"""Counting a text in which no safe place to cut was found: letters, signs or blanks without end.

An engine would need a gigabyte for 40 MB of it. Merging is local: where the last token before a
place and the first token after it don't merge when written side by side, no merge reaches across
that place in the whole either, and the two sides are encoded as if alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tokenassay.estimators.tokens import vocabulary
from tokenassay.estimators.tokens.table import LETTERS, OTHERS, Table

_CHUNK = 1 << 18
_UNSETTLED = 64
"""Last tokens of a chunk, which what follows it may change."""
_TRIED = 256

# A place within a run that the split takes as one, wherever the text begins or ends around it:
# among letters with no apostrophe near, among signs with no letter near, or where all is blank
# and no line end is near, or all is line ends.
_AMONG = re.compile(f"[{LETTERS}]{{4}}|[{OTHERS}]{{4}}")
_BLANK = re.compile("[ \t\u00a0\u3000]*|[\r\n]*")


def count_run(text: str, encode: Callable[[str], list[int]]) -> int | None:
    """Number of tokens of a text in normal form; None where it can't be counted by parts."""
    tokens = vocabulary.tokens()
    table = Table()
    total = start = 0
    last: int | None = None
    while True:
        chunk = text[start : start + _CHUNK]
        ids = encode(chunk)
        if last is not None and table.merge(tokens[last] + tokens[ids[0]]) != [last, ids[0]]:
            return None
        if start + len(chunk) == len(text):
            return total + len(ids)
        settled = _settled(chunk, ids)
        if settled is None:
            return None
        number, characters = settled
        total, start, last = total + number, start + characters, ids[number - 1]


def _settled(chunk: str, ids: list[int]) -> tuple[int, int] | None:
    """How many tokens, and characters, stand before a place near the end where a cut may be."""
    tokens = vocabulary.tokens()
    blank = _BLANK.fullmatch(chunk) is not None
    end = max(len(ids) - _UNSETTLED, 0)
    tail = b"".join(tokens[id] for id in ids[end:])
    for number in range(end - 1, max(end - _TRIED, 0), -1):
        tail = tokens[ids[number]] + tail
        if 0x80 <= tail[0] < 0xC0:  # within a character
            continue
        place = len(chunk) - len(tail.decode())
        if blank or _AMONG.fullmatch(chunk, place - 2, place + 2):
            return number, place
    return None
