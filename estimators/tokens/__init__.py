"""Tokens of a text, counted as the Qwen models' own tokenizer counts them.

Importing this loads no vocabulary; the first text that is counted does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tokenassay.estimators.tokens import vocabulary
from tokenassay.estimators.tokens.counting import Counter, QwenCounter
from tokenassay.estimators.tokens.files import TokenizerFileError, counter_from_file
from tokenassay.estimators.tokens.normal import normalized
from tokenassay.estimators.tokens.vocabulary import VocabularyError

__all__ = [
    "TEMPLATE_TAGS",
    "Counter",
    "TokenizerFileError",
    "UnknownTokenizer",
    "VocabularyError",
    "count_tagged",
    "count_tokens",
    "counter",
    "counter_from_file",
    "decode",
    "encode",
    "expect_little",
    "has_marker",
    "pieces",
]

TEMPLATE_TAGS = (
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
)
"""One token each to the servers of 2025, though the vocabulary in dashscope has no such entries."""

_TAG = re.compile("|".join(TEMPLATE_TAGS))
_MARKER = re.compile(vocabulary.MARKER_PATTERN)
_QWEN = QwenCounter()


class UnknownTokenizer(LookupError):
    """No vocabulary of that name is at hand."""


def counter(tokenizer: str = "qwen") -> Counter:
    """The counter of a tokenizer that needs no file of the user's: ``qwen``.

    It is one object for all callers. UnknownTokenizer for any other name.
    """
    if tokenizer != "qwen":
        raise UnknownTokenizer(f"no local tokenizer {tokenizer!r}; known: qwen")
    return _QWEN


count_tokens = _QWEN.count
expect_little = _QWEN.expect_little


def count_tagged(text: str) -> int:
    """Number of tokens of a text in which each of ``TEMPLATE_TAGS`` is one token."""
    if "<" not in text:
        return _QWEN.count(text)
    parts = _TAG.split(normalized(text))
    return sum(map(_QWEN.count, parts)) + len(parts) - 1


def encode(text: str) -> list[int]:
    """Token ids of a text, as ``dashscope.get_tokenizer('qwen-turbo').encode`` gives them."""
    return _QWEN.encode(text)


def pieces(text: str) -> list[bytes]:
    """Bytes of each token of a text; joined, they are the text in normal form."""
    tokens = vocabulary.tokens()
    return [tokens[id] for id in _QWEN.encode(text)]


def decode(ids: Iterable[int]) -> str:
    """Text of token ids, markers included; bytes that are no UTF-8 become U+FFFD.

    IndexError for an id that is not in the vocabulary.
    """
    tokens = vocabulary.tokens()
    return b"".join(tokens[id] for id in ids).decode("utf-8", "replace")


def has_marker(text: str) -> bool:
    """Whether a text holds a marker of the vocabulary, such as ``<|im_end|>``."""
    return "<|" in text and _MARKER.search(text) is not None
