"""Word documents, old and new, that LibreOffice wrote: all that is shown is taken out."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import olefile
import pytest

from tests.house.tree import ROOT
from tokenassay.estimators.uploads import Unreadable, read_text

DATA = ROOT / "tests/data/documents"
BODY = [
    "Eggs and tomatoes 西红柿炒鸡蛋",
    "Beat three eggs1, inserted while tracked, and read the recipe",  # the endnote's number
    "eggs 鸡蛋\t3",
    "The last line.",
]
BESIDE = [
    "Footnote: from the market 脚注",
    "Endnote: by grandmother 尾注",
    "Comment: how many? 批注",
    "Header of the kitchen book 页眉",
    "Footer, page 1",
]
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@pytest.mark.parametrize("name", ["notes.docx", "notes.doc"])
def test_what_stands_beside_the_body_is_taken_out_and_told_apart(name: str) -> None:
    found = read_text(DATA / name)
    body, beside = found.text[: found.body], found.text[found.body :]
    for said in BODY:
        assert body.count(said) == 1, said
    for said in BESIDE:
        assert beside.count(said) == 1, said
        assert said not in body
    assert found.text.count("Text in a box 文本框 😀") == 1
    assert found.text.count("Merged cell 合并") == 1
    assert "HYPERLINK" not in found.text
    assert "\t\t" not in found.text  # the stops of a tabulator are no tabs


def test_old_and_new_say_the_same() -> None:
    words = [sorted(read_text(DATA / f"notes.{kind}").text.split()) for kind in ("doc", "docx")]
    old, new = words
    # In the old format notes of both sorts are numbered together.
    assert [one for one in old if not one.startswith("recipe")] == [
        one for one in new if not one.startswith("recipe")
    ]


@pytest.mark.parametrize("name", ["password.doc", "password.docx"])
def test_a_password_is_told(name: str) -> None:
    with pytest.raises(Unreadable, match=r"^is protected by a password$"):
        read_text(DATA / name)


@pytest.mark.parametrize("name", ["notes.doc", "notes.docx", "notes.mobi", "guide.epub"])
def test_what_is_cut_short_is_told_wherever_it_is_cut(tmp_path: Path, name: str) -> None:
    whole = (DATA / name).read_bytes()
    cut = tmp_path / name
    kind = cut.suffix[1:]
    for percent in range(3, 98, 5):
        cut.write_bytes(whole[: len(whole) * percent // 100])
        with pytest.raises(Unreadable, match=f"^can't be read as {kind}: (cut short|it is cut)"):
            read_text(cut)


def rewritten(path: Path, change: Callable[[str], str], source: str = "notes.docx") -> Path:
    """A docx with another main part."""
    with zipfile.ZipFile(DATA / source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "word/document.xml":
                data = change(data.decode()).encode()
            new.writestr(name, data)
    return path


def test_controls_and_deleted_text(tmp_path: Path) -> None:
    body = (
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>in a control</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:del><w:r><w:br/><w:delText>deleted</w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>moved away</w:t></w:r></w:moveFrom>"
        "<w:r><w:instrText>PAGE</w:instrText><w:t>kept</w:t><w:br/><w:t>on</w:t></w:r></w:p>"
    )
    path = rewritten(
        tmp_path / "a.docx",
        lambda _: f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>',
    )
    found = read_text(path)
    assert found.text[: found.body] == "in a control\nkept\non\n"


def test_entities_that_grow_are_not_read(tmp_path: Path) -> None:
    grown = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    path = rewritten(
        tmp_path / "a.docx",
        lambda _: (
            f'<!DOCTYPE d [<!ENTITY e0 "ha">{grown}]><w:document xmlns:w="{W}"><w:body><w:p><w:r>'
            "<w:t>&e9;</w:t></w:r></w:p></w:body></w:document>"
        ),
    )
    try:
        assert "haha" not in read_text(path).text
    except Unreadable as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_a_file_that_stands_for_older_word_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.doc"
    path.write_bytes((DATA / "notes.doc").read_bytes())
    with olefile.OleFileIO(path, write_mode=True) as file:
        main = bytearray(file.openstream("WordDocument").read())
        struct.pack_into("<H", main, 2, 0x68)  # the version of Word 95
        file.write_stream("WordDocument", bytes(main))
    with pytest.raises(Unreadable, match="Word 95"):
        read_text(path)


@pytest.mark.parametrize("at", [0x4C, 0x50, 0x1A2])
@pytest.mark.parametrize("value", [0xFFFFFFFF, 0x7FFFFFFF, 10**6])
def test_lengths_and_places_that_lie(tmp_path: Path, at: int, value: int) -> None:
    path = tmp_path / "a.doc"
    path.write_bytes((DATA / "notes.doc").read_bytes())
    with olefile.OleFileIO(path, write_mode=True) as file:
        main = bytearray(file.openstream("WordDocument").read())
        struct.pack_into("<I", main, at, value)
        file.write_stream("WordDocument", bytes(main))
    with pytest.raises(Unreadable, match="can't be read as doc"):
        read_text(path)
