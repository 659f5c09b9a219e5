"""The page of a comparison in a real browser."""

from __future__ import annotations

import pytest

from tests.reports import making
from tests.reports.browser import axe
from tests.reports.browser.conftest import Open
from tokenassay.conformance.evidence import FrameRow
from tokenassay.conformance.results import RunDocument
from tokenassay.reports.languages import Code


def compared() -> RunDocument:
    """A difference of each kind, and a promise that one endpoint breaks."""
    return making.comparison(
        promises=[
            making.promise(target="gateway-a", exchange=making.exchange()),
            making.promise(outcome="violated", target="gateway-b", exchange=making.exchange()),
        ]
    )


@pytest.mark.parametrize(("code", "scheme"), [("en", "light"), ("zh", "dark")])
def test_axe_finds_nothing(open_page: Open, code: Code, scheme: str) -> None:
    with open_page(compared(), code, color_scheme=scheme) as opened:
        opened.settled()
        for details in opened.page.locator("details.evidence").all():
            details.locator("summary").first.click()
        opened.page.locator("#findings .exchange").first.wait_for()
        assert axe.violations(opened) == []
        opened.page.locator("td.violated").first.click()
        opened.page.locator("dialog .exchange").first.wait_for()
        assert axe.violations(opened) == []


@pytest.mark.parametrize("width", [360, 1920])
def test_nothing_is_wider_than_the_window(open_page: Open, width: int) -> None:
    long = making.difference(said="x" * 400, answers={"gateway-a": "y" * 300, "gateway-b": "z"})
    for run in (compared(), making.comparison([long])):
        with open_page(run, viewport={"width": width, "height": 800}) as opened:
            opened.settled()
            for details in opened.page.locator("details.evidence").all():
                details.locator("summary").first.click()
            opened.page.locator("#findings .exchange").first.wait_for()
            assert opened.js("document.documentElement.scrollWidth <= innerWidth")


def test_what_no_document_expects_comes_first(open_page: Open) -> None:
    with open_page(making.comparison()) as opened:
        page = opened.page
        assert page.locator("h1").inner_text() == (
            "3 differences part 2 endpoints; 1 of them goes against the documents."
        )
        titles = page.locator("#findings h3").all_inner_texts()
        assert titles == [
            "gateway-b unlike gateway-a: what is accepted",
            "gateway-b unlike gateway-a: billed input",
        ]
        assert "1 difference is as the endpoints' own documents say" in (
            page.locator("#findings").inner_text()
        )
        answers = page.locator("#findings .answers").first
        assert answers.locator(".odd").inner_text().split("\n") == [
            "gateway-b",
            "refused: 400 InvalidParameter",
        ]
        totals = page.locator("#endpoints tbody tr")
        assert [row.split()[0] for row in totals.all_inner_texts()] == ["gateway-a", "gateway-b"]
        assert "baseline" in totals.nth(0).inner_text()
        assert "0.0123 CNY" in totals.nth(1).inner_text()


def test_a_card_lays_both_exchanges_side_by_side(open_page: Open) -> None:
    with open_page(making.comparison()) as opened:
        card = opened.page.locator(".card").first
        card.locator("summary").first.click()
        sides = card.locator(".side")
        sides.first.wait_for()
        heads = [side.locator("h4").first.inner_text() for side in sides.all()]
        assert [head.strip() for head in heads] == ["gateway-a: alike", "gateway-b: differs"]
        marked = sides.nth(1).locator(".odd")
        texts = [text.replace("\u2260", "").strip() for text in marked.all_inner_texts()]
        assert 'said: "gateway-b"' in texts, "another value is marked"
        assert not [text for text in texts if text.startswith(("same", "request_id"))]


def test_a_cell_opens_beside_another(open_page: Open) -> None:
    answers = {"gateway-a": '{"a":1,"b":[1,2]}', "gateway-b": '{"b":[1,3],"c":null}'}
    promises = [
        making.promise(
            outcome="kept" if name == "gateway-a" else "violated",
            target=name,
            observed=f"seen at {name}",
            exchange=making.exchange(answer, status=200 if name == "gateway-a" else 201),
        )
        for name, answer in answers.items()
    ]
    with open_page(making.comparison([], promises=promises)) as opened:
        page = opened.page
        assert page.locator("h1").inner_text() == "2 endpoints answered the same requests alike."
        page.keyboard.press("/")
        page.keyboard.type("temperature")
        page.locator("td.violated").click()
        dialog = page.locator("dialog")
        dialog.locator(".side").nth(1).wait_for()
        sides = dialog.locator(".side")
        assert "seen at gateway-a" in sides.nth(0).inner_text()
        assert "seen at gateway-b" in sides.nth(1).inner_text()

        def marked(side: int) -> list[str]:
            found = sides.nth(side).locator(".odd").all_inner_texts()
            return [text.replace("\u2260", "").strip() for text in found]

        assert marked(0) == ["Answer: 200", "a: 1", "1: 2"]
        assert marked(1) == ["Answer: 201", "1: 3", "c: null"]
        dialog.locator("select").select_option("")
        dialog.locator(".side").first.wait_for(state="detached")
        assert dialog.locator(".exchange").count() == 1
        assert dialog.locator(".odd").count() == 0
        page.keyboard.press("Escape")
        assert opened.js("document.activeElement.classList.contains('violated')")


def test_only_differences_and_only_violations(open_page: Open) -> None:
    with open_page(compared()) as opened:
        page = opened.page
        shown = page.locator(".grid tbody tr:not(.family):not([hidden])")
        assert shown.count() == 4
        page.locator("#differences").click()
        assert shown.count() == 4
        page.locator("[data-outcome=violated]").click()
        assert shown.count() == 2
        page.locator("#family").select_option("acceptance")
        assert shown.count() == 1
        page.locator("#clear").click()
        page.locator("#search").fill('"n"')
        assert shown.count() == 2, "requests are searched too"


def test_a_ticket_and_print(open_page: Open) -> None:
    with open_page(compared(), "zh", permissions=["clipboard-read", "clipboard-write"]) as opened:
        opened.settled()
        opened.page.locator(".card .tools button").first.click()
        opened.until("document.getElementById('said').textContent === '已复制'")
        ticket = opened.js("navigator.clipboard.readText()")
        assert ticket.startswith("### 是否接受请求：")
        assert '- 请求：`{"n": 4}`' in ticket
        assert "curl" in ticket
        opened.page.emulate_media(media="print")
        opened.js("dispatchEvent(new Event('beforeprint'))")
        assert opened.page.locator(".card .side").count() == 4, "two cards, two sides each"
        assert opened.page.locator("#search").is_hidden()
        assert opened.page.pdf().startswith(b"%PDF")


def test_frames_are_compared_one_by_one(open_page: Open) -> None:
    def stream(*said: str) -> list[FrameRow]:
        return [making.frame(0.1 * at, text) for at, text in enumerate(said)]

    found = making.difference(
        exchanges={
            "gateway-a": making.exchange("data: x", frames=stream('{"t":1}', '{"t":2}', "[DONE]")),
            "gateway-b": making.exchange("data: x", frames=stream('{"t":1}', '{"t":3}')),
        }
    )
    with open_page(making.comparison([found])) as opened:
        card = opened.page.locator(".card").first
        card.locator("summary").first.click()
        card.locator(".frames").nth(1).wait_for()
        marked = [
            table.locator("tr:has(td.odd) td:first-child").all_inner_texts()
            for table in card.locator(".frames").all()
        ]
        assert marked == [["2", "3"], ["2"]]
