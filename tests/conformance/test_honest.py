"""The honest mock keeps every promise, and the suite says so, quickly."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tokenassay.conformance import mock
from tokenassay.conformance.models import covering_models, named_models, usual_model
from tokenassay.conformance.promises.registry import promises_for
from tokenassay.conformance.rundb import RunFile
from tokenassay.conformance.running import run_promises
from tokenassay.conformance.selfcheck import false_alarms
from tokenassay.conformance.sessions import Session
from tokenassay.conformance.spend import Pricing
from tokenassay.conformance.targets import Target
from tokenassay.conformance.wire import HttpWire, Limits
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


@pytest.mark.parametrize("id", ["baichuan-dashscope@2024", "qwen-dashscope@2024-04"])
def test_latency_is_shared_out_among_workers(id: str, tmp_path: Path) -> None:
    latency, workers = 0.3, 8
    edition = load_edition(id)
    model = usual_model(Contract(edition))
    with mock.running(id, latency=latency) as endpoint:
        target = Target(
            name="mock",
            base_url=endpoint.base_url,
            edition=id,
            model=model,
            api_key_env="KEY",
        )
        run = RunFile(tmp_path / "run.db")
        wire = HttpWire(endpoint.base_url, Limits())
        pricing = Pricing(target, edition)
        session = Session(target, edition, run, wire, pricing, key=endpoint.api_key)
        begun = time.monotonic()
        assert run_promises(session, promises_for(edition, model), workers=workers).complete
        took = time.monotonic() - begun
        requests = run.spend("mock").requests
        session.close()
        run.close()
    assert took < 2 * requests * latency / workers
