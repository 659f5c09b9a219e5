"""No fact is left out, and what is generated from the data is current."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tokenassay.contracts import coverage, reading, schema, store

ROOT = Path(__file__).parents[2]

# How many facts each section has: counted in the fact list, not read from the data.
FACTS = {"A": 51, "A-E": 22, "B": 14, "C": 58, "C-E": 21, "D": 17, "E": 13, "F": 10, "G": 7}


def test_all_facts_are_listed() -> None:
    sections = coverage.sections()
    for name, count in FACTS.items():
        assert sections[name].rows() == tuple(f"{name}{n}" for n in range(1, count + 1))
    assert sections["II"].rows() == ("II.1", "II.2", "II.3", "II.4", "II.5", "II.6")
    assert set(sections) == {*FACTS, "H", "II", "III", "IV"}


def test_every_fact_is_a_clause_or_has_a_reason() -> None:
    assert list(coverage.gaps()) == []


def test_a_fact_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = coverage.reasons()
    left_out, covered = "A23", "A22"
    assert left_out in reasons
    changed = {**reasons, covered: "no reason", "Z1": "no fact"}
    del changed[left_out]
    monkeypatch.setattr(coverage, "reasons", lambda: changed)
    told = " ".join(coverage.gaps())
    for row in (left_out, covered, "Z1"):
        assert f"{row} " in told


def test_a_reason_is_a_sentence() -> None:
    for row, reason in coverage.reasons().items():
        assert reason.endswith("."), row


def test_the_page_is_current() -> None:
    page = (ROOT / "docs" / "rows.md").read_text(encoding="utf-8")
    assert page == coverage.render(), "run: python -m tokenassay.contracts.coverage"


def test_the_page_has_every_fact_and_every_edition() -> None:
    page = coverage.render()
    for name, count in FACTS.items():
        assert all(f"\n| {name}{n} | " in page for n in range(1, count + 1))
    for id in store.headers():
        edition = store.load_edition(id)
        [line] = [line for line in page.splitlines() if line.startswith(f"| `{id}` |")]
        *levels, total = [int(cell) for cell in line.strip("|").split("|")[1:]]
        assert sum(levels) == total == len(edition.clauses)
        for level, count in zip(("must", "should", "unspecified"), levels, strict=True):
            assert sum(clause.level == level for clause in edition.clauses) == count


@pytest.mark.parametrize("file", schema.FILES)
def test_the_schemas_are_current(file: str) -> None:
    path = store.data_folder() / "schema" / f"{file}.json"
    held = json.loads(path.read_text(encoding="utf-8"))
    assert held == schema.schema_of(file), "run: python -m tokenassay.contracts.schema"
    jsonschema.Draft202012Validator.check_schema(held)


def test_there_is_no_schema_beside_those() -> None:
    folder = store.data_folder() / "schema"
    assert {path.stem for path in folder.iterdir()} == set(schema.FILES)


def data_files() -> list[tuple[str, str, str]]:
    """Schema, file name and text of every YAML document in the package."""
    folder = store.data_folder()
    found = []
    for path in sorted((folder / "editions").glob("*.yaml")):
        head, body, _ = reading.split_documents(path)
        found += [("head", path.name, head), ("clauses", path.name, body)]
    for path in sorted((folder / "models").glob("*.yaml")):
        found.append(("models", path.name, path.read_text(encoding="utf-8")))
    path = folder / "templates.yaml"
    return [*found, ("templates", path.name, path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("file", "name", "text"), data_files(), ids=lambda v: v[:40])
def test_the_data_fits_the_schemas(file: str, name: str, text: str) -> None:
    data = reading.parse_yaml(text, name)
    jsonschema.Draft202012Validator(schema.schema_of(file)).validate(data)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"edition": 1},
        {"edition": "a", "tittle": "b"},
        {"edition": "a", "surface": "grpc"},
        {"edition": "a", "clauses": [{"kind": "rang"}]},
        {"edition": "a", "clauses": [{"kind": "default", "id": "x"}]},
    ],
)
def test_the_schema_of_a_contract_refuses_what_the_loader_refuses(wrong: object) -> None:
    validator = jsonschema.Draft202012Validator(schema.schema_of("contract"))
    assert not validator.is_valid(wrong)
    assert validator.is_valid({"edition": "a", "extends": "b", "clauses": []})
