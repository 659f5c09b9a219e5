"""Tokenizer files of the user's own."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
import sentencepiece
import tokenizers

from tokenassay.estimators.tokens import TokenizerFileError, counter_from_file

_LINES = ["tokens of a text", "a text of tokens", "the tokens and the text", "通义千问的文本"] * 8


@pytest.fixture
def hugging_face(tmp_path: Path) -> Path:
    """A byte-level tokenizer.json that truncates and pads, as files from training do."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<s>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_LINES, trainer)
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 0)]
    )
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=8)
    path = tmp_path / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.fixture
def sentence_piece(tmp_path: Path) -> Path:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_LINES),
        model_writer=model,
        vocab_size=60,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    path = tmp_path / "tokenizer.model"
    path.write_bytes(model.getvalue())
    return path


def test_a_tokenizer_json_counts_the_text_and_nothing_around_it(hugging_face: Path) -> None:
    counter = counter_from_file(hugging_face)
    reference = tokenizers.Tokenizer.from_file(str(hugging_face))
    reference.no_truncation()
    reference.no_padding()
    for text in ("", "the text", "the text of tokens " * 20, "通义千问<s>"):
        ids = reference.encode(text, add_special_tokens=False).ids
        assert counter.encode(text) == ids
        assert counter.count(text) == len(ids)
    assert counter.count_many(["", "a\ud800"]) == [0, counter.count("a\ufffd")]


def test_a_sentencepiece_model_counts(sentence_piece: Path) -> None:
    counter = counter_from_file(str(sentence_piece))
    reference = sentencepiece.SentencePieceProcessor(model_file=str(sentence_piece))
    for text in ("", "the text of tokens", "通义千问"):
        assert counter.encode(text) == reference.encode(text)
        assert counter.count(text) == len(reference.encode(text))


@pytest.mark.parametrize("content", [b"", b"{}", b'{"model": 1', b"text", b"\xff\xfe\x00"])
def test_a_file_of_another_kind_is_one_clear_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(TokenizerFileError) as caught:
        counter_from_file(path)
    assert str(caught.value).startswith(f"{path}: not a ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TokenizerFileError, match="No such file or directory"):
        counter_from_file(tmp_path / "nowhere.json")
    with pytest.raises(TokenizerFileError, match=r"[Ii]s a directory|Permission denied"):
        counter_from_file(tmp_path)


def test_a_missing_package_is_named(hugging_face: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(TokenizerFileError, match=r"package tokenizers: pip install 'tokenassay\["):
        counter_from_file(hugging_face)
