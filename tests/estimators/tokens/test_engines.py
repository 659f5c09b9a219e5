"""Each engine on what only it has to do."""

from __future__ import annotations

import re
import sys
from unicodedata import combining, decomposition, normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenassay.estimators.tokens import engines, table


@pytest.fixture(scope="module")
def tiktoken() -> engines.Engine:
    return engines.tiktoken_engine()


@pytest.fixture(scope="module")
def by_table() -> table.Table:
    return table.Table()


def test_blanks_taken_out_of_the_split_encode_as_in_it(
    monkeypatch: pytest.MonkeyPatch, tiktoken: engines.Engine
) -> None:
    strategy = st.text(" \t\u3000\xa0\r\nab1!。中", max_size=40) | st.lists(
        st.sampled_from(["    ", " ", "\n", "\r\n", "x", "1", "!", "<|im_end|>", "<|", "\u3000"])
    ).map("".join)

    @settings(max_examples=3000, deadline=None)
    @given(strategy)
    def compare(text: str) -> None:
        monkeypatch.setattr(engines, "_LONG", 1 << 16)
        expected = tiktoken.ids(text)
        monkeypatch.setattr(engines, "_LONG", 3)
        monkeypatch.setattr(engines, "_LONG_BLANK", re.compile(engines._BLANK + "{3,}"))
        assert tiktoken.ids(text) == expected

    compare()


def test_tiktoken_counts_where_gigatoken_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engines.best().name == "gigatoken"
    monkeypatch.setitem(sys.modules, "gigatoken", None)
    assert engines.best().name == "tiktoken"


# ------------------------------------------------------------------------------- the table

_PLAIN = re.compile(f"[{table.LETTERS}{table.DIGITS}{table.BLANKS}{table.OTHERS}]")
PLAIN = [c for c in map(chr, range(0x110000)) if _PLAIN.match(c)]


def test_plain_characters_are_always_in_normal_form() -> None:
    pairs = (decomposition(chr(code)).split() for code in range(0x110000))
    second = {chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and "<" not in pair[0]}
    second |= {chr(code) for code in range(0x1161, 0x1200)}  # vowels and finals of Hangul
    for character in PLAIN:
        assert normalize("NFC", character) == character
        assert not combining(character)
        assert character not in second


def test_every_plain_character_is_split_as_the_engine_does(
    by_table: table.Table, tiktoken: engines.Engine
) -> None:
    for c in PLAIN:
        text = f"{c}a{c}b {c}1{c}{c}\n{c}!{c}  {c}"
        assert by_table.encode(text) == tiktoken.ids(text), hex(ord(c))


@settings(max_examples=1500, deadline=None)
@given(data=st.data())
def test_the_table_encodes_as_the_engine_or_not_at_all(
    data: st.DataObject,
    texts: st.SearchStrategy[str],
    by_table: table.Table,
    tiktoken: engines.Engine,
) -> None:
    usual = st.sampled_from("sStTrReEvVlLmMdD' \n\r\t12!?.，。中文字aé<|>")
    plain = st.lists(usual | st.sampled_from(PLAIN), max_size=60).map("".join)
    text = normalize("NFC", data.draw(plain | texts))
    found = by_table.encode(text)
    if found is None:
        assert not all(map(_PLAIN.match, text)) or len(text.encode()) >= table.LONGEST
    else:
        assert found == tiktoken.ids(text)


@pytest.mark.parametrize("text", ["हिन्दी", "e\u0301", "\x1c", "\ud800", "ſ", "Ⅷ", "a" * 600 + "b"])
def test_the_table_leaves_what_is_not_plain_or_too_long(text: str, by_table: table.Table) -> None:
    assert by_table.encode(text) is None


@pytest.mark.parametrize("text", ["'S 'rE <|im_end|> x", "a" * 500, "通义千问，你好！" * 30])
def test_the_table_takes_plain_text(
    text: str, by_table: table.Table, tiktoken: engines.Engine
) -> None:
    assert by_table.encode(text) == tiktoken.ids(text)
