"""The page of a batch in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.reports.batching import document, figures, quiet, troubled
from tests.reports.browser import axe, driving
from tokenassay.reports.languages import Code
from tokenassay.reports.pages.batch import batch_html

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e" + "x" * 400


@pytest.mark.parametrize(("code", "scheme"), [("en", "light"), ("zh", "dark")])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    browser: Browser, tmp_path: Path, code: Code, scheme: str
) -> None:
    path = tmp_path / "batch.html"
    path.write_text(batch_html(document(troubled(HOSTILE)), code), "utf-8")
    with driving.opened(browser, path, color_scheme=scheme) as opened:
        assert axe.violations(opened) == []
        for width in (1920, 360):
            opened.page.set_viewport_size({"width": width, "height": 800})
            assert opened.js("document.documentElement.scrollWidth <= innerWidth")
        opened.page.locator("#again button").click()
        assert opened.page.locator("#again code").inner_text().startswith("</script>")


def test_a_long_name_pushes_no_figure_out_of_sight(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "batch.html"
    groups = [{"group": name, **figures()} for name in ("x" * 3000, "short")]
    path.write_text(batch_html(document(quiet(groups=groups))), "utf-8")
    with driving.opened(browser, path) as opened:
        opened.page.set_viewport_size({"width": 1920, "height": 800})
        assert "x" * 3000 in opened.page.locator("table.data").first.inner_text()
        wider = (
            "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth)"
        )
        assert opened.js(f"{wider}.length") == 0
