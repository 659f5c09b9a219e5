"""Small tools that several lies are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from tokenassay.conformance.mock.call import Call
from tokenassay.conformance.mock.frames import Frame
from tokenassay.conformance.mock.stages import Hook
from tokenassay.contracts.clauses import ClauseBase
from tokenassay.contracts.intervals import Interval
from tokenassay.estimators.refusals import Refusal
from tokenassay.estimators.refusals.refusal import Breach, refuse


def overlook(*patterns: str) -> Hook[tuple[Refusal, ...]]:
    """A judge that lets pass whatever breaks a clause of these ids."""

    def judge(call: Call, refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
        return tuple(
            refusal
            for refusal in refusals
            if not any(fnmatchcase(refusal.clause, pattern) for pattern in patterns)
        )

    return judge


def object_to(broken: Callable[[Call], ClauseBase | None], why: str) -> Hook[tuple[Refusal, ...]]:
    """A judge that refuses, in the name of the clause that ``broken`` finds."""

    def judge(call: Call, refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
        clause = broken(call)
        return (refusal_by(call, clause, why), *refusals) if clause is not None else refusals

    return judge


def refusal_by(
    call: Call, clause: ClauseBase, why: str, interval: Interval | None = None
) -> Refusal:
    """A refusal in the name of a clause, with the edition's words for it."""
    values = {} if interval is None else {"min": interval.low, "max": interval.high}
    return refuse(call.service.edition, clause, Breach("", why, values))


def setting(**parameters: Any) -> Hook[dict[str, Any]]:
    """An adjuster that puts these values in force, whatever was asked."""
    return lambda call, given: {**given, **parameters}


def edited(change: Callable[[Any], Any]) -> Hook[Iterable[Frame]]:
    """A stream whose every JSON frame is changed by ``change``."""

    def frames(call: Call, honest: Iterable[Frame]) -> Iterator[Frame]:
        for frame in honest:
            yield (
                frame if isinstance(frame.data, bytes) else frame._replace(data=change(frame.data))
            )

    return frames


def listed(change: Callable[[list[Frame]], list[Frame]]) -> Hook[Iterable[Frame]]:
    """A stream whose list of frames is changed as a whole."""
    return lambda call, honest: change(list(honest))


def content_at(frames: list[Frame]) -> list[int]:
    """Positions of the frames that carry JSON."""
    return [n for n, frame in enumerate(frames) if not isinstance(frame.data, bytes)]


def choices_in(body: Any) -> list[dict[str, Any]]:
    """The choices in a body or frame of either dialect; a text answer's output is one."""
    if not isinstance(body, dict):
        return []
    output = body.get("output")
    holder = output if isinstance(output, dict) else body
    choices = holder.get("choices")
    if isinstance(choices, list) and choices:
        return [choice for choice in choices if isinstance(choice, dict)]
    return [holder] if "text" in holder else []


def messages_in(body: Any) -> list[dict[str, Any]]:
    """The messages or deltas of the choices in a body or frame."""
    return [
        message
        for choice in choices_in(body)
        for key in ("message", "delta")
        if isinstance(message := choice.get(key), dict)
    ]
