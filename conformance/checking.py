"""Checking one endpoint from its description to its document: what the command line calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tokenassay import __version__
from tokenassay.conformance.models import usual_model
from tokenassay.conformance.outcomes import Verdict
from tokenassay.conformance.promises.registry import Promise, promises_for
from tokenassay.conformance.rehearsals import Forecast, forecast
from tokenassay.conformance.results import RunDocument
from tokenassay.conformance.rundb import RunFile
from tokenassay.conformance.running import Ending, plan_of, run_promises
from tokenassay.conformance.selecting import select
from tokenassay.conformance.sessions import Session
from tokenassay.conformance.spend import Pricing
from tokenassay.conformance.targets import ConfigError, Target, make_target, read_secret
from tokenassay.conformance.visits import wire_to
from tokenassay.contracts.records import Record
from tokenassay.contracts.store import Contract, headers, load_contract, load_edition

RUN_FILE = "run.db"


class Plan(Record, frozen=True, kw_only=True):
    """What of an edition is to be checked, and how thoroughly."""

    expression: str = ""
    """As ``-k`` takes it."""
    families: tuple[str, ...] = ()
    seed: int = 0
    examples: int = 10
    workers: int = 4


def _load(edition: str, path: str | None) -> Contract:
    if path is None:
        return Contract(load_edition(edition))
    contract = load_contract(path)
    if edition not in ("", contract.edition.id):
        raise ConfigError(f"{path} holds {contract.edition.id}, but {edition} is asked for")
    return contract


def describe(name: str, table: dict[str, Any], where: str) -> Target:
    """A target from its fields as written, completed by what its contract says.

    Without ``base_url``, ``api_key_env`` and ``model`` they are the edition's own, and the model
    that it is usually asked for. ConfigError names ``where`` and the field; UnknownEdition,
    ContractError and OSError as the loader raises them.
    """
    fields = dict(table)
    if "contract" not in fields and "edition" not in fields:
        raise ConfigError(f"{where}edition: expected the id of an edition, or a contract file")
    path, edition = fields.get("contract"), fields.setdefault("edition", "")
    if not isinstance(edition, str) or not isinstance(path, str | None):
        raise ConfigError(f"{where}edition and contract: expected text")
    contract = _load(edition, path)
    own = contract.edition.endpoint
    fields["edition"] = contract.edition.id
    fields.setdefault("base_url", own.base_url)
    fields.setdefault("api_key_env", own.key_env)
    fields.setdefault("model", usual_model(contract))
    return make_target(name, fields, where)


def newest_edition() -> str:
    """The id of the package's newest edition."""
    return list(headers())[-1]


class Check:
    """One target with its contract, its promises and what is chosen of them."""

    def __init__(self, target: Target, plan: Plan) -> None:
        self.contract = _load(target.edition, target.contract)
        edition = self.contract.edition
        edition.require_model(target.model)
        self.target = target
        self.plan, self.edition = plan, edition
        self.pricing = Pricing(self.target, edition, self.contract)
        self.promises: Sequence[Promise] = promises_for(edition, target.model)
        self.selected = select(self.promises, plan.expression, plan.families)
        if not self.selected:
            raise ConfigError(f"no promise of {edition.id} fits the selection")
        if self.target.budget is not None and self.pricing.currency != self.target.currency:
            told = self.pricing.currency or "an unknown currency"
            raise ConfigError(
                f"the budget is in {self.target.currency}, but {target.model} is priced in {told}"
            )

    def forecast(self) -> Forecast:
        """What the run will use at an endpoint that keeps its word, and at most."""
        return forecast(
            self.contract,
            self.target,
            self.selected,
            seed=self.plan.seed,
            examples=self.plan.examples,
        )

    def capped(self, at_most: Decimal) -> Check:
        """The same check under a budget of what it was said to cost at most."""
        currency = self.pricing.currency
        return Check(replace(self.target, budget=at_most, currency=currency), self.plan)

    def begin(self, run: RunFile) -> None:
        """Write into the run file what is to be run; ConfigError where it holds another run."""
        asked = {
            "base_url": self.target.base_url,
            "edition": self.edition.id,
            "model": self.target.model,
            "seed": self.plan.seed,
            "examples": self.plan.examples,
        }
        entry = {
            **asked,
            "name": self.target.name,
            "edition_title": self.edition.title,
            "api_key_env": self.target.api_key_env,
            "currency": self.pricing.currency,
            "budget": None if self.target.budget is None else format(self.target.budget, "f"),
        }
        before = {known["name"]: known for known in run.meta("targets") or ()}
        known = before.get(self.target.name)
        for field, value in asked.items():
            if known is not None and known[field] != value and not _may_differ(self.target, field):
                raise ConfigError(
                    f"{run.path}: is a run with {field} {known[field]}, not {value}; "
                    "go on with the same, or begin in another folder"
                )
        run.set_meta("targets", list({**before, self.target.name: entry}.values()))
        run.set_meta("version", __version__)
        run.set_meta("seed", self.plan.seed)
        chosen = {promise.id for promise in self.selected}
        run.plan(
            self.target.name,
            [plan_of(p, self.edition, selected=p.id in chosen) for p in self.promises],
        )

    @contextmanager
    def session(self, run: RunFile, key: str) -> Iterator[Session]:
        """A session with the real endpoint."""
        wire = wire_to(self.target, self.plan.workers)
        session = Session(
            self.target,
            self.edition,
            run,
            wire,
            self.pricing,
            key=key,
            seed=self.plan.seed,
            examples=self.plan.examples,
        )
        try:
            yield session
        finally:
            session.close()

    def run(
        self, run: RunFile, key: str, told: Callable[[Promise, Verdict], None] | None = None
    ) -> Ending:
        """Run what has no outcome yet; KeyboardInterrupt leaves a run file to go on with."""
        with self.session(run, key) as session:
            return run_promises(session, self.selected, workers=self.plan.workers, told=told)


def _may_differ(target: Target, field: str) -> bool:
    """A mock of our own stands on another port each time."""
    return field == "base_url" and target.faults


def read_key(target: Target) -> str:
    """The key in the target's variable; ConfigError where there is none."""
    return read_secret(target.api_key_env)


def exit_code(document: RunDocument, *, strict: bool = False) -> int:
    """0 fine, 1 a finding, 3 where nothing was established."""
    outcomes: Iterable[str] = [promise.outcome for promise in document.promises]
    found = {"violated", "non-strict"} if strict else {"violated"}
    if any(outcome in found for outcome in outcomes):
        return 1
    established = {"kept", "non-strict", "observed"}
    return 0 if any(outcome in established for outcome in outcomes) else 3


def open_run(folder: Path, *, resume: bool) -> RunFile:
    """The run file in a folder: a new one, or with ``resume`` the one that is there.

    ConfigError where there is one and nobody said to go on with it; OSError for the folder.
    """
    path = folder / RUN_FILE
    if path.exists() and not resume:
        raise ConfigError(f"{path} is there already: go on with it by --resume, or name another")
    folder.mkdir(parents=True, exist_ok=True)
    run = RunFile(path)
    if resume:
        run.take_over()
    return run
