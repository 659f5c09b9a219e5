"""Normalizing equals unicodedata's, and a text cut at safe places encodes as the whole."""

from __future__ import annotations

from unicodedata import combining, normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenassay.estimators.tokens import normal
from tokenassay.estimators.tokens.counting import QwenCounter

_MARKS = [chr(code) for code in range(0x110000) if combining(chr(code))] + ["\u0f73", "\u0f81"]


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normal, "RUN", 4)


@pytest.mark.usefixtures("short_runs")
def test_runs_of_marks_are_normalized_as_unicodedata_does() -> None:
    @settings(max_examples=2000, deadline=None)
    @given(st.lists(st.sampled_from(_MARKS) | st.sampled_from("aeo가\u1100中"), max_size=60))
    def compare(characters: list[str]) -> None:
        text = "".join(characters)
        assert normal.normalized(text) == normalize("NFC", text)

    compare()


def test_no_other_starter_decomposes_into_marks() -> None:
    found = {
        chr(code)
        for code in range(0x110000)
        if not combining(chr(code)) and combining(normalize("NFD", chr(code))[0])
    }
    assert found == normal._ORDERLESS


def test_a_mark_decomposes_into_marks_only() -> None:
    assert all(combining(part) for mark in _MARKS for part in normalize("NFD", mark))


def test_cut_text_encodes_as_the_whole(
    monkeypatch: pytest.MonkeyPatch, texts: st.SearchStrategy[str], counting: QwenCounter
) -> None:
    monkeypatch.setattr(normal, "STRETCH", 1)
    usual = st.text("aZ1234<|>_'s \t\r\n!,中文，。\u0301é\u3000", max_size=60)

    @settings(max_examples=1500, deadline=None)
    @given(usual | texts | st.lists(texts | usual, max_size=4).map("".join))
    def compare(text: str) -> None:
        parts = list(normal.stretches(text))
        assert "".join(parts) == normal.normalized(text)
        ids = [id for part in parts for id in counting._ids(part)]
        assert ids == counting._ids(normal.normalized(text))

    compare()


def test_ordinary_text_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normal, "STRETCH", 20)
    for text in ("plain words " * 20, "你好，世界。" * 20, "1234567890" * 20, "{\n}" * 40):
        assert len(list(normal.stretches(text))) > 3
