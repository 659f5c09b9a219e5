"""The hooks for pre-commit refuse what is over its budget, called as pre-commit calls them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.cli.calling import Answer, Caller
from tests.house.tree import ROOT

HOOKS: Final[dict[str, dict[str, Any]]] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
}
TAKEN: Final[dict[str, dict[str, Any]]] = {
    hook["id"]: hook
    for repo in yaml.safe_load((ROOT / "examples/ci/pre-commit-config.yaml").read_text())["repos"]
    for hook in repo["hooks"]
}


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Caller:
    """Calls the command line in this process."""
    return Caller(monkeypatch, capsys)


def hooked(call: Caller, id: str, settings: dict[str, Any], *files: Path) -> Answer:
    """A hook's entry with its arguments, then the files that were staged."""
    program, *words = shlex.split(HOOKS[id]["entry"])
    assert program == "tokenassay"
    return call(*words, *settings["args"], *files)


def prompt(folder: Path, name: str, tokens: int) -> Path:
    path = folder / name
    path.write_text("hello" + " hello" * (tokens - 1), "utf-8")
    return path


def request(folder: Path, name: str, **fields: Any) -> Path:
    path = folder / name
    messages = [{"role": "user", "content": "How are rivers made?"}]
    path.write_text(json.dumps({"model": "qwen-plus", "messages": messages, **fields}), "utf-8")
    return path


def test_the_example_takes_up_every_hook() -> None:
    assert TAKEN.keys() == HOOKS.keys()


@pytest.mark.parametrize("taken", [HOOKS, TAKEN], ids=["as it comes", "in the example"])
def test_a_prompt_over_its_tokens_is_refused(
    call: Caller, tmp_path: Path, taken: dict[str, dict[str, Any]]
) -> None:
    settings = taken["tokenassay-prompts"]
    most = int(settings["args"][0].partition("=")[2])
    within, over = prompt(tmp_path, "within", most), prompt(tmp_path, "over", most + 1)
    assert hooked(call, "tokenassay-prompts", settings, within, within).code == 0
    answer = hooked(call, "tokenassay-prompts", settings, within, over)
    assert answer.code == 1
    assert answer.err == f"tokenassay: {over}: {most + 1:,} tokens, over {most:,}\n"


@pytest.mark.parametrize("taken", [HOOKS, TAKEN], ids=["as it comes", "in the example"])
def test_a_request_over_its_cost_or_refused_by_its_documents_is_refused(
    call: Caller, tmp_path: Path, taken: dict[str, dict[str, Any]]
) -> None:
    settings = taken["tokenassay-requests"]
    fine = request(tmp_path, "fine.json", max_tokens=100)
    assert hooked(call, "tokenassay-requests", settings, fine, fine).code == 0
    long = [{"role": "user", "content": " hello" * 700_000}]
    dear = request(tmp_path, "dear.json", messages=long, max_tokens=100)
    wrong = request(tmp_path, "wrong.json", temperature=2)
    for file, why in ((dear, "may cost up to"), (wrong, "temperature is 2")):
        answer = hooked(call, "tokenassay-requests", settings, fine, file)
        assert answer.code == 1
        (line,) = answer.err.splitlines()
        assert line.startswith(f"tokenassay: {file}: qwen-plus: {why}")


@pytest.mark.parametrize(
    ("id", "staged", "left"),
    [
        ("tokenassay-prompts", "prompts/greeting.txt", "src/prompts.py"),
        ("tokenassay-requests", "requests/nightly.json", "package.json"),
    ],
)
def test_a_hook_looks_at_its_files_alone(id: str, staged: str, left: str) -> None:
    for settings in (HOOKS[id], TAKEN[id]):
        assert re.search(settings["files"], staged)
        assert not re.search(settings["files"], left)
