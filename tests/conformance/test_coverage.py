"""Which promises check which clauses is told, and no clause is without one for no reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tokenassay.conformance import coverage
from tokenassay.contracts.store import headers, load_edition

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


def test_every_clause_has_a_promise_or_a_reason_to_have_none() -> None:
    assert list(coverage.gaps()) == []


def test_a_clause_without_either_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = dict(coverage.REASONS)
    del reasons["behaviour:guidance"]
    reasons["behaviour:no_such_behaviour"] = "made up"
    monkeypatch.setattr(coverage, "REASONS", reasons)
    told = list(coverage.gaps())
    assert any("has no promise, and no reason" in line for line in told)
    assert any("behaviour:no_such_behaviour" in line for line in told)


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == coverage.render(), "run: make docs"


def test_the_page_has_every_clause_of_every_edition() -> None:
    page = PAGE.read_text("utf-8")
    assert all(f"\n## {id}\n" in page for id in headers())
    for part in page.split("\n## ")[2:]:
        edition = load_edition(part.partition("\n")[0])
        assert all(f"\n| `{clause.id}` | {clause.level} | " in part for clause in edition.clauses)
