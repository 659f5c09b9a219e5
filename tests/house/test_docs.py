"""What the documents show is what the commands print."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path
from typing import Final

import pytest
import typer.main
from packaging.requirements import Requirement

from docs import generate, pictures
from tests.house.tree import ROOT
from tokenassay.cli.app import app
from tokenassay.contracts.store import load_contract

DOCUMENTS = generate.documents()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
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


COMMANDS: Final = sorted(typer.main.get_group(app).commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_page_with_its_help(command: str) -> None:
    index = (ROOT / "docs/README.md").read_text("utf-8")
    (linked,) = {
        target
        for names, target in re.findall(r"\[([a-z, -]+)\]\(([a-z-]+\.md)\)", index)
        if command in names.split(", ")
    }
    assert f"$ tokenassay {command} --help\n" in (ROOT / "docs" / linked).read_text("utf-8")


def test_the_index_leads_to_every_page() -> None:
    index = (ROOT / "docs/README.md").read_text("utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([a-z-]+\.md)\)", index))


def test_the_help_names_every_exit_code() -> None:
    told = re.sub(r"\s+", " ", generate.output("tokenassay --help | tail -4 | paste -s -")[0])
    assert re.findall(r"(?:: |; )(\d+) ", told) == ["0", "1", "2", "3", "130"]


# ------------------------------------------------------------------------------- the readmes


READMES: Final = ("README.md", "README.zh-CN.md")


@pytest.mark.parametrize("name", READMES)
def test_a_readme_opens_with_the_two_commands(name: str) -> None:
    opening = (ROOT / name).read_text("utf-8")[:200]
    assert opening.index("make demo") < opening.index("make test")


def test_both_readmes_say_the_same() -> None:
    """As far as it can be held: headings, commands, code, pictures, tables and links."""
    english, chinese = (_skeleton((ROOT / name).read_text("utf-8")) for name in READMES)
    assert english == chinese
    assert all(english.values())


def test_what_one_readme_leaves_out_is_seen() -> None:
    text = (ROOT / READMES[0]).read_text("utf-8")
    whole = _skeleton(text)
    for piece in ("## More", "--resume", "check.png", "| **kept** |", "[more](docs/ci.md)"):
        assert _skeleton(text.replace(piece, "", 1)) != whole, piece


def _skeleton(text: str) -> dict[str, list[str]]:
    """What no translation changes of a Markdown text."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    other = {"README.md", "README.zh-CN.md"}
    return {
        "headings": re.findall(r"^#+ ", prose, re.M),
        "fences": re.findall(r"^```(?!$).*?^```$", text, re.M | re.S),
        "code": re.findall(r"`([^`]+)`", prose),
        "pictures": re.findall(r"!\[[^]]+\]\(([^)]+)\)", prose),
        "links": [link for link in re.findall(r"\]\(([^)]+)\)", prose) if link not in other],
        "rows": [str(row.count("|")) for row in prose.splitlines() if row.startswith("|")],
        "bold": re.findall(r"^\| \*\*([a-z-]+)\*\*", prose, re.M),
    }


def test_pictures_are_shown_and_small() -> None:
    shown = set(re.findall(r"\]\((docs/pictures/[^)]+)\)", (ROOT / READMES[0]).read_text("utf-8")))
    there = sorted((ROOT / "docs/pictures").iterdir())
    assert {str(path.relative_to(ROOT)) for path in there} == shown
    assert {path.stem for path in there} == set(pictures.PAGES)
    for path in there:
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        assert len(data) <= pictures.LARGEST


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
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
