"""Runs against the mock in this process: what a run will cost, and what the suite is worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from tokenassay.conformance.asgi_wire import AsgiWire
from tokenassay.conformance.mock import Settings, make_app
from tokenassay.conformance.mock.app import path_of
from tokenassay.conformance.promises.registry import Promise
from tokenassay.conformance.rundb import RunFile
from tokenassay.conformance.running import run_promises
from tokenassay.conformance.sessions import Session
from tokenassay.conformance.spend import Pricing
from tokenassay.conformance.surfaces import other_surface
from tokenassay.conformance.targets import Target
from tokenassay.contracts.records import Record
from tokenassay.contracts.store import Contract

_ORIGIN: Final = "http://mock"

_LOOKS: Final = 3
"""How often a promise that is broken is tried in all, shrinking included, as a rule of thumb."""


class Forecast(Record, frozen=True, kw_only=True):
    """What a run against an endpoint that keeps its word will use."""

    requests: int
    tokens: int
    money: Decimal
    at_most: Decimal
    """Where each request costs as much as it can, and broken promises are looked at again."""


@contextmanager
def mock_session(
    contract: Contract,
    model: str,
    *,
    lies: Iterable[str] = (),
    seed: int = 0,
    examples: int = 10,
    target: Target | None = None,
) -> Iterator[Session]:
    """A session with a mock that serves this contract, its run in memory.

    The other surface of the same service is served beside it, as files go through both. Only
    for one thread. ``target`` lends its price and its headers are left out.
    """
    settings = Settings(seed=seed)
    other = other_surface(contract.edition)
    app = make_app([contract, *([Contract(other)] if other else [])], lies, settings)
    base = target or Target(
        name="mock", base_url="", edition="", model=model, api_key_env="MOCK_KEY"
    )
    target = replace(
        base,
        base_url=_ORIGIN + path_of(contract.edition),
        edition=contract.edition.id,
        model=model,
        headers={},
        budget=None,
        max_requests=None,
        max_tokens=None,
        rate_per_minute=None,
        faults=settings.faults and (target is None or target.faults),
    )
    session = Session(
        target,
        contract.edition,
        RunFile(":memory:"),
        AsgiWire(app),
        Pricing(target, contract.edition, contract),
        key=settings.api_key,
        seed=seed,
        examples=examples,
        patient=False,
    )
    try:
        yield session
    finally:
        session.close()
        session.run.close()


def forecast(
    contract: Contract, target: Target, promises: Iterable[Promise], *, seed: int, examples: int
) -> Forecast:
    """What a run of these promises uses, found by running them against the mock."""
    rehearsal = mock_session(contract, target.model, seed=seed, examples=examples, target=target)
    with rehearsal as session:
        run_promises(session, promises, workers=0)
        spend = session.run.spend(session.target.name)
        return Forecast(
            requests=spend.requests,
            tokens=spend.tokens,
            money=spend.money,
            at_most=_LOOKS * session.run.reserved(session.target.name),
        )
