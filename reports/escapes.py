"""Text from anywhere, made fit to be shown: nothing invisible, nothing that turns the line."""

from __future__ import annotations

import json
import unicodedata
from typing import Any, Final

_KEPT: Final = "\n\t"

_SCRIPT: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""What could end a script element or a line of it."""


def visible(text: str) -> str:
    """``text`` with control, direction and format characters as code points: ``[U+202E]``.

    Line feeds and tabs stay, and so do spaces of any width.
    """
    if text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable() or char in _KEPT or unicodedata.category(char) == "Zs"
        else f"[U+{ord(char):04X}]"
        for char in text
    )


def line(text: str) -> str:
    """``text`` in one visible line."""
    return visible(" ".join(text.split()))


def script_json(data: Any) -> str:
    """``data`` as JSON that may stand inside a script element; lone surrogates as escapes."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_SCRIPT)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
