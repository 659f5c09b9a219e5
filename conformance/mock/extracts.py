"""The words in an uploaded file: their tokens, and whether they can be read at all.

The mock has no readers for PDF and the like. It takes text formats and the XML inside zipped
ones for what they are, and of other formats counts the readable runs of bytes: enough for a
meter that gives the same figure for the same file.
"""

from __future__ import annotations

import codecs
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final, Literal, NamedTuple

from tokenassay.estimators.tokens import count_tokens

State = Literal["processed", "blank", "failed"]

ZIPPED: Final = frozenset({"docx", "epub", "xlsx"})
IMAGES: Final = frozenset({"png", "jpg", "jpeg", "gif", "bmp"})
BINARY: Final = frozenset({"pdf", "mobi", "doc"}) | IMAGES
_MARKUP: Final = (".xml", ".xhtml", ".html", ".htm")
_CHUNK: Final = 1 << 20
_MOST_UNZIPPED: Final = 64 << 20
"""Bytes read from a zipped file at most, whatever it unfolds to."""

_TAG: Final = re.compile(r"<[^>]*>")
_RUN: Final = re.compile(rb"[\x20-\x7e]{4,}")
_PAGE: Final = re.compile(rb"/Type\s*/Page\b")


class Extract(NamedTuple):
    """What was found in a file."""

    state: State
    tokens: int = 0
    pages: int | None = None
    """Pages of a PDF; None for formats without pages."""


def extract(filename: str, file: IO[bytes]) -> Extract:
    """Read a file from its beginning; slow for a large one."""
    kind = extension(filename)
    file.seek(0)
    if kind in ZIPPED:
        return _zipped(file)
    if kind in BINARY:
        return _binary(file, kind)
    return _text(file)


def extension(filename: str) -> str:
    """What stands after the last dot, in lower case; empty where there is no dot."""
    return filename.rpartition(".")[2].lower() if "." in filename else ""


def _text(file: IO[bytes]) -> Extract:
    for encoding in ("utf-8-sig", "gb18030"):
        file.seek(0)
        tokens, blank = 0, True
        try:
            for part in _parts(file, encoding):
                tokens += count_tokens(part)
                blank = blank and not part.strip()
        except UnicodeDecodeError:
            continue
        return Extract("blank" if blank else "processed", tokens)
    return Extract("failed")


def _parts(file: IO[bytes], encoding: str) -> Iterator[str]:
    """The text in parts that end at a line's end where there is one: whole up to a megabyte."""
    decoder = codecs.getincrementaldecoder(encoding)()
    while chunk := file.read(_CHUNK):
        if len(chunk) == _CHUNK:
            chunk += file.readline(_CHUNK)
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _zipped(file: IO[bytes]) -> Extract:
    words: list[str] = []
    left = _MOST_UNZIPPED
    try:
        with zipfile.ZipFile(file) as archive:
            for member in sorted(archive.namelist()):
                if not member.lower().endswith(_MARKUP) or "rels" in member or left <= 0:
                    continue
                with archive.open(member) as opened:
                    markup = opened.read(left)
                left -= len(markup)
                words.append(_TAG.sub(" ", markup.decode("utf-8", "ignore")))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        return Extract("failed")
    text = " ".join(" ".join(words).split())
    return Extract("processed" if text else "blank", count_tokens(text))


def _binary(file: IO[bytes], kind: str) -> Extract:
    head = file.read(1024)
    if not head:
        return Extract("blank")
    if kind == "pdf" and b"%PDF" not in head:
        return Extract("failed")
    file.seek(0)
    tokens = pages = 0
    while chunk := file.read(_CHUNK):
        pages += len(_PAGE.findall(chunk))
        runs = b"\n".join(_RUN.findall(chunk))
        tokens += count_tokens(runs.decode("ascii"))
    return Extract("processed", tokens, pages if kind == "pdf" else None)
