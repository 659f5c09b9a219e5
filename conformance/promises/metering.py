"""The meter: what is billed against what was sent and said, counted here.

The documents say that the local tokenizer need not agree with the server, so a verdict follows
the basis of the count: where it is exact for this model and date, any surplus is a violation;
where it is modelled, a constant offset is observed and named, and only what no template
explains is a violation: a factor, an offset that comes and goes, two answers for one request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.messages import say
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.responses import LONG, LONG_ZH, one
from tokenassay.conformance.promises.streams import seeded, stream
from tokenassay.conformance.reading import Reply, counts, reply_of
from tokenassay.conformance.spend import last_usage
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

TEXTS: tuple[tuple[str, str], ...] = (
    ("short English", "Say hello."),
    ("short Chinese", "你好，请问杭州的天气怎么样？"),
    ("digits", "3141592653589793238462643383279502884197"),
    ("code", "def area(r):\n    return 3.14159 * r ** 2\n\nprint(area(2))\n"),
    ("emoji", "🎉👩‍👩‍👧‍👦🏳️‍🌈 party!"),
    ("repeated", "ha " * 60),
    ("mixed", "请 translate the word \"桥梁\" into English, 然后 explain.\n\n- a\n- b"),
    ("long Chinese", "桥梁的历史很长，从木桥到石桥，再到钢桥。" * 24),
    ("long English", "The bridge over the river was built of stone and stood long. " * 24),
)


def billed(probe: Probe, exchange: Exchange) -> tuple[int, int]:
    """Input and output tokens of an answer; a violation where it has none."""
    told = counts(last_usage(exchange), probe.surface)
    if told[0] is None or told[1] is None:
        raise probe.violation("usage with whole numbers", f"usage {last_usage(exchange)}", exchange)
    return told[0], told[1]


# ------------------------------------------------------------------------------- fields


@builder("behaviour:usage_present")
def present_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Usage is there, with whole numbers that are not negative."""
    yield one(clause, "usage_is_there", _present, cost=3)


def _present(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for text in ("Say hello.", LONG_ZH):
        exchange = probe.accepted(probe.send(probe.body(text)))
        usage = last_usage(exchange)
        for field in clause.args["fields"]:
            value = (usage or {}).get(field)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise probe.violation(f"usage.{field}, a whole number", f"{value!r}", exchange)
        if (usage or {}).get(clause.args["fields"][0]) == 0:
            raise probe.violation("input tokens above 0", "0", exchange)


@builder("behaviour:usage_sums")
def sum_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The total is the sum of its parts, in plain answers and in streams."""
    yield one(clause, "usage_adds_up", _sums, cost=4)


def _sums(probe: Probe, *, clause: c.BehaviourClause) -> None:
    first, second, total = clause.args["fields"]

    def hold(exchange: Exchange, usage: Mapping[str, Any] | None) -> None:
        if not usage or usage.get(total) is None:
            return
        parts = usage.get(first), usage.get(second)
        if not all(isinstance(part, int) for part in parts) or sum(parts) != usage[total]:  # type: ignore[arg-type]
            raise probe.violation(
                f"{total} = {parts[0]} + {parts[1]}", f"{total} {usage[total]}", exchange
            )

    for _, text in TEXTS[:4]:
        exchange = probe.accepted(probe.send(probe.body(text)))
        hold(exchange, last_usage(exchange))
    for reply, exchange in _streamed(probe):
        hold(exchange, reply.usage)


def _streamed(probe: Probe) -> list[tuple[Reply, Exchange]]:
    """Frames with usage of one stream; none where the edition documents no streams."""
    extra: dict[str, Any] = {}
    if probe.surface == "openai":
        extra["stream_options"] = {"include_usage": True}
    try:
        exchange, flow = stream(probe, LONG, **extra, **seeded(probe))
    except NotRun:
        return []
    return [(reply, exchange) for reply in flow.replies if reply.usage is not None]


# ------------------------------------------------------------------------------- input


@builder("behaviour:usage_counts_template")
def count_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Input is billed as counted; it repeats, it grows by what was added, it streams alike."""
    yield one(clause, "billed_input_equals_the_local_count", _equals_count, cost=14)
    yield one(clause, "billed_input_repeats", _repeats, steady=False, cost=6)
    yield one(clause, "billed_input_grows_by_what_is_added", _grows, cost=10)
    yield one(clause, "billed_input_is_the_same_by_stream", _same_by_stream, cost=8)
    yield one(clause, "billed_input_does_not_depend_on_parameters", _no_parameter, cost=4)


def _equals_count(probe: Probe, *, clause: c.BehaviourClause) -> None:
    offsets: dict[int, list[str]] = {}
    exact = True
    shown: dict[int, Exchange] = {}

    def meter(what: str, messages: list[dict[str, Any]]) -> tuple[int, int, Exchange]:
        nonlocal exact
        body = probe.body(messages)
        estimate = probe.estimate(body)
        if estimate.input_tokens is None or estimate.basis == "approximate":
            raise NotRun(f"the local count is {estimate.basis} for {probe.model}")
        exact = exact and estimate.basis == "exact"
        exchange = probe.accepted(probe.send(body))
        told, _ = billed(probe, exchange)
        counted = estimate.input_tokens
        probe.meter_point(what, counted=counted, billed=told, basis=estimate.basis, what=what)
        return counted, told, exchange

    for what, messages in _conversations():
        counted, told, exchange = meter(what, messages)
        offsets.setdefault(told - counted, []).append(what)
        shown.setdefault(told - counted, exchange)
    _judge_offsets(probe, offsets, shown, exact)
    constant = next(iter(offsets)) if not exact else 0

    def check(text: str) -> None:
        counted, told, exchange = meter(f"generated: {text[:20]!r}", [say("user", text)])
        if told - counted != constant:
            raise probe.violation(
                f"{counted + constant} input tokens billed", f"{told} billed", exchange
            )

    alphabet = st.sampled_from("abcdefgh 0123456789,.\n你好世界桥梁🎉é")
    probe.search(st.text(alphabet, min_size=1, max_size=60), check)


def _conversations() -> list[tuple[str, list[dict[str, Any]]]]:
    found = [(what, [say("user", text)]) for what, text in TEXTS]
    system = say("system", "You are a careful assistant.")
    found.append(("with a system message", [system, say("user", "Say hello.")]))
    turns = [say("user", "1 + 1?"), say("assistant", "2"), say("user", "And 2 + 2?")]
    found.append(("three turns", [system, *turns]))
    found.append(("five turns", [system, *turns, say("assistant", "4"), say("user", "谢谢")]))
    return found


def _judge_offsets(
    probe: Probe, offsets: dict[int, list[str]], shown: dict[int, Exchange], exact: bool
) -> None:
    if exact and set(offsets) != {0}:
        offset = next(o for o in offsets if o != 0)
        what = offsets[offset][0]
        raise probe.violation(
            "as many input tokens billed as counted, the count being exact for this model",
            f"{offset:+d} tokens for {what} (offsets {_told(offsets)})",
            shown[offset],
        )
    if len(offsets) > 1:
        rare = min(offsets, key=lambda offset: len(offsets[offset]))
        raise probe.violation(
            "billed input that differs from the count by one constant, as a template does",
            f"offsets {_told(offsets)}",
            shown[rare],
        )
    offset = next(iter(offsets))
    if offset:
        probe.observe(f"each request is billed {offset:+d} tokens beside the modelled count")


def _told(offsets: dict[int, list[str]]) -> str:
    return "; ".join(f"{o:+d} for {', '.join(w[:3])}" for o, w in sorted(offsets.items()))


def _repeats(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for _, text in TEXTS[:2]:
        seen: dict[int, Exchange] = {}
        for repeat in (0, 21, 22, 23):
            exchange = probe.accepted(probe.send(probe.body(text), repeat=repeat))
            seen.setdefault(billed(probe, exchange)[0], exchange)
        if len(seen) > 1:
            raise probe.violation(
                "the same input tokens for the same request",
                f"{' and '.join(map(str, sorted(seen)))} input tokens",
                list(seen.values())[-1],
            )


def _grows(probe: Probe, *, clause: c.BehaviourClause) -> None:
    base_text = "List these words:"
    base, _ = billed(probe, probe.accepted(probe.send(probe.body(base_text))))
    start = probe.estimate(probe.body(base_text)).input_tokens
    for added in (1, 2, 10, 100, 333):
        body = probe.body(base_text + " hello" * added)
        counted = probe.estimate(body).input_tokens
        if counted is None or start is None:
            raise NotRun("the local count is unknown here")
        exchange = probe.accepted(probe.send(body))
        told, _ = billed(probe, exchange)
        if told - base != counted - start:
            raise probe.violation(
                f"{counted - start} input tokens more for {added} words more",
                f"{told - base} more",
                exchange,
            )


def _same_by_stream(probe: Probe, *, clause: c.BehaviourClause) -> None:
    extra = {"stream_options": {"include_usage": True}} if probe.surface == "openai" else {}
    for _, text in (TEXTS[0], TEXTS[1], TEXTS[3]):
        plain, _ = billed(probe, probe.accepted(probe.send(probe.body(text, cap=24))))
        exchange, flow = stream(probe, text, cap=24, **extra)
        told, _ = counts(flow.usage, probe.surface)
        if told != plain:
            raise probe.violation(
                f"{plain} input tokens by stream as without", f"{told} by stream", exchange
            )


def _no_parameter(probe: Probe, *, clause: c.BehaviourClause) -> None:
    known = probe.edition.parameters(probe.model)
    base, _ = billed(probe, probe.accepted(probe.send(probe.body())))
    settings: dict[str, Any] = {"temperature": 0.5, "top_p": 0.5, "seed": 7, "stop": ["zebra"]}
    for name, value in settings.items():
        if name in known:
            exchange = probe.accepted(probe.send(probe.body(**{name: value})))
            told, _ = billed(probe, exchange)
            if told != base:
                raise probe.violation(
                    f"{base} input tokens with {name} as without", f"{told}", exchange
                )


# ------------------------------------------------------------------------------- output


@builder("behaviour:output_counts_text")
def output_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Output is billed as the tokens of the text that was sent."""
    yield one(clause, "billed_output_equals_the_text", _output, cost=8)
    yield one(clause, "billed_output_is_that_of_the_streamed_text", _output_stream, cost=3)


def _output(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for text in (LONG, LONG_ZH, "Say hello.", TEXTS[4][1]):
        for cap in (9, 64):
            exchange = probe.accepted(probe.send(probe.body(text, cap=cap)))
            reply = reply_of(exchange, probe.surface)
            _hold_output(probe, exchange, reply.text, billed(probe, exchange)[1], reply)


def _output_stream(probe: Probe, *, clause: c.BehaviourClause) -> None:
    extra = {"stream_options": {"include_usage": True}} if probe.surface == "openai" else {}
    for text in (LONG, LONG_ZH):
        exchange, flow = stream(probe, text, **extra)
        _, told = counts(flow.usage, probe.surface)
        if told is None:
            raise probe.violation("usage in the stream", f"{flow.usage}", exchange)
        last = flow.replies[-1]
        _hold_output(probe, exchange, flow.text, told, last)


def _hold_output(
    probe: Probe, exchange: Exchange, text: str | None, told: int, reply: Reply
) -> None:
    if text is None or reply.reasoning or reply.tool_calls:
        raise Inconclusive("the answer is not text alone", exchange.id)
    counted = probe.count(text)
    # A model may end with a token of its own that shows no text; published answers do not
    # bill it. Text cut inside a character counts one more.
    slack = 1 if "\ufffd" in text else 0
    if abs(told - counted) > slack:
        raise probe.violation(f"{counted} output tokens billed", f"{told} billed", exchange)


@builder("behaviour:usage_unmetered")
def unmetered_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Where the documents say that usage means nothing, it is noted and no more."""
    yield one(clause, "usage_here_means_nothing", _unmetered)


def _unmetered(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange = probe.accepted(probe.send(probe.body()))
    probe.observe(f"usage {last_usage(exchange)}")
