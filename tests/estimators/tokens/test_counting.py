"""Counts equal those of dashscope's tokenizer, whatever the text and whichever the engine."""

from __future__ import annotations

import random
import string
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenassay.estimators import tokens
from tokenassay.estimators.tokens import engines, vocabulary
from tokenassay.estimators.tokens.counting import QwenCounter

Reference = Callable[[str], list[int]]

ONE_MB = 1_000_000
_RANDOM = random.Random(7)

CHINESE = [
    text
    for token in vocabulary.tokens()
    if len(text := token.decode("utf-8", "ignore")) > 1
    if all("\u4e00" <= character <= "\u9fa5" for character in text)
]

LONG_TEXTS = {
    "one letter": "a" * ONE_MB,
    "random letters": "".join(_RANDOM.choices(string.ascii_letters, k=ONE_MB)),
    "spaces": " " * ONE_MB,
    "spaces, then a word": " " * (2 * ONE_MB) + "word",
    "spaces, then a marker": "!\n" + " " * (2 * ONE_MB) + "<|im_end|>",
    "spaces, then a line end": " " * (2 * ONE_MB) + "\n  !",
    "ideographic spaces": "\u3000" * (ONE_MB // 3),
    "one Chinese character": "中" * (ONE_MB // 3),
    "random Chinese": "".join(chr(_RANDOM.randrange(0x4E00, 0x9FA6)) for _ in range(ONE_MB // 3)),
    "digits": "".join(_RANDOM.choices(string.digits, k=ONE_MB)),
    "newlines": "\n" * ONE_MB,
    "emoji with joiners": "👨\u200d👩\u200d👧\u200d👦" * (ONE_MB // 25),
    "unfinished markers": "<|im_start|" * (ONE_MB // 11),
}


@settings(max_examples=600, deadline=None)
@given(data=st.data())
def test_any_text_is_encoded_as_dashscope_does(
    data: st.DataObject, texts: st.SearchStrategy[str], counting: QwenCounter, reference: Reference
) -> None:
    text = data.draw(texts)
    expected = reference(text)
    assert counting.encode(text) == expected
    assert counting.count(text) == len(expected)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_the_functions_encode_as_dashscope_does(
    data: st.DataObject, texts: st.SearchStrategy[str], reference: Reference
) -> None:
    text = data.draw(texts)
    assert tokens.count_tokens(text) == len(reference(text))
    assert tokens.encode(text) == reference(text)


@pytest.mark.parametrize("then", ["हिन्दी", "long " * 10_000, "x" * 1000 + "1", "\ud800"])
def test_a_counter_of_little_changes_to_an_engine(then: str, reference: Reference) -> None:
    little = QwenCounter()
    little.expect_little()
    for text in ["It's 你好 <|im_end|>.", then, "It's 你好."] * 30:
        assert little.encode(text) == reference(text)
        assert little.count(text) == len(reference(text))
    assert little.count_many(["你好", then, ""]) == [1, len(reference(then)), 0]


def test_a_counter_of_little_loads_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(engines, "best")
    little = QwenCounter()
    little.expect_little()
    assert little.count_many(["苹果", "It's", ""]) == [1, 2, 0]
    with pytest.raises(AttributeError):
        little.count_many(["long " * 10_000])


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_many_texts_are_counted_as_each_alone(
    data: st.DataObject, texts: st.SearchStrategy[str], counting: QwenCounter, reference: Reference
) -> None:
    many = data.draw(st.lists(texts | st.sampled_from(["", "通义千问" * 100]), max_size=6))
    assert counting.count_many(many) == [len(reference(text)) for text in many]


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_chinese_text_is_encoded_as_dashscope_does(
    data: st.DataObject, counting: QwenCounter, reference: Reference
) -> None:
    # Long enough to be parted; the words are the vocabulary's, whole and cut anywhere.
    word = st.sampled_from(CHINESE)
    part = word | st.builds(lambda text, at: text[:at], word, st.integers(1, 3))
    odd = st.sampled_from("，。0 \nab\u0301𠮷") | st.characters(
        min_codepoint=0x4DF0, max_codepoint=0xA000
    )
    text = "".join(data.draw(st.lists(part | odd, min_size=5, max_size=60)))
    text += text[::-1] * (300 // len(text))
    assert counting.count(text) == len(reference(text))


@pytest.mark.parametrize(
    ("text", "count"), [("苹果", 1), (" 周", 3), ("my friends", 2), ("", 0), ("<|im_start|>", 1)]
)
def test_counts_that_documents_or_their_reading_give(text: str, count: int) -> None:
    assert tokens.count_tokens(text) == count


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_pieces_and_decoding_give_the_text_back(
    data: st.DataObject, texts: st.SearchStrategy[str]
) -> None:
    text = data.draw(texts)
    repaired = normalize("NFC", text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert b"".join(tokens.pieces(text)).decode() == repaired
    assert tokens.decode(tokens.encode(text)) == repaired


@pytest.mark.parametrize("name", LONG_TEXTS)
def test_a_long_odd_text_takes_under_two_seconds(name: str, counting: QwenCounter) -> None:
    counting.count("the engine is loaded")
    started = time.process_time()
    count = counting.count(LONG_TEXTS[name])
    spent = time.process_time() - started
    assert count == _counted_in_full(name)
    assert spent < 2 * max(1, len(LONG_TEXTS[name].encode()) / ONE_MB)


def _counted_in_full(name: str) -> int:
    if name not in _COUNTS:
        _COUNTS[name] = tokens.counter().count(LONG_TEXTS[name])
    return _COUNTS[name]


_COUNTS: dict[str, int] = {}


def test_two_hundred_thousand_marks_take_under_two_seconds(counting: QwenCounter) -> None:
    marks = "".join(_RANDOM.choices([chr(code) for code in range(0x300, 0x370)], k=200_000))
    started = time.process_time()
    counting.count("a" + marks)
    assert time.process_time() - started < 2


def test_forty_megabytes_take_under_five_hundred_megabytes_of_memory() -> None:
    script = """
import random
from tokenassay import count_tokens
words = ["".join(random.choices("abcdefghijklmnop", k=6)) for _ in range(50_000)]
line = " ".join(words) + " 😀，通义千问。\\n"  # one emoji makes four bytes of every character
text = line * (40_000_000 // len(line.encode()))
assert count_tokens(text) > 10_000_000
try:  # the most that this process had; what getrusage tells on Linux may be its parent's
    with open("/proc/self/status") as status:
        print(next(row.split()[1] for row in status if row.startswith("VmHWM")))
except FileNotFoundError:
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 500 * 1024


def test_threads_may_share_a_counter() -> None:
    counter = QwenCounter()
    expected = QwenCounter(engines.tiktoken_engine())
    texts = [
        "".join(_RANDOM.choices("abc 中文，。\n", k=_RANDOM.randrange(1, 300))) for _ in range(500)
    ]
    counts = expected.count_many(texts)
    wrong: list[object] = []

    def count() -> None:
        try:
            wrong.extend(t for t, n in zip(texts, counts, strict=True) if counter.count(t) != n)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_tags_of_the_template_count_one_each() -> None:
    assert tokens.count_tagged("<think>\n\n</think>\n\n") == 4
    assert tokens.count_tagged("".join(tokens.TEMPLATE_TAGS)) == len(tokens.TEMPLATE_TAGS)
    assert tokens.count_tagged("a < b") == tokens.count_tokens("a < b")
    # Normalizing comes first, and makes "not greater than" of the bracket.
    assert tokens.count_tagged("<think>\u0338") == tokens.count_tokens("<think\u226f")


@pytest.mark.parametrize("marker", vocabulary.MARKERS)
def test_every_marker_is_seen(marker: str) -> None:
    assert tokens.has_marker(f"a{marker}b")
    assert tokens.encode(marker) == [vocabulary.MARKERS[marker]]


@pytest.mark.parametrize("text", ["", "<|", "<|extra_205|>", "<|extra_00|>", "<|im_start>", "|>"])
def test_what_only_resembles_a_marker_is_none(text: str) -> None:
    assert not tokens.has_marker(text)


def test_an_unknown_tokenizer_is_named() -> None:
    with pytest.raises(tokens.UnknownTokenizer, match="baichuan"):
        tokens.counter("baichuan")
