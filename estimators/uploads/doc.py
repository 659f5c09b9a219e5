"""The text of a Word document of 1997 to 2003, by its piece table.

By Microsoft's open specification of the binary format, [MS-DOC]: the file information block at the
head of the stream ``WordDocument`` says how long each part of the text is and where the piece table
stands; a piece is a run of bytes, in UTF-16 or in the code page 1252.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Final, NamedTuple

from tokenassay.estimators.uploads.archives import ProtectedError
from tokenassay.estimators.uploads.docx import Parts

_MAGIC: Final = 0xA5EC
_WORD_97: Final = 0xC1
_ENCRYPTED, _SECOND_TABLE, _OBFUSCATED = 0x0100, 0x0200, 0x8000
_LENGTHS, _PIECES = 0x4C, 0x1A2
"""Where the block has the lengths of the parts, and where the piece table."""
_IN_1252: Final = 1 << 30
_FIELD, _RESULT, _END = "\x13", "\x14", "\x15"
_NOTE: Final = "\x02"
"""Where the number of a note is shown."""
_MARKS: Final = str.maketrans(
    {
        "\x07": "\t",  # the end of a cell, and of a row
        "\x0b": "\n",
        "\x0c": "\n",
        "\r": "\n",
        "\x1e": "-",
        "\x1f": "",  # where a word may be parted
        **dict.fromkeys(map(chr, (0, 1, 3, 4, 5, 8)), ""),  # pictures, comments and separators
    }
)


class _Lengths(NamedTuple):
    """Characters of each part, in the order in which they follow each other."""

    body: int
    footnotes: int
    headers: int
    macros: int
    comments: int
    endnotes: int
    boxes: int
    header_boxes: int


def read_doc(path: Path) -> Parts:
    """The text of the body, and of all beside it; ValueError where the file is not whole.

    Text that was deleted while changes were tracked is taken for shown.
    """
    main, table = _streams(path.read_bytes())
    lengths = _Lengths(*struct.unpack_from("<8i", main, _LENGTHS))
    at, size = struct.unpack_from("<II", main, _PIECES)
    text = _text_of(main, _piece_table(table[at : at + size]))
    if min(lengths) < 0 or 2 * sum(lengths) > len(text):
        raise ValueError("it is cut short")
    parts, start = [], 0
    for length in lengths:
        part = text[2 * start : 2 * (start + length)]
        parts.append(_shown(part.decode("utf-16-le", "replace")))
        start += length
    body, *beside = parts
    lines = (line for part in beside for line in part.split("\n"))
    return Parts(body, "\n".join(line for line in lines if line.strip()))


def _streams(data: bytes) -> tuple[bytes, bytes]:
    """The stream of the text and the stream of the tables; EOFError where they are not whole."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            main = file.openstream("WordDocument").read()
            magic, version = struct.unpack_from("<HH", main)
            (flags,) = struct.unpack_from("<H", main, 10)
            if magic != _MAGIC or version < _WORD_97:
                raise ValueError("it is of Word 95 or older: save it as docx")
            if flags & (_ENCRYPTED | _OBFUSCATED):
                raise ProtectedError("a password")
            return main, file.openstream("1Table" if flags & _SECOND_TABLE else "0Table").read()
    except OSError:  # what olefile raises for damage: nothing is read from a disk here
        raise EOFError from None


def _piece_table(clx: bytes) -> bytes:
    """The piece table, behind the runs of formatting that may precede it."""
    at = 0
    while clx[at : at + 1] == b"\x01":
        at += 3 + int.from_bytes(clx[at + 1 : at + 3], "little")
    size = int.from_bytes(clx[at + 1 : at + 5], "little")
    if clx[at : at + 1] != b"\x02" or at + 5 + size > len(clx):
        raise ValueError("it has no piece table")
    return clx[at + 5 : at + 5 + size]


def _text_of(main: bytes, table: bytes) -> bytes:
    """All parts in UTF-16, by whose units their lengths are told."""
    count = (len(table) - 4) // 12
    starts = struct.unpack_from(f"<{count + 1}I", table)
    pieces, whole = [], 0
    for number in range(count):
        length = starts[number + 1] - starts[number]
        (place,) = struct.unpack_from("<I", table, 4 * (count + 1) + 8 * number + 2)
        narrow = bool(place & _IN_1252)
        at, width = ((place & ~_IN_1252) // 2, 1) if narrow else (place, 2)
        whole += length
        if length < 0 or at + length * width > len(main) or whole > len(main):
            raise ValueError("it is cut short")
        piece = main[at : at + length * width]
        pieces.append(piece.decode("cp1252", "replace").encode("utf-16-le") if narrow else piece)
    return b"".join(pieces)


def _shown(text: str) -> str:
    """Text as it is shown: fields by their results, rows on lines of their own, notes numbered."""
    kept = []
    fields: list[bool] = []  # those that are open, and whether each one's code is being read
    codes = notes = 0
    for char in text:
        if char == _FIELD:
            fields.append(True)
            codes += 1
        elif char == _RESULT and fields:
            codes -= fields[-1]
            fields[-1] = False
        elif char == _END and fields:
            codes -= fields.pop()
        elif char == _NOTE:
            notes += 1
            kept.append(str(notes))
        elif not codes:
            kept.append(char)
    return "".join(kept).replace("\x07\x07", "\n").translate(_MARKS)
