"""How large the largest pages are, and how quick: 2,000 promises at 8 endpoints.

A check's page and a comparison's, rendered, opened from disk in the machine's chromium with the
network off, and searched. Told is the best of some rounds: what the page takes on a machine that
has time for it. Exit code 1 where a target is missed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser

from tests.reports import making
from tests.reports.browser import driving
from tokenassay.conformance.results import RunDocument
from tokenassay.reports.html import html

ROUNDS = 5

FILTER = """
async (words) => {
  const search = document.getElementById("search");
  const times = [];
  for (const word of words) {
    const begin = performance.now();
    search.value = word;
    search.dispatchEvent(new Event("input"));
    document.body.offsetHeight;
    times.push((performance.now() - begin) / 1000);
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  }
  return Math.max(...times);
}
"""
WORDS = ("7", "", "number 1", "errors nothing", "0", "")


class Row(NamedTuple):
    """One figure and what it may be at most."""

    what: str
    value: float
    most: float
    unit: str


def main() -> int:
    """Measure both pages and print them; the exit code."""
    if driving.executable() is None:
        print("no chromium on this machine: nothing to open pages in", file=sys.stderr)
        return 2
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, driving.browsing() as browser:
        for name, run in (("check", making.large()), ("compare", making.large_comparison())):
            rows += measured(name, run, Path(folder) / f"{name}.html", browser)
    print("| page | figure | at most |\n|---|---|---|")
    for row in rows:
        print(f"| {row.what} | {row.value:,.3g} {row.unit} | {row.most:g} {row.unit} |")
    return int(any(row.value > row.most for row in rows))


def measured(name: str, run: RunDocument, path: Path, browser: Browser) -> list[Row]:
    """The figures of one page."""

    def render() -> float:
        begin = time.process_time()  # our own work, whatever else the machine does
        path.write_text(html(run), "utf-8")
        return time.process_time() - begin

    rendering = best(render)
    with driving.opened(browser, path) as opened:

        def load() -> float:
            begin = time.perf_counter()
            opened.page.reload()
            opened.js("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
            return time.perf_counter() - begin

        opening = best(load)
        opened.settled()
        filtering = best(lambda: float(opened.js(FILTER, list(WORDS))))
    return [
        Row(f"{name}: file", path.stat().st_size / 1e6, 5, "MB"),
        Row(f"{name}: rendering", rendering, 3, "s"),
        Row(f"{name}: opening", opening, 2, "s"),
        Row(f"{name}: slowest filter", filtering * 1000, 100, "ms"),
    ]


def best(measure: Callable[[], float]) -> float:
    """The shortest of some rounds."""
    return min(measure() for _ in range(ROUNDS))


if __name__ == "__main__":
    sys.exit(main())
