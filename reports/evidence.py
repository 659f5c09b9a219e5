"""Evidence for a page: compressed in blocks, unpacked and drawn when somebody opens it.

A page of some hundred findings would be tens of megabytes with all its requests and answers in
the open. Blocks are small, so that opening one cell unpacks little; what would make the page
too large is left out, the least important last, and the page says so there.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from typing import Final

import msgspec

from tokenassay.conformance.evidence import ExchangeRow
from tokenassay.conformance.outcomes import WORST_FIRST
from tokenassay.conformance.results import PromiseRow
from tokenassay.contracts.records import Record

ROOM: Final = 1_800_000
"""Characters of a page that packed evidence may take."""

_BLOCK: Final = 192 * 1024
"""Bytes of JSON that are packed together."""

_RANK: Final = {outcome: rank for rank, outcome in enumerate(WORST_FIRST)}


class Block(Record, frozen=True, kw_only=True):
    """Evidence of some cells: ``data`` is base64 of deflated JSON, a list in the cells' order."""

    cells: tuple[int, ...]
    data: str


class Evidence(Record, frozen=True, kw_only=True):
    """What a page shows of one cell."""

    expected: str
    observed: str
    why: str
    observations: list[str]
    exchange: ExchangeRow | None


class Packed(Record, frozen=True, kw_only=True):
    """All evidence that found room."""

    blocks: tuple[Block, ...]
    left_out: int
    """Cells whose evidence found none."""


def pack(cells: Iterable[tuple[int, PromiseRow]], room: int = ROOM) -> Packed:
    """The evidence of numbered cells, the worst outcomes first; the same bytes every time."""
    ordered = sorted(cells, key=lambda cell: (_RANK[cell[1].outcome], cell[0]))
    return pack_evidence(((number, _evidence(promise)) for number, promise in ordered), room)


def pack_evidence(cells: Iterable[tuple[int, Evidence]], room: int = ROOM) -> Packed:
    """Evidence by the number of its cell, in the order in which it is given room."""
    blocks: list[Block] = []
    waiting: list[int] = []
    texts: list[bytes] = []
    size = used = count = 0
    for number, evidence in cells:
        count += 1
        text = msgspec.json.encode(evidence)
        if texts and size + len(text) > _BLOCK:
            used += _close(blocks, waiting, texts, room - used)
            waiting, texts, size = [], [], 0
        waiting.append(number)
        texts.append(text)
        size += len(text)
    if texts:
        _close(blocks, waiting, texts, room - used)
    left_out = count - sum(len(block.cells) for block in blocks)
    return Packed(blocks=tuple(blocks), left_out=left_out)


def _close(blocks: list[Block], cells: list[int], texts: list[bytes], room: int) -> int:
    """Add a block where there is room for it; the characters that it takes."""
    packed = zlib.compress(b"[" + b",".join(texts) + b"]", 6)
    data = base64.b64encode(packed).decode("ascii")
    if len(data) > room:
        return 0
    blocks.append(Block(cells=tuple(cells), data=data))
    return len(data)


def _evidence(promise: PromiseRow) -> Evidence:
    return Evidence(
        expected=promise.expected,
        observed=promise.observed,
        why=promise.why,
        observations=promise.observations,
        exchange=promise.exchange,
    )
