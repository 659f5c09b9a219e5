"""Headers and content codings of messages of httpx and httpx2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def headers_of(message: Any) -> dict[bytes, bytes]:
    """Headers by their names in small letters, read in one go."""
    return {name.lower(): value for name, value in message.headers.raw}


def undoing(library: Any, coding: bytes) -> Callable[[bytes], bytes]:
    """What undoes a content coding, as far as the library knows it."""

    def undone(whole: bytes) -> bytes:
        # The library's own decoders, and by way of a response since they are private.
        response = library.Response(
            200, headers={"content-encoding": coding.lower().decode("latin-1")}, content=whole
        )
        content: bytes = response.content
        return content

    return undone
