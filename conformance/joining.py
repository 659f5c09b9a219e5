"""Many processes at one run: who begins it, who joins it, and who writes what it came to."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tokenassay.conformance import baseline, mock
from tokenassay.conformance.checking import (
    Check,
    Plan,
    describe,
    newest_edition,
    open_run,
    read_key,
)
from tokenassay.conformance.evidence import exchange_row
from tokenassay.conformance.failures import Stopped
from tokenassay.conformance.outcomes import Verdict
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.registry import Promise
from tokenassay.conformance.results import as_json, read_run
from tokenassay.conformance.rundb import RunFile, RunFileError
from tokenassay.conformance.running import run_promise
from tokenassay.conformance.sessions import Session
from tokenassay.conformance.targets import ConfigError, Target, read_targets
from tokenassay.contracts.errors import ContractError, UnknownEdition, UnknownModel

_OPTIONS: Final = {
    "edition": "edition",
    "model": "model",
    "api-key-env": "api_key_env",
    "contract": "contract",
    "budget": "budget",
    "price": "price",
    "max-requests": "max_requests",
    "max-tokens": "max_tokens",
    "rate": "rate",
    "timeout": "timeout",
}
_NUMBERS: Final = ("max_requests", "max_tokens", "timeout")


class CannotJoin(ValueError):
    """Options that describe no run."""


class Joined:
    """This process's part in a run."""

    def __init__(
        self,
        check: Check,
        session: Session,
        key: str,
        leaving: contextlib.ExitStack,
        *,
        began: bool = False,
        out: Path | None = None,
    ) -> None:
        self._check, self._session, self._run = check, session, session.run
        self._key, self._leaving, self._out = key, leaving, out
        self.began = began
        """Whether this process began the run, and writes its results into ``out``."""

    @property
    def promises(self) -> Sequence[Promise]:
        return self._check.promises

    @property
    def headline(self) -> str:
        target = self._check.target
        return f"{target.base_url} held to {target.edition}, model {target.model}"

    @cached_property
    def unusable(self) -> str | None:
        """Why nothing can be established at the endpoint; None where that is not so."""
        try:
            return baseline.unusable_because(self.probe("baseline"))
        except Stopped:
            return None

    @property
    def came_to_nothing(self) -> str | None:
        """Why the run established nothing; None where it did, or sent no request at all."""
        if not self._run.spend(self._check.target.name).requests:
            return None
        return self.unusable

    def probe(self, promise: str) -> Probe:
        """A probe for a promise of any name."""
        return Probe(self._session, promise)

    def verdict_on(self, promise: Promise) -> Verdict:
        """The verdict on a promise, kept in the run file; one that is there already holds."""
        if self.unusable is not None:
            return Verdict(promise=promise.id, outcome="inconclusive", why=self.unusable)
        kept = self._run.verdicts(self._check.target.name).get(promise.id)
        if kept is not None:
            return kept
        try:
            verdict = run_promise(self._session, promise)
        except Stopped as stop:
            return Verdict(promise=promise.id, outcome="not-run", why=stop.why)
        self._run.keep(self._check.target.name, verdict)
        return verdict

    def evidence(self, promise: Promise, verdict: Verdict) -> str:
        """Clause, expectation, observation, and the line that repeats the request."""
        edition = self._check.edition
        clause = edition.clause(promise.clause)
        lines = [
            promise.title,
            f"clause {clause.id} ({promise.level}): {clause.text}",
            f"source: {edition.cite(clause)}",
            f"expected: {verdict.expected}",
            f"observed: {verdict.observed}",
        ]
        shown = None if verdict.exchange is None else self._run.exchange(verdict.exchange)
        if shown is not None:
            lines.append(f"again: {exchange_row(shown).curl}")
        return "\n".join(lines)

    def summary(self) -> str:
        """What the run used, and why nothing came of it where that is so."""
        spend = self._run.spend(self._check.target.name)
        currency = self._check.pricing.currency
        cost = f"{format(spend.money.normalize(), 'f')} {currency}" if currency else "cost unknown"
        used = f"{spend.requests:,} requests, {spend.tokens:,} tokens, {cost}"
        nothing = self.came_to_nothing
        return used if nothing is None else f"{nothing}\n{used}"

    def invitation(self) -> dict[str, str]:
        """What another process needs to join."""
        return {
            "run": str(self._run.path),
            "target": msgspec.json.encode(self._check.target).decode(),
            "key": self._key if self._check.target.faults else "",
        }

    def leave(self) -> None:
        """Close everything; the process that began the run writes the results first."""
        with self._leaving:
            if not self.began:
                return
            name = self._check.target.name
            missing = [p for p in self.promises if p.id not in self._run.verdicts(name)]
            nothing = self.came_to_nothing
            stop = nothing or ("promises were left out" if missing else None)
            ending = [not missing, stop, nothing is not None]
            self._run.set_meta(f"ending of {name}", ending)
            if self._out is not None:
                data = as_json(read_run(self._run))
                text = json.dumps(data, ensure_ascii=False, indent=1) + "\n"
                (self._out / "results.json").write_bytes(text.encode("utf-8", "backslashreplace"))


def join(option: Callable[[str], Any], invitation: dict[str, str] | None) -> Joined:
    """Begin the run that the ``--assay-`` options describe, or join the one we are invited to."""
    try:
        return _accept(option, invitation) if invitation else _begin(option)
    except (ConfigError, ContractError, RunFileError) as error:
        raise CannotJoin(str(error)) from None
    except (UnknownEdition, UnknownModel) as error:
        raise CannotJoin(str(error.args[0])) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise CannotJoin(f"{where}{error.strerror or error}") from None


def _begin(option: Callable[[str], Any]) -> Joined:
    with contextlib.ExitStack() as stack:
        given: dict[str, Any] = {
            field: value
            for name, field in _OPTIONS.items()
            if (value := option(f"--assay-{name}")) is not None
        }
        for field in _NUMBERS:
            if field in given:
                given[field] = _number(field, given[field])
        target, key = _target(option, given, stack)
        check = Check(target, _plan(option))
        if not target.faults and target.budget is None and target.max_requests is None:
            raise ConfigError(
                "a live run costs money: say how much by --assay-budget or --assay-max-requests"
            )
        out = option("--assay-out")
        folder = Path(out or stack.enter_context(tempfile.TemporaryDirectory()))
        run = open_run(folder, resume=bool(option("--assay-resume")))
        stack.callback(run.close)
        check.begin(run)
        session = stack.enter_context(check.session(run, key))
        kept = None if out is None else folder
        return Joined(check, session, key, stack.pop_all(), began=True, out=kept)


def _accept(option: Callable[[str], Any], invitation: dict[str, str]) -> Joined:
    with contextlib.ExitStack() as stack:
        target = msgspec.json.decode(invitation["target"], type=Target)
        check = Check(target, _plan(option))
        run = RunFile(invitation["run"])
        stack.callback(run.close)
        key = invitation["key"] or read_key(target)
        session = stack.enter_context(check.session(run, key))
        return Joined(check, session, key, stack.pop_all())


def _plan(option: Callable[[str], Any]) -> Plan:
    plan = Plan()
    for name in ("seed", "examples"):
        written = option(f"--assay-{name}")
        if written is not None:
            plan = replace(plan, **{name: int(_number(name, written))})
    return plan


def _number(name: str, written: str) -> float:
    try:
        value = float(written)
    except ValueError:
        raise ConfigError(f"{name}: expected a number, got {written!r}") from None
    return int(value) if value.is_integer() else value


def _target(
    option: Callable[[str], Any], given: dict[str, Any], stack: contextlib.ExitStack
) -> tuple[Target, str]:
    name, url = option("--assay-target"), option("--assay-url")
    if url is not None:
        target = describe("endpoint", {"base_url": url, **given}, "")
        return target, read_key(target)
    if name != "mock":
        path = Path(option("--assay-config") or "tokenassay.toml")
        tables = read_targets(path)
        if name not in tables:
            raise ConfigError(f"no target {name!r} in {path}; it has {', '.join(tables)}")
        target = describe(name, {**tables[name], **given}, f"{path}: targets.{name}.")
        return target, read_key(target)
    if "contract" not in given:
        given.setdefault("edition", newest_edition())
    plain = describe("mock", {"base_url": "http://mock", **given}, "")
    endpoint = stack.enter_context(
        mock.running(None if plain.contract else plain.edition, contract=plain.contract)
    )
    fields = {**given, "base_url": endpoint.base_url, "faults": True}
    return describe("mock", fields, ""), endpoint.api_key
