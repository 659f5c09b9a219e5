"""Where an answer must end because of ``stop``, in each of its forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from tokenassay.estimators import tokens

FlatList = Literal["any", "sequence"]
"""What a flat list of token ids means: any one of them, or all of them in a row."""


class Stop(NamedTuple):
    """Where an answer ends, and the text there that ended it."""

    offset: int
    text: str


def find_stop(text: str, stop: Any, flat_list: FlatList) -> Stop | None:
    """The first thing in ``text`` that ``stop`` names; None where there is none.

    Takes a string, strings, token ids or lists of token ids, and a mixed list as if it were not
    forbidden (whether it is, the contract says). Anything else stops nothing.
    """
    if isinstance(stop, str):
        stop = [stop]
    if not isinstance(stop, list | tuple):
        return None
    found = [
        Stop(offset, s) for s in stop if isinstance(s, str) and s and (offset := text.find(s)) >= 0
    ]
    flat = [n for n in stop if _is_id(n)]
    sequences = [list(s) for s in stop if isinstance(s, list | tuple) and all(map(_is_id, s)) and s]
    if flat:
        sequences += [flat] if flat_list == "sequence" else [[n] for n in flat]
    if sequences:
        found += _stops_by_ids(text, sequences)
    return min(found, default=None)


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _stops_by_ids(text: str, sequences: Sequence[list[int]]) -> list[Stop]:
    ids = tokens.encode(text)
    by_first: dict[int, list[list[int]]] = {}
    for sequence in sequences:
        by_first.setdefault(sequence[0], []).append(sequence)
    for start, id in enumerate(ids):
        for sequence in by_first.get(id, ()):
            end = start + len(sequence)
            if ids[start:end] == sequence:
                raw = tokens.pieces(text)
                kept = b"".join(raw[:start]).decode(errors="ignore")
                ended = b"".join(raw[start:end]).decode(errors="replace")
                return [Stop(len(kept), ended)]
    return []
