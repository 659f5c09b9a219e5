"""What an audit learnt of a model's template, as a contract file for ``estimate``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
import yaml

from tokenassay.conformance.audit.auditing import Audit
from tokenassay.conformance.audit.readings import Reading
from tokenassay.conformance.targets import ConfigError, Target
from tokenassay.contracts import store
from tokenassay.contracts.catalog import Model
from tokenassay.contracts.store import Contract
from tokenassay.estimators.bills.metered import OWN
from tokenassay.estimators.editions import choose

_SOURCE = "audit"
_LEFT_TO_THE_PACKAGE = ("sizes", "prices", "templates", "free_quota")


def contract_text(audit: Audit, target: Target, contract: Contract, day: dt.date) -> str:
    """A contract that extends the target's edition by the template that was measured.

    ConfigError where no template explains what was billed, or the edition is none of the
    package's, which a contract file can't extend.
    """
    edition = contract.edition
    if edition.id not in store.headers():
        raise ConfigError(
            f"{target.contract} can't be extended by another file: put the template into it, "
            f"profile {_profile(audit)} with offset_tokens {audit.offset}"
        )
    measured = f"{len(audit.readings)} requests to {target.name}, {day.isoformat()}"
    template: dict[str, Any] = {
        "profile": _profile(audit),
        "basis": "modelled",
        "since": day.isoformat(),
        "source": _SOURCE,
        "evidence": [measured],
    }
    if audit.offset:
        template["offset_tokens"] = audit.offset
    head = {
        "edition": f"{edition.id}+audit",
        "extends": edition.id,
        "sources": {
            _SOURCE: {
                "provider": "tokenassay",
                "title": f"Audit of the meter of {target.name}",
                "published": day.isoformat(),
                "trust": "recorded",
            }
        },
        "model_rows": [{**_row(target.model, contract), "templates": [template]}],
    }
    return yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=100)


def _profile(audit: Audit) -> str:
    """The profile that fits; ConfigError where none does or the meter depends on more."""
    finding = next((found for found in audit.findings if found.side == "input"), None)
    constant = finding is None or (finding.verdict == "constant surplus" and audit.offset)
    if audit.template is None or audit.verdict == "inconclusive" or not constant:
        raise ConfigError(f"no template explains what is billed, so none is saved: {audit.why}")
    if audit.template != OWN:
        return audit.template
    name = _same_as_own(audit.readings)
    if name is None:
        raise ConfigError("the model's own count follows no single template, so none is saved")
    return name


def _same_as_own(readings: Sequence[Reading]) -> str | None:
    """The known profile whose counts are those of the model's own template."""
    for name in store.profiles():
        if all(reading.counts.get(name) == reading.counted for reading in readings):
            return name
    return None


def _row(model: str, contract: Contract) -> dict[str, Any]:
    """The model's row without what is dated; those rows stay the package's, by its name."""
    surface = contract.edition.surface
    known = choose(surface, model, None, edition=None, contract=contract).model
    if known is None:
        return {"id": model, "family": "qwen", "tokenizer": "qwen"}
    plain: dict[str, Any] = msgspec.to_builtins(known)
    default = msgspec.to_builtins(Model(id="", family="", tokenizer=None))
    row = {
        name: value
        for name, value in plain.items()
        if name not in _LEFT_TO_THE_PACKAGE and (name not in default or value != default[name])
    }
    row |= {"id": model, "tokenizer": known.tokenizer or "qwen"}
    if known.prices and model in store.models():
        row["alias_of"] = model
    return row
