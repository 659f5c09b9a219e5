"""Limits in tokens, tools and parameters, exact at the bound."""

from __future__ import annotations

import pytest

from tests.estimators.refusals.asking import USER, broken, refused, request


@pytest.mark.parametrize(
    ("model", "tokens", "expected"),
    [
        ("small", 6000, []),
        ("small", 6001, ["limit.input"]),
        ("files", 10_000_000, []),
        ("files", 10_000_001, ["limit.input"]),
        ("large", 8000, []),
        ("large", 8001, ["limit.context"]),
        ("prompter", 10**12, []),
    ],
)
def test_the_whole_input(model: str, tokens: int, expected: list[str]) -> None:
    more = {"extra": True} if model == "files" else {}
    asked = request(USER, model=model, **more)
    found = [clause for clause, _ in broken(asked, input_tokens=tokens)]
    assert [clause for clause in found if clause.startswith("limit")] == expected


def test_the_message_says_the_limit() -> None:
    (refusal,) = refused(request(USER), input_tokens=6001)
    assert refusal.message == "Range of input length should be [1, 6000]"
    assert refusal.why == "the input in tokens: 6001, more than the documented 6000"
    assert refusal.at == "input.messages"


@pytest.mark.parametrize(("cap", "fine"), [(2000, True), (2001, False), (None, True)])
def test_the_answer_shares_the_context_where_the_clause_adds_it(
    cap: int | None, fine: bool
) -> None:
    found = broken(request(USER, model="large", mode="message", max_tokens=cap), input_tokens=6000)
    assert (("limit.context", "input.messages") in found) is not fine


def test_what_was_not_counted_is_not_judged() -> None:
    assert not broken(request(USER))


@pytest.mark.parametrize(("cap", "fine"), [(6000, True), (6001, False), (True, True)])
def test_output_is_held_to_its_limit_by_the_parameter_named(cap: int, fine: bool) -> None:
    found = broken(request(USER, model="prompter", max_tokens=cap))
    assert (("limit.output", "parameters.max_tokens") in found) is not fine


@pytest.mark.parametrize(("number", "fine"), [(0, True), (2, True), (3, False)])
def test_the_number_of_tools(number: int, fine: bool) -> None:
    tools = [{"function": {"name": "look"}}] * number
    found = broken(request(USER, mode="message", tools=tools))
    assert found == ([] if fine else [("limit.tools", "parameters.tools")])
