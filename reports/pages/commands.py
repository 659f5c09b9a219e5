"""Commands that a page offers for copying."""

from __future__ import annotations

import shlex

from tokenassay.conformance.audit.documents import AuditDocument, AuditedRow
from tokenassay.conformance.results import RunDocument, TargetRow


def run_again(document: RunDocument, target: TargetRow) -> str:
    """The command that runs a target's promises again with the same seed."""
    words = _at("check", target, document.seed)
    if document.examples is not None:
        words += ["--examples", str(document.examples)]
    return shlex.join(words)


def run_alone(document: RunDocument, target: TargetRow, promise: str) -> str:
    """The command that runs one promise alone."""
    return f"{run_again(document, target)} -k {shlex.quote(promise)}"


def audit_again(document: AuditDocument) -> str:
    """The command that audits an endpoint again with the same texts."""
    return shlex.join(_at("audit", document.target, document.seed))


def _at(command: str, target: TargetRow | AuditedRow, seed: int) -> list[str]:
    words = ["tokenassay", command, "--base-url", target.base_url, "--edition", target.edition]
    words += ["--model", target.model, "--api-key-env", target.api_key_env]
    return [*words, "--seed", str(seed)]
