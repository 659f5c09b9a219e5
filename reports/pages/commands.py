"""Commands that a page offers for copying."""

from __future__ import annotations

import shlex

from tokenassay.conformance.results import RunDocument, TargetRow


def run_again(document: RunDocument, target: TargetRow) -> str:
    """The command that runs a target's promises again with the same seed."""
    words = ["tokenassay", "check", "--base-url", target.base_url, "--edition", target.edition]
    words += ["--model", target.model, "--api-key-env", target.api_key_env]
    words += ["--seed", str(document.seed)]
    if document.examples is not None:
        words += ["--examples", str(document.examples)]
    return shlex.join(words)


def run_alone(document: RunDocument, target: TargetRow, promise: str) -> str:
    """The command that runs one promise alone."""
    return f"{run_again(document, target)} -k {shlex.quote(promise)}"
