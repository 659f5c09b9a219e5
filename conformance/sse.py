"""Server-sent events as they really come: read leniently, with every irregularity noted.

Written to the WHATWG rules for ``text/event-stream``, plus what DashScope and its gateways
do beside them: the real status in a comment (``:HTTP_STATUS/400``), frames with no blank
line between them, ``data:`` with and without a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from tokenassay.contracts.records import Record

_STATUS: Final = re.compile(r"HTTP_STATUS/(\d{3})")
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")


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
        except (msgspec.DecodeError, RecursionError):
            return None


def read_events(chunks: Iterable[tuple[float, bytes]]) -> Iterator[Event]:
    """Events of a body that arrived as ``(seconds, bytes)`` chunks, in order."""
    frame = _Frame()
    for at, line, ended in _lines(chunks):
        frame.at = at
        if not line:
            if frame.begun:
                yield frame.finish()
                frame = _Frame()
            continue
        if frame.has_data and _starts_frame(line):
            frame.note("no blank line before the next frame")
            yield frame.finish()
            frame = _Frame()
            frame.at = at
        frame.add(line)
        if not ended:
            frame.note("the last line has no line end")
    if frame.begun:
        frame.note("no blank line after the last frame")
        yield frame.finish()


def _starts_frame(line: bytes) -> bool:
    begin = line.replace(b" ", b"", 1) if line.startswith(b"data: ") else line
    return begin.startswith((b"id:", b"event:", b"data:{", b"data:[DONE]"))


def _lines(chunks: Iterable[tuple[float, bytes]]) -> Iterator[tuple[float, bytes, bool]]:
    """Lines with their arrival; the last of the three is False where the body just ends."""
    rest, at, first = b"", 0.0, True
    for at, chunk in chunks:
        if first and chunk:
            chunk, first = chunk.removeprefix(b"\xef\xbb\xbf"), False
        buffer, begin = rest + chunk, 0
        for match in _LINE_END.finditer(buffer):
            # A CR at the very end may be the first half of CRLF: wait for the next chunk.
            if match[0] == b"\r" and match.end() == len(buffer):
                break
            yield at, buffer[begin : match.start()], True
            begin = match.end()
        rest = buffer[begin:]
    if rest:
        yield at, rest.rstrip(b"\r"), rest.endswith(b"\r")


class _Frame:
    def __init__(self) -> None:
        self.at = 0.0
        self._data: list[str] = []
        self._event: str | None = None
        self._id: str | None = None
        self._comments: list[str] = []
        self._irregular: list[str] = []

    @property
    def begun(self) -> bool:
        return bool(self._data or self._comments or self._event or self._id is not None)

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
