"""No invisible character is left, and nothing can end a script element."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tokenassay.reports.escapes import line, script_json, visible

HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
TEXT = st.text(st.characters(categories=None))


@given(TEXT)
def test_nothing_invisible_is_left(text: str) -> None:
    shown = visible(text)
    left = [c for c in shown if unicodedata.category(c) in HIDDEN and c not in "\n\t"]
    assert left == []


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"])))
def test_what_can_be_seen_stays(text: str) -> None:
    assert visible(text) == text


def test_code_points_are_named() -> None:
    assert visible("a\u202eb\x00c\ud800") == "a[U+202E]b[U+0000]c[U+D800]"
    assert line("a\n b\t\u200fc") == "a b [U+200F]c"


@given(st.recursive(TEXT | st.integers() | st.none(), lambda inner: st.lists(inner)))
def test_json_in_a_script_element(data: object) -> None:
    written = script_json(data)
    assert not set(written) & set("<>&\u2028\u2029")
    written.encode("utf-8")
    assert json.loads(written) == data
