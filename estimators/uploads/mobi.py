"""The text of a Mobipocket book: a database of records, compressed or not.

By the description of the format on the MobileRead wiki: the header of the database, the first
record's header, then records of text; PalmDOC compression is a byte-wise LZ77.
"""

from __future__ import annotations

import struct
from typing import Final

from tokenassay.estimators.uploads.archives import ProtectedError
from tokenassay.estimators.uploads.epub import html_text

_NONE, _PALMDOC, _HUFFMAN = 1, 2, 17480
_PALM_TEXT: Final = b"TEXtREAd"
"""What a book of plain text is marked by; the others are HTML."""
_ENCODINGS: Final = {65001: "utf-8", 1252: "cp1252"}


def read_mobi(data: bytes) -> str:
    """The book's text; ValueError where it is cut short or packed by Huffman codes.

    ProtectedError where it is encrypted.
    """
    (count,) = struct.unpack_from(">H", data, 76)
    starts = [struct.unpack_from(">L", data, 78 + 8 * n)[0] for n in range(count)]
    if not starts or starts[-1] >= len(data) or starts != sorted(starts):
        raise ValueError("it is cut short")
    records = [data[a:b] for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]
    head = records[0]
    packing, _, length, texts, _, protection = struct.unpack_from(">HHLHHH", head)
    if protection:
        raise ProtectedError("a bookshop's key")
    if packing == _HUFFMAN:
        raise ValueError("it is packed by Huffman codes, which are not read here")
    if packing not in (_NONE, _PALMDOC) or texts >= len(records) + 1:
        raise ValueError("its header makes no sense")
    encoding, extra = 1252, 0
    if head[16:20] == b"MOBI":
        (size, _, encoding) = struct.unpack_from(">LLL", head, 20)
        if size >= 0xE4 and len(head) >= 0xF4:
            (extra,) = struct.unpack_from(">H", head, 0xF2)
    text = b"".join(
        _unpacked(_trimmed(record, extra)) if packing == _PALMDOC else _trimmed(record, extra)
        for record in records[1 : texts + 1]
    )
    said = text[:length].decode(_ENCODINGS.get(encoding, "cp1252"), "replace")
    return said if data[60:68] == _PALM_TEXT else html_text(said)


def _trimmed(record: bytes, extra: int) -> bytes:
    """A record without what follows its text: entries with their sizes at their ends."""
    for bit in range(15, 0, -1):
        if extra >> bit & 1:
            size = shift = 0
            for byte in reversed(record[-4:]):
                size |= (byte & 0x7F) << shift
                shift += 7
                if byte & 0x80:
                    break
            record = record[: len(record) - size]
    if extra & 1 and record:
        record = record[: len(record) - (record[-1] & 3) - 1]
    return record


def _unpacked(record: bytes) -> bytes:
    """PalmDOC: literals, runs of literals, blank and letter, or a copy of what came before."""
    text = bytearray()
    at = 0
    while at < len(record):
        byte = record[at]
        at += 1
        if 1 <= byte <= 8:
            text += record[at : at + byte]
            at += byte
        elif byte < 0x80:
            text.append(byte)
        elif byte >= 0xC0:
            text += bytes((0x20, byte ^ 0x80))
        else:
            if at >= len(record):
                raise ValueError("it is cut short")
            pair = byte << 8 | record[at]
            at += 1
            distance, length = pair >> 3 & 0x7FF, (pair & 7) + 3
            if not 0 < distance <= len(text):
                raise ValueError("its text refers to what is not there")
            for _ in range(length):
                text.append(text[-distance])
    return bytes(text)
