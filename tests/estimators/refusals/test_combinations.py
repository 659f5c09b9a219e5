"""Parameters together, with what is in force where they are absent."""

from __future__ import annotations

from tests.estimators.refusals.asking import USER, broken, refused, request
from tokenassay.estimators.requests import read_request

TOOLS = [{"function": {"name": "look"}}]


def test_the_default_counts_where_the_request_is_silent() -> None:
    (refusal,) = refused(request(USER, tools=TOOLS))
    assert (refusal.clause, refusal.at) == ("tools.need_message", "parameters.tools")
    assert refusal.why == (
        'tools is an array of 1, so mode must be "message", but is "text" by default'
    )
    assert broken(request(USER, tools=TOOLS, mode="text")) == [
        ("tools.need_message", "parameters.mode")
    ]
    assert not broken(request(USER, tools=TOOLS, mode="message"))
    assert not broken(request(USER, tools=None, mode="text"))


def test_a_default_that_no_document_states_is_held_against_no_one() -> None:
    asked = request(USER, think=True, streaming=False)
    assert broken(asked) == [("think.needs_stream", "parameters.think")]
    assert not broken(request(USER, streaming=False))


def test_a_stream_that_a_header_may_ask_for_is_not_judged() -> None:
    assert not broken(request(USER, think=True))
    assert not broken(request(USER, think=True, streaming=True))
    assert broken(request(USER, think=True, stream=False))
    assert not broken(request(USER, think=True, stream=True))


def test_presence_alone_may_exclude() -> None:
    assert broken(request(USER, seed=1, stop="x")) == [("seed.without_stop", "parameters.stop")]
    assert not broken(request(USER, seed=1))
    assert not broken(request(USER, seed=1, stop=None))
    assert not broken(request(USER, stop="x"))


def test_one_of_several_values_may_exclude_another() -> None:
    for mode in ({}, {"mode": "text"}, {"mode": None}):
        asked = request(USER, tone="loud", **mode)
        assert broken(asked) == [("tone.fits_mode", "parameters.tone")]
    assert not broken(request(USER, tone="loud", mode="message"))
    assert not broken(request(USER, tone="low"))
    (refusal,) = refused(request(USER, tone="loud", mode="text"))
    assert refusal.why == 'mode is "text", so tone must be other than "loud", but is "loud"'


def test_a_stream_asked_for_by_header_needs_no_parameter() -> None:
    asked = request(USER, model="talker", streaming=True)
    assert broken(asked) == [("talker.stream", "parameters.mode")]
    assert not broken(request(USER, model="talker", streaming=True, mode="message"))
    assert not broken(request(USER, model="talker", streaming=False))
    assert not broken(request(USER, model="small", streaming=True))


def test_model_and_prompt_take_part() -> None:
    assert broken(request(USER, model="talker", tone="high")) == [
        ("talker.tone", "parameters.tone")
    ]
    assert not broken(request(USER, model="talker", tone="low"))
    assert not broken(request(USER, model="small", tone="high"))
    body = {"model": "talker", "input": {"prompt": "hi"}, "parameters": {}}
    assert broken(read_request(body)) == [("talker.prompt", "input.prompt")]
    assert not broken(read_request({**body, "parameters": {"tone": "low"}}))
