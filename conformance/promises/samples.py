"""Small files of many formats, made here: whole enough that a reader of the format opens them."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable

WORDS = "The bridge over the river was built of stone. 这座桥是用石头建的。"

_STAMP = (2024, 1, 1, 0, 0, 0)


def sample(kind: str, words: str = WORDS) -> bytes:
    """A small file of a format, by its extension; text where the format is unknown."""
    made = _MAKERS.get(kind)
    return made(words) if made else words.encode()


def pdf(words: str, pages: int = 1) -> bytes:
    """A PDF with so many pages, the words on the first one."""
    said = "".join(letter for letter in words if letter.isascii()).replace("(", "").replace(")", "")
    shown = f"BT /F1 12 Tf 72 720 Td ({said}) Tj ET".encode()
    kids = " ".join(f"{5 + n} 0 R" for n in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /MediaBox [0 0 612 792] /Kids [{kids}] /Count {pages} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
    ]
    sheet = "<< /Type /Page /Parent 2 0 R"
    first = f"{sheet} /Resources << /Font << /F1 3 0 R >> >> /Contents 4 0 R >>"
    objects += [first.encode()] + [f"{sheet} >>".encode()] * (pages - 1)
    out = io.BytesIO(b"")
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    out.write(tail % (len(places) + 1, table))
    return out.getvalue()


def png(side: int = 8) -> bytes:
    """A white square."""
    rows = b"".join(b"\x00" + b"\xff" * (3 * side) for _ in range(side))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _zipped(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            # The same bytes each time: so that the same upload is the same request.
            archive.writestr(zipfile.ZipInfo(name, _STAMP), text)
    return out.getvalue()


_XML = '<?xml version="1.0" encoding="UTF-8"?>'
_OFFICE = "http://schemas.openxmlformats.org"


def _types(part: str, kind: str) -> str:
    return (
        f'{_XML}<Types xmlns="{_OFFICE}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-'
        f'officedocument.{kind}.main+xml"/></Types>'
    )


def _rels(part: str) -> str:
    return (
        f'{_XML}<Relationships xmlns="{_OFFICE}/package/2006/relationships"><Relationship '
        f'Id="r1" Type="{_OFFICE}/officeDocument/2006/relationships/officeDocument" '
        f'Target="{part}"/></Relationships>'
    )


def _docx(words: str) -> bytes:
    main = f"{_OFFICE}/wordprocessingml/2006/main"
    body = f'{_XML}<w:document xmlns:w="{main}"><w:body><w:p><w:r><w:t>{words}</w:t></w:r></w:p>'
    return _zipped(
        {
            "[Content_Types].xml": _types("word/document.xml", "wordprocessingml.document"),
            "_rels/.rels": _rels("word/document.xml"),
            "word/document.xml": f"{body}</w:body></w:document>",
        }
    )


def _xlsx(words: str) -> bytes:
    main = f"{_OFFICE}/spreadsheetml/2006/main"
    links = f"{_OFFICE}/officeDocument/2006/relationships"
    cell = f'<c r="A1" t="inlineStr"><is><t>{words}</t></is></c>'
    sheet = f'<worksheet xmlns="{main}"><sheetData><row r="1">{cell}</row></sheetData></worksheet>'
    entry = '<sheet name="a" sheetId="1" r:id="r1"/>'
    book = f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets>{entry}'
    rel = f'<Relationship Id="r1" Type="{links}/worksheet" Target="worksheets/sheet1.xml"/>'
    return _zipped(
        {
            "[Content_Types].xml": _types("xl/workbook.xml", "spreadsheetml.sheet"),
            "_rels/.rels": _rels("xl/workbook.xml"),
            "xl/workbook.xml": f"{_XML}{book}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_OFFICE}/package/2006/'
            f'relationships">{rel}</Relationships>',
            "xl/worksheets/sheet1.xml": f"{_XML}{sheet}",
        }
    )


def _epub(words: str) -> bytes:
    spine = '<spine><itemref idref="a"/></spine>'
    item = '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
    meta = '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Bridge</dc:title>'
    package = 'package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="u"'
    page = f'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>{words}</p></body></html>'
    root = '<rootfile full-path="a.opf" media-type="application/oebps-package+xml"/>'
    return _zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": f'{_XML}<container version="1.0" xmlns="urn:oasis:names:tc:'
            f'opendocument:xmlns:container"><rootfiles>{root}</rootfiles></container>',
            "a.opf": f'{_XML}<{package}>{meta}<dc:identifier id="u">bridge</dc:identifier>'
            f"<dc:language>en</dc:language></metadata><manifest>{item}</manifest>{spine}</package>",
            "a.xhtml": f"{_XML}{page}",
        }
    )


def _mobi(words: str) -> bytes:
    """The head of a PalmDB book and the words as its one record."""
    text = words.encode()
    head = struct.pack(
        ">32sHHIIIIII4s4sIIH", b"bridge", 0, 0, 1, 1, 0, 0, 0, 0, b"BOOK", b"MOBI", 1, 0, 2
    )
    first = 78 + 16 + 2
    records = struct.pack(">IIII", first, 0, first + 16, 1)
    book = struct.pack(">HHIHHHH", 1, 0, len(text), 1, 4096, 0, 0)
    return head + records + b"\x00\x00" + book + text


_MAKERS: dict[str, Callable[[str], bytes]] = {
    "pdf": pdf,
    "docx": _docx,
    "xlsx": _xlsx,
    "epub": _epub,
    "mobi": _mobi,
    "csv": lambda words: f"number,words\n1,{words}\n".encode(),
    "json": lambda words: json.dumps({"words": words}, ensure_ascii=False).encode(),
    "md": lambda words: f"# Bridge\n\n{words}\n".encode(),
    "png": lambda words: png(),
    "zip": lambda words: _zipped({"a.txt": words}),
}
