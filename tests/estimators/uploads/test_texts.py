"""The text of documents that other programs made, and what is said of those without any."""

from __future__ import annotations

import re
import struct
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.house.tree import ROOT
from tokenassay.estimators.uploads import Unreadable, archives, read_text
from tokenassay.estimators.uploads.epub import html_text
from tokenassay.estimators.uploads.mobi import read_mobi

DATA = ROOT / "tests/data/documents"
SENTENCE = "Fry two tomatoes, cut into wedges, until they give juice; put the eggs back."


@pytest.mark.parametrize("name", ["guide.txt", "guide.md", "guide.docx", "guide.epub", "guide.pdf"])
def test_the_text_is_taken_out(name: str) -> None:
    found = read_text(DATA / name)
    assert found.kind == name.partition(".")[2]
    assert SENTENCE in " ".join(found.text.split())
    assert found.pages == (2 if found.kind == "pdf" else None)


@pytest.mark.parametrize("name", ["guide.txt", "guide.docx", "guide.epub", "chinese.pdf"])
def test_chinese_text_is_taken_out(name: str) -> None:
    assert "把三个鸡蛋打散, 加少许盐。" in read_text(DATA / name).text


@pytest.mark.parametrize("name", ["guide.docx", "guide.epub"])
def test_tables_are_taken_out_in_their_place(name: str) -> None:
    text = read_text(DATA / name).text
    assert text.index("put the eggs back") < text.index("how much") < text.index("西红柿炒鸡蛋")


def test_a_scan_has_pages_without_text() -> None:
    found = read_text(DATA / "scanned.pdf")
    assert (found.text.strip(), found.pages, found.empty_pages) == ("", 1, 1)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("password.pdf", "is protected by a password"),
        ("truncated.pdf", "can't be read as pdf: cut short"),
        ("picture.png", "its content is png"),
    ],
)
def test_what_can_not_be_read_says_why(name: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_text(DATA / name)


@pytest.mark.parametrize(
    ("name", "package"),
    [("guide.pdf", "pypdf"), ("notes.docx", "docx"), ("notes.doc", "olefile")],
)
def test_a_package_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    for module in [one for one in sys.modules if one.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(Unreadable, match=rf"^needs the package {package}: pip install 'tokenassay"):
        read_text(DATA / name)


def test_a_book_that_calibre_made() -> None:
    text = read_text(DATA / "notes.mobi").text
    assert "Beat three eggs1, inserted while tracked, and read the recipe" in text
    assert "Text in a box 文本框 😀" in text


def test_content_counts_not_the_name() -> None:
    assert read_text(DATA / "mislabelled.docx").kind == "pdf"


@pytest.mark.parametrize(
    "name", ["notes.docx", "notes.doc", "notes.mobi", "guide.epub", "guide.pdf"]
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damage_is_one_line(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    whole = bytearray((DATA / name).read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / name
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        read_text(path)
    except Unreadable as error:
        why = str(error)
    else:
        why = "fine"
    assert why
    assert "\n" not in why


def test_a_pdf_that_has_lost_its_end_is_not_taken_for_whole(tmp_path: Path) -> None:
    whole = (DATA / "guide.pdf").read_bytes()
    path = tmp_path / "a.pdf"
    for cut in range(len(whole) // 20, len(whole) - 6, len(whole) // 20):
        path.write_bytes(whole[:cut])
        with pytest.raises(Unreadable, match=r"^can't be read as pdf: cut short"):
            read_text(path)
    path.write_bytes(whole + b"\n" * 500)
    assert read_text(path).pages == 2


def test_an_archive_that_unpacks_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_UNPACKED", 1000)
    with pytest.raises(Unreadable, match="unpacks to"):
        read_text(DATA / "guide.docx")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x", "y")
    with pytest.raises(Unreadable, match="is an archive"):
        read_text(tmp_path / "a.zip")


def test_html_is_read_as_a_browser_shows_it() -> None:
    page = "<head><title>no</title></head><p>a  b<br>c &amp; d</p><script>no</script><li>e</li>"
    assert html_text(page) == "a b\nc & d\ne"


def rewritten(path: Path, entries: dict[str, bytes]) -> Path:
    """A book that pandoc made, with some of its entries changed or added."""
    with zipfile.ZipFile(DATA / "guide.epub") as old, zipfile.ZipFile(path, "w") as new:
        for name in dict.fromkeys((*old.namelist(), *entries)):
            new.writestr(name, entries.get(name) or old.read(name))
    return path


def pages_of(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as book:
        return [name for name in book.namelist() if name.endswith(".xhtml")]


def test_a_book_from_a_shop_is_protected_and_one_with_hidden_fonts_is_not(tmp_path: Path) -> None:
    def listed(name: str) -> bytes:
        return (
            '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData>'
            f'<e:CipherData><e:CipherReference URI="{name}"/></e:CipherData></e:EncryptedData>'
            "</encryption>"
        ).encode()

    name = "META-INF/encryption.xml"
    font = rewritten(tmp_path / "a.epub", {name: listed("EPUB/fonts/one.otf")})
    assert read_text(font).text == read_text(DATA / "guide.epub").text
    page = pages_of(DATA / "guide.epub")[-1]
    with pytest.raises(Unreadable, match=r"^is protected by a bookshop's key$"):
        read_text(rewritten(tmp_path / "b.epub", {name: listed(page)}))


def test_a_page_that_is_named_again_and_again_is_read_once(tmp_path: Path) -> None:
    with zipfile.ZipFile(DATA / "guide.epub") as book:
        (package,) = (name for name in book.namelist() if name.endswith(".opf"))
        content = book.read(package)
    head, tail = content.split(b"</spine>")
    reference = re.findall(rb"<itemref[^>]*>", head)[-1]
    path = rewritten(tmp_path / "a.epub", {package: head + reference * 1000 + b"</spine>" + tail})
    assert read_text(path).text == read_text(DATA / "guide.epub").text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_that_declares_entities_is_not_read(tmp_path: Path, encoding: str) -> None:
    xml = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE c [<!ENTITY e "ha">]><c>&e;</c>'
    path = rewritten(tmp_path / "a.epub", {"META-INF/container.xml": xml.encode(encoding)})
    with pytest.raises(Unreadable, match="declares entities"):
        read_text(path)


def test_a_page_in_utf_16(tmp_path: Path) -> None:
    page = pages_of(DATA / "guide.epub")[-1]
    said = "<html><body><p>西红柿</p></body></html>".encode("utf-16")
    assert read_text(rewritten(tmp_path / "a.epub", {page: said})).text.endswith("西红柿")


def book(records: list[bytes], packing: int, length: int, protection: int = 0) -> bytes:
    """A Mobipocket database of these records of text, by the description of the format."""
    head = struct.pack(">HHLHHHH", packing, 0, length, len(records), 4096, protection, 0)
    head += b"MOBI" + struct.pack(">LLL", 24, 2, 65001)
    every = [head, *records]
    at = 78 + 8 * len(every) + 2
    entries = b""
    for record in every:
        entries += struct.pack(">LL", at, 0)
        at += len(record)
    name = b"book".ljust(32, b"\0") + b"\0" * 28 + b"BOOKMOBI" + b"\0" * 8
    return name + struct.pack(">H", len(every)) + entries + b"\0\0" + b"".join(every)


def test_a_mobipocket_book(tmp_path: Path) -> None:
    text = "<p>西红柿 one</p><p>two</p>".encode()
    assert read_mobi(book([text[:9], text[9:]], 1, len(text))) == "西红柿 one\ntwo"
    packed = b"abc" + bytes((0x80 | 3 * 8 >> 8, 3 * 8 & 0xFF)) + bytes((0xC0 | (ord("d") - 64),))
    assert read_mobi(book([packed + b"\x03\xe4\xb8\xad"], 2, 100)) == "abcabc d中"
    plain = book([b"a < b\n\nc"], 1, 8).replace(b"BOOKMOBI", b"TEXtREAd")
    assert read_mobi(plain) == "a < b\n\nc"
    path = tmp_path / "a.mobi"
    path.write_bytes(book([text], 1, len(text)))
    assert read_text(path).kind == "mobi"
    for data, why in [
        (book([text], 17480, len(text)), "Huffman"),
        (book([text], 1, len(text), protection=2), "protected"),
        (book([text], 1, len(text))[:90], "can't be read as mobi: it is cut short"),
    ]:
        path.write_bytes(data)
        with pytest.raises(Unreadable, match=why):
            read_text(path)


@given(st.binary(max_size=300))
def test_any_bytes_of_a_book_are_text_or_a_fault(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("book") / "a.mobi"
    path.write_bytes(b"\0" * 60 + b"BOOKMOBI" + data)
    try:
        read_text(path)
    except Unreadable as error:
        assert "\n" not in str(error)  # noqa: PT017
