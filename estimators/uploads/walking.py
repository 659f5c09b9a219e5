"""The files under some paths, and what of them is left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

_NO_FILES: Final = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


class Found(NamedTuple):
    """A file, or what stands in the way of one."""

    path: Path
    bytes: int | None
    why: str | None
    """Why it can't be read."""


class LeftOut:
    """What lies in the folders and is not read, without being a fault."""

    def __init__(self) -> None:
        self.hidden = 0
        """Files and folders whose names begin with a dot."""
        self.linked: list[str] = []
        """Links to folders: followed, they might lead in a circle, or anywhere."""


def walk(paths: Iterable[str], left_out: LeftOut) -> Iterator[Found]:
    """Every file under some paths, once each, in the order of names; ``left_out`` is filled."""
    seen: set[str] = set()
    for name in paths:
        for found in _under(name, left_out):
            same = os.path.abspath(found.path)
            if same not in seen:
                seen.add(same)
                yield found


def _under(name: str, left_out: LeftOut) -> Iterator[Found]:
    if not os.path.isdir(name):
        yield _looked_at(Path(name))
        return
    closed: list[OSError] = []
    for folder, folders, files in os.walk(name, onerror=closed.append):
        yield from _closed(closed)
        kept = sorted(one for one in folders if not one.startswith("."))
        shown = sorted(one for one in files if not one.startswith("."))
        left_out.hidden += len(folders) + len(files) - len(kept) - len(shown)
        inner = (os.path.join(folder, one) for one in kept)
        left_out.linked += [one for one in inner if os.path.islink(one)]
        folders[:] = kept  # os.walk does not follow links
        yield from (_looked_at(Path(folder, one)) for one in shown)
    yield from _closed(closed)


def _closed(errors: list[OSError]) -> Iterator[Found]:
    """Folders that can't be looked into, which are taken off the list."""
    while errors:
        error = errors.pop(0)
        yield Found(Path(error.filename), None, f"{error.strerror or error} (a folder)")


def _looked_at(path: Path) -> Found:
    try:
        status = path.stat()
    except FileNotFoundError:
        link = path.is_symlink()
        return Found(path, None, "links to what is not there" if link else "no such file")
    except (OSError, ValueError) as error:
        return Found(path, None, getattr(error, "strerror", None) or str(error))
    if not stat.S_ISREG(status.st_mode):
        what = _NO_FILES.get(stat.S_IFMT(status.st_mode), "no regular file")
        return Found(path, None, f"is {what}")
    return Found(path, status.st_size, None)
