"""What an answer says, in one form for all dialects; nothing is checked here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.sse import Event
from tokenassay.contracts.records import Record, Surface


class Reply(Record, frozen=True, kw_only=True):
    """One body or frame: what is absent or of a wrong type is None or empty."""

    text: str | None
    """The answer's text; an increment where the stream sends increments."""
    role: Any = None
    reasoning: str | None = None
    finish_reason: Any = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    usage: Mapping[str, Any] | None = None
    body: Mapping[str, Any] = {}
    has_choice: bool = False
    at: float = 0.0

    @property
    def finished(self) -> bool:
        """Whether a reason is given why the answer ends."""
        return self.finish_reason not in (None, "", "null")


def read_reply(body: Any, surface: Surface, at: float = 0.0) -> Reply:
    """A body or the data of a frame."""
    if not isinstance(body, Mapping):
        return Reply(text=None, at=at)
    usage = body.get("usage")
    holder: Any = body.get("output") if surface == "native" else body
    holder = holder if isinstance(holder, Mapping) else {}
    choices = holder.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    choice = choice if isinstance(choice, Mapping) else {}
    message = choice.get("delta") if "delta" in choice else choice.get("message")
    message = message if isinstance(message, Mapping) else {}
    text = message.get("content") if choice else holder.get("text")
    reason = choice.get("finish_reason") if choice else holder.get("finish_reason")
    calls = message.get("tool_calls")
    reasoning = message.get("reasoning_content")
    return Reply(
        text=text if isinstance(text, str) else None,
        role=message.get("role"),
        reasoning=reasoning if isinstance(reasoning, str) else None,
        finish_reason=reason,
        tool_calls=tuple(c for c in calls if isinstance(c, Mapping))
        if isinstance(calls, list)
        else (),
        usage=usage if isinstance(usage, Mapping) else None,
        body=body,
        has_choice=bool(choice) or "text" in holder,
        at=at,
    )


def reply_of(exchange: Exchange, surface: Surface) -> Reply:
    """The reply of a plain answer."""
    return read_reply(exchange.json, surface)


class Flow(Record, frozen=True, kw_only=True):
    """A streamed answer: its frames in order, as they were written and as they read."""

    events: tuple[Event, ...]
    replies: tuple[Reply, ...]
    """Of the frames with JSON data, the end mark aside."""
    mode: Literal["cumulative", "incremental"]

    @property
    def speaking(self) -> tuple[Reply, ...]:
        """Replies that carry a choice, so not the chunk that has usage alone."""
        return tuple(reply for reply in self.replies if reply.has_choice)

    @property
    def text(self) -> str:
        """The whole text: increments joined, or the last of the cumulative frames."""
        texts = [reply.text for reply in self.speaking if reply.text is not None]
        if self.mode == "incremental":
            return "".join(texts)
        return texts[-1] if texts else ""

    @property
    def finish_reason(self) -> Any:
        """The reason that the last finished frame gives."""
        return next((r.finish_reason for r in reversed(self.replies) if r.finished), None)

    @property
    def usage(self) -> Mapping[str, Any] | None:
        """The last usage told."""
        return next((r.usage for r in reversed(self.replies) if r.usage is not None), None)


def flow_of(
    exchange: Exchange, surface: Surface, mode: Literal["cumulative", "incremental"]
) -> Flow:
    """The frames of a streamed answer."""
    replies = tuple(
        read_reply(event.json, surface, event.at)
        for event in exchange.events
        if event.data is not None and not event.is_done
    )
    return Flow(events=exchange.events, replies=replies, mode=mode)


def counts(usage: Mapping[str, Any] | None, surface: Surface) -> tuple[int | None, int | None]:
    """Input and output tokens that a usage tells; None where it has no such whole number."""
    names = (
        ("input_tokens", "output_tokens")
        if surface == "native"
        else ("prompt_tokens", "completion_tokens")
    )
    told = [(usage or {}).get(name) for name in names]
    whole = [v if isinstance(v, int) and not isinstance(v, bool) else None for v in told]
    return whole[0], whole[1]
