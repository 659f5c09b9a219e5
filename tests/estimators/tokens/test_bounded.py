"""Counting for long does not fill the memory, whatever comes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tokenassay.estimators.tokens import bounded
from tokenassay.estimators.tokens.bounded import BoundedEncoder, resident_bytes

MIB = 1 << 20


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> tuple[Callable[[int | None], None], list[int]]:
    """Sets what memory is in use, and the number of loads, each an entry."""
    held: list[int | None] = [0]
    monkeypatch.setattr(bounded, "resident_bytes", lambda: held[0])

    def use(amount: int | None) -> None:
        held[0] = amount

    return use, []


def encoder(loaded: list[int]) -> BoundedEncoder:
    """One that gives the length of a text, and notes when it is loaded."""

    def load() -> Callable[[str], int]:
        loaded.append(len(loaded))
        return len

    return BoundedEncoder(load)


def test_it_is_loaded_anew_once_the_process_has_grown(
    loads: tuple[Callable[[int | None], None], list[int]],
) -> None:
    use, loaded = loads
    use(100 * MIB)
    encode = encoder(loaded).encode
    text = "x" * bounded.CHECKED
    grown = bounded.GROWTH // MIB
    for amount in (0, grown // 2, grown - 1):  # the last is one short of what it may grow by
        use((100 + amount) * MIB)
        assert [encode(text) for _ in range(3)] == [len(text)] * 3
    assert len(loaded) == 1
    use((100 + grown) * MIB)
    assert [encode(text) for _ in range(3)] == [len(text)] * 3
    assert len(loaded) == 2  # and not at each look: what it has now is where it began


def test_what_it_lets_go_of_is_given_back_before_the_next_is_loaded(
    loads: tuple[Callable[[int | None], None], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    use, loaded = loads
    given: list[int] = []
    monkeypatch.setattr(bounded, "give_back", lambda: given.append(len(loaded)))
    use(100 * MIB)
    encode = encoder(loaded).encode
    use(100 * MIB + bounded.GROWTH)
    text = "x" * bounded.CHECKED
    assert [encode(text) for _ in range(2)] == [len(text)] * 2
    assert given == [1, 1, 2]  # behind each load, and between the two


def test_without_a_word_on_memory_it_goes_by_the_amount_of_text(
    loads: tuple[Callable[[int | None], None], list[int]],
) -> None:
    use, loaded = loads
    use(None)
    encode = encoder(loaded).encode
    for _ in range(4 * (bounded.UNWATCHED // bounded.CHECKED)):
        encode("x" * bounded.CHECKED)
    assert 3 <= len(loaded) <= 4


def test_one_that_was_interrupted_while_it_was_loaded_is_loaded_by_the_next_text(
    loads: tuple[Callable[[int | None], None], list[int]],
) -> None:
    use, loaded = loads

    def load() -> Callable[[str], int]:
        loaded.append(len(loaded))
        if len(loaded) == 2:
            raise KeyboardInterrupt
        return len

    use(0)
    encode = BoundedEncoder(load).encode
    use(bounded.GROWTH)
    text = "x" * (bounded.CHECKED + 1)
    with pytest.raises(KeyboardInterrupt):
        encode(text)
    use(0)
    assert encode("abc") == 3
    assert len(loaded) == 3


def test_memory_is_told_here() -> None:
    held = resident_bytes()
    assert held is not None
    more = bytearray(b"x" * (32 * MIB))
    grown = resident_bytes()
    assert grown is not None
    assert grown - held > len(more) // 2


_COUNT = """
import json, random, sys
from tokenassay.estimators.tokens import counter
from tokenassay.estimators.tokens.bounded import resident_bytes
count, random_, most = counter().count_many, random.Random(1), 0
letters = [chr(code) for code in range(0xAC00, 0xD7A3)]
for lot in range(40):
    words = ["".join(random_.choices(letters, k=4)) for _ in range(40_000)]
    count([" ".join(words[n : n + 40]) for n in range(0, len(words), 40)])
    most = max(most, resident_bytes())
    if not lot:
        first = most
print(json.dumps([first, most]))
"""


@pytest.mark.slow
def test_words_that_never_come_again_do_not_fill_the_memory() -> None:
    """Six million letters of Korean words, of which gigatoken alone keeps 190 MB."""
    pytest.importorskip("gigatoken")
    told = subprocess.run([sys.executable, "-c", _COUNT], capture_output=True, check=True)
    first, most = json.loads(told.stdout)
    assert most - first < 130 * MIB
