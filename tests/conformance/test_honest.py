"""The honest mock keeps every promise, and the suite says so, without waiting in line."""

from __future__ import annotations

import heapq
from collections import Counter

import pytest

from tokenassay.conformance.models import covering_models, named_models, usual_model
from tokenassay.conformance.promises.registry import Promise, promises_for
from tokenassay.conformance.rehearsals import mock_session
from tokenassay.conformance.running import run_promises
from tokenassay.conformance.selfcheck import false_alarms
from tokenassay.contracts.edition import applies
from tokenassay.contracts.store import Contract, headers, load_edition

FIRMEST_FIRST = ("must", "should", "unspecified")

CHECKED = [(id, model) for id in headers() for model in covering_models(Contract(load_edition(id)))]


@pytest.mark.parametrize(("edition", "model"), CHECKED)
def test_no_alarm_at_the_honest_mock(edition: str, model: str) -> None:
    assert false_alarms(Contract(load_edition(edition)), model) == ()


USUAL = [(id, usual_model(Contract(load_edition(id)))) for id in headers()]
# All editions with all seeds would take longer than everything else together: each seed meets
# two editions, in turn.
SEEDED = [(*USUAL[(seed + shift) % len(USUAL)], seed) for seed in range(1, 20) for shift in (0, 3)]


@pytest.mark.slow
@pytest.mark.parametrize(("edition", "model", "seed"), SEEDED)
def test_no_alarm_with_any_seed(edition: str, model: str, seed: int) -> None:
    assert false_alarms(Contract(load_edition(edition)), model, seed) == ()


@pytest.mark.parametrize("id", headers())
def test_the_covering_models_meet_every_clause_about_a_named_one(id: str) -> None:
    edition = load_edition(id)
    chosen = covering_models(Contract(edition))
    assert chosen[0] == usual_model(Contract(edition))
    for clause in edition.clauses:
        if clause.level != "unspecified":
            spoken_of = [model for model in named_models(edition) if applies(clause, model)]
            assert not spoken_of or any(applies(clause, model) for model in chosen), clause.id


@pytest.mark.parametrize("id", headers())
def test_every_promise_has_a_name_and_a_clause_of_its_own(id: str) -> None:
    edition = load_edition(id)
    for model in covering_models(Contract(edition)):
        promises = promises_for(edition, model)
        assert len({promise.id for promise in promises}) == len(promises)
        for promise in promises:
            level = edition.clause(promise.clause).level
            assert FIRMEST_FIRST.index(promise.level) >= FIRMEST_FIRST.index(level)
            assert promise.id.isidentifier()


# The others have more promises, which is easier to share out; make bench tries all of them.
@pytest.mark.parametrize(
    "id", ["baichuan-dashscope@2024", "computevault-gateway@2025", "qwen-dashscope@2024-04"]
)
def test_requests_are_shared_out_among_workers(id: str) -> None:
    """No promise asks so much, one after another, that the others' workers have to wait for it.

    If every request took one second, eight workers would need less than twice an eighth of all.
    """
    workers = 8
    contract = Contract(load_edition(id))
    model = usual_model(contract)
    order: list[Promise] = []
    with mock_session(contract, model) as session:
        promises = promises_for(contract.edition, model)
        run_promises(session, promises, workers=0, told=lambda promise, _: order.append(promise))
        asked = Counter(promise for promise, *_ in session.run.timings(session.target.name))
    free_at = [asked["baseline"]] * workers
    for last in (False, True):
        free_at = [max(free_at)] * workers if last else free_at
        for promise in order:
            if promise.last is last:
                heapq.heapreplace(free_at, free_at[0] + asked[promise.id])
    assert order
    assert max(free_at) < 2 * sum(asked.values()) / workers
