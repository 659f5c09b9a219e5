"""Batches of one account: what was asked, how far it is, and what came of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic, time
from typing import Any, Final

import msgspec

from tokenassay.conformance.mock.service import World

_REMEMBERED: Final = 10_000
"""Batches kept; the oldest is forgotten."""


class Batch(msgspec.Struct, eq=False):
    """One batch; changes as it is worked off."""

    id: str
    endpoint: str
    input_file_id: str
    completion_window: str
    metadata: dict[str, Any] | None
    created_at: int
    began: float
    """When it was made, on the store's clock."""
    status: str
    looks: int = 0
    """How often it was looked up."""
    cancelled_after: int | None = None
    """Steps it had made when it was cancelled."""
    stamps: dict[str, int] = {}
    """Time at which each status began, in seconds of the epoch."""
    errors: list[dict[str, Any]] = []
    total: int = 0
    completed: int = 0
    failed: int = 0
    busy: bool = False
    """Whether it is being worked on right now."""
    output_file_id: str | None = None
    error_file_id: str | None = None

    def move(self, status: str) -> None:
        """Enter a status."""
        if status != self.status:
            self.status = status
            self.stamps.setdefault(status, int(time()))


class BatchStore:
    """Batches by id, oldest first."""

    def __init__(self, world: World) -> None:
        self.clock: Callable[[], float] = monotonic
        self._world = world
        self._batches: OrderedDict[str, Batch] = OrderedDict()

    def add(
        self,
        endpoint: str,
        input_file_id: str,
        window: str,
        metadata: dict[str, Any] | None,
        status: str,
    ) -> Batch:
        """A new batch in its first status."""
        batch = Batch(
            id=f"batch_{self._world.new_uuid()}",
            endpoint=endpoint,
            input_file_id=input_file_id,
            completion_window=window,
            metadata=metadata,
            created_at=int(time()),
            began=self.clock(),
            status=status,
        )
        self._batches[batch.id] = batch
        while len(self._batches) > _REMEMBERED:
            self._batches.popitem(last=False)
        return batch

    def find(self, id: str) -> Batch | None:
        """The batch of that id."""
        return self._batches.get(id)

    def newest_first(self) -> list[Batch]:
        """All batches."""
        return list(reversed(self._batches.values()))

    def steps(self, batch: Batch) -> int:
        """How many states a batch should have left behind by now.

        With a pace in seconds they pass by the clock, without one each look moves it on.
        """
        pace = self._world.settings.batch_pace
        return batch.looks if pace <= 0 else int((self.clock() - batch.began) / pace)
