"""axe-core, fetched from npm once and checked by its published hash."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tarfile
from functools import lru_cache
from typing import Any, Final

from tests.house.tree import ROOT
from tests.reports.browser.driving import Opened

_VERSION: Final = "4.14.1"
_SHA512: Final = (
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)
_TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@lru_cache(maxsize=1)
def source() -> str:
    """The script of axe-core."""
    folder = ROOT / "build" / "axe"
    archive = folder / f"axe-core-{_VERSION}.tgz"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "pack", f"axe-core@{_VERSION}", "--silent", "--ignore-scripts"],  # noqa: S607
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=120,
        )
    data = archive.read_bytes()
    assert base64.b64encode(hashlib.sha512(data).digest()).decode() == _SHA512
    with tarfile.open(archive) as packed:
        member = packed.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode("utf-8")


def violations(opened: Opened) -> list[str]:
    """What axe-core finds wrong with a page as it stands, a line each."""
    # By the debugger, so that the page's own policy need not let it in.
    opened.page.evaluate(source())
    # From its top: else what happens to lie half under the sticky head counts as too small.
    opened.js("scrollTo(0, 0)")
    found: Any = opened.js(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", list(_TAGS)
    )
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:160]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
