"""The size of an image is read from its own bytes or its name, else it is not known."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.contracts import store
from tokenassay.estimators.images import Size, image_size, image_tokens, image_urls

RULE = store.templates()
SIDES = st.integers(1, 60_000)


def data_url(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + bytes(5)


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + bytes(8)


def webp(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + sides


def jpeg(width: int, height: int, metadata: int = 300) -> bytes:
    about = b"\xff\xe1" + struct.pack(">H", metadata + 2) + bytes(metadata)
    frame = b"\xff\xc0" + struct.pack(">HBHH", 17, 8, height, width) + bytes(10)
    return b"\xff\xd8" + about + frame


WRITERS = {"png": png, "gif": gif, "webp": webp, "jpeg": jpeg}


@pytest.mark.parametrize("kind", WRITERS)
@given(SIDES, SIDES)
def test_the_size_is_read_from_the_bytes(kind: str, width: int, height: int) -> None:
    url = data_url(kind, WRITERS[kind](width, height))
    assert image_size(url) == Size(width, height)


@given(st.binary(max_size=64), st.sampled_from(sorted(WRITERS)), st.integers(0, 40))
def test_broken_bytes_have_no_size_and_raise_nothing(data: bytes, kind: str, cut: int) -> None:
    image_size(data_url(kind, data))
    image_size(data_url(kind, WRITERS[kind](9, 9)[:cut]))
    image_size(data_url(kind, b"\xff\xd8\xff" + data))


@pytest.mark.parametrize(
    "url",
    [
        None,
        "https://example.com/a.png",
        "https://example.com/450-450.png",
        "data:image/png;base64,????",
        "data:text/plain,hello",
        "",
    ],
)
def test_what_does_not_tell_its_size_has_none(url: str | None) -> None:
    assert image_size(url) is None


def test_the_image_host_writes_the_size_into_the_name() -> None:
    assert image_size("https://example.com/x-2-tps-450-300.png?a=1") == Size(450, 300)


@given(SIDES, SIDES)
def test_an_image_costs_its_cells_and_markers_but_a_minimum(width: int, height: int) -> None:
    tokens = image_tokens(Size(width, height), RULE)
    assert tokens is not None
    assert tokens >= 4 + 2
    assert image_tokens(Size(width + 28, height), RULE) >= tokens  # type: ignore[operator]


def test_the_published_image() -> None:
    assert image_tokens(Size(450, 450), RULE) == 258


@pytest.mark.parametrize(
    ("content", "urls"),
    [
        ("text", []),
        (None, []),
        ([{"type": "image_url", "image_url": {"url": "a"}}], ["a"]),
        ([{"type": "image_url", "image_url": "a"}, {"image": "b"}], ["a", "b"]),
        ([{"type": "image_url"}, {"image": 3}], [None, None]),
        ([{"type": "text", "text": "a"}, "b", None], []),
    ],
)
def test_images_are_found_in_both_dialects(content: Any, urls: list[str | None]) -> None:
    assert list(image_urls(content)) == urls


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [(450, 450, 256), (42, 56, 4), (41, 1000, 36), (98, 98, 16), (69, 280, 20), (71, 280, 30)],
)
def test_sides_are_rounded_to_cells(width: int, height: int, tokens: int) -> None:
    """450 is 16.07 cells, 98 three and a half: the nearest number, at least four in all."""
    assert image_tokens(Size(width, height), RULE) == tokens + (RULE.image_marker_tokens or 0)
