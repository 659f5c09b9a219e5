"""Imports run one way, and what must start fast imports little."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT, copy, python

HEAVY = {
    "dashscope",
    "httpx",
    "hypothesis",
    "jinja2",
    "jsonschema",
    "openai",
    "pytest",
    "requests",
    "rich",
    "starlette",
    "typer",
    "uvicorn",
}


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """import-linter's verdict on a tree."""
    code = "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"
    return python("-c", code, cwd=tree, path=tree / "src", check=False)


def test_the_tree_keeps_the_directions() -> None:
    verdict = lint(ROOT)
    assert verdict.returncode == 0, verdict.stdout


@pytest.mark.parametrize(
    ("room", "statement", "broken"),
    [
        ("contracts", "import tokenassay.estimators.requests", "rooms import one way"),
        ("estimators", "from tokenassay.cli import output", "rooms import one way"),
        ("estimators", "import httpx", "open no socket"),
        ("contracts", "def late() -> None:\n    import jinja2", "open no socket"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, room: str, statement: str, broken: str) -> None:
    tree = copy(tmp_path / "tree")
    (tree / room / "wrong.py").write_text(statement + "\n")
    verdict = lint(tree)
    assert verdict.returncode != 0
    lines = [
        line for line in verdict.stdout.splitlines() if " BROKEN" in line
    ]  # and how many it ignored
    assert any(broken in line for line in lines), verdict.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.argv[1:] = ['count', 'text']; from tokenassay.cli import main; main()",
        "import tokenassay; assert tokenassay.count_tokens('苹果') == 1",
        "import tokenassay; tokenassay.estimate({'model': 'qwen-turbo', 'input': {'prompt': 'a'}})",
    ],
    ids=["count", "count_tokens", "estimate"],
)
def test_counting_and_estimating_load_no_heavy_package(tmp_path: Path, code: str) -> None:
    (tmp_path / "text").write_text("苹果\n" * 100, encoding="utf-8")
    tell = "; import json, sys; print('\\n' + json.dumps(sorted(sys.modules)))"
    loaded = python("-c", code + tell, cwd=tmp_path).stdout.splitlines()[-1]
    assert {name.partition(".")[0] for name in json.loads(loaded)} & HEAVY == set()
