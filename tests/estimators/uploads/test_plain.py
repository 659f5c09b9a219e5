"""Plain text in the encodings that it commonly comes in."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.estimators.uploads import Unreadable, read_text, texts
from tokenassay.estimators.uploads.texts import without_runs

TEXT = "西红柿炒鸡蛋, eggs and tomatoes.\n" * 9


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"]
)
def test_unicode_with_and_without_a_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT.encode(encoding))
    found = read_text(path)
    assert (found.text, found.notes) == (TEXT, ())


def test_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT.encode("gb18030"))
    found = read_text(path)
    assert (found.text, found.notes) == (TEXT, ("is not UTF-8: read as GB 18030",))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_a_text_that_is_cut_within_a_character_is_read_as_what_it_was(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("你好".encode(encoding)[:-1])
    found = read_text(path)
    assert found.text == "你"
    assert found.notes[-1] == "ends within a character: cut short?"


@pytest.mark.parametrize("data", [b"a\0b\0\0c", bytes(range(256)), "été à\n".encode("latin-1")])
def test_what_is_no_text_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match="neither a known format nor text"):
        read_text(path)


@given(st.text(st.sampled_from("a \n\t\u3000西")), st.integers(1, 9))
def test_runs_of_white_space_become_one_blank(text: str, stretch: int) -> None:
    with mock.patch.object(texts, "_STRETCH", stretch):
        assert without_runs(text) == " ".join(text.split())
