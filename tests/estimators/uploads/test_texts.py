"""The text of documents that other programs made, and what is said of those without any."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.house.tree import ROOT
from tokenassay.estimators.uploads import Unreadable, read_text, texts
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
        ("truncated.pdf", "not a pdf that can be read"),
        ("picture.png", "its content is png"),
    ],
)
def test_what_can_not_be_read_says_why(name: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_text(DATA / name)


def test_content_counts_not_the_name() -> None:
    assert read_text(DATA / "mislabelled.docx").kind == "pdf"


@pytest.mark.parametrize("name", ["guide.docx", "guide.epub", "guide.pdf"])
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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_plain_text_of_common_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text("西红柿炒鸡蛋", encoding)
    assert read_text(path).text == "西红柿炒鸡蛋"


def test_an_archive_that_unpacks_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "MOST_UNPACKED", 1000)
    with pytest.raises(Unreadable, match="unpacks to"):
        read_text(DATA / "guide.docx")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x", "y")
    with pytest.raises(Unreadable, match="neither docx nor epub"):
        read_text(tmp_path / "a.zip")


def test_html_is_read_as_a_browser_shows_it() -> None:
    page = "<head><title>no</title></head><p>a  b<br>c &amp; d</p><script>no</script><li>e</li>"
    assert html_text(page) == "a b\nc & d\ne"


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
    path = tmp_path / "a.mobi"
    path.write_bytes(book([text], 1, len(text)))
    assert read_text(path).kind == "mobi"
    for data, why in [
        (book([text], 17480, len(text)), "Huffman"),
        (book([text], 1, len(text), protection=2), "protected"),
        (book([text], 1, len(text))[:90], "not a mobi"),
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
