"""The text of a Word document: all that is shown, which is more than its paragraphs.

python-docx opens the package. Its own ``text`` leaves out footnotes, headers, text boxes, content
controls and what was inserted while changes were tracked, so the elements are walked here.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final, NamedTuple

_BESIDE: Final = ("footnotes", "endnotes", "comments", "header", "footer")
"""Parts that stand beside the body, in the order in which they are put behind it."""
_SILENT: Final = frozenset(
    {"del", "moveFrom", "delText", "instrText", "Fallback"}
    | {"pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr"}
)
"""What was deleted or moved away, codes of fields, what an old program shows, and looks."""
_NOTE_MARKS: Final = frozenset(
    {"footnoteReference", "endnoteReference", "footnoteRef", "endnoteRef"}
)
"""Where the number of a note is shown: in the text, and before the note."""
_MARKS: Final = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


class Parts(NamedTuple):
    """A document's body, and what stands beside it."""

    body: str
    beside: str


def read_docx(path: Path) -> Parts:
    """The text of body, notes, comments, headers and footers; whatever python-docx raises."""
    try:
        return _parts(path)
    except SyntaxError as error:
        if not error.lineno:  # what lxml says where it gets no memory
            raise MemoryError from None
        raise


def _parts(path: Path) -> Parts:
    from docx.oxml import parse_xml
    from docx.package import Package

    main = Package.open(str(path)).main_document_part  # also of templates and of files with macros
    found: dict[str, dict[str, str]] = {name: {} for name in _BESIDE}
    for relation in main.rels.values():
        name = relation.reltype.rpartition("/")[2]
        if name in found and not relation.is_external:
            part = relation.target_part
            found[name][str(part.partname)] = _said(parse_xml(part.blob)).strip("\n")
    beside = [text for name in _BESIDE for _, text in sorted(found[name].items()) if text.strip()]
    return Parts(_said(parse_xml(main.blob)), "\n".join(beside))


def _said(element: Any, notes: Counter[str] | None = None) -> str:
    """An element's text: a line for a paragraph, and one for a row, its cells apart by tabs."""
    name = element.tag.rpartition("}")[2]
    if name in _SILENT:
        return ""
    if name == "t":
        return element.text or ""
    if name in _MARKS:
        return _MARKS[name]
    notes = Counter() if notes is None else notes
    if name in _NOTE_MARKS:
        notes[name] += 1
        return str(notes[name])
    inner = "".join(_said(child, notes) for child in element if isinstance(child.tag, str))
    if name == "p":
        return inner + "\n"
    if name == "txbxContent":
        return "\n" + inner
    if name == "tc":
        return " ".join(inner.split("\n")).strip(" ") + "\t"
    return inner.rstrip("\t") + "\n" if name == "tr" else inner
