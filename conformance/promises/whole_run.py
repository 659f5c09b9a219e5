"""Every answer of a run at once: a slip anywhere in it is a finding, however rare.

These promises send nothing. They look at the exchanges that all others have brought, so they
come last; what was not asked in this run they cannot see.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.input_meter import Point, judge, shape_of
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.output_meter import slack
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.talking import Mode, default_mode
from tokenassay.conformance.promises.texts import written
from tokenassay.conformance.reading import counts, flow_of, reply_of
from tokenassay.conformance.spend import last_usage
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

_HARMLESS: Final = frozenset(
    {
        "temperature",
        "top_p",
        "top_k",
        "seed",
        "stop",
        "max_tokens",
        "repetition_penalty",
        "presence_penalty",
        "result_format",
        "incremental_output",
        "stream",
        "stream_options",
    }
)
"""Parameters that change nothing about how input is counted."""


@builder("behaviour:usage_counts_template")
def input_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """All input of the run is billed alike."""
    yield promise(
        clause,
        "all_input_of_the_run_is_billed_as_counted",
        _all_input,
        title="no request of the whole run is billed other input than its likes",
        last=True,
        steady=False,
    )


@builder("behaviour:output_counts_text")
def output_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """All output of the run is billed as the text that came."""
    yield promise(
        clause,
        "all_output_of_the_run_is_billed_as_its_text",
        _all_output,
        title="no answer of the whole run is billed other output than its text",
        last=True,
        steady=False,
    )


@builder("behaviour:request_id")
def id_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """No two answers of the run share an id."""
    assert isinstance(clause, c.BehaviourClause)
    if clause.args.get("pattern"):
        yield promise(
            clause,
            f"no_two_answers_of_the_run_share_a_{clause.args['field']}",
            _all_ids,
            last=True,
            steady=False,
        )


@builder("behaviour:usage_sums")
def sum_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Every usage of the run adds up."""
    yield promise(clause, "all_usage_of_the_run_adds_up", _all_sums, last=True, steady=False)


# ------------------------------------------------------------------------------- exchanges


def answers(probe: Probe) -> Iterator[tuple[Exchange, dict[str, Any]]]:
    """Generation requests of this run that were answered, with the bodies they had."""
    path = probe.operation("generate" if probe.surface == "native" else "chat").path
    run = probe.session.run
    for _, id, _, _ in list(run.timings(probe.target.name)):
        exchange = run.exchange(id)
        if exchange is None or exchange.error is not None or exchange.status != 200:
            continue
        if exchange.sent.method != "POST" or not exchange.sent.url.endswith(path):
            continue
        try:
            body = msgspec.json.decode(exchange.sent.body)
        except msgspec.DecodeError:
            continue
        if isinstance(body, dict) and body.get("model") == probe.model:
            yield exchange, body


def _parameters(body: dict[str, Any]) -> dict[str, Any]:
    held = body.get("parameters")
    if "input" in body:
        return held if isinstance(held, dict) else {}
    return {name: value for name, value in body.items() if name not in ("model", "messages")}


def _is_plain(body: dict[str, Any], *, modelled: bool) -> bool:
    """Whether a body has nothing but words in it, and nothing that bears on their count.

    Where the count is modelled, the words must have plain edges too: a template that nobody
    knows may join them to what stands beside them.
    """
    if not set(_parameters(body)) <= _HARMLESS:
        return False
    holder = body.get("input") if isinstance(body.get("input"), dict) else body
    assert isinstance(holder, dict)
    messages = holder.get("messages") or []
    words = [message.get("content") for message in messages if set(message) <= {"role", "content"}]
    if len(words) < len(messages) or any(not isinstance(text, str) for text in words):
        return False
    edges = [text for text in words if text != text.strip() or not text]
    return not (modelled and edges) and not any(text.startswith("fileid:") for text in words)


def _all_input(probe: Probe, *, clause: c.BehaviourClause) -> None:
    points: list[Point] = []
    for exchange, body in answers(probe):
        told, _ = counts(last_usage(exchange), probe.surface)
        estimate = probe.estimate(body)
        if told is None or estimate.input_tokens is None or estimate.basis == "approximate":
            continue
        exact = estimate.basis == "exact"
        if _is_plain(body, modelled=not exact):
            counted = int(estimate.input_tokens)
            what = written(_words(body))
            points.append(Point(what, shape_of(body), counted, told, exact, exchange))
    if not points:
        raise NotRun("no answer of this run could be counted")
    judge(probe, points)
    probe.observe(f"{len(points)} answers were looked at")


def _words(body: dict[str, Any]) -> Any:
    holder = body["input"] if isinstance(body.get("input"), dict) else body
    messages = holder.get("messages")
    return messages[-1].get("content") if messages else holder.get("prompt")


def _all_output(probe: Probe, *, clause: c.BehaviourClause) -> None:
    held = 0
    for exchange, body in answers(probe):
        _, told = counts(last_usage(exchange), probe.surface)
        given = _parameters(body)
        if told is None or "stop" in given or not _is_plain(body, modelled=False):
            continue
        if probe.estimate(body).basis == "approximate":
            continue
        text, reason, thought = _said(probe, exchange, given)
        if text is None or thought:
            continue
        held += 1
        counted, room = probe.count(text), slack(text, reason)
        if abs(told - counted) > room:
            raise probe.violation(f"{counted} output tokens billed", f"{told} billed", exchange)
    if not held:
        raise NotRun("no answer of this run could be counted")
    probe.observe(f"{held} answers were looked at")


def _said(
    probe: Probe, exchange: Exchange, given: dict[str, Any]
) -> tuple[str | None, Any, str | None]:
    """Text, reason to end and thinking of an answer, whole or by stream."""
    if not exchange.is_stream:
        reply = reply_of(exchange, probe.surface)
        return reply.text, reply.finish_reason, reply.reasoning
    mode: Mode = default_mode(probe)
    if isinstance(given.get("incremental_output"), bool):
        mode = "incremental" if given["incremental_output"] else "cumulative"
    flow = flow_of(exchange, probe.surface, mode)
    thought = "".join(reply.reasoning or "" for reply in flow.speaking)
    return flow.text if flow.speaking else None, flow.finish_reason, thought


def _all_ids(probe: Probe, *, clause: c.BehaviourClause) -> None:
    field = clause.args["field"]
    seen: dict[str, Exchange] = {}
    for exchange, _ in answers(probe):
        body = exchange.events[0].json if exchange.events else exchange.json
        id = body.get(field) if isinstance(body, dict) else None
        if not isinstance(id, str) or not id:
            continue
        if id in seen:
            raise probe.violation(
                f"another {field} for another answer", f"{written(id)} twice", exchange
            )
        seen[id] = exchange
    if not seen:
        raise NotRun(f"no answer of this run has a {field}")
    probe.observe(f"{len(seen)} answers were looked at")


def _all_sums(probe: Probe, *, clause: c.BehaviourClause) -> None:
    first, second, total = clause.args["fields"]
    held = 0
    for exchange, _ in answers(probe):
        usage = last_usage(exchange) or {}
        parts = [usage.get(first), usage.get(second), usage.get(total)]
        if not all(type(part) is int for part in parts):
            continue
        held += 1
        if usage[first] + usage[second] != usage[total]:
            raise probe.violation(
                f"{total} = {usage[first]} + {usage[second]}", f"{total} {usage[total]}", exchange
            )
    if not held:
        raise NotRun("no answer of this run tells all three figures")
    probe.observe(f"{held} answers were looked at")
