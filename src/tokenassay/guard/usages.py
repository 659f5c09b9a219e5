"""What an answer says that it used, read from bytes that pass by."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from tokenassay.estimators.bills.answers import Answer, decoded, read_answer
from tokenassay.estimators.bills.usages import Billed, read_usage
from tokenassay.guard.ledger.records import writable

_MOST_KEPT: Final = 16 * 2**20
"""Bytes of an answer, of one line of a stream, or of its lines, kept to be read at its end."""

_USAGE: Final = re.compile(rb'"usage"\s*:\s*\{')
"""A usage that is not null; within a JSON string the quotes are escaped, so it is never text."""

_NO_MORE: Final = "the answer is too large to be read for its usage"
_UNSAID: Final = "the answer says no usage"
_EARLY: Final = "ended early"


class Reading(NamedTuple):
    """What is known of an answer."""

    usage: Billed | None
    request_id: str | None
    finished: bool
    """False: the answer was still going on when it was last heard of."""
    why: str = ""
    """Why there is no usage, or none that is final."""
    answer: Answer | None = None
    """What was said in an answer without a usage, as far as it was heard and kept."""

    def ended(self) -> Reading:
        """The same of an answer that came to its end, whether it says so or not."""
        if self.finished and not (self.usage and self.why):
            return self
        return self._replace(finished=True, why="" if self.usage else self.why)

    def broken(self, error: BaseException) -> Reading:
        """The same of an answer that was cut off; what is final stays so."""
        if self.usage is not None and self.finished:
            return self
        return self._replace(why=f"the answer broke off: {type(error).__name__}")


def reading_of(answer: Any) -> Reading:
    """What one body or one frame of a stream says, in either dialect."""
    if answer.__class__ is not dict and not isinstance(answer, Mapping):  # the cheap test first
        return Reading(None, None, False, _UNSAID)
    id = answer.get("request_id") or answer.get("id")
    usage = read_usage(answer.get("usage"))
    if usage is not None and not usage.tells:
        usage = None
    return Reading(
        usage,
        writable(id) if isinstance(id, str) else None,
        finished := _finished(answer),
        ("" if finished else _EARLY) if usage else _UNSAID,
    )


def _finished(answer: Mapping[str, Any]) -> bool:
    output = answer.get("output")
    holder = answer if output is None or not isinstance(output, Mapping) else output
    choices = holder.get("choices")
    if not isinstance(choices, list | tuple) or not choices:
        # The compatible surface tells the usage of a stream last, in a frame without choices.
        return holder is answer or holder.get("finish_reason") not in (None, "", "null")
    for one in choices:
        is_object = one.__class__ is dict or isinstance(one, Mapping)
        if is_object and one.get("finish_reason") in (None, "", "null"):
            return False
    return True


class Listener:
    """Hears the bytes of one answer as they pass, and tells at its end what it used.

    ``undone`` undoes a content coding; without one, a stream is read line by line. Of its lines
    the last with a usage is kept, and until there is one, all: their text can be counted.
    """

    def __init__(self, *, streaming: bool, undone: Callable[[bytes], bytes] | None = None) -> None:
        self._lines = streaming and undone is None
        self._streaming = streaming
        self._undone = undone
        self._frames: list[bytes] | None = []
        self._frames_size = 0
        self._kept: list[bytes] = []
        self._size = 0
        self._last: bytes | None = None
        self._deaf = False

    def hear(self, chunk: bytes) -> None:
        """Take note of the next bytes."""
        if self._deaf:
            return
        if self._lines:
            chunk = self._read_lines(chunk)
        self._size += len(chunk)
        if self._size > _MOST_KEPT:
            self._deaf = True
            self._kept.clear()
        elif chunk:
            self._kept.append(chunk)

    def _read_lines(self, chunk: bytes) -> bytes:
        """Look at the whole lines so far; the beginning of the next one."""
        if b"\n" not in chunk:
            return chunk
        *lines, rest = (b"".join(self._kept) + chunk).split(b"\n")
        self._kept.clear()
        self._size = 0
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            if _USAGE.search(line):
                self._last, self._frames = line[5:], None
            elif self._frames is not None:
                self._frames.append(line[5:])
                self._frames_size += len(line)
                if self._frames_size > _MOST_KEPT:
                    self._frames = None
        return rest

    def reading(self) -> Reading:
        """What has been heard comes to; call it once, at the end. Nothing is kept after it."""
        if self._deaf and self._last is None:
            return Reading(None, None, False, _NO_MORE)
        whole = b"".join(self._kept)
        self._kept, self._deaf = [], True
        if self._undone is not None:
            try:
                whole = self._undone(whole)
            except Exception:  # whatever the coding's library raises for bytes that are none
                return Reading(None, None, False, "the answer can't be decoded")
        if self._streaming:
            self._read_lines(whole + b"\n")
            if self._last is None:
                return self._silent()
            whole = self._last
        body = decoded(whole)
        found = reading_of(body)
        if self._streaming:
            return found
        if found.usage is None:
            return found._replace(answer=read_answer(body, None))
        return found.ended()

    def _silent(self) -> Reading:
        """A stream without a usage."""
        frames, self._frames = self._frames, None
        if frames is None:
            return Reading(None, None, False, _UNSAID)
        answer = read_answer([decoded(frame) for frame in frames], None)
        why = _UNSAID if answer.finished else _EARLY
        id = None if answer.id is None else writable(answer.id)
        return Reading(None, id, answer.finished, why, answer)
