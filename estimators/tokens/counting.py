"""Counting with the Qwen vocabulary."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Protocol
from unicodedata import normalize

from tokenassay.estimators.tokens.children import renew_in_children
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

_LONGEST_OF_MANY = 4096
"""Characters of a text up to which it is counted together with others."""

_AT_ONCE = 1 << 17
"""Characters that are counted at once."""


class QwenCounter:
    """Counts as dashscope's tokenizer does, but whole texts, of any length.

    The first text that is counted loads the vocabulary into an engine.
    """

    __slots__ = ("__weakref__", "_ids", "_lock", "_size", "_sizes", "_table", "_table_work")

    def __init__(self, engine: Engine | None = None) -> None:
        self._lock = threading.Lock()
        renew_in_children(self)
        self._table: Table | None = None
        self._table_work = 0
        self._size = engine.size if engine else self._first_size
        self._sizes = engine.sizes if engine else self._first_sizes
        self._ids = engine.ids if engine else self._first_ids

    def expect_little(self) -> None:
        """Count the first short texts by a table, which is ready sooner than an engine."""
        self._table_work = _TABLE_WORK

    @property
    def is_loaded(self) -> bool:
        """Whether it has an engine at hand."""
        return self._ids != self._first_ids

    def unload(self) -> None:
        """Let go of the engine and of what it remembers; the next text loads it again."""
        with self._lock:
            self._size, self._sizes = self._first_size, self._first_sizes
            self._ids = self._first_ids

    def renew(self) -> None:
        """In a child: begin again where another thread was about to load the engine."""
        if self._lock.locked():
            self._lock, self._table = threading.Lock(), None
            self.unload()

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
        plain: list[int] = []
        others: list[int] = []
        for place, text in enumerate(texts):
            if len(text) > _LONGEST_OF_MANY or "<|" in text:
                counts[place] = self.count(text)
            else:
                (plain if text.isascii() else others).append(place)
        for places in (plain, others):
            for lot in _lots(places, texts):
                ready = [texts[place] for place in lot]
                if places is others:
                    ready = list(map(normalized, ready))
                for place, count in zip(lot, self._sizes(ready), strict=True):
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
        if not self.is_loaded:
            from tokenassay.estimators.tokens import engines

            engine = engines.best()
            self._ids, self._sizes, self._size = engine.ids, engine.sizes, engine.size
            self._table, self._table_work = None, 0


def _lots(places: list[int], texts: list[str]) -> Iterator[list[int]]:
    """Places of texts in lots of about ``_AT_ONCE`` characters."""
    begun = length = 0
    for number, place in enumerate(places, 1):
        length += len(texts[place])
        if length >= _AT_ONCE:
            yield places[begun:number]
            begun, length = number, 0
    if begun < len(places):
        yield places[begun:]
