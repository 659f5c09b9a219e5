"""Parting Chinese text so that an engine meets parts it knows, and counting stays exact.

Chinese runs on without spaces, so that nearly every run is new to an engine's cache and has to be
merged from bytes, several times slower than English. But between most neighbouring ideographs no
token reaches across: there merging can't either, and the two sides are encoded as if alone. A
digit written there, always one token by itself, parts the run into short words that are known.
"""

from __future__ import annotations

import re
import sys

import numpy as np
import numpy.typing as npt

from tokenassay.estimators.tokens import vocabulary

Codes = npt.NDArray[np.uint32]

_UTF_32 = f"utf-32-{sys.byteorder[0]}e"
_IDEOGRAPHS: Codes = np.arange(0x4E00, 0x9FA6, dtype=np.uint32)
_FIRST, _HAN = _IDEOGRAPHS[0], np.uint32(_IDEOGRAPHS.size)
_MASK = np.uint32((1 << 20) - 1)
_FACTOR = np.uint32(40_503)

# Bytes of a character that a token cuts in two, beside an ideograph: decoding escapes them.
_PART = re.compile("[\udc80-\udcff]+(?=[\u4e00-\u9fa5])|(?<=[\u4e00-\u9fa5])[\udc80-\udcff]+")


class Seams:
    """Knows between which ideographs no token of the vocabulary reaches across."""

    def __init__(self) -> None:
        # By a hash of the two: a collision hides a seam, which costs time and not exactness.
        self._bridged = np.zeros(_MASK + 1, np.bool_)
        for lot in vocabulary.lots():
            self._bridge_all(b"\n".join(lot).decode("utf-8", "surrogateescape"))

    def part(self, text: str) -> tuple[str, npt.NDArray[np.intp]]:
        """The text with a digit at every seam, and the places before which these stand."""
        codes = _codes(text)
        left, right = codes[:-1] - _FIRST, codes[1:] - _FIRST
        seams = (left < _HAN) & (right < _HAN)
        if seams.any():
            seams &= ~self._bridged[_hash(left, right)]
        places = np.flatnonzero(seams) + 1
        if not places.size:
            return text, places
        parted = np.full(codes.size + places.size, ord("0"), np.uint32)
        shifted = np.arange(codes.size)
        shifted[1:] += np.cumsum(seams)
        parted[shifted] = codes
        return parted.tobytes().decode(_UTF_32), places

    def _bridge_all(self, text: str) -> None:
        """Mark what the tokens in a text, between line ends, reach across."""
        codes = _codes(text)
        self._bridge(codes[:-1], codes[1:])
        for part in _PART.finditer(text):
            data = part[0].encode("utf-8", "surrogateescape")
            if data[0] < 0xC0:
                self._bridge(_ending(data), _codes(text[part.end()]))
            else:
                self._bridge(_codes(text[part.start() - 1]), _starting(data))

    def _bridge(self, left: Codes, right: Codes) -> None:
        left, right = left - _FIRST, right - _FIRST
        pairs = _hash(left, right)
        self._bridged[pairs[(left < _HAN) & (right < _HAN)]] = True


def _codes(text: str) -> Codes:
    return np.frombuffer(text.encode(_UTF_32, "surrogatepass"), np.uint32)


def _hash(left: Codes, right: Codes) -> Codes:
    pairs: Codes = (left * _FACTOR + right) & _MASK
    return pairs


def _ending(data: bytes) -> Codes:
    """All ideographs whose UTF-8 ends in these bytes."""
    bits = int("".join(f"{byte & 0x3F:06b}" for byte in data), 2)
    found: Codes = _IDEOGRAPHS[_IDEOGRAPHS % 64 ** len(data) == bits]
    return found


def _starting(data: bytes) -> Codes:
    """All ideographs whose UTF-8 starts with these bytes."""
    if data[0] >= 0xF0:  # four bytes: beyond the ideographs meant here
        return _IDEOGRAPHS[:0]
    bits = int(f"{data[0] & 0xF:04b}" + "".join(f"{byte & 0x3F:06b}" for byte in data[1:]), 2)
    found: Codes = _IDEOGRAPHS[_IDEOGRAPHS // 64 ** (3 - len(data)) == bits]
    return found
