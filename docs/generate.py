"""Write the output of every command shown in the documents anew, or check that it is current.

    python docs/generate.py            # write
    python docs/generate.py --check    # exit 1 where a document is not current

A fenced block marked ``console`` holds commands after ``$``; what follows each is its output, as a
terminal of 120 columns shows it. Commands run in the repository's root.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OPENING, CLOSING, PROMPT = "```console", "```", "$ "
COLUMNS = "120"


def documents() -> list[Path]:
    """The Markdown files that may show commands."""
    return [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def current(text: str) -> str:
    """A document with the output of its commands as it is now."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if not inside or line == CLOSING:
            inside = line == OPENING
            lines.append(line)
        elif line.startswith(PROMPT):
            lines += [line, *output(line.removeprefix(PROMPT))]
    return "\n".join(lines) + "\n"


def output(command: str) -> list[str]:
    """What a command prints, without trailing spaces.

    Warnings that rows are old come with time, not with a change: they are left out.
    """
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    environment = {**os.environ, "PATH": path, "COLUMNS": COLUMNS, "PYTHONUTF8": "1"}
    done = subprocess.run(
        ["bash", "-c", command],  # noqa: S607 - whichever bash there is
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    shown = [line.rstrip() for line in done.stdout.splitlines()]
    return [line for line in shown if not line.startswith("tokenassay: warning:")]


def main() -> int:
    """Write, or check with ``--check``; the exit code."""
    check = sys.argv[1:] == ["--check"]
    stale = []
    for path in documents():
        text = path.read_text("utf-8")
        fresh = current(text)
        if fresh != text:
            stale.append(path)
            if not check:
                path.write_text(fresh, "utf-8")
    for path in stale:
        print(f"{path.relative_to(ROOT)} {'is not current: make docs' if check else 'written'}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
