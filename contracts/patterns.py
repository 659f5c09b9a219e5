"""Error messages as patterns: literal text with ``{placeholders}`` for what varies."""

from __future__ import annotations

import re
from functools import lru_cache

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_SPACES = re.compile(r"[\s\u00a0]+")


def tidy(message: str) -> str:
    """Fold white space (no-break spaces too), which documents and servers vary freely."""
    return _SPACES.sub(" ", message).strip()


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Regular expression that a tidied message must match as a whole."""
    parts = _PLACEHOLDER.split(tidy(pattern))
    literal, names = parts[::2], parts[1::2]
    written = re.escape(literal[0])
    for name, text in zip(names, literal[1:], strict=True):
        written += f"(?P<{name}>.+?)" if f"(?P<{name}>" not in written else ".+?"
        written += re.escape(text)
    return re.compile(written)  # a tidied message has no line break


def matches(pattern: str, message: str) -> bool:
    """Whether ``message`` says what ``pattern`` says, spaces and placeholders aside."""
    return compile_pattern(pattern).fullmatch(tidy(message)) is not None


def fill(pattern: str, **values: object) -> str:
    """The message with its placeholders filled; one without a value stays as written."""
    return _PLACEHOLDER.sub(lambda m: str(values.get(m[1], m[0])), pattern)
