"""Limits, to the token: exactly the documented maximum is accepted, one more is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import DEAREST, Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.refusing import control, refuse_as
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import Prepared, broken, prepare
from tokenassay.conformance.promises.talking import ask, billed, say
from tokenassay.conformance.reading import counts
from tokenassay.conformance.spend import last_usage
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

LONGEST = 2_000
"""Output tokens that one answer may cost to prove a limit: our thrift, no bound of a document."""

_FILLERS: tuple[tuple[str, str], ...] = (("hello", " hello"), ("桥", "\n桥"))
"""A first word and a next one, of as many tokens each time; the next is repeated."""

_NAMES = {
    "input_tokens": "prompt",
    "message_tokens": "single_message",
    "context_tokens": "whole_context",
}

_FEW, _MORE = 16, 80
"""Words of the texts that the endpoint's own meter is read on."""

Make = Callable[[str], dict[str, Any]]
"""A body from the text of the message that is to be so long."""


# ------------------------------------------------------------------------------- input


@builder(*(f"limit:{quantity}" for quantity in _NAMES))
def token_limit_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A prompt of the documented size is accepted, one token more is refused."""
    assert isinstance(clause, c.LimitClause)
    maximum = clause.by_model.get(model, clause.maximum)
    if maximum is None:
        return
    what = _NAMES[clause.quantity]
    for id, tokens, refused in (
        (f"{what}_of_the_documented_size_is_accepted", maximum, False),
        (f"{what}_of_one_token_more_is_refused", maximum + 1, True),
    ):
        yield promise(
            clause,
            id,
            _sized,
            title=f"a {what.replace('_', ' ')} of {tokens:,} tokens is {id.rpartition('_')[2]}",
            last=True,
            cost=3,
            tokens=tokens,
            refused=refused,
        )


def _sized(probe: Probe, *, clause: c.LimitClause, tokens: int, refused: bool) -> None:
    if tokens > DEAREST:
        raise NotRun(f"a probe of {tokens:,} tokens would cost more than a check is worth")
    base = control(probe)
    whole = clause.quantity != "message_tokens"
    tried, against = 0, "none"
    for filler, make in zip(_FILLERS, _shapes(probe, clause), strict=False):
        wanted = tokens - _added(probe, clause)
        what = f"{tokens:,} tokens"
        if whole and probe.estimate(make("Say hello.")).basis == "approximate":
            # The edge is not known to the token, but half and twice the size are beyond doubt.
            inside = 2 * wanted if refused else wanted // 2
            body = metered(probe, inside, make, filler)
            what = f"about {inside:,} tokens by its own meter"
            probe.observe(f"tried with {what}")
        else:
            offset = _offset(probe, make) if whole else 0
            body = fitted(probe, wanted - offset, make, filler, whole=whole)
            inside = _input(probe, body) + offset
        found = broken(probe, Prepared(body), input_tokens=inside)
        if found[:1] != ((clause.id,) if refused else ()):
            against = ", ".join(found) or "none"
            continue
        tried += 1
        exchange = probe.send(body)
        if refused:
            refuse_as(probe, exchange, clause, base, what)
        else:
            probe.accepted(exchange, f"{what} accepted, of {tokens:,} that the documents allow")
    if not tried:
        raise NotRun(f"no such request stands or falls by this clause alone ({against})")


def _shapes(probe: Probe, clause: c.LimitClause) -> Iterator[Make]:
    """Two ways in which a request may come to be so long."""
    if clause.quantity != "message_tokens":
        yield lambda text: probe.body(text)
        if probe.edition.rule("prompt_only", probe.model) is None:
            turns = [say("user", "Hello."), say("assistant", "Hello.")]
            yield lambda text: probe.body([*turns, say("user", text)])
        return
    lead = [say("system", "You are brief.")]
    if clause.args.get("when") == "documents":
        lead.append(say("system", "A document about nothing much."))
    roles = clause.args.get("roles", ["user"])
    if "user" in roles:
        yield lambda text: probe.body([*lead, say("user", text)])
    if "system" in roles:
        more = lead[1:]
        yield lambda text: probe.body([say("system", text), *more, say("user", "Say hello.")])


def _added(probe: Probe, clause: c.LimitClause) -> int:
    """What a request's own cap on the answer adds to its input, where that counts too."""
    name = clause.args.get("adds")
    body = probe.body()
    value = body.get("parameters", body).get(name) if name else None
    return value if isinstance(value, int) else 0


def fitted(
    probe: Probe, tokens: int, make: Make, filler: tuple[str, str], *, whole: bool
) -> dict[str, Any]:
    """A body whose input, or whose long message alone, is exactly so many tokens by our count.

    NotRun where the local count is but a range, or no text comes out at so many.
    """
    first, following = filler

    def measured(text: str) -> int:
        return _input(probe, make(text)) if whole else probe.count(text)

    each = measured(first + following * 2) - measured(first + following)
    number = max(0, (tokens - measured(first)) // each)
    text = first + following * number
    text += " so" * max(0, tokens - measured(text))
    found = measured(text)
    if found != tokens:
        raise NotRun(f"no text was found that makes {tokens:,} tokens (nearest {found:,})")
    return make(text)


def metered(probe: Probe, tokens: int, make: Make, filler: tuple[str, str]) -> dict[str, Any]:
    """A body whose input is about so many tokens by the endpoint's own meter.

    NotRun where the meter tells nothing, or does not grow with the text.
    """
    first, following = filler

    def billed_for(number: int) -> int:
        body = make(first + following * number)
        told, _ = counts(last_usage(probe.accepted(probe.send(body))), probe.surface)
        return told or 0

    few, more = billed_for(_FEW), billed_for(_MORE)
    if more <= few:
        raise NotRun("the local count is approximate here, and the meter tells no more")
    return make(first + following * (_FEW + (tokens - few) * (_MORE - _FEW) // (more - few)))


def _input(probe: Probe, body: dict[str, Any]) -> int:
    estimate = probe.estimate(body)
    if estimate.basis == "approximate" or estimate.input_tokens is None:
        raise NotRun(f"the local count is {estimate.basis} here, so the edge is not known")
    return int(estimate.input_tokens)


def _offset(probe: Probe, make: Make) -> int:
    """Tokens that the endpoint bills beside our count where that is modelled: a template's.

    Where its meter tells nothing, our count stands.
    """
    body = make("Say hello.")
    estimate = probe.estimate(body)
    if estimate.basis == "exact":
        return 0
    told, _ = counts(last_usage(probe.accepted(probe.send(body))), probe.surface)
    return 0 if not told else told - int(estimate.input_tokens or 0)


# ------------------------------------------------------------------------------- output


@builder("limit:output_tokens")
def output_limit_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """No answer is longer than documented, nor may more be asked for."""
    assert isinstance(clause, c.LimitClause)
    maximum = clause.by_model.get(model, clause.maximum)
    if maximum is None:
        return
    yield promise(
        clause, "no_answer_is_longer_than_documented", _longest, last=True, maximum=maximum
    )
    name = clause.args.get("parameter")
    if name is None:
        return
    for value, refused in ((maximum, False), (maximum + 1, True)):
        verb = "is_refused" if refused else "is_accepted"
        which = "above_the_output_limit" if refused else "at_the_output_limit"
        yield promise(
            clause,
            f"{name}_{which}_{verb}",
            _capped,
            title=f"{name} {value:,} {verb.replace('_', ' ')}",
            last=True,
            name=name,
            value=value,
            refused=refused,
        )


def _longest(probe: Probe, *, clause: c.LimitClause, maximum: int) -> None:
    if maximum > LONGEST:
        raise NotRun(f"an answer of {maximum:,} tokens would cost more than a check is worth")
    said = f"Write a very long text about bridges, of {2 * maximum} words at least."
    exchange, reply = ask(probe, said, cap=None)
    _, told = billed(probe, exchange)
    tokens = probe.count(reply.text or "")
    if max(tokens, told) > maximum:
        raise probe.violation(
            f"at most {maximum:,} output tokens", f"{tokens:,}, and {told:,} billed", exchange
        )


def _capped(probe: Probe, *, clause: c.LimitClause, name: str, value: int, refused: bool) -> None:
    given: dict[str, Any] = {name: value}
    request = prepare(probe, **given)
    found = broken(probe, request)
    if found[:1] != ((clause.id,) if refused else ()):
        raise NotRun(f"no such request stands or falls by this clause alone ({found or 'none'})")
    exchange = request.send(probe)
    if refused:
        refuse_as(probe, exchange, clause, control(probe, request.stream), f"{name} {value:,}")
    else:
        probe.accepted(exchange, f"{name} {value:,} accepted, as many as the documents allow")
