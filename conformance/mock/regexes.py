"""Strings that fit a regular expression, for the plain expressions that schemas hold."""

from __future__ import annotations

import re
from typing import Final

from tokenassay.conformance.mock.dice import Dice

_CLASSES: Final = {
    "d": "0123456789",
    "w": "abcdefghijklmnopqrstuvwxyz0123456789_",
    "s": " ",
    "D": "abcdef",
    "W": "-.",
    "S": "abcdef",
}
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r"}
_EFFORT: Final = 2_000
"""Characters written at most: nested repeats multiply."""
_PRINTABLE: Final = "".join(map(chr, range(0x20, 0x7F)))


class _UnsupportedError(Exception):
    """The expression holds something that this generator does not know."""


def string_matching(
    pattern: str, dice: Dice, minimum: int = 0, maximum: int | None = None
) -> str | None:
    """A string that ``pattern`` finds a match in, of ``minimum`` to ``maximum`` characters.

    None where the expression is not a plain one (look-arounds, back references, flags), is not
    a regular expression at all, or where no string of that length was found.
    """
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
    for extra in (1, 0, 3, 8, 20, 60):
        try:
            made = _Maker(pattern, dice, extra).make()
        except (_UnsupportedError, RecursionError):
            return None
        if len(made) < minimum and "$" not in pattern:
            made = made.ljust(minimum, "a")
        fits = len(made) >= minimum and (maximum is None or len(made) <= maximum)
        if fits and compiled.search(made):
            return made
    return None


class _Maker:
    """Reads the expression from left to right and writes a string as it goes."""

    def __init__(self, pattern: str, dice: Dice, extra: int) -> None:
        self._pattern, self._dice, self._extra, self._at = pattern, dice, extra, 0
        self._effort = _EFFORT

    def make(self) -> str:
        made = self._alternatives()
        if self._at < len(self._pattern):
            raise _UnsupportedError
        return made

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        taken = self._peek()
        if not taken:
            raise _UnsupportedError
        self._at += 1
        return taken

    def _alternatives(self) -> str:
        made = [self._sequence()]
        while self._peek() == "|":
            self._take()
            made.append(self._sequence())
        return self._dice.pick(made)

    def _sequence(self) -> str:
        made = ""
        while self._peek() not in ("", "|", ")"):
            start = self._at
            once = self._atom()
            after = self._at
            low, high = self._quantifier()
            resume = self._at
            times = self._dice.between(low, high) if high > low else low
            if times == 0:
                continue
            made += once
            for _ in range(times - 1):
                self._at = start
                made += self._atom()
                assert self._at == after
            self._at = resume
        return made

    def _atom(self) -> str:
        self._effort -= 1
        if self._effort < 0:
            raise _UnsupportedError
        first = self._take()
        if first in "^$":
            return ""
        if first == ".":
            return self._dice.pick("abcdefgh")
        if first == "(":
            return self._group()
        if first == "[":
            return self._dice.pick(self._set())
        if first == "\\":
            return self._escape()
        if first in "*+?{":
            raise _UnsupportedError
        return first

    def _group(self) -> str:
        if self._peek() == "?":
            self._take()
            kind = self._take()
            if kind == "P":
                kind = self._take()
                name_end = self._pattern.find(">", self._at)
                if kind != "<" or name_end < 0:
                    raise _UnsupportedError
                self._at = name_end + 1
            elif kind != ":":
                raise _UnsupportedError
        made = self._alternatives()
        if self._take() != ")":
            raise _UnsupportedError
        return made

    def _escape(self) -> str:
        letter = self._take()
        if letter in _CLASSES:
            return self._dice.pick(_CLASSES[letter])
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter in "bB":
            return ""
        return self._literal(letter)

    def _literal(self, letter: str) -> str:
        """The character behind an escape that stands for one character."""
        digits = {"x": 2, "u": 4}.get(letter)
        if digits:
            written = self._pattern[self._at : self._at + digits]
            self._at += digits
            return chr(int(written, 16))
        if letter.isalnum():
            raise _UnsupportedError
        return letter

    def _set(self) -> str:
        negated = self._peek() == "^"
        if negated:
            self._take()
        members = ""
        first = True
        while first or self._peek() != "]":
            first = False
            low = self._member()
            if self._peek() == "-" and self._pattern[self._at + 1 : self._at + 2] not in ("", "]"):
                self._take()
                high = self._member()
                if len(low) != 1 or len(high) != 1:
                    raise _UnsupportedError
                members += "".join(map(chr, range(ord(low), min(ord(high), ord(low) + 200) + 1)))
            else:
                members += low
        self._take()
        if negated:
            members = "".join(c for c in _PRINTABLE if c not in members)
        if not members:
            raise _UnsupportedError
        return members

    def _member(self) -> str:
        letter = self._take()
        if letter != "\\":
            return letter
        letter = self._take()
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        return self._literal(letter)

    def _quantifier(self) -> tuple[int, int]:
        sign = self._peek()
        if sign == "*":
            low, high = 0, self._extra
        elif sign == "+":
            low, high = 1, 1 + self._extra
        elif sign == "?":
            low, high = 0, 1
        elif sign == "{":
            match = re.compile(r"\{(\d*)(,?)(\d*)\}").match(self._pattern, self._at)
            if match is None or not (match[1] or match[3]):
                raise _UnsupportedError
            low = int(match[1] or 0)
            high = int(match[3]) if match[3] else low + (self._extra if match[2] else 0)
            high = min(high, low + self._extra) if match[2] else low
            self._at = match.end() - 1
        else:
            return 1, 1
        self._at += 1
        if self._peek() == "?":
            self._at += 1
        if high > 10_000:
            raise _UnsupportedError
        return low, max(low, high)
