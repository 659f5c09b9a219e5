"""The vocabulary is found without importing dashscope, and is the one that is known."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tokenassay.estimators.tokens import vocabulary
from tokenassay.estimators.tokens.counting import QwenCounter


@pytest.fixture
def _path_anew() -> None:
    vocabulary.path.cache_clear()


def test_tokens_stand_in_the_order_of_their_ranks() -> None:
    lines = vocabulary.read().splitlines()
    assert [int(line.split()[1]) for line in lines] == list(range(vocabulary.SIZE))
    assert vocabulary.tokens()[vocabulary.MARKERS["<|im_end|>"]] == b"<|im_end|>"


@pytest.mark.usefixtures("_path_anew")
def test_a_missing_dashscope_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(vocabulary.VocabularyError, match="pip install dashscope"):
        QwenCounter().count("text")


def test_another_vocabulary_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "qwen.tiktoken"
    other.write_bytes(vocabulary.read()[:-1])
    vocabulary.tokens.cache_clear()
    monkeypatch.setattr(vocabulary, "path", lambda: str(other))
    for text in ("short", "long " * 50_000):
        with pytest.raises(vocabulary.VocabularyError, match=r"SHA-256 [0-9a-f]{12}"):
            QwenCounter().count(text)
        little = QwenCounter()
        little.expect_little()
        with pytest.raises(vocabulary.VocabularyError):
            little.count(text)


def test_importing_loads_no_vocabulary_and_no_engine() -> None:
    script = """
import sys
from tokenassay.estimators import tokens
heavy = {"dashscope", "gigatoken", "tiktoken", "numpy", "msgspec", "yaml"} & set(sys.modules)
assert not heavy, heavy
assert tokens.vocabulary.tokens.cache_info().currsize == 0
assert tokens.vocabulary.path.cache_info().currsize == 0
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
