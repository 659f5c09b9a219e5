"""The text of one document, by the library that reads its format."""

from __future__ import annotations

import logging
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from tokenassay.estimators.uploads.archives import ProtectedError, check_archive
from tokenassay.estimators.uploads.doc import read_doc
from tokenassay.estimators.uploads.docx import Parts, read_docx
from tokenassay.estimators.uploads.epub import read_epub
from tokenassay.estimators.uploads.kinds import PLAIN, kind_of
from tokenassay.estimators.uploads.mobi import read_mobi
from tokenassay.estimators.uploads.plain import read_plain

_MOST_SAID: Final = 200
_RUN: Final = re.compile(r"\s+")
_STRETCH: Final = 1 << 20
_PDF_END: Final = 1024
"""Bytes at the end of a PDF within which readers look for its mark of the end."""

Told = Callable[[int], None]
"""Hears the number of pages once it is known, before they are read."""


class Unreadable(Exception):
    """The text can't be had; one line that says why, without the file's name."""


class Text(NamedTuple):
    """What a document says."""

    kind: str
    """What the content is, whatever the name says: ``pdf``, ``docx``, ..."""
    text: str
    """The body, and behind it what stands beside it."""
    pages: int | None = None
    """None: the format has no pages."""
    empty_pages: int = 0
    """Pages without any text, such as scans."""
    body: int | None = None
    """Characters of the text that are its body; None: all."""
    notes: tuple[str, ...] = ()
    """What is odd about it, a line each."""


def read_text(path: Path, told: Told | None = None) -> Text:
    """The text of a document; Unreadable where it can't be had, OSError where no file can.

    A file that was made to harm may take all the time and memory there is: see
    :class:`~tokenassay.estimators.uploads.apart.Apart`.
    """
    kind = kind_of(path)
    reader = _READERS.get(kind)
    if reader is None:
        raise Unreadable(_WHY.get(kind, f"its content is {kind}, which holds no text to count"))
    try:
        return reader(path, kind, told)
    except (Unreadable, OSError):
        raise
    except ProtectedError as error:
        raise Unreadable(f"is protected by {error}") from None
    except ImportError as error:
        name = (error.name or "").partition(".")[0]
        raise Unreadable(f"needs the package {name}: pip install 'tokenassay[documents]'") from None
    except RecursionError:
        raise Unreadable(f"can't be read as {kind}: nested too deeply") from None
    except MemoryError:
        raise Unreadable("takes more memory to read than is lent to it") from None
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError):
        raise Unreadable(f"can't be read as {kind}: cut short or damaged") from None
    except Exception as error:  # whatever a reader meets in a damaged file
        why = " ".join(str(error).replace(str(path), "the file").split())[:_MOST_SAID]
        raise Unreadable(f"can't be read as {kind}: {why or type(error).__name__}") from None


def without_runs(text: str) -> str:
    """The text with every run of white space as one blank."""
    parts: list[str] = []
    after_blank = True
    for at in range(0, len(text), _STRETCH):  # at once, it would hold each word as a string
        part = _RUN.sub(" ", text[at : at + _STRETCH])
        if after_blank:
            part = part.removeprefix(" ")
        if part:
            after_blank = part.endswith(" ")
            parts.append(part)
    return "".join(parts).removesuffix(" ")


def _plain(path: Path, kind: str, told: Told | None) -> Text:
    try:
        text, notes = read_plain(path)
    except ValueError:
        why = "neither a known format nor text (UTF-8, UTF-16 or GB 18030)"
        raise Unreadable(why) from None
    return Text(kind, text, notes=notes)


def _pdf(path: Path, kind: str, told: Told | None) -> Text:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of each oddity it mends
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _PDF_END))
        if b"%%EOF" not in file.read():
            # Without its end, what pypdf makes of the rest may be a part only.
            raise Unreadable("can't be read as pdf: cut short, its end is missing")
        try:
            reader = PdfReader(file)
            if reader.is_encrypted and not reader.decrypt(""):
                raise ProtectedError("a password")
            if told is not None:
                told(len(reader.pages))
            texts = [page.extract_text() for page in reader.pages]
        except DependencyError:
            why = "is encrypted in a way that needs the package cryptography"
            raise Unreadable(why) from None
    if not texts:
        raise Unreadable("can't be read as pdf: it has no pages")
    empty = sum(not text.strip() for text in texts)
    return Text(kind, "\n".join(texts), len(texts), empty)


def _docx(path: Path, kind: str, told: Told | None) -> Text:
    check_archive(path)
    return _joined(kind, read_docx(path))


def _doc(path: Path, kind: str, told: Told | None) -> Text:
    return _joined(kind, read_doc(path))


def _joined(kind: str, parts: Parts) -> Text:
    if not parts.beside:
        return Text(kind, parts.body)
    return Text(kind, f"{parts.body}\n{parts.beside}", body=len(parts.body))


def _epub(path: Path, kind: str, told: Told | None) -> Text:
    check_archive(path)
    return Text(kind, read_epub(path))


def _mobi(path: Path, kind: str, told: Told | None) -> Text:
    return Text(kind, read_mobi(path.read_bytes()))


_READERS: Final[dict[str, Callable[[Path, str, Told | None], Text]]] = {
    **dict.fromkeys(PLAIN, _plain),
    "pdf": _pdf,
    "docx": _docx,
    "doc": _doc,
    "epub": _epub,
    "mobi": _mobi,
}
_WHY: Final = {
    **dict.fromkeys(("xlsx", "xls", "ods"), "is a workbook, which is not read here"),
    **dict.fromkeys(("pptx", "ppt", "odp"), "is a set of slides, which is not read here"),
    **dict.fromkeys(("rtf", "odt"), "is of another text processor's format: save it as docx"),
    "ole": "is a compound file of no program that is known here, or cut short",
    **dict.fromkeys(("zip", "gz", "7z", "rar"), "is an archive: unpack it"),
}
