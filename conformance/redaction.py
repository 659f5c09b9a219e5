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

_LARGE: Final = 64_000
"""Bytes from which on a search for every form takes too long to be done for nothing."""

_LONGEST_FORM: Final = 32
"""Bytes that a form may take for one character."""

_ENTITIES: Final = {"<": "lt", ">": "gt", "&": "amp", '"': "quot", "'": "apos"}


Octets = bytes
"""``bytes``, under a name that the method of that name does not hide."""


class Redactor:
    """Removes a fixed set of secret values from text and bytes."""

    def __init__(self, secrets: Iterable[str]) -> None:
        wanted = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)
        pattern = "|".join(form for secret in wanted for form in _patterns(secret))
        self._text = re.compile(pattern, re.I) if pattern else None
        self._bytes = re.compile(pattern.encode(), re.I) if pattern else None
        self._needles = [needle for secret in wanted for needle in _needles(secret)]
        self._reach = _LONGEST_FORM * max(map(len, wanted), default=0)

    def text(self, value: str) -> str:
        """``value`` without any secret."""
        return self._text.sub(MASK, value) if self._text else value

    def bytes(self, value: Octets) -> Octets:
        """``value`` without any secret."""
        if self._bytes is None:
            return value
        if len(value) <= _LARGE:
            return self._bytes.sub(MASK.encode(), value)
        parts, done = [], 0
        for begin, end in self._suspects(value):
            parts += [value[done:begin], self._bytes.sub(MASK.encode(), value[begin:end])]
            done = end
        return b"".join([*parts, value[done:]]) if parts else value

    def _suspects(self, value: Octets) -> Iterable[tuple[int, int]]:
        """Where the slow search is worth it in a large body, an upload for instance."""
        low = value.lower()
        hits = sorted({hit for needle in self._needles for hit in _find_all(low, needle)})
        begin, end = 0, 0
        for hit in hits:
            if hit - self._reach > end:
                if end:
                    yield begin, end
                begin = max(hit - self._reach, 0)
            end = min(hit + self._reach, len(value))
        if end:
            yield begin, end


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


def _find_all(data: bytes, needle: bytes) -> Iterable[int]:
    at = data.find(needle)
    while at >= 0:
        yield at
        at = data.find(needle, at + 1)


def _needles(secret: str) -> Iterable[bytes]:
    """What any form of a secret has in it: a run of plain characters, or its first two escaped."""
    beginning = secret[: max(_SHORTEST + 2, len(secret) * 2 // 3)]
    run = max(re.findall(r"[0-9a-z]+", beginning, re.I) or [beginning], key=len)
    yield run.lower().encode()
    for pair in zip(*(_escapes(character) for character in run[:2]), strict=True):
        yield "".join(pair).lower().encode()
    yield secret.encode().hex().encode()
    for alignment in range(3):
        for form in _in_base64(secret.encode(), alignment):
            yield form.lower().encode()


def _escapes(character: str) -> Iterable[str]:
    point = ord(character)
    yield "".join(f"%{byte:02x}" for byte in character.encode())
    yield rf"\u{point:04x}"
    yield f"&#{point};"
    yield f"&#x{point:x};"


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
