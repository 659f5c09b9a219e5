"""The kill matrix says what is true, and the shipped score is what it says."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.cli.calling import Caller
from tests.cli.conftest import call as call  # the command line's own fixture
from tokenassay.conformance.lowering import lowered
from tokenassay.conformance.mock.lies.registry import lies_for
from tokenassay.conformance.selfcheck import (
    Alarm,
    EditionRow,
    LieRow,
    Matrix,
    check_suite,
    try_lie,
)
from tokenassay.conformance.suites import last_score
from tokenassay.contracts.clauses import LimitClause
from tokenassay.contracts.store import Contract, headers, load_edition

EDITION = "qwen-dashscope@2024-04"


@pytest.mark.parametrize(
    ("lie", "family"),
    [
        ("accepts_temperature_above_high", "parameters"),
        ("accepts_any_role", "messages"),
        ("wrong_error_code", "errors"),
        ("request_id_never_changes", "responses"),
        ("repeats_a_frame", "streams"),
        ("total_does_not_add_up", "metering"),
    ],
)
def test_a_lie_is_caught_by_a_promise_of_its_own_family(lie: str, family: str) -> None:
    contract = Contract(load_edition(EDITION))
    (told,) = [known for known in lies_for(contract.edition) if known.name == lie]
    row = try_lie(contract, told)
    assert row.own_family
    assert row.caught_by[0].family == family


def test_a_lie_about_a_costly_limit_is_caught_where_the_limit_is_lowered() -> None:
    contract = Contract(load_edition("qwen-long@2024-10"))
    (told,) = [lie for lie in lies_for(contract.edition) if lie.name == "accepts_oversize_files"]
    row = try_lie(contract, told)
    assert row.own_family
    assert row.only_lowered
    assert [catch.lowered for catch in row.caught_by] == [True]


@pytest.mark.parametrize("id", headers())
def test_lowering_leaves_all_but_costly_limits_alone(id: str) -> None:
    contract = Contract(load_edition(id))
    small, costly = lowered(contract)
    for clause in contract.edition.clauses:
        found = small.edition.clause(clause.id)
        assert (found == clause) is (clause.id not in costly)
        if isinstance(clause, LimitClause) and isinstance(found, LimitClause):
            assert (found.maximum or 0) <= (clause.maximum or 0)
            assert all(most <= clause.by_model[model] for model, most in found.by_model.items())
    assert lowered(small)[1] == frozenset()


def test_what_no_promise_catches_is_told() -> None:
    missed = LieRow(
        name="quiet",
        family="errors",
        summary="",
        clauses=(),
        caught_by=(),
        own_family=False,
    )
    alarm = Alarm(promise="p", model="m", outcome="violated", why="")
    edition = EditionRow(
        id="e@1",
        models=("m",),
        promises=3,
        lies=(missed,),
        false_alarms=(alarm,),
        inconclusive=(),
    )
    matrix = Matrix(version="0", date="2026-01-01", full=False, editions=(edition,))
    score = matrix.score
    assert (score.lies, score.caught, score.false_alarms) == (1, 0, 1)
    assert score.missed == ("e@1/quiet",)


@pytest.mark.slow
def test_the_shipped_score_is_the_one_that_is_measured() -> None:
    matrix = check_suite()
    shipped = last_score()
    assert shipped is not None, "write it by: tokenassay selfcheck --score FILE"
    assert replace(matrix.score, date=shipped.date) == shipped
    for edition in matrix.editions:
        assert edition.false_alarms == ()
        assert edition.inconclusive == ()
        assert [lie.name for lie in edition.lies if not lie.own_family] == []


def test_the_command_prints_the_matrix(call: Caller) -> None:
    answer = call("selfcheck", "--edition", "computevault-gateway@2025", "--workers", "1", "--json")
    assert answer.code in (0, 1)
    matrix = answer.json
    assert matrix["schema"] == "tokenassay.selfcheck/1"
    (edition,) = matrix["editions"]
    assert matrix["score"]["lies"] == len(edition["lies"])
    assert matrix["score"]["false_alarms"] == len(edition["false_alarms"]) == 0
    missed = [lie["name"] for lie in edition["lies"] if not lie["caught_by"]]
    assert matrix["score"]["missed"] == [f"computevault-gateway@2025/{name}" for name in missed]
    assert answer.code == (0 if all(lie["own_family"] for lie in edition["lies"]) else 1)
