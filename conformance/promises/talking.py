"""Asking an endpoint and reading what it says, whole or in frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.texts import LONG
from tokenassay.conformance.reading import Flow, Reply, counts, flow_of, reply_of
from tokenassay.conformance.spend import last_usage

Mode = Literal["cumulative", "incremental"]
Said = Iterable[Mapping[str, Any]] | str

FRAMES = 40
"""Output tokens of a streamed answer: enough for several frames."""


def say(role: str, content: Any, **more: Any) -> dict[str, Any]:
    """One message."""
    return {"role": role, "content": content, **more}


def ask(probe: Probe, said: Said, *, repeat: int = 0, **asked: Any) -> tuple[Exchange, Reply]:
    """A plain answer, accepted; ``asked`` goes to :meth:`Probe.body`."""
    exchange = probe.accepted(probe.send(probe.body(said, **asked), repeat=repeat))
    return exchange, reply_of(exchange, probe.surface)


def seeded(probe: Probe) -> dict[str, Any]:
    """A fixed seed where the edition has one, so that answers can be compared."""
    return {"seed": 11} if "seed" in probe.edition.parameters(probe.model) else {}


def counting(probe: Probe) -> dict[str, Any]:
    """What asks for usage in a stream."""
    options = "stream_options" in probe.edition.parameters(probe.model)
    return {"stream_options": {"include_usage": True}} if options else {}


def default_mode(probe: Probe) -> Mode:
    """How a stream goes on without being asked, by the edition's clauses for the model."""
    clause = probe.edition.behaviour("stream_default_mode", probe.model)
    mode: Mode = clause.args["mode"] if clause else "incremental"
    return mode


def can_stream(probe: Probe) -> bool:
    """Whether the edition documents streams."""
    if probe.surface == "openai":
        return "stream" in probe.edition.parameters(probe.model)
    return probe.edition.behaviour("sse_by_header", probe.model) is not None


def stream(
    probe: Probe, said: Said = LONG, *, mode: Mode | None = None, repeat: int = 0, **asked: Any
) -> tuple[Exchange, Flow]:
    """A streamed answer and its frames; NotRun where the edition documents no stream.

    ``mode`` None leaves it to the endpoint's default whether frames repeat what came before.
    """
    if not can_stream(probe):
        raise NotRun(f"{probe.edition.id} documents no streams")
    usual = default_mode(probe)
    if mode is not None and mode != usual:
        asked["incremental_output"] = mode == "incremental"
    asked.setdefault("cap", FRAMES)
    body = probe.body(said, **asked)
    exchange = probe.accepted(probe.send(body, stream=True, repeat=repeat))
    return exchange, read_stream(probe, exchange, mode or usual)


def read_stream(probe: Probe, exchange: Exchange, mode: Mode) -> Flow:
    """The frames of an answer that was asked for as a stream; a violation where it is none."""
    if not exchange.is_stream:
        raise probe.violation(
            "content type text/event-stream",
            f"content type {exchange.content_type or 'none'}",
            exchange,
        )
    return flow_of(exchange, probe.surface, mode)


def billed(probe: Probe, exchange: Exchange) -> tuple[int, int]:
    """Input and output tokens of an answer; a violation where it tells none."""
    given, made = counts(last_usage(exchange), probe.surface)
    if given is None or made is None:
        raise probe.violation("usage with whole numbers", f"usage {last_usage(exchange)}", exchange)
    return given, made
