"""Files cut into parts: every line once, in order, however they are cut and compressed."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.estimators.batches import sources
from tokenassay.estimators.batches.sources import lines_in, parts_of
from tokenassay.estimators.batches.stores import SourceError

ASIDE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
"""A frame of zstd without lines, as pzstd writes one before each of its frames."""

PACK: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "two members": lambda data: gzip.compress(data[:40]) + gzip.compress(data[40:]),
    "two frames": lambda data: b"".join(
        zstandard.ZstdCompressor().compress(part) for part in (data[:40], data[40:])
    ),
    "frames to skip": lambda data: ASIDE + zstandard.ZstdCompressor().compress(data) + ASIDE,
}


def read(path: Path, size: int) -> list[bytes | None]:
    return [raw for part in parts_of(str(path), size) for _, raw in lines_in(part)]


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
@given(
    lines=st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")), max_size=30),
    size=st.integers(1, 64),
    end=st.booleans(),
)
def test_every_line_once_in_order(
    tmp_path_factory: pytest.TempPathFactory,
    pack: Callable[[bytes], bytes],
    lines: list[bytes],
    size: int,
    end: bool,
) -> None:
    data = b"\n".join(lines) + (b"\n" if end else b"")
    if data.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        return  # a plain file that says it is none
    path = tmp_path_factory.mktemp("files") / "file"
    path.write_bytes(pack(data))
    expected = data.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    first = expected[0].removeprefix(b"\xef\xbb\xbf") if expected else b""
    found = [None if raw is None else raw.removesuffix(b"\n") for raw in read(path, size)]
    assert found == [first, *expected[1:]][: len(expected)]


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
@pytest.mark.parametrize("size", [7, 50, 1000])
def test_a_line_that_is_too_long_is_told_and_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes], size: int
) -> None:
    monkeypatch.setattr(sources, "LONGEST_LINE", 20)
    monkeypatch.setattr(sources, "_BUFFER", 16)
    monkeypatch.setattr(sources, "_PIECE", 5)
    path = tmp_path / "file"
    lines = [b"a", b"b" * 20, b"c" * 21, b"d", b"e" * 500, b"f", b"g" * 21]
    path.write_bytes(pack(b"\n".join(lines)))
    found = [raw and raw.rstrip(b"\n") for raw in read(path, size)]
    assert found == [b"a", b"b" * 20, None, b"d", None, b"f", None]


@pytest.mark.parametrize(
    ("kind", "why"), [("gzip", "ended before"), ("zstd", "ends within a zstd frame")]
)
def test_what_stands_before_the_damage_is_read(tmp_path: Path, kind: str, why: str) -> None:
    path = tmp_path / "file"
    whole = b"".join(b"%d %d\n" % (n, n * n * 7919 % 1_000_003) for n in range(200_000))
    packed = PACK[kind](whole)
    path.write_bytes(packed[: len(packed) // 2])
    found: list[bytes | None] = []

    def read_all() -> None:
        for part in parts_of(str(path), 1000):
            found.extend(raw for _, raw in lines_in(part))

    with pytest.raises(SourceError, match=why):
        read_all()
    assert len(found) > 1000
    assert b"".join(filter(None, found)) == whole[: sum(map(len, filter(None, found)))]


def test_files_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    for path, why in [
        (tmp_path / "gone", "no such file"),
        (tmp_path, "is a directory"),
        ("a\0b", "null byte"),
    ]:
        with pytest.raises(SourceError) as caught:
            list(parts_of(str(path)))
        assert str(caught.value).startswith(str(path))
        assert why in str(caught.value)
