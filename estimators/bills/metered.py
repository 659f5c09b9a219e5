"""What is known of one answer's meter, as the laws of bills look at it."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Mapping
from typing import Final, Literal, Protocol

OWN: Final = "own"
"""Name of the count by which the model is estimated; others bear a template profile's name."""

Unit = Literal["characters", "UTF-8 bytes", "UTF-16 units", "words"]
"""What a meter may count in place of tokens."""


def measured(text: str) -> dict[Unit, int]:
    """The size of a text in each unit."""
    return {
        "characters": len(text),
        "UTF-8 bytes": len(text.encode("utf-8", "surrogatepass")),
        "UTF-16 units": len(text.encode("utf-16-le", "surrogatepass")) // 2,
        "words": len(text.split()),
    }


def has_chinese(text: str) -> bool:
    """Whether there is a Chinese character in a text."""
    return any(is_chinese(char) for char in text)


def is_chinese(char: str) -> bool:
    """Whether a character is a Chinese one."""
    return "\u4e00" <= char <= "\u9fff"


_LOOKED_AT: Final = 2000
"""Characters from which the script of a text is told."""


def script_of(text: str) -> str:
    """The script that most of a text is in: Chinese, digits, other letters, or signs."""
    found = {"Chinese": 0, "English": 0, "digits": 0, "other letters": 0, "signs": 0}
    for char in text[:_LOOKED_AT]:
        if char.isspace():
            continue
        if char.isdigit():
            found["digits"] += 1
        elif char.isascii():
            found["English" if char.isalpha() else "signs"] += 1
        elif is_chinese(char):
            found["Chinese"] += 3  # a character there is a word elsewhere
        else:
            found["other letters" if unicodedata.category(char)[0] == "L" else "signs"] += 1
    return max(found, key=lambda name: found[name])


class Metered(Protocol):
    """One request that was counted and billed. Tokens; None is what the answer does not tell."""

    @property
    def exchange(self) -> int:
        """Number by which the answer is named."""
        ...

    @property
    def counts(self) -> Mapping[str, int]:
        """Input tokens by template: ``own`` and the known profiles."""
        ...

    @property
    def said(self) -> int:
        """Tokens of the texts alone."""
        ...

    @property
    def earlier(self) -> int:
        """Tokens of the texts but for the last."""
        ...

    @property
    def said_by(self) -> Mapping[str, int]:
        """Tokens of the texts by the role that says them."""
        ...

    @property
    def settings(self) -> frozenset[str]:
        """Names of what the request sets beside its messages."""
        ...

    @property
    def message_count(self) -> int:
        """Messages of the request."""
        ...

    @property
    def has_system(self) -> bool:
        """Whether the first message is a system message."""
        ...

    @property
    def streamed(self) -> bool:
        """Whether the answer came as a stream."""
        ...

    @property
    def script(self) -> str:
        """Name of the script of the texts: ``Chinese``."""
        ...

    @property
    def has_chinese(self) -> bool:
        """Whether there is a Chinese character in the texts."""
        ...

    @property
    def alike(self) -> Hashable:
        """The same for requests that are alike, so that they must be billed alike."""
        ...

    @property
    def sizes(self) -> Mapping[Unit, int]:
        """The texts' size in other units than tokens."""
        ...

    @property
    def cap(self) -> int | None:
        """``max_tokens`` of the request."""
        ...

    @property
    def billed_input(self) -> int | None:
        """Input tokens that the answer states."""
        ...

    @property
    def billed_output(self) -> int | None:
        """Output tokens that the answer states."""
        ...

    @property
    def billed_total(self) -> int | None:
        """The total that the answer states."""
        ...

    @property
    def output(self) -> int | None:
        """Tokens of the answer's text; None where they can't be told."""
        ...
