"""Waiting for the ledger without holding up an event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import anyio

from tokenassay.guard.admissions import Admission
from tokenassay.guard.ledger.files import Busy
from tokenassay.guard.ledger.records import Ending

_CANCELLED: Final = Ending(state="released", why="never sent: cancelled")


async def admitted(admit: Callable[[bool], Admission]) -> Admission:
    """What ``admit`` gives, which may be a wait.

    Who is cancelled meanwhile may leave the wait behind in its thread: what is admitted after that
    is sent by nobody, and released.
    """
    try:
        return admit(False)
    except Busy:
        pass
    came: list[Admission] = []
    gone = threading.Event()

    def wait() -> Admission:
        admission = admit(True)
        came.append(admission)
        if gone.is_set():
            admission.end(_CANCELLED)
        return admission

    try:
        return await anyio.to_thread.run_sync(wait)
    except BaseException:
        gone.set()
        for admission in came:
            admission.forget(_CANCELLED)
        raise


async def end(admission: Admission, ending: Ending) -> None:
    """End a call, cancelled or not: the ledger must know of a cancelled one all the more."""
    try:
        admission.end(ending, patient=False)
    except Busy:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(admission.end, ending)
