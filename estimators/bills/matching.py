"""Requests in one file and answers in others, joined by custom_id, by request id or by order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, zip_longest
from typing import Final, Literal, NamedTuple

from tokenassay.estimators.bills.calls import BadField, Call, Fault, Place
from tokenassay.estimators.bills.shelves import Shelf
from tokenassay.estimators.bills.sources.files import fields_of, items_of, shape_of, unit_of
from tokenassay.estimators.bills.sources.pairs import (
    Asked,
    Given,
    joined,
    read_request_line,
    read_response_line,
)

By = Literal["custom_id", "id", "order"]
"""What joins a request and its answer: their custom_id, their request id, or their place."""

_LOOKED_AT: Final = 200
"""Lines at the head of each file by which it is found out what joins them."""


class Alone(NamedTuple):
    """A request without an answer, an answer without a request, or one of a pair too many."""

    place: Place
    key: str | None
    side: Literal["request", "response"]
    why: str
    given: Given | None = None
    """The answer, where it is one: it may be billed all the same."""


Found = Call | Fault | Alone


def join(
    requests: str, responses: Sequence[str], by: By | None = None
) -> tuple[By, Iterator[Found | None]]:
    """What joins the files, and what is found in them.

    Memory is flat for any number of lines: what waits for its counterpart does so in a temporary
    file beyond 64 MiB. A None is a step without news. SourceError where a file can't be read.
    """
    ours, theirs = _lines([requests]), _lines(responses)
    by = by or _find_out(ours(), theirs())
    if by == "order":
        return by, _in_order(ours(), theirs())
    return by, _by_key(ours(), theirs(), by)


_Line = tuple[Place, bytes | None]
_Reader = Callable[[_Line], "Asked | Given | Fault"]


def _lines(paths: Sequence[str]) -> Callable[[], Iterator[_Line]]:
    shapes = [(path, shape_of(path)) for path in paths]

    def read() -> Iterator[_Line]:
        for path, shape in shapes:
            for number, raw in items_of(path, shape):
                yield Place(path, number, unit_of(shape)), raw

    return read


def _asked(line: _Line) -> Asked | Fault:
    place, raw = line
    try:
        return read_request_line(fields_of(raw), place)
    except BadField as error:
        return Fault(place, error.field, error.why)


def _given(line: _Line) -> Given | Fault:
    place, raw = line
    try:
        return read_response_line(fields_of(raw), place)
    except BadField as error:
        return Fault(place, error.field, error.why)


def _find_out(ours: Iterator[_Line], theirs: Iterator[_Line]) -> By:
    """What most of the first lines of both sides have: a custom_id, else an id, else nothing."""
    asked = [x for x in map(_asked, islice(ours, _LOOKED_AT)) if isinstance(x, Asked)]
    given = [x for x in map(_given, islice(theirs, _LOOKED_AT)) if isinstance(x, Given)]
    if asked and given:
        if _most(asked, "custom_id") and _most(given, "custom_id"):
            return "custom_id"
        if _most(asked, "id") and _most(given, "id"):
            return "id"
    return "order"


def _most(lines: Sequence[Asked | Given], by: By) -> bool:
    """Whether more than half have the key; the others are named when it is their turn."""
    return sum(_key(line, by) is not None for line in lines) * 2 > len(lines)


def _in_order(ours: Iterator[_Line], theirs: Iterator[_Line]) -> Iterator[Found | None]:
    for mine, other in zip_longest(ours, theirs):
        asked = None if mine is None else _asked(mine)
        given = None if other is None else _given(other)
        if isinstance(asked, Fault):
            yield asked
        if isinstance(given, Fault):
            yield given
        if isinstance(asked, Asked) and isinstance(given, Given):
            yield joined(asked, given, asked.custom_id or asked.id)
        elif isinstance(asked, Asked):
            yield _alone(asked, "order", "no answer")
        elif isinstance(given, Given):
            yield _alone(given, "order", "no request")


def _by_key(ours: Iterator[_Line], theirs: Iterator[_Line], by: By) -> Iterator[Found | None]:
    """Both sides are read in step, so that files in about the same order hold nothing for long."""
    with Shelf() as asked_waiting, Shelf() as given_waiting:
        for mine, other in zip_longest(ours, theirs):
            if mine is not None:
                yield _met(mine, _asked, _given, (asked_waiting, given_waiting), by)
            if other is not None:
                yield _met(other, _given, _asked, (given_waiting, asked_waiting), by)
        for data in asked_waiting.rest():
            yield _alone(_asked(_unpacked(data)), by, "no answer is left with its key")
        for data in given_waiting.rest():
            yield _alone(_given(_unpacked(data)), by, "no request is left with its key")


def _met(
    line: _Line, read: _Reader, other: _Reader, waiting: tuple[Shelf, Shelf], by: By
) -> Found | None:
    """The call that a line makes whole; None where it waits for its counterpart."""
    half = read(line)
    if isinstance(half, Fault):
        return half
    key = _key(half, by)
    if key is None:
        return Fault(half.place, "custom_id" if by == "custom_id" else "request_id", "missing")
    own, others = waiting
    data = others.take(key)
    if data is None:
        # Parsed anew when it is taken: as it stands in the file it can always be kept.
        return None if own.put(key, _packed(line)) else _alone(half, by, "its key stands twice")
    counterpart = other(_unpacked(data))
    if isinstance(half, Asked) and isinstance(counterpart, Given):
        return joined(half, counterpart, key)
    if isinstance(half, Given) and isinstance(counterpart, Asked):
        return joined(counterpart, half, key)
    return _alone(half, by, "its counterpart can't be read")


def _alone(half: Asked | Given | Fault, by: By, why: str) -> Alone | Fault:
    if isinstance(half, Fault):
        return half
    if isinstance(half, Asked):
        return Alone(half.place, _key(half, by), "request", why)
    return Alone(half.place, _key(half, by), "response", why, half)


def _key(half: Asked | Given, by: By) -> str | None:
    if by == "order":
        return half.custom_id or half.id
    return half.custom_id if by == "custom_id" else half.id


def _packed(line: _Line) -> bytes:
    place, raw = line
    return f"{place.line}\n{place.unit}\n{place.file}\0".encode("utf-8", "surrogatepass") + (
        raw or b""
    )


def _unpacked(data: bytes) -> _Line:
    head, _, raw = data.partition(b"\0")
    line, unit, file = head.split(b"\n", 2)
    place = Place(
        file.decode("utf-8", "surrogatepass"), int(line), "line" if unit == b"line" else "entry"
    )
    return place, raw
