"""What an audit learnt of a model's template, as a contract file for ``estimate``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from tokenassay.conformance.audit.auditing import Audit
from tokenassay.conformance.audit.readings import Reading
from tokenassay.conformance.targets import ConfigError, Target
from tokenassay.contracts import store
from tokenassay.contracts.store import Contract
from tokenassay.estimators.bills.metered import OWN
from tokenassay.estimators.bills.saving import CannotSave, Learnt, calibrated

_SOURCE: Final = "audit"


def contract_text(audit: Audit, target: Target, contract: Contract, day: dt.date) -> str:
    """A contract that extends the target's edition by the template that was measured.

    ConfigError where no template explains what was billed, or the edition is none of the
    package's, which a contract file can't extend.
    """
    measured = f"{len(audit.readings)} requests to {target.name}, {day.isoformat()}"
    learnt = Learnt(target.model, _profile(audit), audit.offset, day, measured)
    title = f"Audit of the meter of {target.name}"
    try:
        return calibrated(contract.edition, title, _SOURCE, [learnt])
    except CannotSave as error:
        raise ConfigError(f"{target.contract}: {error}") from None


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
