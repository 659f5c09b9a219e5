"""Secrets leave no trace: they are removed by value, in every form they may come back in.

By value, not by the name of a field: ``max_tokens`` is no token, and an endpoint may echo a
key anywhere, in any field, encoded or cut in two by JSON escapes.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "[key removed]"
_SHORTEST = 6
"""Shorter values would also hit ordinary text."""


class Redactor:
    """Removes a fixed set of secret values from text and bytes."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        ordered = sorted(forms, key=len, reverse=True)
        self._text = re.compile("|".join(map(re.escape, ordered)), re.I) if ordered else None
        self._bytes = (
            re.compile(b"|".join(re.escape(form.encode()) for form in ordered), re.I)
            if ordered
            else None
        )

    def text(self, value: str) -> str:
        """``value`` without any secret."""
        return self._text.sub(MASK, value) if self._text else value

    def bytes(self, value: bytes) -> bytes:
        """``value`` without any secret."""
        return self._bytes.sub(MASK.encode(), value) if self._bytes else value


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    forms = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        "".join(f"\\u{ord(character):04x}" for character in secret),
        raw.hex(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
        base64.b64encode(raw).decode().rstrip("="),
        base64.b64encode(b"Bearer " + raw).decode().rstrip("="),
    }
    # An echo may be cut short ("sk-abc…"): a long enough beginning is a secret as well.
    if len(secret) >= 2 * _SHORTEST:
        forms.add(secret[: max(_SHORTEST + 2, len(secret) * 2 // 3)])
    return forms
