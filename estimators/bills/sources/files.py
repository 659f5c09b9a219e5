"""Files of logs, item by item: JSON lines, or one JSON document that holds a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from tokenassay.estimators.batches.lines import BadLine, decode_slowly
from tokenassay.estimators.batches.sources import LONGEST_LINE, lines_in, parts_of
from tokenassay.estimators.batches.stores import SourceError, open_at
from tokenassay.estimators.bills.calls import BadField, PlaceUnit

Shape = Literal["lines", "array", "har", "run"]
"""JSON lines; a JSON array of what such lines hold; a browser's log; a run of ``check``."""

LARGEST_DOCUMENT: Final = 1 << 30
"""Bytes of an array or a browser's log, which have to be held in memory."""

_SQLITE: Final = b"SQLite format 3\0"
_decode = msgspec.json.Decoder().decode


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]


class _Har(msgspec.Struct):
    log: _Log


_items = msgspec.json.Decoder(list[msgspec.Raw])
_har = msgspec.json.Decoder(_Har)


def shape_of(path: str) -> Shape:
    """The shape of a file; SourceError where it can't be read or is empty."""
    for part in parts_of(path):
        for _, raw in lines_in(part):
            if raw is None or not raw.isspace():
                return _shape_by(raw or b"")
    raise SourceError(f"{path}: is empty")


def _shape_by(first: bytes) -> Shape:
    if first.startswith(_SQLITE):
        return "run"
    try:
        found = _decode(first)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        found = None
    if found is None:  # a document over several lines, or a line that is no JSON
        head = first.strip()
        if head in (b"{", b'{"log":{', b'{"log": {'):
            return "har"
        return "array" if head == b"[" else "lines"
    if isinstance(found, list):
        return "array"
    whole = isinstance(found, dict) and isinstance(found.get("log"), dict)
    return "har" if whole and "entries" in found["log"] else "lines"


def unit_of(shape: Shape) -> PlaceUnit:
    """What the items of a file are called."""
    return "line" if shape == "lines" else "entry"


def items_of(path: str, shape: Shape) -> Iterator[tuple[int, bytes | None]]:
    """Each item of a file with its number, from 1; None: longer than can be held.

    Blank lines are none. SourceError where the file can't be read to its end.
    """
    if shape == "lines":
        before = 0
        for part in parts_of(path):
            number = 0
            for number, raw in lines_in(part):
                if raw is None or not raw.isspace():
                    yield before + number, raw
            before += number
        return
    data = _whole(path)
    try:
        held = _items.decode(data) if shape == "array" else _har.decode(data).log.entries
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        what = "an array" if shape == "array" else "a browser's log (HAR)"
        raise SourceError(f"{path}: not {what}: {error}") from None
    for number, item in enumerate(held, 1):
        yield number, bytes(item)


def _whole(path: str) -> bytes:
    pieces, length = [], 0
    for part in parts_of(path):
        length += part.end - part.start
        if length > LARGEST_DOCUMENT:
            raise SourceError(f"{path}: one JSON document of more than {LARGEST_DOCUMENT:,} bytes")
        if part.data is not None:
            pieces.append(part.data)
        else:
            with open_at(path) as file:
                file.seek(part.start)
                pieces.append(file.read(part.end - part.start))
    return b"".join(pieces).removeprefix(b"\xef\xbb\xbf")


def fields_of(raw: bytes | None) -> dict[str, Any]:
    """The JSON object of an item; BadField where it is none."""
    if raw is None:
        raise BadField("", f"longer than {LONGEST_LINE:,} bytes")
    try:
        found = _decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        try:
            found = decode_slowly(raw)
        except BadLine as error:
            raise BadField("", str(error)) from None
    if not isinstance(found, dict):
        raise BadField("", "expected a JSON object")
    return found
