"""Counting in plain Python: slow by the megabyte, but ready in a tenth of an engine's load time.

It takes only text made of characters that every Unicode version and every regex engine classes
alike and that are always in normal form, and leaves the rest to an engine.
"""

from __future__ import annotations

import re
from binascii import b2a_base64

from tokenassay.estimators.tokens import vocabulary

LETTERS = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e"
    "\u0391-\u03a1\u03a3-\u03a9\u03ac-\u03ce\u0400-\u0481\u048a-\u052f"
    "\u3005\u3041-\u3096\u30a1-\u30fa\u30fc-\u30fe\u3400-\u4db5\u4e00-\u9fa5\uac00-\ud7a3"
    "\uff21-\uff3a\uff41-\uff5a"
)
DIGITS = "0-9\u2460-\u249b\u3007\uff10-\uff19"
BLANKS = "\t\n\r \u00a0\u3000"
OTHERS = (
    "!-/:-@[-`{-~\u00a1-\u00a9\u00ab-\u00b1\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7"
    "\u200d\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2116\u2122\u2190-\u2328\u232b-\u23ff"
    "\u2500-\u2775\u2794-\u29ff\u2b00-\u2b55\u3001-\u3003\u3008-\u3020\u3030\u30fb\ufe0f"
    "\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffe6"
    "\U0001f1e6-\U0001f1ff\U0001f300-\U0001f64f\U0001f680-\U0001f6d2\U0001f900-\U0001f9ff"
)

LONGEST = 512
"""Bytes of a piece from which merging, quadratic here, is an engine's work."""

_MARKER = re.compile(f"({vocabulary.MARKER_PATTERN})")
_UNPLAIN = re.compile(f"[^{LETTERS}{DIGITS}{BLANKS}{OTHERS}]")

# vocabulary.PATTERN in the words of the standard library, for the characters above.
_SPLIT = re.compile(
    "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]"
    f"|[^\r\n{LETTERS}{DIGITS}]?[{LETTERS}]+|[{DIGITS}]"
    f"| ?[^{BLANKS}{LETTERS}{DIGITS}]+[\r\n]*|[{BLANKS}]*[\r\n]+"
    f"|[{BLANKS}]+(?![^{BLANKS}])|[{BLANKS}]+"
)

_UNKNOWN = vocabulary.SIZE


class Table:
    """The vocabulary as a table of ids, and the merging of bytes by it."""

    def __init__(self) -> None:
        self._ranks = vocabulary.ranks()

    def encode(self, text: str) -> list[int] | None:
        """Token ids of a text; None where the text is not for this engine."""
        if _UNPLAIN.search(text):
            return None
        ids: list[int] = []
        for part in _MARKER.split(text) if "<|" in text else (text,):
            if part in vocabulary.MARKERS:
                ids.append(vocabulary.MARKERS[part])
                continue
            for piece in _SPLIT.findall(part):
                data = piece.encode()
                rank = self._ranks.get(b2a_base64(data, newline=False))
                if rank is not None:
                    ids.append(rank)
                elif len(data) < LONGEST:
                    ids += self.merge(data)
                else:
                    return None
        return ids

    def merge(self, data: bytes) -> list[int]:
        """Ids of a piece that is no token: the pair of the lowest id merges until none does."""
        ranks = self._ranks
        starts = list(range(len(data) + 1))

        def rank(index: int, width: int) -> int:
            if index + width >= len(starts):
                return _UNKNOWN
            part = data[starts[index] : starts[index + width]]
            return ranks.get(b2a_base64(part, newline=False), _UNKNOWN)

        pairs = [rank(index, 2) for index in range(len(data) - 1)]
        while pairs and (lowest := min(pairs)) < _UNKNOWN:
            index = pairs.index(lowest)
            del starts[index + 1], pairs[index]
            if index < len(pairs):
                pairs[index] = rank(index, 2)
            if index:
                pairs[index - 1] = rank(index - 1, 2)
        return [rank(index, 1) for index in range(len(starts) - 1)]
