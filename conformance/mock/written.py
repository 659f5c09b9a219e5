"""Text with its tokens: cut at a number of tokens or before a stop, and always countable again."""

from __future__ import annotations

from typing import Final

import msgspec

from tokenassay.estimators import tokens


class Written(msgspec.Struct, frozen=True):
    """A text in pieces that never end inside a character, and the tokens up to each."""

    pieces: tuple[str, ...]
    marks: tuple[int, ...]
    """Tokens up to and including the piece at the same place."""

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        return self.marks[-1] if self.marks else 0


EMPTY: Final = Written((), ())


def write(text: str) -> Written:
    """``text`` with its tokens; tokens that share a character stand in one piece."""
    pieces: list[str] = []
    marks: list[int] = []
    held = b""
    for number, raw in enumerate(tokens.pieces(text), 1):
        held += raw
        try:
            pieces.append(held.decode())
        except UnicodeDecodeError:
            continue
        marks.append(number)
        held = b""
    return Written(tuple(pieces), tuple(marks))


def cut(written: Written, limit: int) -> Written:
    """The longest beginning that counts at most ``limit`` tokens when it is counted by itself.

    A beginning of some tokens is not always tokenized as those tokens again, so it is counted
    anew; the stock's sentences are chosen so that it is, and then the cut is exact.
    """
    if written.tokens <= limit:
        return written
    kept = sum(1 for mark in written.marks if mark <= limit)
    while kept > 0:
        shorter = Written(written.pieces[:kept], written.marks[:kept])
        if tokens.count_tokens(shorter.text) == shorter.tokens:
            return shorter
        again = write(shorter.text)
        if again.tokens <= limit:
            return again
        kept -= 1
    return EMPTY


def before(written: Written, offset: int) -> Written:
    """What stands before the character at ``offset``."""
    text = written.text[:offset]
    return write(text) if text else EMPTY
