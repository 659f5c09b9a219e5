"""JSON bodies read strictly: what a careful server would refuse is refused, never guessed."""

from __future__ import annotations

import json
import math
import re
from typing import Any

_LONE_SURROGATE_POSSIBLE = re.compile(rb"\\u[dD][89a-fA-F]")


class BadBody(ValueError):
    """The bytes are no JSON object; the message says why in a few words."""


def parse_object(raw: bytes) -> dict[str, Any]:
    """A JSON object from UTF-8 bytes.

    BadBody for anything else: other encodings, NaN and infinities, numbers beyond a double,
    keys that stand twice, lone surrogates, and nesting too deep to read.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadBody("the body is not UTF-8") from None
    try:
        body = _DECODER.decode(text)
    except RecursionError:
        raise BadBody("the body is nested too deeply") from None
    except BadBody:
        raise
    except ValueError as error:
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise BadBody(f"the body is not JSON{place}") from None
    if not isinstance(body, dict):
        raise BadBody("the body is not a JSON object")
    if _LONE_SURROGATE_POSSIBLE.search(raw) and not _encodable(body):
        raise BadBody("the body has half a surrogate pair")
    return body


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadBody("a key stands twice in one object")
    return found


def _number(written: str) -> float:
    value = float(written)
    if math.isinf(value):
        raise BadBody("a number is too large")
    return value


def _constant(written: str) -> float:
    raise BadBody(f"{written} is not JSON")


def _encodable(body: dict[str, Any]) -> bool:
    try:
        json.dumps(body, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_constant=_constant
)
