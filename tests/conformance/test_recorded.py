"""Printed samples and recorded answers raise no alarm: documents and traffic fit our checks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.replaying import KEY, RECORDED, Recorded, ReplayWire
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.judging import first_fault, is_of_account, refused
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.errors import hold_row
from tokenassay.conformance.promises.registry import Promise, promises_for
from tokenassay.conformance.rundb import RunFile
from tokenassay.conformance.running import run_promise
from tokenassay.conformance.sessions import Session
from tokenassay.conformance.spend import Pricing
from tokenassay.conformance.targets import Target
from tokenassay.contracts import clauses as c
from tokenassay.contracts.store import headers, load_edition

MODELS = {
    "baichuan-dashscope@2024": "baichuan2-7b-chat-v1",
    "computevault-gateway@2025": "qwen-plus",
    "qwen-dashscope@2024-04": "qwen-turbo",
    "qwen-dashscope@2026": "qwen-plus",
    "qwen-long@2024-10": "qwen-long",
    "qwen-openai@2026": "qwen-plus",
}
"""Whose answers were recorded."""

FOLLOWS_THE_REQUEST = {
    "as_many_choices_come_as_were_asked_for",
    "created_is_the_time_of_the_answer",
    "finish_reason_tells_of_the_cut",
    "json_mode_gives_a_json_object",
    "json_schema_is_followed",
    "max_tokens_leaves_the_thinking_alone",
    "stream_says_what_the_plain_answer_says",
    "thinking_stands_apart_from_the_answer",
}
"""Promises about an answer's following what was asked: a recording can't."""

NOT_RECORDED = {
    "computevault-gateway@2025": {
        "body_that_is_no_json_is_refused",
        "missing_key_is_refused",
        "text_response_has_the_documented_shape",
        "unknown_model_is_told_as_such",
        "wrong_key_is_refused",
    }
}
"""Promises about answers of which the gateway's page has no sample."""

CASES = [(edition, answer) for answer in RECORDED for edition in answer.editions]
ERRORS = [(edition, answer) for edition, answer in CASES if answer.form == "error"]


def named(value: Any) -> str:
    return value.id if isinstance(value, Recorded) else str(value)


def replayed(edition: str) -> Session:
    contract, model = load_edition(edition), MODELS[edition]
    target = Target(
        name="recorded",
        base_url="http://recorded/v1",
        edition=edition,
        model=model,
        api_key_env="KEY",
    )
    wire, pricing = ReplayWire(contract, model), Pricing(target, contract)
    return Session(target, contract, RunFile(":memory:"), wire, pricing, key=KEY, patient=False)


def about_answers(edition: str) -> list[Promise]:
    left_out = FOLLOWS_THE_REQUEST | NOT_RECORDED.get(edition, set())
    return [
        promise
        for promise in promises_for(load_edition(edition), MODELS[edition])
        if promise.family in ("responses", "streams", "errors") and promise.id not in left_out
    ]


@pytest.mark.parametrize("edition", headers())
def test_an_endpoint_of_recorded_answers_breaks_no_promise_about_answers(edition: str) -> None:
    session = replayed(edition)
    verdicts = [run_promise(session, promise) for promise in about_answers(edition)]
    alarms = [v for v in verdicts if v.outcome in ("violated", "non-strict", "inconclusive")]
    assert alarms == []
    assert sum(v.outcome == "kept" for v in verdicts) >= 5


def shapes_for(edition: str, answer: Recorded) -> list[tuple[c.ShapeClause, list[Any]]]:
    """The shapes that an answer is held to, each with the bodies that it is about."""
    exchange = answer.exchange()
    frames = [event.json for event in exchange.events if event.json is not None]
    usage = [frame for frame in frames if frame.get("choices") == []]
    whole = exchange.json
    bodies: dict[str, list[Any]] = {
        "error": [whole] if answer.form == "error" and not answer.stream else [],
        "stream_error": frames if answer.stream == "error" else [],
        "text_response": [whole] if answer.form == "text" else [],
        "message_response": [whole] if answer.form in ("message", "thinking") else [],
        "tool_response": [whole] if answer.form == "tools" else [],
        "response": [whole] if answer.form in ("message", "tools") else [],
        "usage": [whole["usage"]] if isinstance(whole, dict) and "usage" in whole else [],
        "frame": frames if answer.stream != "error" else [],
        "chunk": [f for f in frames if f not in usage] if answer.stream != "error" else [],
        "usage_chunk": usage,
    }
    shapes = load_edition(edition).of_kind(c.ShapeClause, MODELS[edition])
    return [(shape, bodies.get(shape.of, [])) for shape in shapes if shape.level != "unspecified"]


@pytest.mark.parametrize(("edition", "answer"), CASES, ids=named)
def test_a_recorded_answer_has_the_documented_shape(edition: str, answer: Recorded) -> None:
    held = 0
    for shape, bodies in shapes_for(edition, answer):
        for body in bodies:
            held += 1
            assert first_fault(shape, body) is None, shape.id
    assert held


@pytest.mark.parametrize(
    ("edition", "answer"),
    # An error in a stream of the OpenAI dialect has no place for its status: the test below.
    [case for case in ERRORS if not case[1].stream or "openai" not in case[0]],
    ids=named,
)
def test_a_recorded_error_is_its_row_of_the_table(edition: str, answer: Recorded) -> None:
    row = load_edition(edition).clause(f"error.{answer.row}")
    assert isinstance(row, c.ErrorClause)
    hold_row(Probe(replayed(edition), "recorded"), answer.exchange(), row)


@pytest.mark.parametrize(
    ("edition", "answer"),
    [case for case in ERRORS if case[1].clause and load_edition(case[0]).get(case[1].clause)],
    ids=named,
)
def test_a_recorded_refusal_is_the_documented_one(edition: str, answer: Recorded) -> None:
    probe = Probe(replayed(edition), "recorded")
    control: Exchange = probe.send(probe.body())
    refused(probe, answer.exchange(), probe.edition.clause(answer.clause), control=control)


@pytest.mark.parametrize(("edition", "answer"), ERRORS, ids=named)
def test_an_error_of_the_account_is_held_against_nobody(edition: str, answer: Recorded) -> None:
    about_the_account = answer.row in (
        "arrearage",
        "free_tier_only",
        "insufficient_quota",
        "limit_requests",
    )
    error = answer.exchange().error
    assert error is not None
    assert is_of_account(load_edition(edition), error) is about_the_account
