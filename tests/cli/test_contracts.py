"""``tokenassay contracts``: editions clause by clause, with their sources."""

from __future__ import annotations

import pytest

from tests.cli.calling import Caller
from tokenassay.contracts import store

EDITIONS = sorted(store.headers())


def test_the_list_names_every_edition(call: Caller) -> None:
    out = call("contracts").out
    assert all(id in out for id in EDITIONS)
    listed = call("contracts", "--json").json["editions"]
    assert [edition["edition"] for edition in listed] == list(store.headers())


@pytest.mark.parametrize("id", EDITIONS)
def test_every_clause_is_told_with_level_and_source(call: Caller, id: str) -> None:
    edition = store.load_edition(id)
    answer = call("contracts", id)
    assert answer.code == 0
    for clause in edition.clauses:
        assert f"{clause.id} " in answer.out
    told = call("contracts", id, "--json").json
    assert [clause["id"] for clause in told["clauses"]] == [c.id for c in edition.clauses]
    for written, clause in zip(told["clauses"], edition.clauses, strict=True):
        assert written["level"] == clause.level
        assert written["cited"] == str(edition.cite(clause))
    assert sum(told["levels"].values()) == len(edition.clauses)
    assert set(told["sources"]) == set(edition.sources)


def test_errors_alone(call: Caller) -> None:
    edition = store.load_edition("qwen-dashscope@2024-04")
    told = call("contracts", edition.id, "--errors", "--json").json["clauses"]
    assert [row["id"] for row in told] == list(edition.errors)
    assert all({"status", "code", "pattern"} <= set(row) for row in told)
    out = call("contracts", edition.id, "--errors").out
    assert all(f"{row.id} " in out for row in edition.errors.values())
    assert "temperature.range" not in out
    gateway = call("contracts", "computevault-gateway@2025", "--errors")
    assert "print no error." in gateway.out
