"""Multipart uploads read with an eye on their size: what is too much is thrown away, not kept."""

from __future__ import annotations

import io
import tempfile
from typing import IO, Any, Final, NamedTuple

from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request as HttpRequest

from tokenassay.conformance.mock import wire
from tokenassay.conformance.mock.call import Call, Denied

_IN_MEMORY: Final = 1 << 20
_FIELD: Final = 64 << 10
"""Bytes of a plain field at most."""
_PARTS: Final = 100


class _Spool(tempfile.SpooledTemporaryFile[bytes]):
    """A file in memory until it is large; until Python 3.11 it could not say that it can seek."""

    def seekable(self) -> bool:
        return True


class Upload(NamedTuple):
    """One file of a form."""

    field: str
    filename: str
    size: int
    """Bytes that came, also where they are more than were kept."""
    content: bytes | IO[bytes]

    def open(self) -> IO[bytes]:
        """The content as a file, at its beginning."""
        if isinstance(self.content, bytes):
            return io.BytesIO(self.content)
        self.content.seek(0)
        return self.content


class Form(NamedTuple):
    """The fields and the files of a form."""

    fields: dict[str, str]
    """Of a field that stands twice, the last."""
    lists: dict[str, list[str]]
    """All values of each field, in their order."""
    uploads: tuple[Upload, ...]


async def read_form(http: HttpRequest, call: Call, keep: int) -> Form:
    """A form whose files are kept up to ``keep`` bytes each; the rest is read and dropped.

    A client that still sends when the answer comes loses it, so even a file over the limit is
    read to its end, up to four times the limit (TooLarge). Denied where it is no form.
    """
    kind, options = parse_options_header(http.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise Denied(call.service.malformed)
    reader = _Reader(keep)
    left = 4 * max(keep, _IN_MEMORY)
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        async for chunk in _chunks(http, call.service.world.settings.read_timeout):
            left -= len(chunk)
            if left < 0:
                raise wire.TooLarge
            parser.write(chunk)
        parser.finalize()
    except (ValueError, OverflowError):  # the parser's own errors are ValueErrors
        raise Denied(call.service.malformed) from None
    if not reader.ended:
        raise Denied(call.service.malformed)
    fields = {name: values[-1] for name, values in reader.lists.items()}
    return Form(fields, reader.lists, tuple(reader.uploads))


async def _chunks(http: HttpRequest, timeout: float) -> Any:
    more = True
    while more:
        with wire.Within(timeout):
            message = await http.receive()
        if message["type"] != "http.request":
            raise wire.HungUp
        yield message.get("body", b"")
        more = message.get("more_body", False)


class _Reader:
    """Takes the parser's events and gathers fields and files."""

    def __init__(self, keep: int) -> None:
        self.lists: dict[str, list[str]] = {}
        self.uploads: list[Upload] = []
        self.ended = False
        self._keep = keep
        self._parts = 0
        self._begin()

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._end_part,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._headers_done,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._name = self._value = b""
        self._field: str | None = None
        self._filename: str | None = None
        self._file: IO[bytes] | None = None
        self._text = b""
        self._size = 0

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._name.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            field = options.get(b"name")
            filename = options.get(b"filename")
            self._field = field.decode("utf-8", "replace") if field is not None else None
            if filename is not None:
                self._filename = filename.decode("utf-8", "replace")
        self._name = self._value = b""

    def _headers_done(self) -> None:
        self._parts += 1
        if self._field is None or self._parts > _PARTS:
            raise ValueError("a part without a name, or too many parts")
        if self._filename is not None:
            self._file = _Spool(_IN_MEMORY)

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._file is None:
            if self._size > _FIELD:
                raise ValueError("a field is too long")
            self._text += data[start:end]
        elif self._size <= self._keep:
            self._file.write(data[start:end])

    def _end_part(self) -> None:
        if self._field is None:
            return
        if self._file is None:
            text = self._text.decode("utf-8", "replace")
            self.lists.setdefault(self._field, []).append(text)
            return
        self._file.seek(0)
        small = self._size <= min(_IN_MEMORY, self._keep)
        content: bytes | IO[bytes] = self._file.read() if small else self._file
        if small:
            self._file.close()
        self.uploads.append(Upload(self._field, self._filename or "", self._size, content))

    def _end(self) -> None:
        self.ended = True
