"""The engines that encode large amounts of text: gigatoken, and tiktoken where it is absent.

Both take text in normal form and give what dashscope's tokenizer gives, for texts of any length.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import NamedTuple

from tokenassay.estimators.tokens import vocabulary


class Engine(NamedTuple):
    """One way to encode text in normal form."""

    name: str
    size: Callable[[str], int]
    """Number of tokens."""
    ids: Callable[[str], list[int]]


def best() -> Engine:
    """gigatoken where it is installed, else tiktoken."""
    try:
        return gigatoken_engine()
    except ImportError:
        return tiktoken_engine()


def gigatoken_engine() -> Engine:
    """About 0.3 s to load, then a short message in less than a microsecond."""
    from gigatoken import Tokenizer

    vocabulary.read()  # the hash is checked before another reads the file
    tokenizer = Tokenizer.from_tiktoken(vocabulary.path(), "qwen2", dict(vocabulary.MARKERS))
    encode = tokenizer.backend.encode
    alone = threading.Lock()  # it raises "Already borrowed" where two threads meet in it

    def size(text: str) -> int:
        with alone:
            return len(encode(text))

    def ids(text: str) -> list[int]:
        with alone:
            found: list[int] = encode(text).tolist()
        return found

    return Engine("gigatoken", size, ids)


_MARKER = re.compile(vocabulary.MARKER_PATTERN)

# Its regex engine gives up ("StackOverflow") where `\s+(?!\S)` meets about a million blanks.
_LONG = 1 << 16
_BLANK = "[\t\x0b\x0c \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_LONG_BLANK = re.compile(f"{_BLANK}{{{_LONG},}}")


def tiktoken_engine() -> Engine:
    """About 0.3 s to load, then 10 to 20 MB/s."""
    from tiktoken import Encoding

    by_rank = {token: rank for rank, token in enumerate(vocabulary.tokens()[: vocabulary.SIZE])}
    encoding = Encoding(
        "qwen",
        pat_str=vocabulary.PATTERN,
        mergeable_ranks=by_rank,
        special_tokens=vocabulary.MARKERS,
    )

    def plain(text: str) -> list[int]:
        return encoding.encode(text, allowed_special="all", disallowed_special=())

    def ids(text: str) -> list[int]:
        found: list[int] = []
        start = 0
        for blank in _LONG_BLANK.finditer(text) if len(text) >= _LONG else ():
            end = blank.end()
            if text[end : end + 1] in ("\r", "\n"):
                continue  # another part of the pattern takes these, and takes any number
            # What stands before the blanks ends where they begin. They are one piece, but for
            # the last one where more follows in the same stretch: that one goes with it.
            if end < len(text) and not _MARKER.match(text, end):
                end -= 1
            found += plain(text[start : blank.start()])
            found += encoding._encode_single_piece(text[blank.start() : end])
            start = end
        return found + plain(text[start:])

    def size(text: str) -> int:
        return len(ids(text))

    return Engine("tiktoken", size, ids)
