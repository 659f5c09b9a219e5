"""Tokens of an image: cells of pixels, where its size can be known without fetching it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tokenassay.contracts.catalog import TemplateFile

_DATA = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)
_IN_NAME = re.compile(r"-tps-(\d{1,5})-(\d{1,5})\.\w+(?:$|\?)")
"""Alibaba's image host writes the size into the name: ``...-tps-450-450.png``."""
_HEAD = 1 << 18
"""Base64 characters that are decoded to find a size: JPEG may carry metadata before it."""


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


def image_urls(content: Any) -> Iterator[str | None]:
    """Address of each image in a message's content, in either dialect; None where it has none."""
    for part in content if isinstance(content, list | tuple) else ():
        if not isinstance(part, Mapping):
            continue
        if part.get("type") == "image_url" or "image_url" in part:
            given = part.get("image_url")
            url = given.get("url") if isinstance(given, Mapping) else given
        elif "image" in part:
            url = part["image"]
        else:
            continue
        yield url if isinstance(url, str) else None


def image_size(url: str | None) -> Size | None:
    """Size of an image: from its own bytes in a ``data:`` address, else from its name."""
    if url is None:
        return None
    data = _DATA.match(url)
    if data is None:
        named = _IN_NAME.search(url)
        return Size(int(named[1]), int(named[2])) if named else None
    head = url[data.end() : data.end() + _HEAD]
    try:
        return _size_of(base64.b64decode(head[: len(head) // 4 * 4], validate=True))
    except (binascii.Error, ValueError, IndexError):
        return None


def image_tokens(size: Size, rule: TemplateFile) -> int | None:
    """Tokens of an image of that size, its markers included; None where no rule is known."""
    cell = rule.image_cell_pixels
    if not cell or rule.image_min_tokens is None or rule.image_marker_tokens is None:
        return None
    cells = round(size.width / cell) * round(size.height / cell)
    return max(cells, rule.image_min_tokens) + rule.image_marker_tokens


def fewest_image_tokens(rule: TemplateFile) -> int:
    """Tokens that an image of unknown size costs at least."""
    return (rule.image_min_tokens or 0) + (rule.image_marker_tokens or 0)


def _size_of(data: bytes) -> Size | None:
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return Size(_number(data[16:20]), _number(data[20:24]))
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return Size(_number(data[6:8], "little"), _number(data[8:10], "little"))
    if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8X" and len(data) >= 30:
        return Size(1 + _number(data[24:27], "little"), 1 + _number(data[27:30], "little"))
    if data[:2] == b"\xff\xd8":
        return _jpeg_size(data)
    return None


def _jpeg_size(data: bytes) -> Size | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        kind = data[at + 1]
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):  # a frame header
            return Size(_number(data[at + 7 : at + 9]), _number(data[at + 5 : at + 7]))
        at += 2 + _number(data[at + 2 : at + 4])
    return None


def _number(data: bytes, order: Any = "big") -> int:
    return int.from_bytes(data, order)
