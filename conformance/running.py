"""Running promises: in what order, by how many workers, and what becomes of each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

from msgspec.structs import replace

from tokenassay.conformance import baseline
from tokenassay.conformance.failures import Inconclusive, NotRun, Stopped, Violation
from tokenassay.conformance.outcomes import Outcome, Verdict
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.registry import Promise
from tokenassay.conformance.rundb import Planned
from tokenassay.conformance.sessions import Session
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.records import Record

_LOOK: Final = 0.2
"""Seconds after which a wait looks up, so that an interrupt is heard."""

_GRACE: Final = 3.0
"""Seconds that requests under way have to end once a run is interrupted."""


class Ending(Record, frozen=True, kw_only=True):
    """How a run of one target ended."""

    complete: bool
    stop_reason: str | None = None
    """Why promises were left out: a ceiling, an interrupt, an endpoint of no use."""
    unusable: bool = False
    """Whether nothing could be established at all: a dead port, a wrong key, a login page."""


def run_promises(
    session: Session,
    promises: Iterable[Promise],
    *,
    workers: int = 4,
    told: Callable[[Promise, Verdict], None] | None = None,
) -> Ending:
    """Run each promise that has no outcome yet, keep its verdict in the run file, and tell it.

    The first request of all is a plain one: where that is not answered, no promise is tried.
    Promises marked ``last`` wait for all others. With no ``workers`` all is done in this
    thread. What a ceiling or an interrupt cuts off has no
    outcome, so that a later run can go on with it. KeyboardInterrupt comes out once the
    requests under way have ended.
    """
    promises = list(promises)
    run, target = session.run, session.target.name
    ending = _run(session, promises, workers, told)
    run.set_meta(f"ending of {target}", [ending.complete, ending.stop_reason, ending.unusable])
    return ending


def plan_of(promise: Promise, edition: Edition, *, selected: bool = True) -> Planned:
    """The promise as the run file lists it."""
    return Planned(
        id=promise.id,
        family=promise.family,
        clause=promise.clause,
        level=promise.level,
        title=promise.title,
        statement=edition.clause(promise.clause).text,
        source=str(edition.cite(edition.clause(promise.clause))),
        selected=selected,
    )


def _run(
    session: Session,
    promises: list[Promise],
    workers: int,
    told: Callable[[Promise, Verdict], None] | None,
) -> Ending:
    done = session.run.verdicts(session.target.name)
    waiting = [promise for promise in promises if promise.id not in done]
    if not waiting:
        return Ending(complete=True)
    try:
        unusable = baseline.unusable_because(Probe(session, "baseline"))
    except Stopped as stop:
        return Ending(complete=False, stop_reason=stop.why)
    if unusable is not None:
        return Ending(complete=False, stop_reason=unusable, unusable=True)
    reasons: list[str] = []
    lock = threading.Lock()

    def run_one(promise: Promise) -> None:
        try:
            verdict = run_promise(session, promise)
        except Stopped as stop:
            reasons.append(stop.why)
            return
        if session.stopping.is_set() and verdict.outcome == "inconclusive":
            return  # it may be the interrupt's own doing
        session.run.keep(session.target.name, verdict)
        if told is not None:
            with lock:
                told(promise, verdict)

    ordered = sorted(waiting, key=lambda p: (p.last, -p.cost, p.id))
    if not workers:
        for promise in ordered:
            run_one(promise)
    else:
        _share_out(session, ordered, run_one, workers)
    reason = reasons[0] if reasons else None
    return Ending(complete=reason is None, stop_reason=reason)


def _share_out(
    session: Session,
    ordered: list[Promise],
    run_one: Callable[[Promise], None],
    workers: int,
) -> None:
    """Run the promises in threads, those marked ``last`` once all others are done."""
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="assay") as pool:
        try:
            for last in (False, True):
                _finish([pool.submit(run_one, p) for p in ordered if p.last is last])
        except BaseException:
            session.stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)
            _let_end(pool, session)
            raise


def _finish(futures: list[Future[None]]) -> None:
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=_LOOK)
        for future in done:
            future.result()


def _let_end(pool: ThreadPoolExecutor, session: Session) -> None:
    """Give requests under way a moment to end, then cut their connections."""
    ended = threading.Thread(target=pool.shutdown, daemon=True)
    ended.start()
    ended.join(_GRACE)
    if ended.is_alive():
        session.wire.close()


def run_promise(session: Session, promise: Promise) -> Verdict:
    """The verdict on one promise; Stopped where a ceiling or an interrupt cuts it off."""
    target = session.target
    absent = sorted({promise.family, *promise.needs}.intersection(target.unsupported))
    if absent:
        why = f"{target.name} does not claim to support {', '.join(absent)}"
        return Verdict(promise=promise.id, outcome="not-run", why=why)
    clean = session.redactor.text
    verdict = _look(promise, Probe(session, promise.id))
    return replace(
        verdict,
        expected=clean(verdict.expected),
        observed=clean(verdict.observed),
        why=clean(verdict.why),
        observations=tuple(map(clean, verdict.observations)),
    )


def _look(promise: Promise, probe: Probe) -> Verdict:
    def verdict(
        outcome: Outcome,
        *,
        why: str = "",
        expected: str = "",
        observed: str = "",
        exchange: int | None = None,
    ) -> Verdict:
        shown = exchange
        if shown is None and probe.last_exchange is not None:
            shown = probe.last_exchange.id
        return Verdict(
            promise=promise.id,
            outcome=outcome,
            expected=expected,
            observed=observed,
            exchange=shown,
            why=why,
            observations=tuple(probe.observations),
        )

    try:
        promise.check(probe)
    except Violation as violation:
        doubt = _second_look(promise, probe) if promise.steady else None
        if doubt is not None:
            return verdict("inconclusive", why=doubt, exchange=violation.exchange)
        return verdict(
            _breach(promise),
            expected=violation.expected,
            observed=violation.observed,
            exchange=violation.exchange,
        )
    except Inconclusive as doubtful:
        return verdict("inconclusive", why=doubtful.why, exchange=doubtful.exchange)
    except NotRun as skipped:
        return verdict("not-run", why=skipped.why)
    except Exception as fault:
        return verdict("inconclusive", why=own_fault(fault))
    if promise.level == "unspecified":
        return verdict("observed", observed="; ".join(probe.observations))
    return verdict("kept")


def own_fault(fault: Exception) -> str:
    """What a check of ours fell over, so that it is never held against an endpoint."""
    at = fault.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f" at {at.tb_frame.f_globals.get('__name__')}:{at.tb_lineno}" if at else ""
    return f"a fault of tokenassay's own: {type(fault).__name__}: {fault}{place}"


def _breach(promise: Promise) -> Outcome:
    if promise.level == "must":
        return "violated"
    return "non-strict" if promise.level == "should" else "observed"


def _second_look(promise: Promise, probe: Probe) -> str | None:
    """Why a violation is doubtful: it did not happen again. None where it did."""
    again = Probe(probe.session, promise.id, again=True)
    again.replay = probe.replay
    try:
        promise.check(again)
    except Violation:
        return None
    except (Inconclusive, NotRun) as problem:
        return f"broken once, then it could not be told: {problem}"
    return "flaky: broken once, kept when the same was sent again"
