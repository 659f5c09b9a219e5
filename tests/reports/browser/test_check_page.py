"""The page of a run in a real browser, from disk, with the network off."""

from __future__ import annotations

import re

import pytest

from tests.reports import making
from tests.reports.browser import axe
from tests.reports.browser.conftest import Open
from tokenassay.conformance.results import RunDocument
from tokenassay.reports.languages import Code

STREAM = [
    making.frame(0.25, '{"output":{"text":"He"},"usage":{"input_tokens":2.0}}', id="1"),
    making.frame(0.75, '{"output":{"text":"Hello"}}', id="2", comments=["HTTP_STATUS/200"]),
    making.frame(0.8, "[DONE]", event=None, irregular=["no blank line"]),
]


def some_run() -> RunDocument:
    """One endpoint, one promise of every outcome."""
    return making.document(
        [
            making.promise(exchange=making.exchange()),
            making.promise(
                "temperature_above_its_range_is_refused",
                "violated",
                exchange=making.exchange(
                    '{"output":{"text":"hi"},"usage":{"input_tokens":7}}',
                    sent='{"parameters":{"temperature":2.0}}',
                ),
            ),
            making.promise(
                "stream_says_what_the_answer_says",
                "non-strict",
                family="streams",
                exchange=making.exchange(
                    "data:x\n\n", frames=STREAM, headers=[("content-type", "text/event-stream")]
                ),
            ),
            making.promise("top_k_is_open", "observed", observations=["-1 is accepted"]),
            making.promise("seed_repeats", "inconclusive", why="flaky"),
            making.promise("files_are_kept", "not-run", family="limits", why="the budget"),
        ],
        bounds=[("temperature", "[0, 2)", "[0, 2]"), ("top_p", "(0, 1.0)", "(0, 1.0)")],
        points=[(20, 34), (40, 54), (90, 104)],
    )


def several() -> RunDocument:
    """Three endpoints that differ in one promise, where one of them promises less."""
    made = []
    for name in ("gateway-a", "gateway-b", "gateway-c"):
        made.append(making.promise(target=name, exchange=making.exchange()))
        outcome = "violated" if name == "gateway-b" else "kept"
        made.append(
            making.promise(
                "usage_adds_up",
                "violated" if outcome == "violated" else "kept",
                target=name,
                family="metering",
                exchange=making.exchange(f'{{"usage":"{name}"}}'),
            )
        )
    return making.document([*made, making.promise("only_here", target="gateway-a")])


@pytest.mark.parametrize(("code", "scheme"), [("en", "light"), ("zh", "dark")])
def test_axe_finds_nothing(open_page: Open, code: Code, scheme: str) -> None:
    for run in (some_run(), several())[: 2 if scheme == "light" else 1]:
        with open_page(run, code, color_scheme=scheme) as opened:
            opened.settled()
            for details in opened.page.locator("details.evidence").all():
                details.locator("summary").first.click()
            opened.page.locator("#findings .exchange").first.wait_for()
            assert axe.violations(opened) == []
            opened.page.locator("td.violated").first.click()
            opened.page.locator("dialog .exchange").first.wait_for()
            assert axe.violations(opened) == []


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_nothing_is_wider_than_the_window(open_page: Open, width: int) -> None:
    for run in (some_run(), several(), making.document([making.promise("x" * 200, "violated")])):
        with open_page(run, viewport={"width": width, "height": 800}) as opened:
            opened.settled()
            for details in opened.page.locator("details.evidence").all():
                details.locator("summary").first.click()
            opened.page.wait_for_timeout(50)
            assert opened.js("document.documentElement.scrollWidth <= innerWidth")
            assert opened.js(
                "[...document.querySelectorAll('h1, h2, h3, p, dd, .card')]"
                ".every(node => node.getBoundingClientRect().right <= innerWidth + 1)"
            )


def test_a_finding_opens_its_evidence(open_page: Open) -> None:
    with open_page(some_run()) as opened:
        card = opened.page.locator("#finding-temperature_above_its_range_is_refused")
        assert "violated" in (card.locator(".where").text_content() or "")
        assert card.locator(".exchange").count() == 0
        card.locator("summary").first.click()
        card.locator(".exchange").wait_for()
        shown = card.locator(".exchange").text_content() or ""
        assert "POST http://host/api" in shown
        assert "temperature: 2.0" in shown, "a number stands as it was written"
        assert "input_tokens: 7" in shown
        assert "curl --request POST" in shown


def test_a_stream_is_a_timed_list_of_frames(open_page: Open) -> None:
    with open_page(some_run()) as opened:
        card = opened.page.locator(".card.non-strict")
        card.locator("summary").first.click()
        card.locator(".frames").wait_for()
        rows = card.locator(".frames tr")
        assert rows.count() == 3
        first, second, third = (rows.nth(at).text_content() or "" for at in range(3))
        assert "0.25 s" in first
        assert "id: 1" in first
        assert "0.75 s+0.5 s" in second
        assert ":HTTP_STATUS/200" in second
        assert "[DONE]" in third
        assert "no blank line" in third
        rows.nth(0).locator("summary").click()
        rows.nth(0).locator("ul").first.wait_for()
        assert "input_tokens: 2.0" in (rows.nth(0).text_content() or "")


def test_a_link_leads_to_its_finding(open_page: Open) -> None:
    with open_page(several()) as opened:
        anchor = opened.page.locator(".card .tools a")
        assert anchor.get_attribute("href") == "#finding-usage_adds_up-at-gateway-b"
        anchor.click()
        opened.page.locator(".card .exchange").wait_for()
        assert opened.js("document.activeElement.id") == "finding-usage_adds_up-at-gateway-b"


@pytest.mark.parametrize("grant", [True, False])
def test_copying(open_page: Open, grant: bool) -> None:
    permissions = ["clipboard-read", "clipboard-write"] if grant else ["clipboard-read"]
    with open_page(some_run(), permissions=permissions) as opened:
        opened.settled()
        if not grant:  # an older browser, or a policy against it
            opened.js("delete Navigator.prototype.clipboard, 0")
            opened.js(
                "document.execCommand = () => { window.copied = "
                "document.activeElement.value; return true; }, 0"
            )
        card = opened.page.locator(".card.violated")
        read = "navigator.clipboard.readText()" if grant else "window.copied"
        card.locator(".tools button").click()
        opened.page.get_by_text("Copied").first.wait_for()
        ticket = opened.js(read)
        assert ticket.startswith("### temperature above its range is refused\n")
        for part in (
            "- Expected: `an answer`",
            "- Observed: `400 InvalidParameter`",
            "`temperature.range`",
            making.SOURCE,
            "-k temperature_above_its_range_is_refused",
            "curl --request POST",
            '```\n{"output":{"text":"hi"}',
        ):
            assert part in ticket
        card.locator(".clause button").click()
        opened.until(f"Promise.resolve({read}).then(text => text.startsWith('tokenassay check'))")


def test_search_and_filters(open_page: Open) -> None:
    with open_page(some_run()) as opened:
        page = opened.page
        shown = page.locator(".grid tbody tr:not(.family):not([hidden])")
        families = page.locator(".grid tr.family:not([hidden])")
        status = page.locator("#shown")
        assert shown.count() == 6
        page.locator("#search").fill("REFUSED temperature")
        assert shown.count() == 1
        assert families.count() == 1
        assert status.text_content() == "1 / 6"
        page.locator("#search").fill("temperature.range")
        assert shown.count() == 6, "clauses are searched too"
        page.locator("#search").fill("")
        page.locator("#family").select_option("streams")
        assert shown.count() == 1
        page.locator("#family").select_option("")
        page.locator("[data-outcome=violated]").click()
        page.locator("[data-outcome=observed]").click()
        assert shown.count() == 2
        assert page.locator("[data-outcome=violated]").get_attribute("aria-pressed") == "true"
        page.locator("#search").fill("nothing has this")
        assert shown.count() == 0
        assert families.count() == 0
        page.locator("#clear").click()
        assert shown.count() == 6
        assert page.locator("[data-outcome=violated]").get_attribute("aria-pressed") == "false"
        assert page.locator("#clear").is_hidden()


def test_only_differences(open_page: Open) -> None:
    with open_page(several()) as opened:
        opened.page.locator("#differences").click()
        shown = opened.page.locator(".grid tbody tr:not(.family):not([hidden])")
        assert shown.count() == 1
        assert "usage adds up" in (shown.text_content() or "")


def test_by_keyboard_alone(open_page: Open) -> None:
    with open_page(several()) as opened:
        opened.settled()
        page = opened.page
        at = "[...document.querySelectorAll('td.cell')].indexOf(document.activeElement)"
        page.keyboard.press("/")
        assert opened.js("document.activeElement.id") == "search"
        page.keyboard.type("usage")
        page.keyboard.press("Escape")
        assert page.locator("#search").input_value() == ""
        for _ in range(20):
            page.keyboard.press("Tab")
            if opened.js(at) >= 0:
                break
        assert opened.js(at) == 0, "one cell of the table can be tabbed to, the first"
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        assert opened.js(at) == 7
        tip = page.locator("#tip")
        assert tip.is_visible()
        assert "gateway-b" in (tip.text_content() or "")
        assert "400 InvalidParameter" in (tip.text_content() or "")
        page.keyboard.press("Enter")
        dialog = page.locator("dialog")
        dialog.locator(".exchange").first.wait_for()
        assert "gateway-b" in (dialog.text_content() or "")
        page.keyboard.press("Escape")
        assert dialog.is_hidden()
        assert opened.js(at) == 7, "the focus is back where it was"
        page.keyboard.press("End")
        page.keyboard.press("ArrowRight")
        assert opened.js(at) == 8
        page.keyboard.press("Control+Home")
        assert opened.js(at) == 0
        page.keyboard.press("PageDown")
        page.keyboard.press("Enter")
        page.wait_for_timeout(50)
        assert opened.js("document.querySelectorAll('td[tabindex]').length") == 1
        page.keyboard.press("Escape")


def test_heads_stay_in_view(open_page: Open) -> None:
    promises = [
        making.promise(f"promise_{at}", target=f"gateway-{column}")
        for at in range(150)
        for column in range(12)
    ]
    with open_page(making.document(promises), viewport={"width": 700, "height": 600}) as opened:
        box = opened.page.locator(".matrix")
        box.scroll_into_view_if_needed()
        opened.js("document.querySelector('.matrix').scrollTo(500, 2000)")
        opened.page.wait_for_timeout(100)
        frame = box.bounding_box()
        column = opened.page.locator(".grid thead").bounding_box()
        assert frame is not None
        assert column is not None
        assert abs(column["y"] - frame["y"]) < 10
        lefts = opened.js(
            "[...document.querySelectorAll('.grid tbody th[scope=row]')]"
            ".map(head => head.getBoundingClientRect())"
            ".filter(head => head.top > 0 && head.bottom < innerHeight).map(head => head.left)"
        )
        assert lefts
        assert all(abs(left - frame["x"]) < 3 for left in lefts)


def test_a_click_opens_a_cell(open_page: Open) -> None:
    with open_page(some_run()) as opened:
        page = opened.page
        page.get_by_text("top k is open").last.click()
        assert "-1 is accepted" in (page.locator("dialog").text_content() or "")
        page.locator("#close").click()
        page.locator("td.not-run").click()
        assert "No request was sent for this." in (page.locator("dialog").text_content() or "")
        assert "the budget" in (page.locator("dialog").text_content() or "")


def test_a_cell_that_is_not_promised_opens_nothing(open_page: Open) -> None:
    with open_page(several()) as opened:
        assert opened.page.locator("td.none").count() == 2
        opened.page.locator("td.none").first.click()
        assert opened.page.locator("dialog").is_hidden()


def test_the_switch_of_colours(open_page: Open) -> None:
    with open_page(some_run(), color_scheme="dark") as opened:
        background = "getComputedStyle(document.body).backgroundColor"
        dark = opened.js(background)
        switch = opened.page.locator("#theme")
        switch.click()
        light = opened.js(background)
        assert light != dark
        assert "light" in (switch.text_content() or "")
        switch.click()
        assert opened.js(background) == dark
        switch.click()
        assert opened.js("document.documentElement.dataset.theme === undefined")
        switch.click()
        opened.page.reload()
        assert opened.js(background) == dark, "nothing is remembered"


def test_in_print_findings_are_unfolded(open_page: Open) -> None:
    with open_page(some_run()) as opened:
        opened.settled()
        opened.page.emulate_media(media="print")
        opened.js("dispatchEvent(new Event('beforeprint'))")
        assert opened.page.locator(".card .exchange").count() == 2
        text = opened.js("document.body.innerText")
        for part in ("temperature: 2.0", "curl --request POST", "[DONE]", "the budget"):
            assert part in text
        assert opened.page.locator("nav.contents").is_hidden()
        assert opened.page.locator("#search").is_hidden()
        assert opened.page.pdf().startswith(b"%PDF")


def test_without_scripts_all_but_evidence_is_there(open_page: Open) -> None:
    with open_page(some_run(), java_script_enabled=False) as opened:
        text = opened.page.locator("body").inner_text()
        for part in (
            "gateway kept 1 of 3 promises.",
            "400 InvalidParameter",
            "seed repeats",
            "14 input tokens more",
            "[0, 2]",
            "need scripts",
        ):
            assert part in text


def test_every_picture_says_what_it_shows(open_page: Open) -> None:
    with open_page(some_run()) as opened:
        pictures = opened.page.locator("svg[role=img]")
        assert pictures.count() > 4
        for picture in pictures.all():
            assert picture.locator("title").first.text_content()
            assert picture.locator("desc").text_content()
        points = opened.page.locator("#meter circle")
        assert points.count() == 6, "a dot a request, above and below"
        assert points.first.locator("title").text_content() == "text 0: Counted 20, Billed 34"
        opened.page.locator("#meter summary").click()
        assert re.sub(r"\s+", " ", opened.page.locator("#meter tbody tr").first.inner_text()) == (
            "text 0 exact 20 34 +14"
        )
