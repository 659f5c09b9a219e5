"""The kill matrix: every lie of the mock against the promises, and the honest mock against all.

A lie is caught where a promise is violated, or not strictly kept, at a mock that tells it and
nothing else. An alarm is false where that happens at the honest mock. Lies about limits that cost
too much to try at their documented size are tried at lower ones, and told apart.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

from tokenassay import __version__
from tokenassay.conformance.lowering import lowered
from tokenassay.conformance.mock.lies.registry import Lie, lies_for
from tokenassay.conformance.models import covering_models
from tokenassay.conformance.outcomes import Outcome
from tokenassay.conformance.promises.registry import Promise, promises_for
from tokenassay.conformance.rehearsals import mock_session
from tokenassay.conformance.running import run_promise
from tokenassay.conformance.suites import Score
from tokenassay.contracts.edition import Edition, applies
from tokenassay.contracts.records import Record
from tokenassay.contracts.store import Contract, headers, load_edition

SCHEMA: Final = "tokenassay.selfcheck/1"

_CAUGHT: Final[tuple[Outcome, ...]] = ("violated", "non-strict")
_FAMILY_OF: Final = {"ranges": "parameters"}
"""Families of lies that go by another name than the promises of theirs."""


class Catch(Record, frozen=True, kw_only=True):
    """A promise that a lie breaks."""

    promise: str
    family: str
    model: str
    outcome: Outcome
    lowered: bool = False
    """Whether the limit it is about was lowered, its documented size being too much to try."""


class LieRow(Record, frozen=True, kw_only=True):
    """One lie at one edition."""

    name: str
    family: str
    summary: str
    clauses: tuple[str, ...]
    caught_by: tuple[Catch, ...]
    """Without ``full`` the first promise that catches it, one of its own family if any does."""
    own_family: bool
    """Whether a promise of a family that it is about catches it."""

    @property
    def only_lowered(self) -> bool:
        """Whether it is caught where limits are lowered, and nowhere else."""
        return bool(self.caught_by) and all(catch.lowered for catch in self.caught_by)


class Alarm(Record, frozen=True, kw_only=True):
    """A promise that is not kept at the honest mock."""

    promise: str
    model: str
    outcome: Outcome
    why: str


class EditionRow(Record, frozen=True, kw_only=True):
    """The matrix of one edition."""

    id: str
    models: tuple[str, ...]
    promises: int
    """Promises tried, each model's counted."""
    lies: tuple[LieRow, ...]
    false_alarms: tuple[Alarm, ...]
    inconclusive: tuple[Alarm, ...]
    """What could not be told at the honest mock: no alarm, but no proof either."""


class Matrix(Record, frozen=True, kw_only=True):
    """The kill matrix of all editions asked for."""

    schema: str = SCHEMA
    version: str
    date: str
    full: bool
    """Whether each lie met every promise."""
    editions: tuple[EditionRow, ...]

    @property
    def score(self) -> Score:
        """Lies, how many are caught, and false alarms."""
        rows = [(edition.id, lie) for edition in self.editions for lie in edition.lies]
        return Score(
            lies=len(rows),
            caught=sum(bool(lie.caught_by) for _, lie in rows),
            false_alarms=sum(len(edition.false_alarms) for edition in self.editions),
            date=self.date,
            editions=tuple(edition.id for edition in self.editions),
            missed=tuple(f"{id}/{lie.name}" for id, lie in rows if not lie.caught_by),
            lowered=tuple(f"{id}/{lie.name}" for id, lie in rows if lie.only_lowered),
        )


class _Task(Record, frozen=True, kw_only=True):
    """One piece of work for a process: a lie, or with None the honest mock with one model."""

    edition: str
    lie: str | None
    model: str = ""
    lowered: bool = False
    """For the honest mock: costly limits lowered, and the promises about them alone."""
    full: bool = False
    seed: int = 0


def check_suite(
    editions: Iterable[str] = (),
    *,
    full: bool = False,
    workers: int = 2,
    seed: int = 0,
    told: Callable[[int, int], None] | None = None,
) -> Matrix:
    """Try every lie of these editions (none: all of the package) in ``workers`` processes.

    ``told`` hears how many pieces of the work are done, and of how many. UnknownEdition where
    the package has not one of them.
    """
    ids = tuple(editions) or tuple(headers())
    tasks = [task for id in ids for task in _tasks(id, full, seed)]
    found: list[LieRow | tuple[Alarm, ...]] = []
    for done in _worked(tasks, workers):
        found.append(done)
        if told is not None:
            told(len(found), len(tasks))
    results = list(zip(tasks, found, strict=True))
    rows = []
    for id in ids:
        own = [(task, result) for task, result in results if task.edition == id]
        alarms = [alarm for _, result in own if isinstance(result, tuple) for alarm in result]
        models = tuple(task.model for task, _ in own if task.lie is None and not task.lowered)
        edition = load_edition(id)
        rows.append(
            EditionRow(
                id=id,
                models=models,
                promises=sum(len(promises_for(edition, model)) for model in models),
                lies=tuple(result for _, result in own if isinstance(result, LieRow)),
                false_alarms=tuple(a for a in alarms if a.outcome in _CAUGHT),
                inconclusive=tuple(a for a in alarms if a.outcome not in _CAUGHT),
            )
        )
    return Matrix(
        version=__version__,
        date=dt.datetime.now(dt.timezone.utc).date().isoformat(),
        full=full,
        editions=tuple(rows),
    )


def _tasks(id: str, full: bool, seed: int) -> Iterator[_Task]:
    contract = Contract(load_edition(id))
    _, costly = lowered(contract)
    for small in (False, True) if costly else (False,):
        for model in covering_models(contract):
            yield _Task(edition=id, lie=None, model=model, lowered=small, seed=seed)
    for lie in lies_for(contract.edition):
        yield _Task(edition=id, lie=lie.name, full=full, seed=seed)


def _worked(tasks: list[_Task], workers: int) -> Iterator[LieRow | tuple[Alarm, ...]]:
    if workers < 2:
        yield from map(_work, tasks)
        return
    # Processes that are spawned inherit no thread and no lock of a caller's.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_work, tasks, chunksize=4)


def _work(task: _Task) -> LieRow | tuple[Alarm, ...]:
    contract = Contract(load_edition(task.edition))
    if task.lie is None and task.lowered:
        small, costly = lowered(contract)
        return false_alarms(small, task.model, task.seed, clauses=costly)
    if task.lie is None:
        return false_alarms(contract, task.model, task.seed)
    lie = next(lie for lie in lies_for(contract.edition) if lie.name == task.lie)
    return try_lie(contract, lie, full=task.full, seed=task.seed)


def false_alarms(
    contract: Contract, model: str, seed: int = 0, *, clauses: Collection[str] | None = None
) -> tuple[Alarm, ...]:
    """What the promises, all or those about ``clauses``, hold against the honest mock."""
    alarms = []
    with mock_session(contract, model, seed=seed) as session:
        for promise in promises_for(contract.edition, model):
            if clauses is not None and promise.clause not in clauses:
                continue
            verdict = run_promise(session, promise)
            if verdict.outcome in (*_CAUGHT, "inconclusive"):
                why = verdict.why or f"expected {verdict.expected}; observed {verdict.observed}"
                alarms.append(
                    Alarm(promise=promise.id, model=model, outcome=verdict.outcome, why=why)
                )
    return tuple(alarms)


def try_lie(contract: Contract, lie: Lie, *, full: bool = False, seed: int = 0) -> LieRow:
    """Which promises catch a lie: the first, those of its own family before others, or all."""
    edition = contract.edition
    broken = lie.broken(edition)
    own = {_FAMILY_OF.get(lie.family, lie.family)}
    own |= {edition.clause(id).family for id in broken}
    caught: list[Catch] = []
    for small, model, promises in _rounds(contract, broken, own):
        served = contract if small is None else small
        with mock_session(served, model, lies=[lie.name], seed=seed) as session:
            for promise in promises:
                verdict = run_promise(session, promise)
                if verdict.outcome in _CAUGHT:
                    caught.append(
                        Catch(
                            promise=promise.id,
                            family=promise.family,
                            model=model,
                            outcome=verdict.outcome,
                            lowered=small is not None,
                        )
                    )
                    if not full:
                        break
        if caught and not full:
            break
    return LieRow(
        name=lie.name,
        family=lie.family,
        summary=lie.summary,
        clauses=broken,
        caught_by=tuple(caught),
        own_family=any(catch.family in own for catch in caught),
    )


def _rounds(
    contract: Contract, broken: Sequence[str], own: set[str]
) -> Iterator[tuple[Contract | None, str, list[Promise]]]:
    """Models with the promises to try at each: those of a lie's own families at all models first.

    Of models, those that a broken clause speaks of come first; of promises, those about a broken
    clause. Costly limits that a lie is about come next, with the contract that lowers them (None
    elsewhere), and promises of other families last.
    """
    edition = contract.edition
    models = sorted(
        covering_models(contract), key=lambda model: not _concerned(edition, broken, model)
    )
    for at_home in (True, False):
        for model in models:
            promises = [p for p in promises_for(edition, model) if (p.family in own) is at_home]
            yield (
                None,
                model,
                sorted(promises, key=lambda p: (p.clause not in broken, p.last, p.cost)),
            )
        small, costly = lowered(contract)
        costly = costly.intersection(broken) if at_home else frozenset()
        for model in models:
            about = [p for p in promises_for(small.edition, model) if p.clause in costly]
            if about:
                yield small, model, about


def _concerned(edition: Edition, broken: Sequence[str], model: str) -> bool:
    return any(applies(edition.clause(id), model) for id in broken)
