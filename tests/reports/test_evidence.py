"""Evidence comes out of its blocks as it went in, the worst first where there is no room."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.reports import making
from tokenassay.conformance.outcomes import WORST_FIRST
from tokenassay.conformance.results import PromiseRow
from tokenassay.reports.evidence import Packed, pack


def unpack(packed: Packed) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for block in packed.blocks:
        listed = json.loads(zlib.decompress(base64.b64decode(block.data)))
        found.update(zip(block.cells, listed, strict=True))
    return found


def some(count: int, length: int) -> list[tuple[int, PromiseRow]]:
    return [
        (
            at,
            making.promise(
                f"p{at}",
                WORST_FIRST[at % len(WORST_FIRST)],
                exchange=making.exchange("".join(chr(33 + (at * n) % 90) for n in range(length))),
            ),
        )
        for at in range(count)
    ]


@given(st.integers(0, 60), st.integers(0, 9000))
def test_all_comes_out_again(count: int, length: int) -> None:
    cells = some(count, length)
    packed = pack(cells)
    assert packed.left_out == 0
    found = unpack(packed)
    assert found.keys() == {at for at, _ in cells}
    for at, promise in cells:
        assert promise.exchange is not None
        assert found[at]["exchange"]["response"]["body"]["text"] == (
            promise.exchange.response.body.text
        )
        assert found[at]["observed"] == promise.observed


def test_the_worst_find_room_first() -> None:
    cells = some(600, 5000)
    packed = pack(cells, room=40_000)
    assert sum(len(block.data) for block in packed.blocks) <= 40_000
    kept = set(unpack(packed))
    assert packed.left_out == 600 - len(kept) > 0
    ranks = {at: WORST_FIRST.index(promise.outcome) for at, promise in cells}
    assert min(ranks[at] for at in kept) == 0
    violated = {at for at, rank in ranks.items() if rank == 0}
    assert violated <= kept or all(ranks[at] == 0 for at in kept)
    assert pack(cells, room=40_000) == packed
