"""The reference, and every way of ours to count."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import strategies as st

from tokenassay.estimators.tokens import engines
from tokenassay.estimators.tokens.counting import QwenCounter

ENGINES = {"gigatoken": engines.gigatoken_engine, "tiktoken": engines.tiktoken_engine}


@pytest.fixture(scope="session")
def reference() -> Callable[[str], list[int]]:
    """dashscope's own tokenizer."""
    from dashscope import get_tokenizer

    encode: Callable[[str], list[int]] = get_tokenizer("qwen-turbo").encode
    return encode


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> engines.Engine:
    return ENGINES[request.param]()


@pytest.fixture(scope="session")
def counting(engine: engines.Engine) -> QwenCounter:
    return QwenCounter(engine)


_LUMPS = st.sampled_from(
    [
        *("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|extra_0|>", "<|extra_204|>"),
        *("<|extra_205|>", "<|im_start", "<|", "|>", "<|extra_1", "<think>", "</tool_call>"),
        *("'s", "'RE", "'ll", "'\u017f", "12345", "1", "\u00b2", "\u2167", "hello", " hello"),
        *(" ", "  ", "\t", "\n", "\r\n", " \n ", "\u00a0", "\u3000", "\x0b", "\x1c", "\x85"),
        *("e\u0301", "\u0301", "\u0338", "\u0344", "\u0f73\u0f72", "\u1100\u1161\u11a8"),
        *("\U0001d15e", "\u212b", "\ud800", "\udc00", "\ud834\udd5e", "\ufeff", "\ufffd"),
        *("你好，世界。", "通义千问", "👨\u200d👩\u200d👧", "🇨🇳", "が", "か\u3099", "हिन्दी", "ไทย"),
        *("!", "...", " (", "。\n", "{}\n\n", "a" * 40, " " * 40, "\n" * 20, "中" * 20),
    ]
)


@pytest.fixture(scope="session")
def texts() -> st.SearchStrategy[str]:
    """Text of any kind, lone surrogates included, thick with what splits and merges oddly."""
    character = st.characters(exclude_categories=()) | st.characters(max_codepoint=0x7F)
    return st.lists(_LUMPS | character, max_size=40).map("".join)
