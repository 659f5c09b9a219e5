"""The engines that encode large amounts of text: gigatoken, and tiktoken where it is absent.

Both take text in normal form and give what dashscope's tokenizer gives, for texts of any length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from tokenassay.estimators.tokens import vocabulary


class Engine(NamedTuple):
    """One way to encode text in normal form."""

    name: str
    size: Callable[[str], int]
    """Number of tokens."""
    sizes: Callable[[list[str]], list[int]]
    """Number of tokens of each of many texts without markers; quickest where all are ASCII."""
    ids: Callable[[str], list[int]]


def best() -> Engine:
    """gigatoken where it is installed, else tiktoken."""
    try:
        return gigatoken_engine()
    except ImportError:
        return tiktoken_engine()


_SEAMED = 256
"""Characters from which finding seams takes less time than it saves."""

_BETWEEN = "<|endoftext|>"


def gigatoken_engine() -> Engine:
    """About 0.4 s to load, then a short message in less than a microsecond."""
    import numpy as np
    from gigatoken import Tokenizer

    from tokenassay.estimators.tokens.bounded import BoundedEncoder
    from tokenassay.estimators.tokens.seams import Seams

    def load() -> Callable[[str], Any]:
        markers = dict(vocabulary.MARKERS)
        encode: Callable[[str], Any] = Tokenizer.from_tiktoken(
            vocabulary.path(), "qwen2", markers
        ).backend.encode
        return encode

    seams = Seams()  # reads the vocabulary and checks its hash before another reads the file
    encode = BoundedEncoder(load).encode

    def size(text: str) -> int:
        if len(text) < _SEAMED or text.isascii():
            return len(encode(text))
        parted, places = seams.part(text)
        return len(encode(parted)) - len(places)

    def sizes(texts: list[str]) -> list[int]:
        # All at once, with a marker between: its tokens are where one count ends.
        joined = _BETWEEN.join(texts)
        ascii_only = joined.isascii()  # then nothing can be parted
        parted, places = (joined, None) if ascii_only else seams.part(joined)
        ids = encode(parted)
        ends = np.flatnonzero(ids == vocabulary.MARKERS[_BETWEEN])
        counts = np.diff(ends, prepend=-1, append=len(ids)) - 1
        if places is not None:
            lengths = np.fromiter(map(len, texts), np.intp, len(texts)) + len(_BETWEEN)
            digits = np.searchsorted(places, np.cumsum(lengths))
            counts -= np.diff(digits, prepend=0)
        found: list[int] = counts.tolist()
        return found

    def ids(text: str) -> list[int]:
        found: list[int] = encode(text).tolist()
        return found

    return Engine("gigatoken", size, sizes, ids)


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

    def sizes(texts: list[str]) -> list[int]:
        return [len(plain(text)) for text in texts]

    return Engine("tiktoken", size, sizes, ids)
