"""Copies of the working tree to build from and to break."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("contracts", "estimators", "conformance", "reports")

_CODE = (*ROOMS, "src")
_FILES = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md")


def copy(target: Path) -> Path:
    """What a build needs of the tree, links kept as links."""
    target.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in _CODE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, symlinks=True, ignore=ignored)
    for name in _FILES:
        shutil.copy(ROOT / name, target / name)
    return target


def run(
    *command: str, cwd: Path, path: Path | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """A command, with ``path`` first where Python looks for modules."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8"
    )
    assert not check or done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def python(
    *arguments: str, cwd: Path, path: Path | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """This interpreter, as :func:`run` runs it."""
    return run(sys.executable, *arguments, cwd=cwd, path=path, check=check)
