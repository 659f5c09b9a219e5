"""Server-sent events as they really come: read leniently, with every irregularity noted.

Written to the WHATWG rules for ``text/event-stream``, plus what DashScope and its gateways
do beside them: the real status in a comment (``:HTTP_STATUS/400``), frames with no blank
line between them, ``data:`` with and without a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import structs

from tokenassay.contracts.records import Record

_STATUS: Final = re.compile(r"HTTP_STATUS/(\d{3})")
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_STARTS_FRAME: Final = re.compile(rb"id:|event:|:|data: ?(?:\{|\[DONE\])")
_BOM: Final = b"\xef\xbb\xbf"


class Event(Record, frozen=True, kw_only=True):
    """One frame. ``data`` is None where the frame had no data line."""

    data: str | None
    event: str | None = None
    id: str | None = None
    comments: tuple[str, ...] = ()
    at: float = 0.0
    """Seconds from sending the request to the frame's last byte."""
    irregular: tuple[str, ...] = ()
    """What a strict reader would stumble over, in words."""

    @property
    def status(self) -> int | None:
        """The status that a DashScope comment line states."""
        for comment in self.comments:
            match = _STATUS.search(comment)
            if match:
                return int(match[1])
        return None

    @property
    def is_done(self) -> bool:
        """Whether this is the OpenAI-compatible end mark."""
        return self.data is not None and self.data.strip() == "[DONE]"

    @property
    def json(self) -> Any:
        """The data as JSON; None where it is not JSON."""
        if self.data is None:
            return None
        try:
            return msgspec.json.decode(self.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None


def read_events(chunks: Iterable[tuple[float, bytes]]) -> Iterator[Event]:
    """Events of a body that arrived as ``(seconds, bytes)`` chunks, in order."""
    parts, ends, times = [], [], []
    length = 0
    for at, chunk in chunks:
        length += len(chunk)
        parts.append(chunk)
        ends.append(length)
        times.append(at)
    body = b"".join(parts)
    block: list[_Line] = []
    for line in _lines(body, ends, times):
        if line.raw:
            block.append(line)
        elif block:
            yield from _frames(block)
            block = []
    if block:
        *earlier, last = _frames(block)
        yield from earlier
        missing = "no blank line after the last frame"
        yield structs.replace(last, irregular=(*last.irregular, missing))


class _Line(NamedTuple):
    raw: bytes
    at: float
    ended: bool
    """False where the body just ends."""


def _lines(body: bytes, ends: list[int], times: list[float]) -> Iterator[_Line]:
    """Lines with the time at which their last byte came."""
    begin = len(_BOM) if body.startswith(_BOM) else 0
    chunk = 0
    while begin < len(body):
        found = _LINE_END.search(body, begin)
        stop, following = (found.start(), found.end()) if found else (len(body), len(body))
        while ends[chunk] < stop:
            chunk += 1
        yield _Line(body[begin:stop], times[chunk], found is not None)
        begin = following


def _frames(block: list[_Line]) -> Iterator[Event]:
    """The one frame of lines without a blank one between, or several that run together.

    Fields may stand in any order and data may go over lines, so lines are only told apart into
    frames where their data makes sense alone and not together.
    """
    data = [line.raw for line in block if line.raw.startswith(b"data:")]
    together = len(data) < 2 or _is_json(b"\n".join(line[5:] for line in data))
    frame = _Frame()
    for line in block:
        if not together and frame.has_data and _STARTS_FRAME.match(line.raw):
            frame.note("no blank line before the next frame")
            yield frame.finish()
            frame = _Frame()
        frame.at = line.at
        frame.add(line.raw)
        if not line.ended:
            frame.note("the last line has no line end")
    yield frame.finish()


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


class _Frame:
    def __init__(self) -> None:
        self.at = 0.0
        self._data: list[str] = []
        self._event: str | None = None
        self._id: str | None = None
        self._comments: list[str] = []
        self._irregular: list[str] = []

    @property
    def has_data(self) -> bool:
        return bool(self._data)

    def note(self, what: str) -> None:
        if what not in self._irregular:
            self._irregular.append(what)

    def add(self, line: bytes) -> None:
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("utf-8", "replace")
            self.note("a line is not UTF-8")
        if text.startswith(":"):
            self._comments.append(text[1:])
            return
        field, colon, value = text.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._event = value
        elif field == "id":
            self._id = value
        elif field != "retry":
            self.note(f"a line of no known field: {text[:60]!r}" if colon else "a bare line")

    def finish(self) -> Event:
        return Event(
            data="\n".join(self._data) if self._data else None,
            event=self._event,
            id=self._id,
            comments=tuple(self._comments),
            at=self.at,
            irregular=tuple(self._irregular),
        )
