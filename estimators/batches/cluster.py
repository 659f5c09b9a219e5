"""Files of requests counted by a Ray cluster, with the figures that one machine gives.

Ray Data hands each file's parts to the cluster's workers, which tally them where they are; the
tallies, a few kilobytes each, come back in the order of the parts. Needs the extra
``tokenassay[ray]``, and tokenassay itself on every node.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from tokenassay.estimators.batches.gathering import Batch, Gatherer
from tokenassay.estimators.batches.judging import Asked, Judge
from tokenassay.estimators.batches.running import INTERRUPTED, Progress
from tokenassay.estimators.batches.sources import Part, is_packed, parts_of
from tokenassay.estimators.batches.stores import SourceError, files_at, is_stream, size_at
from tokenassay.estimators.batches.tallies import By, Tally, tally

PART_BYTES: Final = 16 << 20
"""Larger than on one machine: a task costs a cluster more than a process costs a call."""

_STATISTICS: Final = "RAY_USAGE_STATS_ENABLED"
_ANSWER_SECONDS: Final = 10


class ClusterError(RuntimeError):
    """Ray is not there, or the cluster can't be used; one line that says why."""


def count_on_ray(
    paths: Sequence[str],
    asked: Asked | None = None,
    *,
    by: By | None = None,
    workers: int | None = None,
    told: Callable[[Progress], None] | None = None,
) -> Batch:
    """:func:`count_files` on a Ray cluster, over files, folders and URLs of object stores.

    The cluster is the one that ``RAY_ADDRESS`` names or that this process has joined; without
    either, one of ``workers`` cores is started here for the time it takes. Every node must see
    the paths, the contract and the tokenizer that are named. A compressed file is one task, for
    it can only be read from its beginning. What was counted before the cluster gave up or a
    KeyboardInterrupt comes back, not complete. Raises ClusterError where there is no cluster,
    SourceError for a folder without files of lines, and what :class:`Judge` raises.
    """
    asked = asked or Asked()
    gatherer = Gatherer(Judge(asked))
    files = files_at(paths)
    sizes: dict[str, int] = {}
    faults: dict[str, str] = {}
    for path in files:
        if is_stream(path):
            faults[path] = f"{path}: a stream can't be read by a cluster"
            continue
        try:
            sizes[path] = size_at(path)
        except SourceError as error:
            faults[path] = str(error)
    whole = sum(sizes.values())
    done = 0
    stopped = None
    joined = False
    try:
        with _cluster(workers) as data:
            joined = True
            readable = [path for path in files if path in sizes]
            upcoming = groupby(_tallies(data, readable, asked, by, workers), key=itemgetter(0))
            following = next(upcoming, None)
            for path in files:
                gatherer.begin_file(path)
                fault = faults.get(path)
                if following is not None and following[0] == path:
                    for _, part, found in following[1]:
                        if fault is not None:  # nothing is told of what lies behind one
                            continue
                        if part is None or isinstance(found, str):
                            fault = str(found)
                            continue
                        gatherer.add(part, found)
                        fault = found.fault
                        if told is not None:
                            told(Progress(done + part.done, whole, gatherer.lines))
                    following = next(upcoming, None)
                gatherer.end_file(fault)
                done += sizes.get(path, 0)
    except KeyboardInterrupt:
        stopped = INTERRUPTED
    except ClusterError as error:
        if not joined:
            raise
        stopped = str(error)
    return gatherer.batch(stopped)


def _tallies(
    data: Any, paths: Sequence[str], asked: Asked, by: By | None, workers: int | None
) -> Iterator[tuple[str, Part | None, Tally | str]]:
    """Path, part and tally of every part in order; a path, None and a fault where one ends."""
    tasks = [task for path in paths for task in _tasks(path)]
    if not tasks:
        return
    data.DataContext.get_current().execution_options.preserve_order = True
    data.DataContext.get_current().enable_progress_bars = False
    terms = pickle.dumps((asked, by))

    def work(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for result in _work(row, terms):
            yield {"result": pickle.dumps(result)}

    rows = data.from_items(tasks, override_num_blocks=len(tasks)).flat_map(
        work, concurrency=min(workers, len(tasks)) if workers else None
    )
    try:
        for row in rows.iter_rows():
            yield pickle.loads(row["result"])  # noqa: S301 - our own, from our own workers
    except Exception as error:  # Ray's own, of many kinds
        reason = str(getattr(error, "cause", None) or error).strip().splitlines()[-1]
        raise ClusterError(f"the cluster gave up: {reason}") from None


def _tasks(path: str) -> list[dict[str, Any]]:
    """What one worker does at a time: a range of a plain file, or a whole compressed one."""
    if is_packed(path):
        return [{"path": path, "start": 0, "end": -1}]
    return [
        {"path": path, "start": part.start, "end": part.end} for part in parts_of(path, PART_BYTES)
    ]


def _work(row: dict[str, Any], terms: bytes) -> Iterator[tuple[str, Part | None, Tally | str]]:
    """In a worker: the tallies of a task."""
    path, start, end = row["path"], row["start"], row["end"]
    judge, by = _judge(terms)
    try:
        parts = parts_of(path) if end < 0 else (Part(path, start, end, None, end),)
        for part in parts:
            yield path, part._replace(data=None), tally(part, judge, by)
    except SourceError as error:
        yield path, None, str(error)


@lru_cache(maxsize=4)
def _judge(terms: bytes) -> tuple[Judge, By | None]:
    asked, by = pickle.loads(terms)  # noqa: S301 - what this module wrote
    return Judge(asked), by


@contextmanager
def _cluster(workers: int | None) -> Iterator[Any]:
    """Ray Data, on the cluster that is there or on one of our own."""
    os.environ.setdefault(_STATISTICS, "0")  # nothing here calls home
    try:
        import ray
        import ray.data
    except ImportError:
        raise ClusterError("--engine ray needs Ray: pip install 'tokenassay[ray]'") from None
    ours = not ray.is_initialized()
    if ours:
        named = os.environ.get("RAY_ADDRESS")
        if named:
            _reach(named)
        joined: dict[str, Any] = (
            {}
            if named
            else {
                "address": "local",
                "num_cpus": workers,
                "include_dashboard": False,
            }
        )
        try:
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **joined)
        except (RuntimeError, ValueError, ConnectionError, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ClusterError(f"no Ray cluster: {reason}") from None
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield ray.data
    finally:
        if ours:
            ray.shutdown()


def _reach(address: str) -> None:
    """ClusterError where nobody listens at an address: Ray itself asks on for many minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():  # such as auto; what is none, Ray tells itself
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ClusterError(f"no Ray cluster at {address}: {reason}") from None
