"""Take the pictures of the documents anew, from the pages that the demo left behind.

    make pictures

Needs a chromium on this machine; the pages ask the network for nothing.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs" / "pictures"
DEMO: Final = ROOT / "build" / "demo"
PAGES: Final = {
    "check": DEMO / "lying" / "report.html",
    "compare": DEMO / "compared" / "report.html",
    "estimate": DEMO / "estimate.html",
}
WIDTH, HEIGHT = 1200, 1150
LARGEST: Final = 200_000
"""Bytes of a picture."""
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """Take every picture; the exit code."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        return _complain(f"none of {', '.join(BROWSERS)} was found")
    missing = [path for path in PAGES.values() if not path.is_file()]
    if missing:
        return _complain(f"no such page, run the demo first: {', '.join(map(str, missing))}")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        driven = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = driven.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", offline=True
        )
        large = [name for name, path in PAGES.items() if taken(page, name, path) > LARGEST]
        driven.close()
    return _complain(f"larger than {LARGEST:,} bytes: {', '.join(large)}") if large else 0


def taken(page: Page, name: str, path: Path) -> int:
    """Take the first screen of a page; bytes of the picture."""
    page.goto(path.as_uri())
    page.wait_for_load_state("load")
    picture = page.screenshot(path=FOLDER / f"{name}.png")
    print(f"docs/pictures/{name}.png: {len(picture):,} bytes")
    return len(picture)


def _complain(message: str) -> int:
    print(f"pictures: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
