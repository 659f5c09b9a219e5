"""Files that clients uploaded: their bytes, their states, and their ids after they are gone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import islice
from time import monotonic, time
from typing import IO, Final, Literal

import msgspec

from tokenassay.conformance.mock.extracts import Extract
from tokenassay.conformance.mock.service import World

State = Literal["unknown", "processing", "processed", "blank", "failed", "deleted"]

_PARSED_PER_SECOND: Final = 8 << 20
"""Bytes of a document that are parsed in a second: a small one is ready at once."""
_READY_BELOW: Final = 1 << 20
_KEPT_BYTES: Final = 1 << 30
"""Most bytes that this server holds, however many an account may have."""
_KEPT_FILES: Final = 50_000
_REMEMBERED: Final = 20_000
"""Deleted files whose ids are still known."""
_UNDEAD: Final = 50
"""Of these the last ones whose bytes are still there (a lie may hand them out), if small."""
_SMALL: Final = 64 << 10


class StoredFile(msgspec.Struct, frozen=True, eq=False):
    """One uploaded file."""

    id: str
    filename: str
    purpose: str
    size: int
    created_at: int
    content: bytes | IO[bytes]
    """Small files as bytes, large ones as a temporary file."""
    extract: Extract
    ready_at: float
    """When its parsing ends, on the store's clock."""

    def read(self) -> bytes:
        """All bytes of the file."""
        if isinstance(self.content, bytes):
            return self.content
        self.content.seek(0)
        return self.content.read()


class FileStore:
    """The files of one account, oldest first. Not safe for threads: the event loop owns it."""

    def __init__(self, world: World) -> None:
        self.clock: Callable[[], float] = monotonic
        self.bytes = 0
        self._world = world
        self._kept: OrderedDict[str, StoredFile] = OrderedDict()
        self._deleted: OrderedDict[str, StoredFile] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[StoredFile]:
        return iter(self._kept.values())

    def has_room(self, size: int) -> bool:
        """Whether this server can hold one more file of that many bytes."""
        return len(self._kept) < _KEPT_FILES and self.bytes + size <= _KEPT_BYTES

    def make_room(self, size: int, purpose: str) -> None:
        """Delete files of a purpose, oldest first, until there is room for so many bytes."""
        oldest = [file.id for file in self if file.purpose == purpose]
        while oldest and not self.has_room(size):
            self.delete(oldest.pop(0))

    def new_id(self, prefix: str) -> str:
        """An id for a file to come."""
        return prefix + self._world.new_uuid().hex[:24]

    def add(
        self,
        id: str,
        filename: str,
        purpose: str,
        content: bytes | IO[bytes],
        size: int,
        extract: Extract,
    ) -> StoredFile:
        """Keep a file; a document of some size takes its time to be parsed."""
        wait = size / _PARSED_PER_SECOND if size >= _READY_BELOW else 0.0
        file = StoredFile(
            id, filename, purpose, size, int(time()), content, extract, self.clock() + wait
        )
        self._kept[id] = file
        self.bytes += size
        return file

    def find(self, id: str) -> StoredFile | None:
        """The file of that id, deleted or not."""
        return self._kept.get(id) or self._deleted.get(id)

    def state(self, id: str) -> State:
        """What has become of a file."""
        file = self._kept.get(id)
        if file is None:
            return "deleted" if id in self._deleted else "unknown"
        return "processing" if self.clock() < file.ready_at else file.extract.state

    def delete(self, id: str) -> bool:
        """Forget a file's bytes, remember its id; False where there is none."""
        file = self._kept.pop(id, None)
        if file is None:
            return False
        self.bytes -= file.size
        self._deleted[id] = file if file.size <= _SMALL else _emptied(file)
        if len(self._deleted) > _UNDEAD:
            id, file = next(islice(reversed(self._deleted.items()), _UNDEAD, None))
            self._deleted[id] = _emptied(file)
        if len(self._deleted) > _REMEMBERED:
            self._deleted.popitem(last=False)
        return True

    def deleted(self) -> list[StoredFile]:
        """Files that were deleted, the last one first."""
        return list(reversed(self._deleted.values()))


def _emptied(file: StoredFile) -> StoredFile:
    return msgspec.structs.replace(file, content=b"")
