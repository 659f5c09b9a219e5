"""The page of an estimate in a real browser."""

from __future__ import annotations

import pytest

from tests.reports.browser import axe
from tests.reports.browser.conftest import Open
from tests.reports.estimating import estimates
from tokenassay.reports.languages import Code


@pytest.mark.parametrize(("code", "scheme"), [("en", "light"), ("zh", "dark")])
@pytest.mark.parametrize("count", [1, 3])
def test_axe_finds_nothing(open_page: Open, code: Code, scheme: str, count: int) -> None:
    with open_page(estimates(count), code, color_scheme=scheme) as opened:
        for summary in opened.page.locator("summary").all():
            summary.click()
        assert axe.violations(opened) == []


@pytest.mark.parametrize("width", [360, 1920])
def test_nothing_is_wider_than_the_window(open_page: Open, width: int) -> None:
    with open_page(estimates(3), viewport={"width": width, "height": 800}) as opened:
        assert opened.js("document.documentElement.scrollWidth <= innerWidth")


def test_parts_costs_and_refusals_are_told(open_page: Open) -> None:
    with open_page(estimates(3)) as opened:
        text = opened.page.locator("body").inner_text()
        assert "2 of 3 models can serve this request" in text
        bars = opened.page.locator("#cost tbody tr")
        assert bars.count() == 3
        assert "0.0002 to 0.0122 CNY" in (bars.nth(0).text_content() or "")
        assert "unknown" in (bars.nth(2).text_content() or "")
        widths = [
            float(bar.get_attribute("width") or 0) for bar in bars.nth(0).locator("rect").all()
        ]
        assert widths[0] > widths[1], "the most is longer than the least"
        for summary in opened.page.locator("section.model summary").all():
            summary.click()
        models = opened.page.locator("section.model")
        assert "template" in (models.nth(0).text_content() or "")
        assert "400 InvalidParameter" in (models.nth(1).text_content() or "")
        assert "gone" in (opened.page.locator("#left-out").text_content() or "")
