"""The text of an EPUB, in the order of its spine."""

from __future__ import annotations

import posixpath
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from tokenassay.estimators.uploads.archives import ProtectedError, parse_xml

_BLOCKS: Final = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    }
)
_ENCRYPTION: Final = "META-INF/encryption.xml"
_SILENT: Final = frozenset({"head", "script", "style", "title"})


class _Text(HTMLParser):
    """Text of a page: blocks on lines of their own, white space as a browser shows it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[list[str]] = [[]]
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._silent += tag in _SILENT
        if tag in _BLOCKS:
            self.lines.append([])

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        if tag in _BLOCKS:
            self.lines.append([])

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        if tag in _BLOCKS:
            self.lines.append([])

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.lines[-1].append(data)


def html_text(page: str) -> str:
    """The text of an HTML page, a line for each block."""
    parser = _Text()
    parser.feed(page)
    parser.close()
    lines = (" ".join("".join(line).split()) for line in parser.lines)
    return "\n".join(line for line in lines if line)


def read_epub(path: Path) -> str:
    """All pages of the spine; ValueError or KeyError where the book is not whole.

    ProtectedError where a page is encrypted; fonts often are, in books that can be read.
    """
    with zipfile.ZipFile(path) as book:
        container = parse_xml(book.read("META-INF/container.xml"))
        root = next((e for e in container.iter() if e.tag.endswith("}rootfile")), None)
        package = root.get("full-path") if root is not None else None
        if not package:
            raise ValueError("its container names no package")
        content = parse_xml(book.read(package))
        items = {e.get("id"): e.get("href") for e in content.iter() if e.tag.endswith("}item")}
        spine = [e.get("idref") for e in content.iter() if e.tag.endswith("}itemref")]
        pages = [items[idref] for idref in spine if items.get(idref)]
        folder = posixpath.dirname(package)
        names = [
            posixpath.normpath(posixpath.join(folder, _unquoted(page or ""))) for page in pages
        ]
        if not set(names).isdisjoint(_encrypted(book)):
            raise ProtectedError("a bookshop's key")
        # A spine that names a page again and again would grow without end.
        return "\n".join(html_text(_decoded(book.read(name))) for name in dict.fromkeys(names))


def _encrypted(book: zipfile.ZipFile) -> set[str]:
    """The names of what the book says is encrypted."""
    if _ENCRYPTION not in book.namelist():
        return set()
    listed = parse_xml(book.read(_ENCRYPTION)).iter()
    return {_unquoted(e.get("URI") or "") for e in listed if e.tag.endswith("}CipherReference")}


def _decoded(page: bytes) -> str:
    utf_16 = page[:2] in (b"\xff\xfe", b"\xfe\xff")
    return page.decode("utf-16" if utf_16 else "utf-8-sig", "replace")


def _unquoted(reference: str) -> str:
    plain = re.sub(
        rb"%([0-9A-Fa-f]{2})", lambda found: bytes((int(found[1], 16),)), reference.encode()
    )
    return plain.decode("utf-8", "replace")
