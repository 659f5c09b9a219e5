"""The Qwen vocabulary that the dashscope package brings along, found without importing it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache

# dashscope 1.x and 2.x ship this very file: 151,643 byte strings, merge priority = id = line.
SHA256 = "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186"
SIZE = 151_643

MARKERS: dict[str, int] = {
    marker: SIZE + index
    for index, marker in enumerate(
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>", *(f"<|extra_{n}|>" for n in range(205)))
    )
}
"""Marker to id: what dashscope's tokenizer counts as one token wherever it stands in a text."""

MARKER_PATTERN = r"<\|(?:endoftext|im_start|im_end|extra_(?:20[0-4]|1[0-9]{2}|[1-9]?[0-9]))\|>"

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How a text between markers is split before its bytes are merged."""

_LOT = 1 << 16
"""Bytes of the file, about, that are decoded at once."""


class VocabularyError(RuntimeError):
    """The vocabulary is missing, or is not the one whose counts were proven."""


@lru_cache(maxsize=1)
def path() -> str:
    """Path of the vocabulary file; VocabularyError where dashscope is not installed.

    ``import dashscope`` takes longer than all the counting of most runs, so only its place is
    asked for.
    """
    from importlib.util import find_spec

    spec = find_spec("dashscope")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        found = os.path.join(folder, "resources", "qwen.tiktoken")
        if os.path.isfile(found):
            return found
    raise VocabularyError(
        "the Qwen vocabulary is missing; it comes with the package dashscope: pip install dashscope"
    )


def read() -> bytes:
    """The vocabulary file, checked: one line a token, ``BASE64 RANK``."""
    from hashlib import sha256

    with open(path(), "rb") as file:
        data = file.read()
    found = sha256(data).hexdigest()
    if found != SHA256:
        raise VocabularyError(
            f"{path()} is not the vocabulary that counts are proven for "
            f"(SHA-256 {found[:12]}…, not {SHA256[:12]}…): install another release of dashscope"
        )
    return data


def ranks() -> dict[bytes, int]:
    """Base64 text of every token to its id. Base64 is kept: decoding 151,643 lines is slow."""
    return dict(zip(read().split()[::2], range(SIZE), strict=True))


def lots() -> Iterator[list[bytes]]:
    """Bytes of every token but the markers, by id, some thousands at a time: none are kept."""
    from binascii import a2b_base64

    data = read()
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + _LOT) + 1 or len(data)
        yield list(map(a2b_base64, data[start:end].split()[::2]))
        start = end


@lru_cache(maxsize=1)
def tokens() -> tuple[bytes, ...]:
    """Bytes of every token, by id, markers included; they stay in memory, which takes 17 MB."""
    ordinary = (token for lot in lots() for token in lot)
    return (*ordinary, *(marker.encode() for marker in MARKERS))
