"""Counting with a tokenizer file of the user's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from tokenassay.estimators.tokens.normal import repaired


class TokenizerFileError(ValueError):
    """The file can't be read as a tokenizer, or the package that reads it is not installed."""


class FileCounter:
    """Counts with what another library read from a file; that library normalizes."""

    __slots__ = ("_encode",)

    def __init__(self, encode: Callable[[str], list[int]]) -> None:
        self._encode = encode

    def count(self, text: str) -> int:
        """Number of tokens of a text."""
        return len(self.encode(text))

    def count_many(self, texts: Iterable[str]) -> list[int]:
        """Number of tokens of each text."""
        return [self.count(text) for text in texts]

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, without any that a template would put around it."""
        return self._encode(repaired(text))


def counter_from_file(path: str | os.PathLike[str]) -> FileCounter:
    """The counter of a Hugging Face ``tokenizer.json`` or a SentencePiece model.

    TokenizerFileError, in one line, where the file is neither or can't be read. Needs the extra
    ``tokenassay[tokenizers]``.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            is_json = file.read(1024).lstrip().startswith(b"{")
    except OSError as error:
        raise TokenizerFileError(f"{name}: {error.strerror}") from None
    try:
        return FileCounter(_hugging_face(name) if is_json else _sentencepiece(name))
    except ImportError as error:
        raise TokenizerFileError(
            f"{name} needs the package {error.name}: pip install 'tokenassay[tokenizers]'"
        ) from None
    except Exception as error:  # tokenizers raises Exception itself
        kind = "Hugging Face tokenizer.json" if is_json else "SentencePiece model"
        raise TokenizerFileError(f"{name}: not a {kind} ({_line(error)})") from None


def _hugging_face(path: str) -> Callable[[str], list[int]]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()  # files often carry the training's
    tokenizer.no_padding()

    def encode(text: str) -> list[int]:
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    return encode


def _sentencepiece(path: str) -> Callable[[str], list[int]]:
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor(model_file=path)

    def encode(text: str) -> list[int]:
        ids: list[int] = processor.encode(text)
        return ids

    return encode


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
