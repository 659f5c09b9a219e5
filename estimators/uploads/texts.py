"""The text of one document, by the library that reads its format."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tokenassay.estimators.uploads.epub import read_epub
from tokenassay.estimators.uploads.mobi import read_mobi

_HEAD: Final = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IMAGES: Final = {
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpg",
    b"GIF8": "gif",
    b"BM": "bmp",
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
}
_PLAIN: Final = frozenset({"md", "csv", "json"})
"""Kinds of plain text that only a name tells apart."""
MOST_UNPACKED: Final = 1 << 30
"""Bytes that an archive may unpack to: more is taken for an attack on the reader."""


class Unreadable(Exception):
    """The text can't be had; one line that says why, without the file's name."""


class Text(NamedTuple):
    """What a document says."""

    kind: str
    """What the content is, whatever the name says: ``pdf``, ``docx``, ..."""
    text: str
    pages: int | None
    """None: the format has no pages."""
    empty_pages: int
    """Pages without any text, such as scans."""


def kind_of(path: Path) -> str:
    """What a file is by its content: a format's extension, ``doc``, ``zip``, or ``txt``."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_archive(path)
    if head.startswith(_OLE):
        return "doc"
    if head[60:68] in (b"BOOKMOBI", b"TEXtREAd"):
        return "mobi"
    for mark, kind in _IMAGES.items():
        if head.startswith(mark) and (mark != b"BM" or b"\0" in head):
            return kind
    suffix = path.suffix.lower().lstrip(".")
    return suffix if suffix in _PLAIN else "txt"


def _kind_of_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return "zip"
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    return "epub" if "META-INF/container.xml" in names else "zip"


def read_text(path: Path) -> Text:
    """The text of a document; Unreadable where it can't be had, OSError where no file can."""
    kind = kind_of(path)
    reader = _READERS.get(kind)
    if reader is None:
        raise Unreadable(_WHY.get(kind, f"its content is {kind}, which holds no text to count"))
    try:
        return reader(path, kind)
    except (Unreadable, OSError):
        raise
    except ImportError as error:
        name = (error.name or "").partition(".")[0]
        raise Unreadable(f"needs the package {name}: pip install 'tokenassay[documents]'") from None
    except RecursionError:
        raise Unreadable(f"not a {kind} that can be read: nested too deeply") from None
    except Exception as error:  # whatever a reader meets in a damaged file
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise Unreadable(f"not a {kind} that can be read: {why}") from None


def _read_plain(path: Path, kind: str) -> Text:
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Text(kind, data.decode("utf-16"), None, 0)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return Text(kind, text, None, 0)
    raise Unreadable("neither a known format nor text (UTF-8, UTF-16 or GB 18030)")


def _read_pdf(path: Path, kind: str) -> Text:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of each oddity it mends
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("is protected by a password")
        texts = [page.extract_text() for page in reader.pages]
    except DependencyError:
        raise Unreadable("is encrypted in a way that needs the package cryptography") from None
    empty = sum(not text.strip() for text in texts)
    return Text(kind, "\n".join(texts), len(texts), empty)


def _read_docx(path: Path, kind: str) -> Text:
    from docx import Document
    from docx.document import Document as Body
    from docx.table import Table

    check_archive(path)
    document = Document(str(path))

    def blocks(body: Body) -> Iterator[str]:
        for block in body.iter_inner_content():
            if isinstance(block, Table):
                for row in block.rows:
                    yield "\t".join(cell.text for cell in row.cells)
            else:
                yield block.text

    return Text(kind, "\n".join(blocks(document)), None, 0)


def _read_epub(path: Path, kind: str) -> Text:
    check_archive(path)
    return Text(kind, read_epub(path), None, 0)


def _read_mobi(path: Path, kind: str) -> Text:
    return Text(kind, read_mobi(path.read_bytes()), None, 0)


def check_archive(path: Path) -> None:
    """Unreadable where an archive unpacks to more than any document does."""
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if any(entry.flag_bits & 1 for entry in archive.infolist()):
            raise Unreadable("is protected by a password")
    if size > MOST_UNPACKED:
        raise Unreadable(f"unpacks to {size:,} bytes, which is not read")


_READERS: Final[dict[str, Callable[[Path, str], Text]]] = {
    "txt": _read_plain,
    **dict.fromkeys(_PLAIN, _read_plain),
    "pdf": _read_pdf,
    "docx": _read_docx,
    "epub": _read_epub,
    "mobi": _read_mobi,
}
_WHY: Final = {
    "doc": "is of the older Word format (or a Word file with a password), which is not read here: "
    "save it as docx",
    "xlsx": "is a workbook, which is not read here",
    "zip": "is an archive that is neither docx nor epub, or is cut short",
}
