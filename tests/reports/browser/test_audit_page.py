"""The page of an audit in a real browser."""

from __future__ import annotations

import pytest

from tests.reports import auditing
from tests.reports.browser import axe
from tests.reports.browser.conftest import Open
from tokenassay.reports.languages import Code


@pytest.mark.parametrize(("code", "scheme"), [("en", "light"), ("zh", "dark")])
def test_axe_finds_nothing(open_page: Open, code: Code, scheme: str) -> None:
    for document in (auditing.audit(), auditing.honest(stop_reason="the budget")):
        with open_page(document, code, color_scheme=scheme) as opened:
            opened.settled()
            for summary in opened.page.locator("summary").all():
                summary.click()
            assert axe.violations(opened) == []


@pytest.mark.parametrize("width", [360, 1920])
def test_nothing_is_wider_than_the_window(open_page: Open, width: int) -> None:
    with open_page(auditing.audit(), viewport={"width": width, "height": 800}) as opened:
        for summary in opened.page.locator("summary").all():
            summary.click()
        assert opened.js("document.documentElement.scrollWidth <= innerWidth")


def test_verdict_cost_meter_and_probes_are_told(open_page: Open) -> None:
    with open_page(auditing.audit()) as opened:
        page = opened.page
        assert page.locator("h1").inner_text() == (
            "qwen-turbo at gateway bills 19 input tokens too many in each request."
        )
        assert (
            "That costs 0.17781 CNY more per million tokens" in page.locator(".mast").inner_text()
        )
        assert "38.00 CNY" in page.locator("#cost").inner_text()
        assert page.locator("#meter circle").count() == 8, "a dot a request, above and below"
        assert page.locator("#meter .fitted").count() > 1
        rows = page.locator(".probes tbody tr:not([hidden])")
        assert rows.count() == 5
        assert "+19" in rows.nth(0).inner_text()
        assert "400 InvalidParameter" in rows.nth(4).inner_text()
        page.locator("#off").focus()
        page.keyboard.press("Enter")
        assert rows.count() == 4
        assert page.locator("#shown").inner_text() == "4 / 5"


def test_the_smallest_request_that_shows_it_opens(open_page: Open) -> None:
    with open_page(auditing.audit(), permissions=["clipboard-read", "clipboard-write"]) as opened:
        opened.settled()
        page = opened.page
        page.locator("details.evidence summary").first.click()
        page.locator(".exchange").wait_for()
        assert "input_tokens: 50" in page.locator(".exchange").inner_text()
        pair = page.locator(".card .pair").inner_text()
        assert pair.split("\n") == ["Counted", "31", "Billed", "50"]
        page.locator(".card .tools button").click()
        page.get_by_text("Copied").first.wait_for()
        ticket = opened.js("navigator.clipboard.readText()")
        assert "bills 19 input tokens too many" in ticket
        assert "curl" in ticket
        assert "tokenassay audit --base-url" in ticket
        opened.js("dispatchEvent(new Event('beforeprint'))")
        assert page.pdf().startswith(b"%PDF")


def test_an_honest_meter_has_nothing_to_open(open_page: Open) -> None:
    with open_page(auditing.honest()) as opened:
        assert opened.page.locator("h1").inner_text().endswith("bills exactly what was counted.")
        assert opened.page.locator(".card").count() == 0
        assert opened.page.locator(".hallmark").count() == 1
        assert opened.page.locator(".strip .violated").count() == 0
