"""Waiting for the ledger without holding up an event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio

from tokenassay.guard.admissions import Admission
from tokenassay.guard.ledger.files import Busy
from tokenassay.guard.ledger.records import Ending

Result = TypeVar("Result")


async def aside(work: Callable[[bool], Result]) -> Result:
    """``work(False)``; where that raises Busy, for it would wait, ``work(True)`` in a thread."""
    try:
        return work(False)
    except Busy:
        pass
    return await anyio.to_thread.run_sync(work, True)


async def end(admission: Admission, ending: Ending) -> None:
    """End a call, cancelled or not: the ledger must know of a cancelled one all the more."""
    with anyio.CancelScope(shield=True):
        await aside(lambda patient: admission.end(ending, patient=patient))
