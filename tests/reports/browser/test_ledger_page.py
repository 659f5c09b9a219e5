"""The page of a ledger in a real browser."""

from __future__ import annotations

import pytest

from tests.reports.browser import axe
from tests.reports.browser.conftest import Open
from tests.reports.test_ledger_page import document
from tokenassay.reports.languages import Code

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e" + "x" * 400


@pytest.mark.parametrize(("code", "scheme"), [("en", "light"), ("zh", "dark")])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    open_page: Open, code: Code, scheme: str
) -> None:
    with open_page(document(HOSTILE, "team", None), code, color_scheme=scheme) as opened:
        assert axe.violations(opened) == []
        for width in (1920, 360):
            opened.page.set_viewport_size({"width": width, "height": 800})
            assert opened.js("document.documentElement.scrollWidth <= innerWidth")


def test_all_columns_of_short_names_are_in_view(open_page: Open) -> None:
    with open_page(document("team-a", None), viewport={"width": 1280, "height": 800}) as opened:
        table = "document.querySelector('#spent .scroll')"
        assert opened.js(f"{table}.scrollWidth <= {table}.clientWidth")
        bars = opened.page.locator("#spent tbody tr").first.locator("rect").all()
        most, settled = (float(bar.get_attribute("width") or 0) for bar in bars)
        assert settled == pytest.approx(most / 4)
