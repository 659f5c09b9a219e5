"""Archives and their XML, held to what a document needs: both can grow without end."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How a compound file begins: the container of Office before 2007, and of what it encrypts."""
MOST_UNPACKED: Final = 1 << 30
"""Bytes that an archive may unpack to: more is taken for an attack on the reader."""


def check_archive(path: Path) -> None:
    """ValueError where it unpacks to more than any document does; ProtectedError for a password."""
    with path.open("rb") as file:
        if file.read(len(COMPOUND)) == COMPOUND:
            raise ProtectedError("a password")
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if any(entry.flag_bits & 1 for entry in archive.infolist()):
            raise ProtectedError("a password")
    if size > MOST_UNPACKED:
        raise ValueError(f"unpacks to {size:,} bytes, which is not read")


class ProtectedError(Exception):
    """What it can't be read without, such as ``a password``."""


def parse_xml(xml: bytes) -> ElementTree.Element:
    """The XML's root; ValueError where it declares entities, which can grow without end."""
    if any("<!ENTITY".encode(code) in xml for code in ("utf-8", "utf-16-le", "utf-16-be")):
        raise ValueError("its XML declares entities")
    return ElementTree.fromstring(xml)  # noqa: S314
