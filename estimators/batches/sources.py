"""Files of lines, plain, gzip or zstd, cut into parts that can be counted apart.

A part of a plain file is a range of bytes; it owns the lines that begin in it. A compressed file
can only be read from its beginning, so its parts carry their bytes. Where the cuts fall depends
on the file alone, so that the result is the same for any number of workers. A stream is cut like
a compressed file.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from typing import IO, Any, Final, NamedTuple

from tokenassay.estimators.batches.stores import SourceError, is_stream, open_at, size_at

PART_BYTES: Final = 4 << 20
LONGEST_LINE: Final = 64 << 20
"""Bytes of a line that are held in memory at once; a longer one is told as bad."""

_BUFFER: Final = 1 << 20
_PIECE: Final = 1 << 17
_PACKED: Final = 1 << 10
"""Bytes of zstd that are unpacked at once: a block of a few bytes may hold 128 KiB."""
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_ZSTD_ASIDE: Final = b"\x2a\x4d\x18"
"""Behind a byte from 0x50 to 0x5f: a frame to skip, such as pzstd begins with."""


class Part(NamedTuple):
    """Some lines of a file."""

    path: str
    start: int
    """Byte that the range begins at, or where the part stands in the decompressed file."""
    end: int
    data: bytes | None
    """The lines themselves; None: they are read from the file."""
    done: int
    """Bytes of the file as it lies on the disk that have been read when this part is done."""


RawLine = tuple[int, bytes | None]
"""A line with its number in its part, from 1; None: longer than can be held."""


def parts_of(path: str, size: int = PART_BYTES) -> Iterator[Part]:
    """The parts of a file in their order; SourceError where its compression is damaged."""
    if is_stream(path):
        yield from _parts_of_pipe(path, size)
        return
    whole = size_at(path)
    with open_at(path) as file:
        head = file.read(4)
        file.seek(0)
        if not _packs(head):
            for start in range(0, whole, size):
                end = min(start + size, whole)
                yield Part(path, start, end, None, end)
            return
        yield from _parts_of_stream(path, file, _decompressed(path, file, head), size)


def _parts_of_pipe(path: str, size: int) -> Iterator[Part]:
    with open_at(path) as file:
        head = file.read(4)
        whole = io.BufferedReader(_Again(head, file), _PIECE)
        pieces = _decompressed(path, whole, head) if _packs(head) else _read(path, whole)
        yield from _parts_of_stream(path, whole, pieces, size)


class _Again(io.RawIOBase):
    """A stream from its beginning, whose first bytes were read; it tells how far it has come."""

    def __init__(self, head: bytes, file: IO[bytes]) -> None:
        self._head, self._file, self._at = head, file, 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def readinto(self, into: Any) -> int:
        given = self._head[: len(into)] or self._file.read1(len(into))  # type: ignore[attr-defined]
        self._head = self._head[len(given) :]
        into[: len(given)] = given
        self._at += len(given)
        return len(given)


def _read(path: str, file: io.BufferedReader[Any]) -> Iterator[bytes]:
    try:
        while piece := file.read1(_PIECE):
            yield piece
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}") from None


def is_packed(path: str) -> bool:
    """Whether a file is gzip or zstd, by its first bytes; SourceError where there is none."""
    with open_at(path) as file:
        return _packs(file.read(4))


def _packs(head: bytes) -> bool:
    aside = head[1:] == _ZSTD_ASIDE and head[0] >> 4 == 5
    return head.startswith(_GZIP) or head == _ZSTD or aside


def _decompressed(path: str, file: IO[bytes], head: bytes) -> Iterator[bytes]:
    """The file's content in small pieces, so that little is lost where it is damaged."""
    try:
        yield from _gunzipped(file) if head.startswith(_GZIP) else _unzstd(path, file)
    except SourceError:
        raise
    except Exception as error:  # OSError, EOFError, zlib.error, or zstandard's own
        raise SourceError(" ".join(f"{path}: {error}".split())) from None


def _gunzipped(file: IO[bytes]) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=file) as stream:
        while piece := stream.read1(_PIECE):
            yield piece


def _unzstd(path: str, file: IO[bytes]) -> Iterator[bytes]:
    """Frame by frame, for zstandard's own reader takes a cut frame for the end of the file."""
    try:
        import zstandard
    except ImportError:
        raise SourceError(f"{path} is zstd: pip install 'tokenassay[batch]'") from None
    frame = None
    while packed := file.read(_PACKED):
        while packed:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            piece = frame.decompress(packed)
            packed = b""
            if frame.eof:
                packed, frame = frame.unused_data, None
            if piece:
                yield piece
    if frame is not None:
        raise SourceError(f"{path}: ends within a zstd frame")


def _parts_of_stream(
    path: str, file: IO[bytes], pieces: Iterator[bytes], size: int
) -> Iterator[Part]:
    held = bytearray()
    at = 0
    skipping = False
    fault: SourceError | None = None
    while fault is None:
        try:
            piece = next(pieces, b"")
        except SourceError as error:
            piece, fault = b"", error
        ended = not piece
        if skipping:  # the rest of a line that is too long
            cut = piece.find(b"\n") + 1
            skipping = not cut and not ended
            piece = piece[cut:] if cut else b""
            if skipping:
                continue
        held += piece
        if ended and fault is None:
            break
        if len(held) < size and fault is None:
            continue
        cut = held.rfind(b"\n") + 1
        if not cut:
            if len(held) <= LONGEST_LINE:
                continue
            skipping = True
            del held[LONGEST_LINE + 1 :]
            held += b"\n"
            cut = len(held)
        yield Part(path, at, at + cut, bytes(held[:cut]), file.tell())
        at += cut
        del held[:cut]
    if fault is not None:
        raise fault
    if held:
        yield Part(path, at, at + len(held), bytes(held), file.tell())


def lines_in(part: Part) -> Iterator[RawLine]:
    """The lines that begin in a part, blank ones too; SourceError where it can't be read."""
    if part.data is not None:
        with io.BytesIO(part.data) as held:
            yield from _lines(part, held, 0, len(part.data))
        return
    try:
        with open_at(part.path) as file:
            yield from _lines(part, file, part.start, part.end)
    except OSError as error:
        raise SourceError(f"{part.path}: {error.strerror or error}") from None


def _lines(part: Part, file: IO[bytes], start: int, end: int) -> Iterator[RawLine]:
    at, first = start, part.start == 0
    if start:  # the line that the byte before belongs to is another part's
        file.seek(start - 1)
        at = start - 1 + _length_of_line(file)
    number = 0
    while at < end:
        raw = file.readline(LONGEST_LINE + 2)
        if not raw:
            raise SourceError(f"{part.path}: became shorter while it was read")
        at += len(raw)
        number += 1
        if len(raw) > LONGEST_LINE + 1 or (len(raw) > LONGEST_LINE and raw[-1:] != b"\n"):
            if raw[-1:] != b"\n":
                at += _length_of_line(file)
            yield number, None
            continue
        yield number, raw.removeprefix(b"\xef\xbb\xbf") if first and number == 1 else raw


def _length_of_line(file: IO[bytes]) -> int:
    length = 0
    while piece := file.readline(_BUFFER):
        length += len(piece)
        if piece.endswith(b"\n"):
            break
    return length
