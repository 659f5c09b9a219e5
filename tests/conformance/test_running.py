"""What becomes of a promise, and of a run."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.conformance.scripted import INVALID, Reply, ScriptedWire, parameters, session
from tokenassay.conformance.failures import Inconclusive, NotRun, Stopped, Violation
from tokenassay.conformance.outcomes import Outcome
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.registry import Check, Promise
from tokenassay.conformance.running import run_promise, run_promises
from tokenassay.conformance.sessions import Session


def promise(check: Check, id: str = "p", **more: Any) -> Promise:
    fields: dict[str, Any] = {"family": "parameters", "clause": "temperature.range", **more}
    return Promise(id=id, level=fields.pop("level", "must"), title=id, check=check, **fields)


def honest(body: Mapping[str, Any], before: int) -> Reply:
    return Reply()


def outcome(check: Check, running: Session | None = None, **more: Any) -> Outcome:
    return run_promise(running or session(honest), promise(check, **more)).outcome


def fails(probe: Probe) -> None:
    raise Violation("this", "that")


def raises(error: BaseException) -> Check:
    def check(probe: Probe) -> None:
        raise error

    return check


def test_outcomes_by_level() -> None:
    assert outcome(lambda probe: None) == "kept"
    assert outcome(fails) == "violated"
    assert outcome(fails, level="should") == "non-strict"
    assert outcome(fails, level="unspecified") == "observed"
    assert outcome(lambda probe: probe.observe("blue"), level="unspecified") == "observed"
    assert outcome(raises(Inconclusive("who knows"))) == "inconclusive"
    assert outcome(raises(NotRun("not here"))) == "not-run"
    assert outcome(fails, session(honest, unsupported=("parameters",))) == "not-run"
    assert outcome(fails, session(honest, unsupported=("tools",)), needs={"tools"}) == "not-run"
    with pytest.raises(Stopped):
        outcome(raises(Stopped("enough")))


def test_a_fault_of_ours_is_never_the_endpoints() -> None:
    verdict = run_promise(session(honest), promise(raises(KeyError("oops"))))
    assert verdict.outcome == "inconclusive"
    assert "a fault of tokenassay's own: KeyError: 'oops'" in verdict.why


def test_a_request_that_we_stumbled_over_keeps_nobody_waiting() -> None:
    fallen: list[bool] = []

    def stumbles(body: Mapping[str, Any], before: int) -> Reply:
        if not fallen:
            fallen.append(True)
            raise KeyError("oops")
        return Reply()

    def asks(probe: Probe) -> None:
        probe.accepted(probe.send(probe.body()))

    running = session(stumbles)
    assert outcome(asks, running) == "inconclusive"
    assert outcome(asks, running) == "kept"
    assert running.run.spend("t").requests == 2


def test_what_is_broken_once_and_kept_then_is_flaky() -> None:
    looks: list[bool] = []

    def check(probe: Probe) -> None:
        looks.append(probe.again)
        if not probe.again:
            raise Violation("this", "that")

    verdict = run_promise(session(honest), promise(check))
    assert (verdict.outcome, looks) == ("inconclusive", [False, True])
    assert "flaky" in verdict.why
    assert outcome(check, steady=False) == "violated"


def test_a_second_look_asks_the_endpoint_anew() -> None:
    running = session(honest)

    def check(probe: Probe) -> None:
        probe.send(probe.body())
        probe.send(probe.body())
        raise Violation("this", "that")

    assert run_promise(running, promise(check)).outcome == "violated"
    assert running.run.spend("t").requests == 2


def test_a_search_shrinks_what_it_finds_and_tries_it_once_more() -> None:
    def picky(body: Mapping[str, Any], before: int) -> Reply:
        return Reply(400, INVALID) if parameters(body).get("top_k", 0) >= 37 else Reply()

    running = session(picky)

    def check(probe: Probe) -> None:
        def one(value: int) -> None:
            probe.accepted(probe.send(probe.body(top_k=value)), f"top_k {value} accepted")

        probe.search(st.integers(0, 1000), one, examples=30)

    verdict = run_promise(running, promise(check))
    assert verdict.outcome == "violated"
    assert verdict.expected == "top_k 37 accepted"
    assert running.run.spend("t").requests < 120


@pytest.mark.parametrize("workers", [0, 1, 8])
def test_searches_in_many_threads_find_the_same(workers: int) -> None:
    def picky(body: Mapping[str, Any], before: int) -> Reply:
        return Reply(400, INVALID) if parameters(body).get("top_k", 0) >= 520 else Reply()

    def check(probe: Probe) -> None:
        def one(value: int) -> None:
            probe.accepted(probe.send(probe.body(top_k=value)), f"top_k {value} accepted")

        probe.search(st.integers(0, 10_000), one, examples=60)

    running = session(picky)
    found = [promise(check, id=f"p{number}") for number in range(12)]
    if workers:
        # In memory each thread would have a run file of its own.
        import tempfile
        from pathlib import Path

        from tokenassay.conformance.rundb import RunFile

        running.run = RunFile(Path(tempfile.mkdtemp()) / "run.db")
    ending = run_promises(running, found, workers=workers)
    assert ending.complete
    verdicts = running.run.verdicts("t")
    assert {verdict.expected for verdict in verdicts.values()} == {"top_k 520 accepted"}


def test_a_429_is_waited_for_as_long_as_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Reply(
        429,
        {"code": "Throttling", "message": "Requests throttling triggered."},
        headers=(("content-type", "application/json"), ("retry-after", "7")),
    )
    running = session(lambda body, before: slow if before < 1 else Reply(), patient=True)
    held: list[float] = []
    monkeypatch.setattr(running.pace, "hold", held.append)
    probe = Probe(running, "p")
    assert probe.send(probe.body()).status == 200
    assert held == [7.0]


def test_an_unusable_endpoint_is_asked_no_more() -> None:
    running = session(lambda body, before: Reply(None, failure="connect"))
    ending = run_promises(running, [promise(fails)], workers=0)
    assert ending.unusable
    assert ending.stop_reason is not None
    assert running.run.verdicts("t") == {}
    assert running.run.spend("t").requests == 1
    assert running.run.spend("t").money == 0  # no request ever left


def test_an_endpoint_that_refuses_one_way_of_asking_is_of_use() -> None:
    def plain_text_only(body: Mapping[str, Any], before: int) -> Reply:
        return Reply(400, INVALID) if "result_format" in parameters(body) else Reply()

    running = session(plain_text_only)
    assert run_promises(running, [promise(fails)], workers=0).complete


def test_a_ceiling_ends_a_run_and_keeps_no_outcome_for_what_it_cut_off() -> None:
    def check(probe: Probe) -> None:
        for temperature in (0.1, 0.2, 0.3):
            probe.send(probe.body(temperature=temperature))

    running = session(honest, max_requests=3)
    ending = run_promises(
        running, [promise(lambda probe: None, "a"), promise(check, "b")], workers=0
    )
    assert not ending.complete
    assert ending.stop_reason == "the ceiling of 3 requests is reached"
    assert set(running.run.verdicts("t")) == {"a"}


def test_money_is_reserved_before_and_settled_after() -> None:
    running = session(honest, budget=Decimal("0.00005"), currency="CNY")
    probe = Probe(running, "p")
    probe.send(probe.body())
    spent = running.run.spend("t").money
    assert Decimal(0) < spent < Decimal("0.00001")
    with pytest.raises(Stopped, match=r"the budget of 0\.00005 is reached"):
        probe.send(probe.body(cap=1000))


def test_the_key_is_named_in_what_is_kept_and_sent_in_what_leaves() -> None:
    running = session(honest)
    probe = Probe(running, "p")
    exchange = probe.send(probe.body())
    assert ("authorization", "Bearer $KEY") in exchange.sent.headers
    assert isinstance(running.wire, ScriptedWire)
    assert running.wire.secrets == [{"authorization": "Bearer sk-scripted"}]
    without = probe.send(probe.body(), key=False)
    assert "authorization" not in dict(without.sent.headers)


def test_an_interrupt_stops_what_has_not_left() -> None:
    running = session(honest)
    running.stopping = threading.Event()
    running.stopping.set()
    probe = Probe(running, "p")
    with pytest.raises(Stopped, match="interrupted"):
        probe.send(probe.body())
    assert running.run.spend("t").requests == 0
