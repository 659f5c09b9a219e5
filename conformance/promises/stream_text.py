"""What a stream says: whole or in increments, and the same as the plain answer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.talking import (
    FRAMES,
    Mode,
    ask,
    default_mode,
    read_stream,
    seeded,
    stream,
)
from tokenassay.conformance.promises.texts import BRIEF, EMOJI, LONG, LONG_ZH, ROOM, TOLD, written
from tokenassay.conformance.promises.values import default_promises
from tokenassay.conformance.reading import Flow
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

# ------------------------------------------------------------------------------- the mode


@builder("behaviour:stream_default_mode")
def mode_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Without being asked a stream is cumulative, or incremental, as documented."""
    assert isinstance(clause, c.BehaviourClause)
    if edition.behaviour("stream_default_mode", model) is clause:
        mode = clause.args["mode"]
        yield promise(clause, f"stream_is_{mode}_by_default", _default_mode, cost=4, mode=mode)


@builder("default:incremental_output")
def default_mode_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The same, by the default of the parameter that turns it."""
    assert isinstance(clause, c.DefaultClause)
    yield from default_promises(edition, clause, model)
    parameter = edition.parameters(model).get(clause.parameter)
    if parameter is not None and parameter.default_clause is clause:
        mode = "incremental" if clause.value else "cumulative"
        yield promise(
            clause, f"frames_are_{mode}_unless_asked_otherwise", _default_mode, cost=4, mode=mode
        )


def _default_mode(probe: Probe, *, clause: c.Clause, mode: Mode) -> None:
    for question in TOLD:
        exchange, flow = stream(probe, question)
        hold_mode(probe, flow, exchange, mode)
    exchange, flow = stream(probe, LONG_ZH, cap=300)
    hold_mode(probe, flow, exchange, mode)


@builder("behaviour:stream_incremental_on_request")
def incremental_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """incremental_output turns a stream into increments, and false into the whole so far."""
    if "incremental_output" not in edition.parameters(model):
        return
    yield promise(
        clause,
        "incremental_output_true_gives_increments",
        _turned,
        family="parameters",
        cost=4,
        mode="incremental",
    )
    choice = edition.parameters(model)["incremental_output"].choice
    if choice is None or False in choice.values:
        yield promise(
            clause,
            "incremental_output_false_repeats_the_whole",
            _turned,
            family="parameters",
            cost=3,
            mode="cumulative",
        )


def _turned(probe: Probe, *, clause: c.BehaviourClause, mode: Mode) -> None:
    for question, cap in ((LONG, FRAMES), (LONG_ZH, FRAMES), (EMOJI, FRAMES), (LONG_ZH, 300)):
        body = probe.body(question, cap=cap, incremental_output=mode == "incremental")
        exchange = probe.accepted(probe.send(body, stream=True))
        hold_mode(probe, read_stream(probe, exchange, mode), exchange, mode)


def hold_mode(probe: Probe, flow: Flow, exchange: Exchange, mode: Mode) -> None:
    """Cumulative frames are prefixes of the next; increments are not; characters are whole."""
    texts = [reply.text for reply in flow.speaking if reply.text]
    if len(texts) < 3:
        raise Inconclusive("too few frames with text to tell increments from the whole")
    pairs = list(pairwise(texts))
    repeated = [later.startswith(earlier) for earlier, later in pairs]
    if mode == "cumulative" and not all(repeated):
        at = repeated.index(False)
        raise probe.violation(
            "each frame begins with all the text of the one before",
            f"frame with {written(texts[at][-30:])} is followed by {written(texts[at + 1][:60])}",
            exchange,
        )
    grown = any(len(later) > len(earlier) for earlier, later in pairs)
    if mode == "incremental" and all(repeated) and grown:
        raise probe.violation(
            "frames that hold only what is new", "each frame repeats all before it", exchange
        )
    for text in texts if mode == "incremental" else texts[-1:]:
        if "\ufffd" in text[:-1] or ("\ufffd" in text and text is not texts[-1]):
            raise probe.violation("whole characters", "a character cut in two (U+FFFD)", exchange)


# ------------------------------------------------------------------------------- the whole


@builder("behaviour:stream_equals_whole")
def equal_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The stream says what the plain answer says, and ends for the same reason."""
    yield promise(clause, "stream_says_what_the_plain_answer_says", _equal, cost=16)
    yield promise(clause, "stream_gives_a_reason_to_end_and_words", _ended, cost=4)


@builder("behaviour:sse_by_header", "behaviour:stream_parameter")
def consequence_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The same where the documents only say that an answer can be streamed: it follows."""
    if edition.behaviour("stream_equals_whole", model) is None:
        same, ended = (
            "stream_says_what_the_plain_answer_says",
            "stream_gives_a_reason_to_end_and_words",
        )
        yield promise(clause, same, _equal, level="should", cost=16)
        yield promise(clause, ended, _ended, level="should", cost=4)


def _equal(probe: Probe, *, clause: c.BehaviourClause) -> None:
    if not _repeatable(probe):
        return
    for question, cap in (
        (LONG, FRAMES),
        (LONG_ZH, FRAMES),
        (EMOJI, FRAMES),
        (BRIEF, ROOM),
        (LONG, 1),
        (LONG_ZH, 300),
    ):
        asked: dict[str, Any] = {"cap": cap, **seeded(probe)}
        _, plain = ask(probe, question, **asked)
        for mode in modes(probe):
            exchange, flow = stream(probe, question, mode=mode, **asked)
            if flow.text != plain.text:
                whole = plain.text or ""
                raise probe.violation(
                    f"the text of the plain answer: {written(whole[-60:])}",
                    f"{written(flow.text[-60:])} ({len(flow.text)} of {len(whole)} characters)",
                    exchange,
                )
            if flow.finish_reason != plain.finish_reason:
                raise probe.violation(
                    f"finish_reason {written(plain.finish_reason)}",
                    f"finish_reason {written(flow.finish_reason)}",
                    exchange,
                )


def modes(probe: Probe) -> tuple[Mode | None, ...]:
    """The default mode (None), and the other one where it can be asked for."""
    parameter = probe.edition.parameters(probe.model).get("incremental_output")
    other: Mode = "cumulative" if default_mode(probe) == "incremental" else "incremental"
    wanted = other == "incremental"
    turns = parameter is not None and (
        parameter.choice is None or wanted in parameter.choice.values
    )
    return (None, other) if turns else (None,)


def _ended(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question, cap in ((LONG, FRAMES), (LONG_ZH, FRAMES), (BRIEF, ROOM), (LONG_ZH, 300)):
        exchange, flow = stream(probe, question, cap=cap)
        if not flow.text:
            raise probe.violation("a stream with text", "a stream without any text", exchange)
        if flow.finish_reason is None:
            raise probe.violation("a finish_reason at the end", "none in any frame", exchange)


def _repeatable(probe: Probe) -> bool:
    """Whether the endpoint gives the same plain answer twice; only then can texts be compared."""
    texts = [ask(probe, LONG, cap=FRAMES, **seeded(probe), repeat=n)[1].text for n in (0, 5)]
    if texts[0] != texts[1]:
        probe.observe("the same request is answered in other words each time")
    return texts[0] == texts[1]
