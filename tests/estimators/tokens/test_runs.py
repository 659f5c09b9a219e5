"""A run counted by parts counts as the whole."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenassay.estimators.tokens import engines, runs, table

_LETTERS = st.text("abcdefgehtinrs", min_size=1) | st.text("的一是不了人我在有他这中国", min_size=1)
_LUMPS = st.sampled_from(
    [
        *("'s", "'re", "'", "''''", "<|im_end|>", "<|im_start", "a" * 8, "!" * 6, "=" * 5, "😀🎉"),
        *("    ", "\n\n\n", " ", "\n", "1", "👨\u200d👩\u200d👧", "éèê", "हिन्दी", "\u3000\u3000"),
    ]
)


def test_a_run_counts_by_parts_as_the_whole(
    monkeypatch: pytest.MonkeyPatch, engine: engines.Engine
) -> None:
    shared = table.Table()
    monkeypatch.setattr(runs, "Table", lambda: shared)
    monkeypatch.setattr(runs, "_CHUNK", 48)
    monkeypatch.setattr(runs, "_UNSETTLED", 14)  # a marker cut in two is 13 tokens
    parted = 0

    @settings(max_examples=1500, deadline=None)
    @given(st.lists(_LETTERS | _LUMPS, min_size=1, max_size=60), st.integers(1, 12))
    def compare(lumps: list[str], times: int) -> None:
        nonlocal parted
        text = "".join(lump * times for lump in lumps)
        size = runs.count_run(text, engine.ids)
        if size is not None:
            assert size == engine.size(text)
            parted += len(text) > 48

    compare()
    assert parted > 100


@pytest.mark.parametrize(
    "unit", ["a", "今天天气", "abcdefg", " ", "\n", "!", "😀👨\u200d👩\u200d👧"]
)
def test_an_endless_run_is_counted_by_parts(unit: str, engine: engines.Engine) -> None:
    text = unit * (3 * runs._CHUNK // len(unit))
    assert runs.count_run(text, engine.ids) == engine.size(text)


@pytest.mark.parametrize("unit", ["a", "\u4eca\u5929\u5929\u6c14", " ", "\U0001f600"])
def test_forty_megabytes_without_a_break_take_under_five_hundred_megabytes(unit: str) -> None:
    script = """
import sys
from tokenassay import count_tokens
unit = sys.argv[1]
assert count_tokens(unit * (40_000_000 // len(unit.encode()))) > 10_000
try:  # the most that this process had; what getrusage tells on Linux may be its parent's
    with open("/proc/self/status") as status:
        print(next(row.split()[1] for row in status if row.startswith("VmHWM")))
except FileNotFoundError:
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
    done = subprocess.run([sys.executable, "-c", script, unit], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 500 * 1024
