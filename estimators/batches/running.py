"""Files of requests counted on this machine, by one process or by several."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from itertools import islice
from typing import Final, NamedTuple

from tokenassay.estimators.batches.gathering import Batch, Gatherer
from tokenassay.estimators.batches.judging import Asked, Judge
from tokenassay.estimators.batches.lines import BadLine, read_line
from tokenassay.estimators.batches.sources import Part, lines_in, parts_of
from tokenassay.estimators.batches.stores import SourceError, files_at, is_stream, size_at
from tokenassay.estimators.batches.tallies import By, Tally, tally
from tokenassay.estimators.processes import start_context
from tokenassay.estimators.tokens.counting import QwenCounter

_AHEAD: Final = 2
"""Parts that wait for each worker: enough that none is idle, few enough to hold."""
_TRIED: Final = 100
"""Lines of a file that are tried for one that can be judged."""


class Progress(NamedTuple):
    """How far it has come, in bytes as they lie on the disk."""

    done: int
    whole: int
    """0 where that is not known, as of a stream."""
    lines: int


INTERRUPTED: Final = "interrupted"


class WorkerLost(RuntimeError):
    """A worker was ended from outside, such as for want of memory."""


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count_files(
    paths: Sequence[str],
    asked: Asked | None = None,
    *,
    by: By | None = None,
    workers: int | None = None,
    told: Callable[[Progress], None] | None = None,
) -> Batch:
    """Tokens, money and faults of every line of some files, the same for any number of workers.

    A folder stands for the files of lines below it. ``workers`` None takes one for each usable
    core. ``told`` hears of each part that is done. A KeyboardInterrupt or the loss of a worker
    ends it early: what was counted until then comes back, not complete. A file that can't be
    read, or not to its end, is told in its :class:`FileSum` and the rest goes on. Raises what
    :class:`Judge` raises for terms that can't be had, and SourceError for a folder without files
    of lines.
    """
    asked = asked or Asked()
    judge = Judge(asked)
    gatherer = Gatherer(judge)
    paths = files_at(paths)
    sizes = {path: _size(path) for path in paths}
    streams = any(map(is_stream, paths))
    whole = 0 if streams else sum(sizes.values())
    workers = workers if workers is not None else usable_cores()
    before = 0
    try:
        with ExitStack() as stack:
            if workers > 1 and (streams or whole):
                pool = stack.enter_context(_Pool(workers, judge, by, paths))
                tallies = pool.tallies
            else:

                def tallies(parts: Iterable[Part]) -> Iterator[tuple[Part, Tally]]:
                    for part in parts:
                        yield part, tally(part, judge, by)

            for path in paths:
                gatherer.begin_file(path)
                fault = None
                try:
                    for part, found in tallies(parts_of(path)):
                        gatherer.add(part, found)
                        if told is not None:
                            told(Progress(before + part.done, whole, gatherer.lines))
                        if found.fault is not None:
                            raise SourceError(found.fault)
                except SourceError as error:
                    fault = str(error)
                gatherer.end_file(fault)
                before += sizes[path]
    except KeyboardInterrupt:
        return gatherer.batch(INTERRUPTED)
    except WorkerLost as error:
        return gatherer.batch(str(error))
    return gatherer.batch()


def _size(path: str) -> int:
    try:
        return size_at(path)
    except SourceError:  # told when its turn comes
        return 0


class _Pool:
    """Worker processes that tally parts; results come in the order of the parts."""

    def __init__(self, workers: int, judge: Judge, by: By | None, paths: Sequence[str]) -> None:
        self._ahead = workers * _AHEAD
        context = start_context()
        given: Judge | Asked = judge.asked
        lent: QwenCounter | None = None
        if context.get_start_method() == "fork":
            given = judge  # with all that it has loaded, which is then in memory once
            if isinstance(judge.counter, QwenCounter) and not judge.counter.is_loaded:
                lent = judge.counter
            _warm_up(judge, paths)
        self._workers = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_start, initargs=(given, by)
        )
        self._workers.submit(usable_cores)  # starts them
        if lent is not None:
            lent.unload()  # this process counts nothing

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.shutdown(wait=True, cancel_futures=True)

    def tallies(self, parts: Iterable[Part]) -> Iterator[tuple[Part, Tally]]:
        """Each part with its tally; SourceError after all that came before the fault."""
        waiting: deque[tuple[Part, Future[Tally]]] = deque()
        ahead = iter(parts)
        fault: SourceError | None = None
        ended = False
        try:
            while waiting or not ended:
                while not ended and len(waiting) < self._ahead:
                    try:
                        part = next(ahead)
                    except StopIteration:
                        ended = True
                    except SourceError as error:
                        fault, ended = error, True
                    else:
                        waiting.append((part, self._workers.submit(_work, part)))
                if waiting:
                    part, future = waiting.popleft()
                    yield part._replace(data=None), future.result()
        except BrokenProcessPool:
            raise WorkerLost(
                "a worker process was ended from outside, as by want of memory"
            ) from None
        finally:
            for _, future in waiting:
                future.cancel()
        if fault is not None:
            raise fault


def _warm_up(judge: Judge, paths: Sequence[str]) -> None:
    """Judge the first line that can be, so that contract, vocabulary and rules are loaded."""
    for path in paths:
        if is_stream(path):  # which could not be read again
            continue
        try:
            for part in parts_of(path):
                for _, raw in islice(lines_in(part), _TRIED):
                    try:
                        judge.judge(read_line(raw or b""))
                    except BadLine:
                        continue
                    return
                break
        except SourceError:  # told when its turn comes
            continue


_workers_own: list[tuple[Judge, By | None]] = []
"""In a worker: what it judges by."""


def _start(given: Judge | Asked, by: By | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first process's to handle
    _workers_own.append((given if isinstance(given, Judge) else Judge(given), by))


def _work(part: Part) -> Tally:
    judge, by = _workers_own[0]
    return tally(part, judge, by)
