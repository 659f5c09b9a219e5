"""Running promises: in what order, by how many workers, and what becomes of each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun, Stopped, Violation
from tokenassay.conformance.outcomes import Outcome, Verdict
from tokenassay.conformance.probe import Probe, Session
from tokenassay.conformance.promises.registry import Promise
from tokenassay.contracts.records import Record


class Ending(Record, frozen=True, kw_only=True):
    """How a run of one target ended."""

    complete: bool
    stop_reason: str | None = None
    unusable: str | None = None
    """Why nothing could be established at all: a dead port, a wrong key, a login page."""


def run_promises(
    session: Session,
    promises: Iterable[Promise],
    *,
    workers: int = 4,
    told: Callable[[Verdict], None] | None = None,
) -> Ending:
    """Run each promise that has no outcome yet, keep its verdict in the run file, and tell it.

    The first request of all is a plain one: where that is not answered, no promise is tried.
    Promises marked ``last`` wait for all others. An interrupt lets requests under way end and
    keeps what is done.
    """
    done = session.run.verdicts(session.target.name)
    waiting = [promise for promise in promises if promise.id not in done]
    if not waiting:
        return Ending(complete=True)
    unusable = unusable_because(session)
    if unusable is not None:
        for promise in waiting:
            verdict = Verdict(promise=promise.id, outcome="inconclusive", why=unusable)
            session.run.keep(session.target.name, verdict)
        return Ending(complete=False, stop_reason=unusable, unusable=unusable)
    reasons: list[str] = []
    lock = threading.Lock()

    def run_one(promise: Promise) -> None:
        if session.stopping.is_set():
            return
        verdict, stopped = run_promise(session, promise)
        if stopped:
            with lock:
                reasons.append(stopped)
        session.run.keep(session.target.name, verdict)
        if told is not None:
            with lock:
                told(verdict)

    ordered = sorted(waiting, key=lambda p: (p.last, -p.cost, p.id))
    first = [promise for promise in ordered if not promise.last]
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="assay") as pool:
        try:
            for batch in (first, [promise for promise in ordered if promise.last]):
                futures = [pool.submit(run_one, promise) for promise in batch]
                wait(futures)
                for future in futures:
                    future.result()
        except BaseException:
            session.stopping.set()
            pool.shutdown(cancel_futures=True)
            raise
    reason = reasons[0] if reasons else None
    return Ending(complete=reason is None, stop_reason=reason)


def run_promise(session: Session, promise: Promise) -> tuple[Verdict, str | None]:
    """The verdict on one promise, and the reason where a ceiling stopped it."""
    absent = [need for need in promise.needs if need in session.target.unsupported]
    if promise.family in session.target.unsupported or absent:
        why = f"{session.target.name} does not claim to support {absent or promise.family}"
        return Verdict(promise=promise.id, outcome="not-run", why=why), None
    probe = Probe(session, promise.id)
    try:
        return _look(promise, probe), None
    except Stopped as stop:
        verdict = Verdict(promise=promise.id, outcome="not-run", why=stop.why)
        return verdict, stop.why


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
    if promise.level == "unspecified":
        return verdict("observed", observed="; ".join(probe.observations))
    return verdict("kept")


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


def unusable_because(session: Session) -> str | None:
    """Why nothing can be established at this endpoint; None where a plain request is answered."""
    probe = Probe(session, "baseline")
    try:
        exchange = probe.send(probe.body())
    except Stopped as stop:
        return stop.why
    return _unusable(exchange, session)


def _unusable(exchange: Exchange, session: Session) -> str | None:
    url = session.target.base_url
    if exchange.failure is not None and exchange.status is None:
        return f"{url} gave no answer: {exchange.failure.kind} ({exchange.failure.detail})"
    if exchange.content_type == "text/html":
        return f"{url} answered with an HTML page (status {exchange.status}), not with an API"
    status = exchange.error.status if exchange.error else exchange.status
    if status in (401, 403):
        return f"{url} refused the key in ${session.target.key_env} (status {status})"
    if status in (404, 405):
        return f"{url} has no such path (status {status})"
    if status == 429:
        return f"{url} answers 429 to a single plain request"
    if status is None or status >= 500:
        return f"{url} answers {status} to a plain request"
    if exchange.failure is not None:
        return f"{url} gave no whole answer: {exchange.failure.kind} ({exchange.failure.detail})"
    if 300 <= status < 400:
        return f"{url} redirects elsewhere (status {status})"
    return None
