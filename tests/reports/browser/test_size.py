"""2,000 promises at 8 endpoints: the page stays small, and all of it can be reached.

How long it takes is measured by ``python -m benchmarks.pages``.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.reports import making
from tests.reports.browser.conftest import Open
from tokenassay.conformance.results import RunDocument
from tokenassay.reports.html import html

MOST_BYTES = 5_000_000


@pytest.mark.parametrize("made", [making.large, making.large_comparison])
def test_a_large_run(open_page: Open, made: Callable[[], RunDocument]) -> None:
    run = made()
    assert len(html(run).encode()) < MOST_BYTES
    with open_page(run) as opened:
        opened.settled()
        page = opened.page
        rows = len({promise.id for promise in run.promises}) + len(run.differences or ())
        assert page.locator("#shown").text_content() == f"{rows:,} / {rows:,}"
        page.locator("#search").fill("number_1999")
        page.locator("tr:not([hidden]) td.cell").last.click()
        page.locator("dialog .exchange").first.wait_for()
        assert "gateway-h" in (page.locator("dialog").text_content() or "")
        assert "An answer to number 1999" in (page.locator("dialog").text_content() or "")


def test_all_broken_at_length_still_fits(open_page: Open) -> None:
    """Evidence that does not compress is left out where it has no room, and the page says so."""
    dice = random.Random(1)
    promises = [
        making.promise(
            f"promise_{at}",
            "violated",
            target=f"gateway-{column}",
            observed=dice.randbytes(100).hex(),
            exchange=making.exchange(dice.randbytes(400).hex()),
        )
        for at in range(2000)
        for column in range(8)
    ]
    run = making.document(promises)
    assert len(html(run).encode()) < MOST_BYTES
    with open_page(run) as opened:
        opened.settled()
        assert opened.page.locator(".card").count() == 100
        assert "15,900 more findings" in (opened.page.locator("#findings").text_content() or "")
        opened.page.locator("#search").fill("promise_1999")
        opened.page.locator("tr:not([hidden]) td.cell").last.click()
        dialog = opened.page.locator("dialog")
        dialog.get_by_text("results.json has it").first.wait_for()
