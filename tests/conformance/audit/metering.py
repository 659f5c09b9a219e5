"""Meters of our own making: a mock with a hook on its usage, audited in this process."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import tiktoken

from tokenassay.conformance.asgi_wire import AsgiWire
from tokenassay.conformance.audit.auditing import Audit, Auditor
from tokenassay.conformance.mock import Settings, make_app
from tokenassay.conformance.mock.app import App, path_of
from tokenassay.conformance.mock.call import Call, Usage
from tokenassay.conformance.mock.stages import Hook, Hooks, Stages
from tokenassay.conformance.rundb import RunFile
from tokenassay.conformance.sessions import Session
from tokenassay.conformance.spend import Pricing
from tokenassay.conformance.targets import Target
from tokenassay.contracts.store import Contract, load_edition
from tokenassay.estimators.tokens import vocabulary

EDITION, MODEL = "qwen-dashscope@2026", "qwen-turbo"

Change = Callable[[int, int], tuple[int, int]]


def summed(change: Change) -> Hook[Usage]:
    """A meter that changes input and output tokens; the total follows."""

    def meter(call: Call, usage: Usage) -> Usage:
        given, made = change(usage.input_tokens, usage.output_tokens)
        return msgspec.structs.replace(
            usage, input_tokens=given, output_tokens=made, total_tokens=given + made
        )

    return meter


def of_input(change: Callable[[int], int]) -> Hooks:
    """A meter that changes the input alone."""
    return Hooks(meter=summed(lambda given, made: (change(given), made)))


def recounted(count: Callable[[str], int], overhead: int = 6) -> Hooks:
    """A meter with a tokenizer of its own, and so many tokens around each message."""

    def meter(call: Call, usage: Usage) -> Usage:
        messages = (call.request.messages if call.request else None) or ()
        given = sum(count(message.text) + overhead for message in messages)
        return summed(lambda _, made: (given, made))(call, usage)

    return Hooks(meter=meter)


@lru_cache(maxsize=4)
def smaller_vocabulary(size: int) -> tiktoken.Encoding:
    """Byte-pair encoding with the first tokens of the Qwen vocabulary only."""
    ranks = {token: rank for rank, token in enumerate(vocabulary.tokens()[:size])}
    pattern = r"""[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+"""
    return tiktoken.Encoding("small", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


def lying(app: App, *hooks: Hooks) -> App:
    """The application with these hooks in place of its lies."""
    for mount in app.mounts:
        for service in mount.services:
            service.stages = Stages.of(hooks)
    return app


def audit(
    folder: Path,
    *hooks: Hooks,
    lies: tuple[str, ...] = (),
    edition: str = EDITION,
    model: str = MODEL,
    contract: Contract | None = None,
    seed: int = 0,
) -> Audit:
    """The audit of a mock that meters like this."""
    contract = contract or Contract(load_edition(edition))
    settings = Settings(seed=seed)
    app = make_app([contract], lies, settings)
    if hooks:
        lying(app, *hooks)
    target = Target(
        name="mock",
        base_url="http://mock" + path_of(contract.edition),
        edition=contract.edition.id,
        model=model,
        api_key_env="MOCK_KEY",
        faults=True,
    )
    run = RunFile(folder / f"run-{seed}.db")
    session = Session(
        target,
        contract.edition,
        run,
        AsgiWire(app),
        Pricing(target, contract.edition, contract),
        key=settings.api_key,
        seed=seed,
        patient=False,
    )
    try:
        return Auditor(session).run(workers=1)
    finally:
        session.close()
        run.close()


def sides(found: Audit) -> dict[str, Any]:
    """Verdicts by the side that they speak of."""
    return {finding.side: finding.verdict for finding in found.findings}
