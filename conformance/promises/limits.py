"""Limits, to the token: exactly the documented maximum is accepted, one more is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.messages import refuse_as, say
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import control
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

LARGEST_PROBE = 100_000
"""Tokens that one probe of a limit may cost at most: our thrift, no bound of a document."""

_WORD, _NEXT = "hello", " hello"
"""One token each, alone and after one another."""


def words(tokens: int) -> str:
    """A text of so many tokens."""
    return _WORD + _NEXT * (tokens - 1)


@builder("limit:input_tokens", "limit:message_tokens")
def token_limit_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A prompt of the documented size is accepted, one token more is refused."""
    assert isinstance(clause, c.LimitClause)
    maximum = clause.by_model.get(model, clause.maximum)
    if maximum is None:
        return
    what = "prompt" if clause.quantity == "input_tokens" else "single_message"
    common = {"family": "limits", "clause": clause.id, "level": clause.level, "last": True}
    yield Promise(
        id=f"{what}_of_the_documented_size_is_accepted",
        title=f"a {what.replace('_', ' ')} of {maximum:,} tokens is accepted",
        check=partial(_sized, clause=clause, tokens=maximum, refused=False),
        **common,  # type: ignore[arg-type]
    )
    yield Promise(
        id=f"{what}_of_one_token_more_is_refused",
        title=f"a {what.replace('_', ' ')} of {maximum + 1:,} tokens is refused",
        check=partial(_sized, clause=clause, tokens=maximum + 1, refused=True),
        **common,  # type: ignore[arg-type]
    )


def _sized(probe: Probe, *, clause: c.LimitClause, tokens: int, refused: bool) -> None:
    if tokens > LARGEST_PROBE:
        raise NotRun(f"a probe of {tokens:,} tokens would cost more than a check is worth")
    whole = clause.quantity == "input_tokens"
    body = fitted(probe, tokens) if whole else _one_message(probe, clause, tokens)
    base = control(probe)
    exchange = probe.send(body)
    if refused:
        refuse_as(probe, exchange, clause, base, f"{tokens:,} tokens")
    else:
        probe.accepted(exchange, f"{tokens:,} tokens accepted, as many as the documents allow")


def fitted(
    probe: Probe, tokens: int, build: Callable[[str], dict[str, Any]] | None = None
) -> dict[str, Any]:
    """A body whose input is exactly so many tokens by the local count.

    NotRun where the local count is not exact for this model, so that no edge is known.
    """
    make = build or (lambda text: probe.body(text))
    overhead = _input(probe, make(_WORD)) - 1
    body = make(words(max(1, tokens - overhead)))
    counted = _input(probe, body)
    if counted != tokens:
        raise NotRun(f"no text was found that makes {tokens:,} tokens (nearest {counted:,})")
    return body


def _input(probe: Probe, body: dict[str, Any]) -> int:
    estimate = probe.estimate(body)
    if estimate.basis == "approximate" or estimate.input_tokens is None:
        raise NotRun(f"the local count is {estimate.basis} here, so the edge is not known")
    return int(estimate.input_tokens)


def _one_message(probe: Probe, clause: c.LimitClause, tokens: int) -> dict[str, Any]:
    text = words(tokens)
    documents = clause.args.get("only_with_documents", False)
    messages = [say("system", "You are brief.")]
    if documents:
        messages.append(say("system", "A document about nothing much."))
    return probe.body([*messages, say("user", text)])
