"""Where lines lie: files and streams of this machine, or an object store named by a URL.

Everything else here opens no socket; a URL is read because it was asked for. Needs pyarrow: the
extra ``tokenassay[batch]``.
"""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterable
from typing import IO, Any, Final

ENDINGS: Final = tuple(
    f".{kind}{packed}" for kind in ("jsonl", "ndjson") for packed in ("", ".gz", ".zst")
)
"""What the names of files of lines end with; of a folder these are taken."""

STANDARD_INPUT: Final = "-"
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_UNSAFE: Final = re.compile(rb"[^A-Za-z0-9/._~-]")
_BUFFER: Final = 1 << 20


class SourceError(Exception):
    """A file can't be read, or not to its end; one line that names it."""


def is_url(path: str) -> bool:
    """Whether a path names a store beside the machine's own files: ``s3://bucket/key``."""
    return _URL.match(path) is not None


def is_stream(path: str) -> bool:
    """Whether a path can be read only once and only forward: standard input, a pipe, a device."""
    if path == STANDARD_INPUT:
        return True
    try:
        mode = 0 if is_url(path) else os.stat(path).st_mode
    except (OSError, ValueError):  # told by who opens it
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)


def open_at(path: str) -> IO[bytes]:
    """A file or a URL, open for reading at any place, or a stream; SourceError where it can't be.

    Opening a pipe waits for who writes to it.
    """
    try:
        if path == STANDARD_INPUT:
            return open(0, "rb", buffering=_BUFFER, closefd=False)
        if not is_url(path):
            if os.path.isdir(path):
                raise SourceError(f"{path}: is a directory")
            return open(path, "rb", buffering=_BUFFER)
        system, inside = _store(path)
        return io.BufferedReader(system.open_input_file(inside), _BUFFER)
    except FileNotFoundError:
        raise SourceError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: {_said(error)}") from None


def size_at(path: str) -> int:
    """Bytes of a file or of what stands at a URL, 0 of a stream; SourceError where neither."""
    if is_stream(path):
        return 0
    with open_at(path) as file:
        if not is_url(path):
            return os.fstat(file.fileno()).st_size
        return file.seek(0, os.SEEK_END)


def files_at(paths: Iterable[str]) -> list[str]:
    """The paths, each folder in favour of the files of lines below it, by name.

    SourceError where a folder holds none.
    """
    found: list[str] = []
    for path in paths:
        lines = _listed(path) if is_url(path) else _walked(path)
        if lines is not None and not lines:
            raise SourceError(f"{path}: no files that end with {', '.join(ENDINGS)}")
        found += [path] if lines is None else sorted(lines)
    return list(dict.fromkeys(found))


def _walked(path: str) -> list[str] | None:
    """The files of lines below a folder; None where it is none."""
    if not os.path.isdir(path):
        return None
    below = (os.path.join(at, name) for at, _, names in os.walk(path) for name in names)
    return [name for name in below if name.endswith(ENDINGS)]


def _listed(url: str) -> list[str] | None:
    """The URLs of the files of lines below a folder of a store; None where it is none."""
    try:
        system, inside = _store(url)
        fs = _arrow_fs()
        if system.get_file_info(inside).type != fs.FileType.Directory:
            return None
    except (SourceError, OSError, ValueError):  # told by who opens it
        return None
    try:
        told = system.get_file_info(fs.FileSelector(inside, recursive=True))
    except (OSError, ValueError) as error:
        raise SourceError(f"{url}: {_said(error)}") from None
    root, mark, settings = url.partition("?")
    above = len(inside.rstrip("/"))
    return [
        root.rstrip("/")
        + _UNSAFE.sub(_escaped, info.path[above:].encode()).decode()
        + mark
        + settings
        for info in told
        if info.type == fs.FileType.File and info.path.endswith(ENDINGS)
    ]


def _escaped(byte: re.Match[bytes]) -> bytes:
    return b"%%%02X" % ord(byte[0])


def _store(url: str) -> tuple[Any, str]:
    try:
        system, inside = _arrow_fs().FileSystem.from_uri(url)
    except (OSError, ValueError) as error:
        raise SourceError(f"{url}: {_said(error)}") from None
    return system, str(inside)


def _arrow_fs() -> Any:
    try:
        import pyarrow.fs
    except ImportError:
        raise SourceError("a URL needs pyarrow: pip install 'tokenassay[batch]'") from None
    return pyarrow.fs


def _said(error: Exception) -> str:
    return " ".join(str(getattr(error, "strerror", None) or error).split())
