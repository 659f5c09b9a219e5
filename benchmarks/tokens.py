"""How much faster we count than dashscope's tokenizer, in one run on one machine.

    python benchmarks/tokens.py [--rounds N]

Every round makes new texts from a seed, so that no engine meets a text twice, and times both
counters on each, in turns. What is told is the median over the rounds of the ratio within a round.
The two counts must agree. Exit code 1 where they don't, or where a ratio misses its target.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tokenassay.estimators.tokens import counter, vocabulary

ROUNDS = 5
COLD_ROUNDS = 5
DOCUMENT = 60_000
"""Characters a document; dashscope cuts a text above 100,000, and then counts something else."""
DOCUMENTS = 30
CHATS = 20_000

TARGETS = {"English": 7.0, "code": 7.0, "novel Chinese": 2.5, "short chats": 8.0, "cold count": 5.0}

ONE_BY_ONE = "one by one"
"""Short chats again, counted each by a call of its own."""
CHATTING = ("short chats", ONE_BY_ONE)


class Row(NamedTuple):
    """One line of the table."""

    case: str
    ours: str
    theirs: str
    ratio: float
    agree: bool

    @property
    def kept(self) -> bool:
        return self.agree and self.ratio >= TARGETS.get(self.case, 0)


class Words:
    """Texts made of the vocabulary's own words, the frequent ones more often."""

    def __init__(self) -> None:
        tokens = [token.decode("utf-8", "ignore") for token in vocabulary.tokens()]
        english = [t[1:] for t in tokens if t[:1] == " " and t[1:].isascii() and t[1:].islower()]
        self._english = [word for word in english if len(word) > 1 or word in "ai"][:20_000]
        self._chinese = [t for t in tokens if t and all("\u4e00" <= c <= "\u9fa5" for c in t)]
        self._english_odds = _zipf(len(self._english))
        self._chinese_odds = _zipf(len(self._chinese))

    def english(self, random_: random.Random, characters: int) -> str:
        """Sentences and paragraphs of English words."""
        text: list[str] = []
        size = 0
        while size < characters:
            words = random_.choices(
                self._english, cum_weights=self._english_odds, k=random_.randrange(6, 22)
            )
            words[len(words) // 2] += random_.choice(["", ",", ";", ""])
            end = random_.choice([". ", ". ", "? ", ".\n\n"])
            sentence = " ".join(words).capitalize() + end
            text.append(sentence)
            size += len(sentence)
        return "".join(text)

    def chinese(self, random_: random.Random, characters: int) -> str:
        """Chinese words between Chinese punctuation, a paragraph now and then."""
        text: list[str] = []
        size = 0
        while size < characters:
            words = random_.choices(
                self._chinese, cum_weights=self._chinese_odds, k=random_.randrange(3, 12)
            )
            clause = (
                "".join(words)
                + random_.choice("，，，。。、！？；")
                + "\n\n" * (random_.random() < 0.03)
            )
            text.append(clause)
            size += len(clause)
        return "".join(text)

    def chats(self, random_: random.Random) -> list[str]:
        """Short messages, half of them Chinese, no two alike."""
        write = (self.english, self.chinese)
        messages = (write[n % 2](random_, random_.randrange(8, 60)).strip() for n in range(CHATS))
        return [f"{message} {n}" for n, message in enumerate(messages)]


def _zipf(size: int) -> list[float]:
    total, sums = 0.0, []
    for rank in range(1, size + 1):
        total += 1 / (rank + 20)
        sums.append(total)
    return sums


def _sources(random_: random.Random) -> list[str]:
    """Documents of Python source from the standard library, other ones in each round."""
    files = sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py"))
    random_.shuffle(files)
    documents: list[str] = []
    for file in files:
        if len(documents) == 3 * DOCUMENTS:  # they are shorter than the others
            break
        text = file.read_text(encoding="utf-8", errors="replace")
        if len(text) > 2_000 and "site-packages" not in file.parts:
            documents.append(text[:DOCUMENT])
    return documents


def _cases(words: Words, seed: int) -> Iterator[tuple[str, list[str]]]:
    random_ = random.Random(seed)
    yield "English", [words.english(random_, DOCUMENT) for _ in range(DOCUMENTS)]
    yield "code", _sources(random_)
    yield "novel Chinese", [words.chinese(random_, DOCUMENT // 2) for _ in range(DOCUMENTS)]
    yield "short chats", words.chats(random_)
    yield ONE_BY_ONE, words.chats(random_)


Count = Callable[[Sequence[str]], "list[int]"]


def _timed(count: Count, texts: Sequence[str]) -> tuple[float, list[int]]:
    gc.collect()
    gc.disable()
    try:
        started = time.process_time()  # what other processes do is no matter of ours
        counts = count(texts)
        return time.process_time() - started, counts
    finally:
        gc.enable()


def warm(rounds: int) -> list[Row]:
    """Both counters, loaded, in this process."""
    from dashscope import get_tokenizer

    encode = get_tokenizer("qwen-turbo").encode

    def theirs(texts: Sequence[str]) -> list[int]:
        return [len(encode(text)) for text in texts]

    counting = counter("qwen")

    def ours_one_by_one(texts: Sequence[str]) -> list[int]:
        return [counting.count(text) for text in texts]

    words = Words()
    assert counting.count_many(["both are loaded"]) == theirs(["both are loaded"])
    found: dict[str, list[tuple[float, float, int, bool]]] = {}
    for number in range(rounds):
        for case, texts in _cases(words, 1000 + number):
            ours = ours_one_by_one if case == ONE_BY_ONE else counting.count_many
            times: dict[Count, tuple[float, list[int]]] = {}
            for count in (ours, theirs) if number % 2 else (theirs, ours):
                times[count] = _timed(count, texts)
            (our_time, our_counts), (their_time, their_counts) = times[ours], times[theirs]
            amount = CHATS if case in CHATTING else sum(len(text.encode()) for text in texts)
            row = (our_time, their_time, amount, our_counts == their_counts)
            found.setdefault(case, []).append(row)
    return [
        Row(
            case,
            _speed(case, statistics.median(amount / our for our, _, amount, _ in rows)),
            _speed(case, statistics.median(amount / their for _, their, amount, _ in rows)),
            statistics.median(their / our for our, their, _, _ in rows),
            all(agree for *_, agree in rows),
        )
        for case, rows in found.items()
    ]


def _speed(case: str, per_second: float) -> str:
    if case in CHATTING:
        return f"{per_second / 1000:.0f} k/s"
    return f"{per_second / 1e6:.0f} MB/s"


_THEIR_COUNT = """
import sys
from dashscope import get_tokenizer
with open(sys.argv[1], encoding="utf-8") as file:
    print(len(get_tokenizer("qwen-turbo").encode(file.read())))
"""


def cold(rounds: int) -> Row:
    """A process from start to end that counts a file of 2 KB."""
    text = Words().english(random.Random(1), 2048)[:2048]
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "text.txt")
        Path(file).write_text(text, encoding="utf-8", newline="")
        ours = [sys.executable, "-m", "tokenassay", "count", "--quiet", file]
        theirs = [sys.executable, "-c", _THEIR_COUNT, file]
        times: list[tuple[float, float]] = []
        counts = set()
        for number in range(-1, rounds):  # the first fills the disk's cache
            pair = []
            for command in (ours, theirs):
                started = time.perf_counter()
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                pair.append(time.perf_counter() - started)
                counts.add(done.stdout.strip())
            if number >= 0:
                times.append((pair[0], pair[1]))
    return Row(
        "cold count",
        f"{statistics.median(our for our, _ in times) * 1000:.0f} ms",
        f"{statistics.median(their for _, their in times) * 1000:.0f} ms",
        statistics.median(their / our for our, their in times),
        len(counts) == 1,
    )


def main() -> int:
    """Measure, print the table; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default: %(default)s")
    rows = [*warm(parser.parse_args().rounds), cold(COLD_ROUNDS)]
    print(f"{'':<14}{'ours':>10}{'dashscope':>11}{'ratio':>8}{'target':>8}  counts")
    for row in rows:
        target = f"{TARGETS[row.case]:.1f}x" if row.case in TARGETS else "none"
        print(
            f"{row.case:<14}{row.ours:>10}{row.theirs:>11}{row.ratio:>7.1f}x"
            f"{target:>8}  {'equal' if row.agree else 'DIFFER'}"
            f"{'' if row.kept else '  MISSED'}"
        )
    return 0 if all(row.kept for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
