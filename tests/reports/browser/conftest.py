"""Tests of a module share one browser; where the machine has none they are left out, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.reports.browser import driving
from tokenassay.reports.documents import Document
from tokenassay.reports.html import html
from tokenassay.reports.languages import Code

Open = Callable[..., AbstractContextManager[driving.Opened]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's browser.

    It ends with its module: while it is there playwright has an event loop running, beside which
    no test that comes later could run one.
    """
    with driving.browsing() as found:
        yield found


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Open:
    """Writes the page of a document and opens it: ``open_page(document, "zh", **context)``."""

    def write(document: Document, code: Code = "en", **context: Any) -> Any:
        path = tmp_path / f"report-{len(list(tmp_path.iterdir()))}.html"
        path.write_text(html(document, code), "utf-8")
        return partial(driving.opened, browser, path)(**context)

    return write


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what drives the browser, keep it on one worker, and leave it out without a browser."""
    here = Path(__file__).parent
    ours = [item for item in items if here in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.xdist_group("browser"))
    if ours and driving.executable() is None:
        if driving.MUST:
            raise pytest.UsageError("no chromium was found, and TOKENASSAY_BROWSER requires one")
        left = [item for item in items if item not in ours]
        config.hook.pytest_deselected(items=ours)
        items[:] = left


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say that pages were not tried in a browser."""
    if driving.executable() is None:
        terminalreporter.write_line(
            "The tests of pages in a browser were left out: no chromium was found."
        )
