"""A real browser, with the network off, on pages that lie on disk."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from playwright.sync_api import Browser, Dialog, Page, Request, sync_playwright

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")

MUST: Final = os.environ.get("TOKENASSAY_BROWSER") == "required"
"""Set where a browser has to be there, as in continuous integration."""


def executable() -> str | None:
    """The browser of this machine; None where it has none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser with a profile of its own, thrown away afterwards."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Opened(NamedTuple):
    """A page, and all that it complained of or asked the network for."""

    page: Page
    complaints: list[str]

    def js(self, expression: str, argument: Any = None) -> Any:
        """The value of an expression in the page."""
        return self.page.evaluate(expression, argument)

    def until(self, expression: str, *, within: float = 10) -> None:
        """Return once an expression is true in the page.

        Asked again and again from here: the page's policy forbids what would wait inside it.
        """
        deadline = time.monotonic() + within
        while not self.js(expression):
            assert time.monotonic() < deadline, expression
            self.page.wait_for_timeout(10)

    def settled(self) -> None:
        """Return once the page has done what it does by itself."""
        self.until("document.documentElement.dataset.ready === 'true'")


@contextmanager
def opened(browser: Browser, path: Path, **context: Any) -> Iterator[Opened]:
    """A page opened from disk; at the end it must have complained of nothing."""
    options: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "offline": True}
    made = browser.new_context(**(options | context))
    complaints: list[str] = []

    def on_dialog(dialog: Dialog) -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def on_request(request: Request) -> None:
        if request.url != path.as_uri() and not request.url.startswith("blob:"):
            complaints.append(f"request: {request.url}")

    try:
        page = made.new_page()
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("popup", lambda popup: complaints.append(f"popup: {popup.url}"))
        page.on("dialog", on_dialog)
        page.on("request", on_request)
        page.goto(path.as_uri())
        yield Opened(page, complaints)
        assert complaints == []
    finally:
        made.close()
