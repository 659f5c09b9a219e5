"""What a file is by its content, and whether its name says something else."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from tests.house.tree import ROOT
from tokenassay.estimators.uploads import Unreadable, read_text
from tokenassay.estimators.uploads.kinds import belies, kind_of

DATA = ROOT / "tests/data/documents"


@pytest.mark.parametrize("named", ["pdf", "docx", "doc", "epub", "mobi", "txt", "md", "xyz"])
@pytest.mark.parametrize(
    "name", ["guide.pdf", "notes.docx", "notes.doc", "guide.epub", "notes.mobi", "picture.png"]
)
def test_the_content_counts_whatever_the_name(tmp_path: Path, name: str, named: str) -> None:
    path = tmp_path / f"a.{named}"
    shutil.copyfile(DATA / name, path)
    kind = name.partition(".")[2]
    assert kind_of(path) == kind
    assert belies(named, kind) == (named != kind)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("about.md", b"# PDF\nIt begins with %PDF-1.7", "md"),
        ("junk.pdf", b"HTTP/1.1 200 OK\n\n%PDF-1.7\n", "pdf"),
        ("letter.doc", b"{\\rtf1\\ansi Dear", "rtf"),
        ("page.doc", b"<html><body>hello</body></html>", "txt"),
        ("empty.docx", b"", "docx"),
        ("empty.log", b"", "txt"),
        ("log.xyz", b"hello", "txt"),
        ("data.json", b"{}", "json"),
        ("BMW.txt", b"BM is no picture", "txt"),
    ],
)
def test_text_and_what_looks_like_it(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert kind_of(tmp_path / name) == kind


def test_archives_are_told_apart(tmp_path: Path) -> None:
    def made(**entries: str) -> Path:
        path = tmp_path / "a.docx"
        with zipfile.ZipFile(path, "w") as archive:
            for name, said in entries.items():
                archive.writestr(name.replace("__", "/").replace("TYPES", "[Content_Types]"), said)
        return path

    main = "application/vnd.openxmlformats-officedocument.{}.main+xml"
    for said, kind in [
        (main.format("wordprocessingml.document"), "docx"),
        (main.format("wordprocessingml.template"), "docx"),
        ("application/vnd.ms-word.document.macroEnabled.main+xml", "docx"),
        (main.format("spreadsheetml.sheet"), "xlsx"),
        (main.format("presentationml.presentation"), "pptx"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "zip"),
    ]:
        assert kind_of(made(**{"TYPES.xml": said, "_rels__.rels": ""})) == kind
    opened = made(mimetype="application/vnd.oasis.opendocument.text")
    assert kind_of(opened) == "odt"
    with pytest.raises(Unreadable, match="another text processor"):
        read_text(opened)
    assert kind_of(made(a="b")) == "zip"


def test_other_names_for_the_same_belie_nothing() -> None:
    for named, kind in [
        ("jpeg", "jpg"),
        ("tif", "tiff"),
        ("azw", "mobi"),
        ("html", "txt"),
        ("", "txt"),
    ]:
        assert not belies(named, kind)
    for named, kind in [("pdf", "txt"), ("txt", "pdf"), ("", "pdf"), ("docx", "xlsx")]:
        assert belies(named, kind)
