"""Secrets leave no trace: they are removed by value, in every form they may come back in.

By value, not by the name of a field: ``max_tokens`` is no token, and an endpoint may echo a
key anywhere, in any field, escaped character by character or inside something encoded.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterable
from typing import Final

MASK: Final = "[key removed]"

_SHORTEST: Final = 6
"""Shorter values would also hit ordinary text."""

_ENTITIES: Final = {"<": "lt", ">": "gt", "&": "amp", '"': "quot", "'": "apos"}


class Redactor:
    """Removes a fixed set of secret values from text and bytes."""

    def __init__(self, secrets: Iterable[str]) -> None:
        wanted = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)
        pattern = "|".join(form for secret in wanted for form in _patterns(secret))
        self._text = re.compile(pattern, re.I) if pattern else None
        self._bytes = re.compile(pattern.encode(), re.I) if pattern else None

    def text(self, value: str) -> str:
        """``value`` without any secret."""
        return self._text.sub(MASK, value) if self._text else value

    def bytes(self, value: bytes) -> bytes:
        """``value`` without any secret."""
        return self._bytes.sub(MASK.encode(), value) if self._bytes else value


class LogFilter(logging.Filter):
    """Keeps secrets out of the logs of the libraries that carry them."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record through, its message cleaned."""
        record.msg, record.args = self._redactor.text(record.getMessage()), ()
        return True


def _patterns(secret: str) -> Iterable[str]:
    """Regular expressions for a secret: as it is or escaped, in hex, inside base64, cut short."""
    whole = [_any_form(character) for character in secret]
    yield "".join(whole)
    raw = secret.encode()
    yield raw.hex()
    for form in sorted({inner for alignment in range(3) for inner in _in_base64(raw, alignment)}):
        yield re.escape(form)
    # An echo may be cut short ("sk-abc…"): a long enough beginning is a secret as well.
    if len(secret) >= 2 * _SHORTEST:
        yield "".join(whole[: max(_SHORTEST + 2, len(secret) * 2 // 3)])


def _any_form(character: str) -> str:
    """A character as it is, percent-encoded, as a JSON escape or as an HTML entity."""
    point = ord(character)
    quoted = "".join(f"%{byte:02x}" for byte in character.encode())
    forms = [re.escape(character), quoted, rf"\\+u{point:04x}", f"&#0*{point};", f"&#x0*{point:x};"]
    if character in "\"'\\/":
        forms.append(r"\\+" + re.escape(character))  # of an escaped text, escaped again
    if character in _ENTITIES:
        forms.append(f"&{_ENTITIES[character]};")
    return f"(?:{'|'.join(forms)})"


def _in_base64(raw: bytes, alignment: int) -> Iterable[str]:
    """What ``raw`` surely comes to in the base64 of a text that has it at such an offset."""
    padded = b"\0" * alignment + raw
    begin, end = -(-alignment * 8 // 6), len(padded) * 8 // 6
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(padded).decode()[begin:end]
