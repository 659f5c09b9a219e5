"""Lies about streams: frames lost, repeated, reordered, torn, or with other things in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from tokenassay.conformance.mock.call import Answer, Call, Head
from tokenassay.conformance.mock.frames import Frame, encode_json
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.lies.tricks import choices_in, content_at, edited, listed
from tokenassay.conformance.mock.stages import Hook, Hooks

_FAMILY = "streams"
_LONG = ({"role": "user", "content": "Tell me about rivers, in 60 words."},)
_CHINESE = ({"role": "user", "content": "请介绍一下河流。"},)
_GROWING = Probe({"incremental_output": True}, messages=_LONG, stream=True)
_STREAM = Probe(messages=_LONG, stream=True)
_OF_ALL = ("stream.equals_whole", "stream.by_parameter")


def _drop(frames: list[Frame]) -> list[Frame]:
    middle = _middle(frames)
    return frames if middle is None else frames[:middle] + frames[middle + 1 :]


def _repeat(frames: list[Frame]) -> list[Frame]:
    middle = _middle(frames)
    return frames if middle is None else frames[: middle + 1] + frames[middle:]


def _swap(frames: list[Frame]) -> list[Frame]:
    middle = _middle(frames)
    if middle is None or middle + 1 >= len(frames):
        return frames
    pair = [frames[middle + 1], frames[middle]]
    return frames[:middle] + pair + frames[middle + 2 :]


def _middle(frames: list[Frame]) -> int | None:
    """A frame in the middle that carries JSON; None in a stream of two or fewer."""
    content = content_at(frames)
    return content[len(content) // 2] if len(content) > 2 else None


def _lose_last(frames: list[Frame]) -> list[Frame]:
    content = content_at(frames)
    return [frame for n, frame in enumerate(frames) if not content or n != content[-1]]


def _stop_halfway(frames: list[Frame]) -> list[Frame]:
    return frames[: max(1, len(frames) // 2)]


def _tear(frames: list[Frame]) -> list[Frame]:
    """Tear a character of several bytes in two: its bytes stand in two frames."""
    for n in content_at(frames):
        data = encode_json(frames[n].data)
        at = next((i for i, byte in enumerate(data) if byte >= 0x80), None)
        if at is not None:
            first = frames[n]._replace(data=data[: at + 1])
            return [*frames[:n], first, first._replace(data=data[at + 1 :]), *frames[n + 1 :]]
    return frames


def _add_done(frames: list[Frame]) -> list[Frame]:
    return [*frames, Frame(b"[DONE]")]


def _only_last(name: str) -> Callable[[list[Frame]], list[Frame]]:
    def change(frames: list[Frame]) -> list[Frame]:
        last = content_at(frames)[-1:]
        return [
            frame
            if n in last or not isinstance(frame.data, dict)
            else frame._replace(data={k: v for k, v in frame.data.items() if k != name})
            for n, frame in enumerate(frames)
        ]

    return change


def _numbered(change: Callable[[int, Any], Any]) -> Hook[Iterable[Frame]]:
    """Change each JSON frame by its number."""

    def frames(call: Call, honest: Iterable[Frame]) -> Iterator[Frame]:
        for number, frame in enumerate(honest):
            if isinstance(frame.data, bytes):
                yield frame
            else:
                yield frame._replace(data=change(number, frame.data))

    return frames


def _other_id(number: int, data: Any) -> Any:
    for name in ("request_id", "id"):
        if isinstance(data.get(name), str):
            return {**data, name: f"{number:08x}{data[name][8:]}"}
    return data


def _in_usage(data: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    usage = data.get("usage")
    return {**data, "usage": change(usage)} if isinstance(usage, dict) else data


def _falling(number: int, data: Any) -> Any:
    return _in_usage(data, lambda usage: {**usage, "output_tokens": max(0, 50 - number)})


def _swelling(number: int, data: Any) -> Any:
    def change(usage: dict[str, Any]) -> dict[str, Any]:
        return {**usage, "input_tokens": usage["input_tokens"] + number}

    return _in_usage(data, change)


def _reason(wanted: Any, *, last: bool) -> Callable[[list[Frame]], list[Frame]]:
    """Put a finish_reason into the last frame that has choices, or into all others."""

    def change(frames: list[Frame]) -> list[Frame]:
        talking = [n for n in content_at(frames) if choices_in(frames[n].data)]
        chosen = talking[-1:] if last else talking[:-1]
        for n in chosen:
            for choice in choices_in(frames[n].data):
                choice["finish_reason"] = wanted
        return frames

    return change


def _renamed(event: str | None) -> Hook[Iterable[Frame]]:
    return lambda call, honest: (frame._replace(event=event) for frame in honest)


def _counted(number: str | None) -> Hook[Iterable[Frame]]:
    return lambda call, honest: (frame._replace(id=number) for frame in honest)


def _one_block(call: Call, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk.rstrip(b"\n") + b"\n"


def _spoiled(call: Call, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for number, chunk in enumerate(chunks):
        yield chunk.replace(b"}", b"", 1) if number == 1 else chunk


def _json_head(call: Call, head: Head) -> Head:
    if not call.stream:
        return head
    return head._replace(headers={**head.headers, "content-type": "application/json"})


def _other_words(call: Call, answer: Answer) -> Answer:
    """In a stream leave out the answer's first words."""
    if not call.stream or len(answer.pieces) < 4:
        return answer
    return msgspec.structs.replace(answer, pieces=answer.pieces[3:], marks=answer.marks[3:])


def _only_accept(call: Call, stream: bool) -> bool:
    return stream and "text/event-stream" in call.headers.get("accept", "").lower()


def _only_own_header(call: Call, stream: bool) -> bool:
    return stream and call.headers.get("x-dashscope-sse", "").lower() == "enable"


LIES: tuple[Lie, ...] = (
    Lie(
        "loses_a_frame",
        _FAMILY,
        "A frame in the middle of a stream is missing.",
        _OF_ALL,
        Hooks(frames=listed(_drop)),
        probe=_GROWING,
    ),
    Lie(
        "repeats_a_frame",
        _FAMILY,
        "A frame in the middle of a stream comes twice.",
        _OF_ALL,
        Hooks(frames=listed(_repeat)),
        probe=_GROWING,
    ),
    Lie(
        "swaps_two_frames",
        _FAMILY,
        "Two frames in the middle of a stream come in the wrong order.",
        _OF_ALL,
        Hooks(frames=listed(_swap)),
        probe=_GROWING,
    ),
    Lie(
        "loses_the_last_frame",
        _FAMILY,
        "The last frame of a stream is missing.",
        ("stream.frame_data", "stream.usage_every_frame", "stream.last_chunk", "stream.usage"),
        Hooks(frames=listed(_lose_last)),
        probe=_GROWING,
    ),
    Lie(
        "stops_halfway",
        _FAMILY,
        "A stream ends in the middle, as if it were whole.",
        ("stream.equals_whole", "stream.last_chunk"),
        Hooks(frames=listed(_stop_halfway)),
        probe=_GROWING,
    ),
    Lie(
        "tears_a_character",
        _FAMILY,
        "The bytes of one character stand in two frames.",
        ("stream.frame_data", "stream.frame", "stream.chunk"),
        Hooks(frames=listed(_tear)),
        probe=Probe(messages=_CHINESE, stream=True),
    ),
    Lie(
        "done_on_native",
        _FAMILY,
        "A native stream ends with [DONE].",
        ("stream.terminator",),
        Hooks(frames=listed(_add_done)),
        ("native",),
        _STREAM,
    ),
    Lie(
        "changes_ids_in_a_stream",
        _FAMILY,
        "Each frame of a stream has another id of the answer.",
        ("stream.ids_constant", "stream.constant"),
        Hooks(frames=_numbered(_other_id)),
        probe=_STREAM,
    ),
    Lie(
        "usage_in_last_frame_only",
        _FAMILY,
        "Only the last frame of a stream has usage.",
        ("stream.usage_every_frame", "stream.frame_data"),
        Hooks(frames=listed(_only_last("usage"))),
        ("native",),
        _STREAM,
    ),
    Lie(
        "usage_falls_in_a_stream",
        _FAMILY,
        "The output tokens fall from frame to frame.",
        ("stream.usage_every_frame",),
        Hooks(frames=_numbered(_falling)),
        ("native",),
        _STREAM,
    ),
    Lie(
        "input_grows_in_a_stream",
        _FAMILY,
        "The input tokens grow from frame to frame.",
        ("stream.usage_every_frame",),
        Hooks(frames=_numbered(_swelling)),
        ("native",),
        _STREAM,
    ),
    Lie(
        "never_finishes",
        _FAMILY,
        "The last frame of a stream says that the answer is still being made.",
        ("stream.frame_data", "response.finish_reasons", "stream.last_chunk"),
        Hooks(frames=listed(_reason("null", last=True))),
        probe=_STREAM,
    ),
    Lie(
        "finishes_early",
        _FAMILY,
        "Frames in the middle of a stream have the finish_reason stop.",
        ("stream.unfinished", "stream.last_chunk"),
        Hooks(frames=listed(_reason("stop", last=False))),
        probe=_STREAM,
    ),
    Lie(
        "frames_without_event",
        _FAMILY,
        "The frames of a native stream have no event line.",
        ("stream.frame",),
        Hooks(frames=_renamed(None)),
        ("native",),
        _STREAM,
    ),
    Lie(
        "frames_with_another_event",
        _FAMILY,
        "The event of a frame is message.",
        ("stream.frame",),
        Hooks(frames=_renamed("message")),
        ("native",),
        _STREAM,
    ),
    Lie(
        "frames_without_id",
        _FAMILY,
        "The frames of a native stream have no id line.",
        ("stream.frame",),
        Hooks(frames=_counted(None)),
        ("native",),
        _STREAM,
    ),
    Lie(
        "frames_all_numbered_one",
        _FAMILY,
        "All frames of a native stream have the id 1.",
        ("stream.frame",),
        Hooks(frames=_counted("1")),
        ("native",),
        _STREAM,
    ),
    Lie(
        "no_blank_lines_between_frames",
        _FAMILY,
        "No blank line ends a frame.",
        ("stream.frame",),
        Hooks(wire=_one_block),
        probe=_STREAM,
    ),
    Lie(
        "broken_json_in_a_frame",
        _FAMILY,
        "The data of one frame is not JSON: a bracket is missing.",
        ("stream.frame_data", "stream.chunk"),
        Hooks(wire=_spoiled),
        probe=_STREAM,
    ),
    Lie(
        "streams_as_json",
        _FAMILY,
        "A stream is announced as application/json.",
        ("stream.by_header", "stream.frame", "stream.by_parameter"),
        Hooks(head=_json_head),
        probe=_STREAM,
    ),
    Lie(
        "answers_streams_whole",
        _FAMILY,
        "Asked for a stream it answers with one JSON body.",
        ("stream.by_header", "stream.by_parameter"),
        Hooks(switch=lambda call, stream: False),
        probe=_STREAM,
    ),
    Lie(
        "streams_unasked",
        _FAMILY,
        "It answers with a stream that nobody asked for.",
        ("stream.by_header", "stream.default"),
        Hooks(switch=lambda call, stream: True),
        probe=Probe(),
    ),
    Lie(
        "ignores_x_dashscope_sse",
        _FAMILY,
        "X-DashScope-SSE alone does not turn on the stream.",
        ("stream.by_header",),
        Hooks(switch=_only_accept),
        ("native",),
        Probe(headers={"x-dashscope-sse": "enable"}),
    ),
    Lie(
        "ignores_accept_event_stream",
        _FAMILY,
        "Accept: text/event-stream alone does not turn on the stream.",
        ("stream.by_header",),
        Hooks(switch=_only_own_header),
        ("native",),
        Probe(headers={"accept": "text/event-stream"}),
    ),
    Lie(
        "says_less_in_streams",
        _FAMILY,
        "A stream leaves out words that the plain answer has.",
        ("stream.equals_whole", "usage.counts_output", "stream.by_parameter"),
        Hooks(answer=_other_words),
        probe=_STREAM,
    ),
    Lie(
        "frames_carry_an_error_code",
        _FAMILY,
        "Every frame of a good stream has an error code beside it.",
        ("clients.sdk_reads",),
        Hooks(frames=edited(lambda data: {**data, "code": "Throttling", "message": "Slow down."})),
        ("native",),
        _STREAM,
    ),
)
