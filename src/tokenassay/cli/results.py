"""What a run leaves in its folder beside the run file."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenassay.conformance.results import RunDocument

WRITTEN = "run.db, results.json, junit.xml, report.html"


def write_results(document: RunDocument, folder: Path, *, strict: bool = False) -> None:
    """Write a run's document, its JUnit and its page; OSError where the folder takes none."""
    import json

    from tokenassay.conformance.results import as_json
    from tokenassay.reports.html import html
    from tokenassay.reports.junit import junit_xml

    text = json.dumps(as_json(document), ensure_ascii=False, indent=1)
    for name, data in (
        ("results.json", text.encode("utf-8", "backslashreplace") + b"\n"),
        ("junit.xml", junit_xml(document, strict=strict)),
        ("report.html", html(document).encode()),
    ):
        # Never half a file under its own name, whenever this is ended.
        partial = folder / f".{name}.part"
        partial.write_bytes(data)
        partial.replace(folder / name)


@contextlib.contextmanager
def no_traces() -> Iterator[None]:
    """Keep Hypothesis from leaving a folder of its own in the working directory."""
    from hypothesis.configuration import set_hypothesis_home_dir

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)
