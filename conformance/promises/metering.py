"""The meter's figures: there, whole, and adding up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.talking import Said, ask, can_stream, counting, say, stream
from tokenassay.conformance.promises.texts import BRIEF, HELLO, LONG, LONG_ZH, ROOM, SCRIPTS
from tokenassay.conformance.promises.thinking import may_think, think
from tokenassay.conformance.spend import last_usage
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition


@builder("behaviour:usage_present")
def present_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Usage is there, with whole numbers that are not negative."""
    yield promise(clause, "usage_is_there", _present, cost=4)


def _present(probe: Probe, *, clause: c.BehaviourClause) -> None:
    fields = clause.args["fields"]
    # Of documents that promise no more than its presence, one shows a usage of nothing but 0.
    counted = probe.edition.behaviour("usage_counts_template", probe.model) is not None
    for text in (HELLO, LONG_ZH, BRIEF):
        exchange, _ = ask(probe, text)
        usage = last_usage(exchange)
        for field in fields:
            value = (usage or {}).get(field)
            if type(value) is not int or value < 0:
                raise probe.violation(f"usage.{field}, a whole number", f"{value!r}", exchange)
        if counted and (usage or {}).get(fields[0]) == 0:
            raise probe.violation(f"usage.{fields[0]} above 0", "0", exchange)
    if can_stream(probe):
        exchange, flow = stream(probe, LONG, **counting(probe))
        for field in fields:
            value = (flow.usage or {}).get(field)
            if type(value) is not int or value < 0:
                raise probe.violation(
                    f"usage.{field}, a whole number, in a stream", f"{value!r}", exchange
                )


@builder("behaviour:usage_sums")
def sum_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The total is the sum of its parts, in plain answers and in streams."""
    yield promise(clause, "usage_adds_up", _sums, cost=9)


def _sums(probe: Probe, *, clause: c.BehaviourClause) -> None:
    first, second, total = clause.args["fields"]

    def hold(exchange: Exchange, usage: Mapping[str, Any] | None) -> None:
        if not usage or usage.get(total) is None:
            return
        parts = [usage.get(first), usage.get(second)]
        whole = [part for part in parts if type(part) is int]
        if len(whole) < len(parts) or sum(whole) != usage[total]:
            raise probe.violation(
                f"{total} = {parts[0]} + {parts[1]}", f"{total} {usage[total]}", exchange
            )

    for said, cap in _conversations(probe):
        exchange, _ = ask(probe, said, cap=cap)
        hold(exchange, last_usage(exchange))
    if can_stream(probe):
        for text, cap in ((LONG, 40), (LONG_ZH, 40), (BRIEF, ROOM)):
            exchange, flow = stream(probe, text, cap=cap, **counting(probe))
            for reply in flow.replies:
                hold(exchange, reply.usage)
    if may_think(probe.edition, probe.model):
        exchange = think(probe, BRIEF, cap=ROOM).exchange
        hold(exchange, last_usage(exchange))


def _conversations(probe: Probe) -> Iterator[tuple[Said, int]]:
    for _, text in SCRIPTS[:6]:
        yield text, 16
    yield BRIEF, ROOM
    yield LONG, 1
    if probe.edition.rule("prompt_only", probe.model) is None:
        yield [say("user", HELLO), say("assistant", "Hello."), say("user", "你好")], 16


@builder("behaviour:usage_unmetered")
def unmetered_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Where the documents say that usage means nothing, it is noted and no more."""
    yield promise(clause, "usage_here_means_nothing", _unmetered)


def _unmetered(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange, _ = ask(probe, HELLO)
    usage = last_usage(exchange)
    probe.observe(f"usage {dict(usage) if usage else usage}")


@builder("example:usage")
def sample_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The request of a printed sample is billed the input that the sample prints."""
    assert isinstance(clause, c.ExampleClause)
    given, expected = clause.given, clause.expected
    if isinstance(given, Mapping) and given.get("model") == model and "messages" in given:
        field = next((name for name in expected if name.startswith(("input", "prompt"))), None)
        if field is not None:
            yield promise(
                clause,
                f"{clause.id.rpartition('.')[2]}_is_billed_as_printed",
                _sample,
                title=f"the request of a printed sample is billed {expected[field]} input tokens",
                field=field,
            )


def _sample(probe: Probe, *, clause: c.ExampleClause, field: str) -> None:
    exchange, _ = ask(probe, clause.given["messages"])
    usage = last_usage(exchange)
    if usage is None:
        raise NotRun("the answer carries no usage")
    if usage.get(field) != clause.expected[field]:
        raise probe.violation(
            f"{field} {clause.expected[field]}, as printed", f"{field} {usage.get(field)}", exchange
        )
