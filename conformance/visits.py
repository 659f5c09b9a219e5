"""One endpoint visited for a purpose of its own, outside a run of promises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tokenassay import __version__
from tokenassay.conformance.rundb import RunFile
from tokenassay.conformance.sessions import Session
from tokenassay.conformance.spend import Pricing
from tokenassay.conformance.targets import ConfigError, Target
from tokenassay.conformance.wire import HttpWire, Limits
from tokenassay.contracts.store import Contract, load_contract, load_edition


def contract_of(target: Target) -> Contract:
    """The contract that a target is held to; UnknownEdition, ContractError or OSError."""
    if target.contract is None:
        return Contract(load_edition(target.edition))
    return load_contract(target.contract)


@contextmanager
def visit(
    target: Target,
    contract: Contract,
    run: RunFile,
    key: str,
    *,
    seed: int = 0,
    workers: int = 4,
) -> Iterator[Session]:
    """A session whose exchanges, spend and notes go into ``run`` while the block runs.

    ConfigError where the budget is in another currency than the price, or the certificates
    can't be read; UnknownModel where the edition names no such model.
    """
    edition = contract.edition
    edition.require_model(target.model)
    pricing = Pricing(target, edition, contract)
    if target.budget is not None and pricing.currency != target.currency:
        told = pricing.currency or "an unknown currency"
        raise ConfigError(
            f"the budget is in {target.currency}, but {target.model} is priced in {told}"
        )
    wire = wire_to(target, workers)
    _begin(run, target, contract, pricing, seed)
    session = Session(target, edition, run, wire, pricing, key=key, seed=seed)
    try:
        yield session
    finally:
        session.close()


def _begin(run: RunFile, target: Target, contract: Contract, pricing: Pricing, seed: int) -> None:
    """Name the target in the run file, as a run of promises does, so that reports can read it."""
    known = {entry["name"]: entry for entry in run.meta("targets") or ()}
    known[target.name] = {
        "name": target.name,
        "base_url": target.base_url,
        "edition": contract.edition.id,
        "edition_title": contract.edition.title,
        "model": target.model,
        "api_key_env": target.api_key_env,
        "seed": seed,
        "examples": 0,
        "currency": pricing.currency,
        "budget": None if target.budget is None else format(target.budget, "f"),
    }
    run.set_meta("targets", list(known.values()))
    run.set_meta("version", __version__)
    run.set_meta("seed", seed)


def wire_to(target: Target, workers: int) -> HttpWire:
    """The way to a target for so many workers; ConfigError where certificates or proxy are amiss.

    A mock of our own stands on this machine: no proxy is asked for it.
    """
    try:
        return HttpWire(
            target.base_url,
            Limits.within(target.timeout),
            ca_file=target.ca_file,
            connections=max(8, workers),
            direct=target.faults,
        )
    except OSError as error:  # an SSLError is one too
        raise ConfigError(f"{target.ca_file}: {error.strerror or error}") from None
