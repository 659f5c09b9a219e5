"""Counting with the Qwen vocabulary."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Protocol
from unicodedata import normalize

from tokenassay.estimators.tokens.normal import RUN, STRETCH, normalized, stretches
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

_BATCH = 1024
"""Short texts that are counted at once."""


class QwenCounter:
    """Counts as dashscope's tokenizer does, but whole texts, of any length.

    The first text that is counted loads the vocabulary into an engine.
    """

    __slots__ = ("_ids", "_lock", "_size", "_sizes", "_table", "_table_work")

    def __init__(self, engine: Engine | None = None) -> None:
        self._lock = threading.Lock()
        self._table: Table | None = None
        self._table_work = 0
        self._size = engine.size if engine else self._first_size
        self._sizes = engine.sizes if engine else self._first_sizes
        self._ids = engine.ids if engine else self._first_ids

    def expect_little(self) -> None:
        """Count the first short texts by a table, which is ready sooner than an engine."""
        self._table_work = _TABLE_WORK

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
        return sum(map(self._size_of_stretch, stretches(text)))

    def count_many(self, texts: Iterable[str]) -> list[int]:
        """Number of tokens of each text; for many short texts in a fraction of the time."""
        texts = list(texts)
        counts = [0] * len(texts)
        places: list[int] = []
        batch: list[str] = []
        for place, text in enumerate(texts):
            if len(text) < RUN and "<|" not in text:
                places.append(place)
                batch.append(text if text.isascii() else normalized(text))
            else:
                counts[place] = self.count(text)
        for start in range(0, len(batch), _BATCH):
            found = self._sizes(batch[start : start + _BATCH])
            for place, count in zip(places[start : start + _BATCH], found, strict=True):
                counts[place] = count
        return counts

    def encode(self, text: str) -> list[int]:
        """Token ids of a text."""
        return [id for part in stretches(text) for id in self._ids(part)]

    def _size_of_stretch(self, text: str) -> int:
        if len(text) <= 2 * STRETCH:
            return self._size(text)
        from tokenassay.estimators.tokens.runs import count_run

        size = count_run(text, self._ids)
        return self._size(text) if size is None else size

    def _small(self, text: str) -> list[int] | None:
        """Token ids of one of the first texts by the table, or None and an engine is loaded."""
        with self._lock:
            self._table_work -= 512 + len(text)
            if self._table_work >= 0:
                if self._table is None:
                    self._table = Table()
                ids = self._table.encode(text)
                if ids is not None:
                    return ids
            self._load()
        return None

    def _first_ids(self, text: str) -> list[int]:
        ids = self._small(text)
        return self._ids(text) if ids is None else ids

    def _first_size(self, text: str) -> int:
        ids = self._small(text)
        return self._size(text) if ids is None else len(ids)

    def _first_sizes(self, texts: list[str]) -> list[int]:
        if self._table_work > 0:
            return [self._size(text) for text in texts]
        with self._lock:
            self._load()
        return self._sizes(texts)

    def _load(self) -> None:
        if self._ids == self._first_ids:
            from tokenassay.estimators.tokens import engines

            engine = engines.best()
            self._ids, self._sizes, self._size = engine.ids, engine.sizes, engine.size
            self._table, self._table_work = None, 0
