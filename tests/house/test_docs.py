"""What the documents show is what the commands print."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from docs import generate
from tests.house.tree import ROOT
from tokenassay.contracts.store import load_contract

DOCUMENTS = generate.documents()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_shown_output_is_current(path: Path) -> None:
    text = path.read_text("utf-8")
    assert generate.current(text) == text


def test_a_wrong_output_is_found_and_other_blocks_are_left_alone() -> None:
    text = (
        "```console\n$ printf 苹果 | tokenassay count --quiet\n2\n```\n\n```\n$ nothing\n2\n```\n"
    )
    assert generate.current(text) == text.replace("2", "1", 1)


def blocks(language: str) -> list[str]:
    """Fenced blocks of a language in all documents."""
    return [
        block
        for path in DOCUMENTS
        for block in re.findall(
            rf"^```{language}\n(.*?)^```$", path.read_text("utf-8"), re.M | re.S
        )
    ]


def test_shown_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    shown = blocks("python")
    assert shown
    for block in shown:
        exec(compile(block, "<document>", "exec"), {})  # noqa: S102 - our own documents
    assert "Traceback" not in capsys.readouterr().err


def test_shown_contract_files_are_read(tmp_path: Path) -> None:
    shown = blocks("yaml")
    assert shown
    for block in shown:
        path = tmp_path / "shown.yaml"
        path.write_text(block, "utf-8")
        assert load_contract(path).edition.clauses


def test_every_command_has_a_page_with_its_help() -> None:
    for command in ("count", "estimate", "batch", "documents", "models", "contracts", "serve"):
        text = (ROOT / f"docs/{command}.md").read_text("utf-8")
        assert f"$ tokenassay {command} --help\n" in text


def test_the_readme_opens_with_the_two_commands() -> None:
    opening = (ROOT / "README.md").read_text("utf-8")[:800]
    assert opening.index("make demo") < opening.index("make test")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", path.read_text("utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_every_dependency_is_explained_with_its_licence() -> None:
    text = (ROOT / "docs/dependencies.md").read_text("utf-8")
    rows = {
        cells[0]: cells
        for line in text.splitlines()
        if line.startswith("| ") and (cells := [cell.strip() for cell in line.split("|")[1:-1]])
    }
    for line in metadata.requires("tokenassay") or ():
        requirement = Requirement(line)
        name = requirement.name
        assert name in rows, name
        if requirement.marker and not requirement.marker.evaluate({"extra": "tokenizers"}):
            continue  # not for this interpreter, so its metadata is not here
        info = metadata.metadata(name)
        told = " ".join(
            [
                *(info[field] for field in ("License-Expression", "License") if field in info),
                *(c for c in info.get_all("Classifier") or () if c.startswith("License")),
            ]
        )
        licence = rows[name][2]
        assert licence.split("-")[0].split()[0].lower() in told.lower(), (name, licence, told[:200])
