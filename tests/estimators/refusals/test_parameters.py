"""Single values: presence, type, range, choice, form, and text inside tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.estimators.refusals.asking import DATA, MADE_UP, USER, broken, notes, refused, request
from tokenassay.contracts import patterns
from tokenassay.contracts.store import load_contract
from tokenassay.estimators.refusals import compile_rules
from tokenassay.estimators.requests import read_request


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"top_p": 0.5}, []),
        ({"top_p": 0}, ["top_p.range"]),
        ({"top_p": 1}, ["top_p.range"]),
        ({"top_p": float("nan")}, ["top_p.range"]),
        ({"top_p": float("inf")}, ["top_p.range"]),
        ({"top_p": 10**5000}, ["top_p.range"]),
        ({"top_p": "0.5"}, ["top_p.type"]),
        ({"top_p": True}, ["top_p.type"]),
        ({"top_p": None}, []),
        ({"max_tokens": 1}, []),
        ({"max_tokens": 1500}, []),
        ({"max_tokens": 1501}, ["max_tokens.range"]),
        ({"max_tokens": 0}, ["max_tokens.range"]),
        ({"max_tokens": 1.0}, ["max_tokens.type"]),
        ({"max_tokens": False}, ["max_tokens.type"]),
        ({"seed": 2**31}, []),
        ({"seed": 1.5}, ["seed.type"]),
        ({"mode": "text"}, []),
        ({"mode": "TEXT"}, ["mode.values"]),
        ({"mode": {"type": "json"}}, []),
        ({"mode": 5}, ["mode.type"]),
        ({"stop": "x"}, []),
        ({"stop": ["x", "y"]}, []),
        ({"stop": [1, 2]}, []),
        ({"stop": [[1], [2, 3]]}, []),
        ({"stop": []}, []),
        ({"stop": ["x", 1]}, ["stop.forms"]),
        ({"stop": [[1], "x"]}, ["stop.forms"]),
        ({"stop": [[1], 1]}, ["stop.forms"]),
        ({"stop": [1.0]}, ["stop.forms"]),
        ({"stop": [True]}, ["stop.forms"]),
        ({"stop": [["x"]]}, ["stop.forms"]),
        ({"stop": 5}, ["stop.type"]),
        ({"search": {}}, ["search.kind"]),
        ({"search": {"kind": None}}, ["search.kind"]),
        ({"search": {"kind": 5}}, ["search.kind"]),
        ({"search": {"kind": "web"}}, []),
        ({"search": 5}, []),
        ({"unheard_of": 5}, []),
    ],
)
def test_a_value_breaks_the_clauses_it_should(
    parameters: dict[str, Any], expected: list[str]
) -> None:
    found = [clause for clause, _ in broken(request(USER, **parameters))]
    assert found == expected


def test_the_answer_to_expect_is_that_of_the_row_and_the_clause() -> None:
    (refusal,) = refused(request(USER, top_p=1.0))
    assert refusal.clause == "top_p.range"
    assert (refusal.level, refusal.status, refusal.code) == ("must", 400, "InvalidParameter")
    assert refusal.type == "invalid"
    assert refusal.message == "Range of top_p should be (0, 1.0)"
    assert refusal.at == "parameters.top_p"
    assert refusal.why == "parameters.top_p is 1.0, outside (0, 1.0)"


def test_a_clause_without_a_row_expects_no_answer_in_particular() -> None:
    (refusal,) = refused(request(USER, max_tokens=0))
    assert (refusal.status, refusal.code, refusal.type, refusal.message) == (None,) * 4


def test_a_type_fault_names_what_was_found() -> None:
    (refusal,) = refused(request(USER, top_p="0.8"))
    assert refusal.message == "'top_p' must be Float, not a string"
    assert refusal.why == 'parameters.top_p is "0.8" (a string), but is documented as a number'


def test_clauses_for_a_model_displace_the_general_ones() -> None:
    assert not broken(request(USER, model="small", mode="text"))
    for model in ("large", "large-2"):
        found = broken(request(USER, model=model, mode="text"))
        assert found == [("mode.values_large", "parameters.mode")]


def test_an_interval_without_a_figure_for_the_model_holds_nothing() -> None:
    assert not broken(request(USER, model="files", max_tokens=10**9, extra=True))


def test_required_parameters_are_missed() -> None:
    assert broken(request(USER, model="files")) == [("extra.required", "parameters.extra")]
    assert broken(request(USER, model="files", extra=None))
    assert not broken(request(USER, model="files", extra=False))


@pytest.mark.parametrize(
    ("name", "broken_at"),
    [
        ("look", None),
        ("lookitup", None),
        ("lookitupp", "parameters.tools[1].function.name"),
        ("Look", "parameters.tools[1].function.name"),
        ("look\n", "parameters.tools[1].function.name"),
        ("", "parameters.tools[1].function.name"),
        (5, "parameters.tools[1].function.name"),
        ("search", "parameters.tools[1].function.name"),
        (None, None),
    ],
)
def test_names_of_tools(name: Any, broken_at: str | None) -> None:
    tools = [{"function": {"name": "first"}}, {"function": {"name": name}}]
    found = broken(request(USER, tools=tools, mode="message"))
    assert found == ([("tools.name", broken_at)] if broken_at else [])


@pytest.mark.parametrize("tools", [[], [None], ["x"], [{}], [{"function": 5}]])
def test_tools_without_a_name_are_not_the_name_clauses_matter(tools: list[Any]) -> None:
    assert not broken(request(USER, tools=tools, mode="message"))


def test_notes_tell_open_questions_and_advice() -> None:
    assert notes(request(USER, top_p=0.5)) == ("A low top_p is no use.",)
    (note,) = notes(request(USER, seed=2**31))
    assert note.startswith("parameters.seed is 2147483648, outside [0, 2147483647]: ")
    assert note.endswith("the documents leave this open (Signed; Unsigned)")
    assert not notes(request(USER, seed=2**31 - 1))


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"top_p": 0.7}, ()),
        ({"top_p": 0.1}, ()),
        ({"top_p": 0.09}, ("It is raised.",)),
        ({"top_p": "low"}, ()),
        ({"max_tokens": 1400}, ()),
        ({"max_tokens": 1401}, ("A large cap is none.",)),
        ({"max_tokens": True}, ()),
        ({}, ()),
    ],
)
def test_advice_is_for_the_values_it_speaks_of(
    parameters: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert notes(request(USER, **parameters)) == expected


def test_notes_tell_nulls_and_unknown_names() -> None:
    assert notes(request(USER, top_p=None)) == (
        "parameters.top_p is null: no document says whether that is the same as absent",
    )
    assert not notes(request(USER, max_tokens=None))
    assert notes(request(USER, unheard_of=1)) == (
        'example-native@2024 does not document "unheard_of"',
    )
    many: dict[str, Any] = {f"x{number}": 1 for number in range(9)}
    assert notes(request(USER, **many))[0].endswith('"x4" and 4 more')


def test_the_frame_of_a_body() -> None:
    def first(body: dict[str, Any]) -> tuple[str, str, str | None]:
        refusal = refused(read_request(body, surface="native"))[0]
        return refusal.clause, refusal.at, refusal.code

    messages = {"messages": [USER]}
    full: dict[str, Any] = {"model": "small", "input": messages, "parameters": {}}
    assert not refused(read_request(full))
    for absent, clause in [("model", "model.type"), ("input", "input.type")]:
        rest = {key: value for key, value in full.items() if key != absent}
        assert first(rest)[:2] == (clause, absent)
        assert first({**full, absent: None})[0] == clause
        assert first({**full, absent: 5})[0] == clause
    assert first({**full, "model": ""}) == ("model.type", "model", "EmptyModel")
    assert first({**full, "model": "medium"}) == ("model.served", "model", "ModelNotFound")
    rest = {key: value for key, value in full.items() if key != "parameters"}
    assert first(rest)[:2] == ("parameters.type", "parameters")
    assert first({**full, "parameters": []})[:2] == ("parameters.type", "parameters")
    assert first({**full, "input": {}})[:2] == ("input.one", "input")
    assert first({**full, "input": {"messages": 5}})[:2] == ("messages.type", "input.messages")
    assert first({**full, "input": {"prompt": 5}})[:2] == ("prompt.type", "input.prompt")
    both = {"prompt": "hi", **messages}
    assert first({**full, "input": both})[:2] == ("input.not_both", "input.prompt")


def test_the_model_compiled_for_stands_above_the_body() -> None:
    small = compile_rules(MADE_UP, "small")
    assert not small.check(request(USER, model="medium", mode="text"))
    assert not small.check(read_request({"input": {"messages": [USER]}, "parameters": {}}))
    (refusal,) = compile_rules(MADE_UP, "medium").check(request(USER, model="small"))
    assert (refusal.clause, refusal.message) == ("model.served", "No model medium.")
    unnamed = compile_rules(MADE_UP, None)
    assert not unnamed.check(request(USER, model="small"))
    assert [r.clause for r in unnamed.check(request(USER, model="medium"))] == ["model.served"]


def test_a_key_beside_the_containers_is_noted() -> None:
    asked = request(USER)
    body = {**asked.body, "temperature": 1}
    said = compile_rules(MADE_UP, "small").notes(read_request(body))
    assert said == ('example-native@2024 does not document "temperature"',)


def test_a_missing_input_is_told_once() -> None:
    body = {"model": "small", "parameters": {}}
    assert broken(read_request(body)) == [("input.type", "input")]


def test_an_unknown_model_is_named_in_the_message() -> None:
    (refusal,) = refused(request(USER, model="medium"))
    assert refusal.message == "No model medium."
    assert refusal.status == 404
    assert patterns.matches("No model {model}.", refusal.message)


def test_a_model_that_no_clause_speaks_of_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    text = (DATA / "refusals.yaml").read_text(encoding="utf-8")
    head, _, _ = text.partition("\n---\n")
    file.write_text(f"{head}\n---\nclauses: []\n", encoding="utf-8")
    edition = load_contract(file).edition
    for model, expected in [("medium", True), ("small", False), ("large-9", False)]:
        asked = request(USER, model=model)
        assert not refused(asked, edition=edition)
        said = compile_rules(edition, model).notes(asked)
        assert said == ((f'{edition.id} does not name the model "{model}"',) if expected else ())
