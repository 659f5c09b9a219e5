"""A secret is found in whatever form it comes back, and nothing else is."""

from __future__ import annotations

import base64
import html
import json
import logging
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenassay.conformance.redaction import MASK, LogFilter, Redactor

KEY = "sk-c4nary/7f+Ob\"e'42"
keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=60)


def forms(key: str, before: str = "") -> list[str]:
    """What an endpoint may make of a key that it echoes."""
    raw = (before + key).encode()
    return [
        key,
        key.upper(),
        quote(key, safe=""),
        "".join(f"%{byte:02X}" for byte in key.encode()),
        json.dumps(key)[1:-1],
        json.dumps(key)[1:-1].replace("/", "\\/"),
        "".join(f"\\u{ord(letter):04x}" for letter in key),
        html.escape(key),
        "".join(f"&#{ord(letter)};" for letter in key),
        raw.hex(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    ]


@given(keys, st.text(max_size=5))
def test_every_form_is_removed(key: str, before: str) -> None:
    redactor = Redactor([key])
    for form in forms(key, before):
        for text in (form, f"before {form} after"):
            cleaned = redactor.text(text)
            assert MASK in cleaned, form
            assert form not in cleaned
            assert redactor.bytes(text.encode()).decode() == cleaned


@settings(max_examples=20, deadline=None)
@given(keys, st.integers(64_000, 70_000))
def test_large_bodies_are_cleaned_too(key: str, size: int) -> None:
    redactor = Redactor([key])
    for form in forms(key):
        assert MASK.encode() in redactor.bytes(b"\xff\x00" * size + form.encode()), form
    assert redactor.bytes(b"\xff\x00" * size) == b"\xff\x00" * size


def test_forms_may_be_mixed_and_cut_short() -> None:
    redactor = Redactor([KEY])
    assert redactor.text(KEY.replace("-", "\\u002d").replace("/", "%2f")) == MASK
    assert MASK in redactor.text(KEY[:14] + "…")


@given(st.text(max_size=200))
def test_other_text_is_left_alone(text: str) -> None:
    redactor = Redactor([KEY])
    if KEY[:8].lower() not in text.lower():
        assert redactor.text(text) == text
    assert Redactor([]).text(text) == text


def test_it_goes_by_value_and_not_by_name() -> None:
    body = '{"max_tokens": 5, "token": "abc", "api_key": "other"}'
    assert Redactor([KEY]).text(body) == body
    assert Redactor(["short"]).text("short") == "short"


def test_log_records_are_cleaned(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("tests.redaction")
    logger.addFilter(LogFilter(Redactor([KEY])))
    with caplog.at_level(logging.DEBUG, "tests.redaction"):
        logger.debug("headers %s", {"authorization": f"Bearer {KEY}"})
    assert MASK in caplog.text
    assert "c4nary" not in caplog.text
