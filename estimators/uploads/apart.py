"""Documents read by a process of its own, within bounds of time and memory.

What reads a format is written by others for honest files. A file that was made to harm can take
hours or all memory; here it costs its own line, and nothing else.
"""

from __future__ import annotations

import signal
import sys
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple

from tokenassay.estimators.processes import start_context
from tokenassay.estimators.uploads.kinds import kind_of
from tokenassay.estimators.uploads.texts import Text, Unreadable, read_text

MOST_MEMORY: Final = 2 << 30
"""Bytes that the reading process may take beyond what it begins with. Linux only."""
_SECONDS, _SECONDS_A_MEGABYTE, _SECONDS_A_PAGE = 60.0, 2.0, 0.2
_MOST_SECONDS: Final = 3600.0
_CLOSING_SECONDS: Final = 2.0

_What = Literal["kind", "text"]


class Apart:
    """Reads documents, one after another, in another process that is ended where one takes long.

    ``seconds`` None gives each document a minute, and more for its bytes and for its pages.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> Apart:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None
    ) -> None:
        self._end()

    def kind(self, path: Path) -> str:
        """As :func:`kind_of`; also Unreadable where that takes too long, or ends its process."""
        return str(self._asked("kind", path))

    def read(self, path: Path) -> Text:
        """As :func:`read_text`; also Unreadable where that takes too long, or ends its process."""
        text: Text = self._asked("text", path)
        return text

    def _asked(self, what: _What, path: Path) -> Any:
        pipe = self._begin()
        began = time.monotonic()
        allowed = self._allowed(path.stat().st_size, 0)
        try:
            pipe.send((what, path))
            while pipe.poll(max(0.0, began + allowed - time.monotonic())):
                answer = pipe.recv()
                if isinstance(answer, Exception):
                    raise answer
                if not isinstance(answer, _Pages):
                    return answer
                allowed = self._allowed(path.stat().st_size, answer.number)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self._end()
            raise Unreadable("ends the process that reads it") from None
        self._end()
        raise Unreadable(f"is not read within {allowed:,g} s")

    def _allowed(self, size: int, pages: int) -> float:
        if self._seconds is not None:
            return self._seconds
        more = size / 1e6 * _SECONDS_A_MEGABYTE + pages * _SECONDS_A_PAGE
        return min(_SECONDS + more, _MOST_SECONDS)

    def _begin(self) -> Connection:
        if self._pipe is None:
            context = start_context()
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(  # type: ignore[attr-defined]
                target=_serve, args=(theirs, self._pipe), daemon=True
            )
            self._process.start()
            theirs.close()
        return self._pipe

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            self._process.kill()
            self._process.join(_CLOSING_SECONDS)
            self._process = None


class _Pages(NamedTuple):
    """A sign of life: how many pages there are to be read."""

    number: int


def _serve(pipe: Connection, other: Connection) -> None:
    """In the process: a question in, its answer or what is wrong out, until the pipe is closed."""
    other.close()  # a fork has it too, and would not hear that it is closed
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first process's to handle
    _bound_memory()
    while True:
        try:
            what, path = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            pipe.send(_answer(what, path, pipe))
        except (Unreadable, OSError) as error:
            pipe.send(error)
        except MemoryError:  # while it is told what it is, or sent
            pipe.send(Unreadable("takes more memory to read than is lent to it"))


def _answer(what: _What, path: Path, pipe: Connection) -> Text | str:
    if what == "kind":
        return kind_of(path)
    return read_text(path, lambda number: pipe.send(_Pages(number)))


def _bound_memory() -> None:
    if sys.platform != "linux":  # elsewhere a bound on addresses is not kept, or unknown
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MOST_MEMORY
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
