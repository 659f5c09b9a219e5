"""What a file is by its content, whatever its name says."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Final

from tokenassay.estimators.uploads.archives import COMPOUND

PLAIN: Final = frozenset({"txt", "md", "csv", "json"})
"""Kinds of plain text, which only a name tells apart."""
IMAGES: Final = frozenset({"png", "jpg", "jpeg", "gif", "bmp", "tiff"})

_HEAD: Final = 4096
_MOST_TYPES: Final = 1 << 20
"""Bytes of an archive's own list of contents that are looked at."""
_MAGIC: Final = {
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpg",
    b"GIF8": "gif",
    b"BM": "bmp",
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
    b"{\\rtf": "rtf",
    b"Rar!\x1a": "rar",
    b"7z\xbc\xaf": "7z",
    b"\x1f\x8b\x08": "gz",
}
_OFFICE: Final = {
    "wordprocessingml": "docx",
    "ms-word": "docx",
    "spreadsheetml": "xlsx",
    "ms-excel": "xlsx",
    "presentationml": "pptx",
    "ms-powerpoint": "pptx",
}
_MAIN: Final = re.compile(rf"({'|'.join(_OFFICE)})\.\w+(?:\.macroEnabled\w*)?\.main\+xml", re.ASCII)
"""The type of a package's main part: those of what is embedded in it have no ``main``."""
_OPEN: Final = {"text": "odt", "spreadsheet": "ods", "presentation": "odp"}
_COMPOUND: Final = {"WordDocument": "doc", "Workbook": "xls", "PowerPoint Document": "ppt"}
_OF_CONTENT: Final = frozenset(
    {"pdf", "epub", "mobi", "zip", *_MAGIC.values(), *_OFFICE.values(), *_OPEN.values()}
    | set(_COMPOUND.values())
)
_SAME: Final = {"jpeg": "jpg", "tif": "tiff", "azw": "mobi", "prc": "mobi", "docm": "docx"}


def kind_of(path: Path) -> str:
    """What a file is by its content: a format's extension, ``zip``, or ``txt``."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    suffix = path.suffix.lower().lstrip(".")
    if not head:
        return suffix if suffix in PLAIN | _OF_CONTENT else "txt"
    if _is_pdf(head, suffix):
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_archive(path, suffix, head)
    if head.startswith(COMPOUND):
        return _kind_of_compound(path, suffix)
    if head[60:68] in (b"BOOKMOBI", b"TEXtREAd"):
        return "mobi"
    for mark, kind in _MAGIC.items():
        if head.startswith(mark) and (mark != b"BM" or b"\0" in head):
            return kind
    return suffix if suffix in PLAIN else "txt"


def belies(named: str, kind: str) -> bool:
    """Whether an extension says something else than the content; any may name plain text."""
    if kind in _OF_CONTENT:
        return _SAME.get(named, named) != kind
    return named in _OF_CONTENT


def _is_pdf(head: bytes, suffix: str) -> bool:
    """Readers take a header within the first kilobyte; a text may merely speak of one."""
    if head.lstrip(b"\xef\xbb\xbf\0 \t\r\n").startswith(b"%PDF-"):
        return True
    return suffix not in PLAIN and b"%PDF-" in head[:1024]


def _kind_of_archive(path: Path, suffix: str, head: bytes) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            types = _begin(archive, "[Content_Types].xml") if "_rels/.rels" in names else ""
            mime = _begin(archive, "mimetype") if "mimetype" in names else ""
    except Exception:  # cut short or damaged: what its first entries are called is left
        if suffix == "epub" and b"mimetypeapplication/epub" in head:
            return "epub"
        office = any(name in head for name in (b"_rels/", b"[Content_Types].xml", b"docProps/"))
        return suffix if suffix in _OFFICE.values() and office else "zip"
    main = _MAIN.search(types)
    if main is not None:
        return _OFFICE[main[1]]
    if mime.startswith("application/vnd.oasis.opendocument."):
        return _OPEN.get(mime.strip().rpartition(".")[2], "zip")
    return "epub" if "META-INF/container.xml" in names else "zip"


def _begin(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as file:
        return file.read(_MOST_TYPES).decode("utf-8", "replace")


def _kind_of_compound(path: Path, suffix: str) -> str:
    """Which program's a compound file is; one with a password keeps what its name says."""
    try:
        import olefile
    except ImportError:  # told when it is to be read
        return "doc"
    try:
        with olefile.OleFileIO(path) as file:
            for stream, kind in _COMPOUND.items():
                if file.exists(stream):
                    return kind
            if file.exists("EncryptedPackage"):
                return suffix if suffix in _OFFICE.values() else "docx"
    except Exception:  # noqa: S110
        pass  # damaged: its name is left
    return suffix if suffix in _COMPOUND.values() else "ole"  # cut short, as far as one can see
