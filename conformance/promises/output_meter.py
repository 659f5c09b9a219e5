"""Output tokens: those of the text that was sent, whole, cut and by stream.

Published answers bill exactly the tokens of their text, so a surplus is a breach wherever the
model's vocabulary is at hand. Text that was cut may have lost a part of a character, and what a
model began to say before a stop text is not seen: there some slack is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.stream_text import modes
from tokenassay.conformance.promises.talking import ask, billed, can_stream, counting, stream
from tokenassay.conformance.promises.texts import (
    BRIEF,
    BRIEF_ZH,
    EMOJI,
    LONG,
    LONG_ZH,
    ROOM,
)
from tokenassay.conformance.reading import Reply, counts
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

WHOLE = ((BRIEF, ROOM), (BRIEF_ZH, ROOM), (EMOJI, ROOM))
"""Asked with so much room that the answer should end by itself."""

CUT = ((LONG, 40), (LONG_ZH, 7), (LONG_ZH, 40), (LONG_ZH, 300))
"""Asked with so little room that the answer will be cut."""


@builder("behaviour:output_counts_text")
def output_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Output is billed as the tokens of the text that was sent."""
    yield promise(clause, "billed_output_equals_the_text", _output, cost=9)
    yield promise(clause, "billed_output_is_that_of_the_streamed_text", _output_stream, cost=12)
    yield promise(clause, "billed_output_is_the_same_in_both_forms", _output_forms, cost=4)


def _output(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question, cap in (*WHOLE, *CUT):
        exchange, reply = ask(probe, question, cap=cap)
        _hold(probe, exchange, reply.text, billed(probe, exchange)[1], reply)


def _output_stream(probe: Probe, *, clause: c.BehaviourClause) -> None:
    if not can_stream(probe):
        raise NotRun(f"{probe.edition.id} documents no streams")
    for question, cap in (*WHOLE, *CUT):
        for mode in modes(probe):
            exchange, flow = stream(probe, question, mode=mode, cap=cap, **counting(probe))
            _, told = counts(flow.usage, probe.surface)
            if told is None:
                raise probe.violation("usage in the stream", f"{flow.usage}", exchange)
            speaking = flow.speaking[-1] if flow.speaking else Reply(text=None)
            last = Reply(text=flow.text, finish_reason=flow.finish_reason, body=speaking.body)
            _hold(probe, exchange, flow.text, told, last)


def _output_forms(probe: Probe, *, clause: c.BehaviourClause) -> None:
    known = probe.edition.parameters(probe.model)
    choice = known["result_format"].choice if "result_format" in known else None
    if choice is None or len(choice.values) < 2:
        raise NotRun("answers have one form only")
    for value in choice.values:
        for question in (BRIEF, BRIEF_ZH):
            exchange, reply = ask(probe, question, cap=ROOM, result_format=value)
            _hold(probe, exchange, reply.text, billed(probe, exchange)[1], reply)


def _hold(probe: Probe, exchange: Exchange, text: Any, told: int, reply: Reply) -> None:
    if probe.estimate(probe.body()).basis == "approximate":
        raise NotRun(f"there is no local vocabulary for {probe.model}")
    if not isinstance(text, str) or reply.reasoning or reply.tool_calls:
        raise Inconclusive("the answer is not text alone", exchange.id)
    counted = probe.count(text)
    if (
        not counted - slack(text, reply.finish_reason)
        <= told
        <= counted + slack(text, reply.finish_reason)
    ):
        raise probe.violation(f"{counted} output tokens billed", f"{told} billed", exchange)


def slack(text: str, reason: Any) -> int:
    """Tokens by which the count of a text may miss those that the model made.

    None, where the answer ended by itself. A cut may fall inside a character, which shows as
    U+FFFD or not at all, and it may part what would have been one token.
    """
    if reason == "stop":
        return 0
    return 3 if "\ufffd" in text[-1:] else 1
