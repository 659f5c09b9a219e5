"""Counting with the Qwen vocabulary."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Protocol
from unicodedata import normalize

from tokenassay.estimators.tokens.normal import RUN, STRETCH, stretches
from tokenassay.estimators.tokens.table import Table

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


_TABLE_WORK = 32_768
"""Characters that the table counts before an engine is loaded, a call taken for 512 of them."""


class QwenCounter:
    """Counts as dashscope's tokenizer does, but whole texts, of any length.

    The vocabulary is loaded by the first text that is counted: as a table for the first few short
    texts, in an engine for a long one or for many.
    """

    __slots__ = ("_ids", "_lock", "_size", "_table", "_table_work")

    def __init__(self, engine: Engine | None = None) -> None:
        self._lock = threading.Lock()
        self._table: Table | None = None
        self._table_work = _TABLE_WORK
        self._size = engine.size if engine else self._first_size
        self._ids = engine.ids if engine else self._first

    def count(self, text: str) -> int:
        """Number of tokens of a text, markers counted as markers."""
        if text.isascii():
            if len(text) <= STRETCH:  # nothing to normalize
                return self._size(text)
        elif len(text) < RUN:
            try:
                return self._size(normalize("NFC", text))
            except (TypeError, UnicodeEncodeError):  # how the engines meet lone surrogates
                pass
        return sum(map(self._size, stretches(text)))

    def count_many(self, texts: Iterable[str]) -> list[int]:
        """Number of tokens of each text."""
        return [self.count(text) for text in texts]

    def encode(self, text: str) -> list[int]:
        """Token ids of a text."""
        return [id for part in stretches(text) for id in self._ids(part)]

    def _first(self, text: str) -> list[int]:
        """Token ids of one of the first texts, which decides what is loaded."""
        with self._lock:
            self._table_work -= 512 + len(text)
            if self._table_work >= 0:
                if self._table is None:
                    self._table = Table()
                ids = self._table.encode(text)
                if ids is not None:
                    return ids
            if self._ids == self._first:
                from tokenassay.estimators.tokens import engines

                engine = engines.best()
                self._ids, self._size = engine.ids, engine.size
                self._table, self._table_work = None, 0
        return self._ids(text)

    def _first_size(self, text: str) -> int:
        return len(self._first(text))
