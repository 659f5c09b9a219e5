"""Counting with the Qwen vocabulary."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sized
from typing import Protocol
from unicodedata import normalize

from tokenassay.estimators.tokens.normal import RUN, STRETCH, stretches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenassay.estimators.tokens.engines import Engine


class Counter(Protocol):
    """Counts the tokens of texts. Safe to share between threads."""

    def count(self, text: str) -> int:
        """Number of tokens of a text."""
        ...

    def count_many(self, texts: Iterable[str]) -> list[int]:
        """Number of tokens of each text."""
        ...

    def encode(self, text: str) -> list[int]:
        """Token ids of a text."""
        ...


class QwenCounter:
    """Counts as dashscope's tokenizer does, but whole texts, of any length.

    The vocabulary is loaded by the first text that is counted.
    """

    __slots__ = ("_encode", "_ids", "_lock")

    def __init__(self, engine: Engine | None = None) -> None:
        self._lock = threading.Lock()
        self._encode = engine.encode if engine else self._first
        self._ids = engine.ids if engine else self._first_ids

    def count(self, text: str) -> int:
        """Number of tokens of a text, markers counted as markers."""
        if text.isascii():
            if len(text) <= STRETCH:  # nothing to normalize
                return len(self._encode(text))
        elif len(text) < RUN:
            try:
                return len(self._encode(normalize("NFC", text)))
            except (TypeError, UnicodeEncodeError):  # how the engines meet lone surrogates
                pass
        return sum(len(self._encode(part)) for part in stretches(text))

    def count_many(self, texts: Iterable[str]) -> list[int]:
        """Number of tokens of each text."""
        return [self.count(text) for text in texts]

    def encode(self, text: str) -> list[int]:
        """Token ids of a text."""
        return [id for part in stretches(text) for id in self._ids(part)]

    def _load(self) -> None:
        from tokenassay.estimators.tokens import engines

        with self._lock:
            if self._encode == self._first:
                engine = engines.best()
                self._ids, self._encode = engine.ids, engine.encode

    def _first(self, text: str) -> Sized:
        self._load()
        return self._encode(text)

    def _first_ids(self, text: str) -> list[int]:
        self._load()
        return self._ids(text)
