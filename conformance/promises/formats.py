"""JSON on request: what has to be said for it, and that it comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.refusing import control, refuse_as
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import broken, prepare
from tokenassay.conformance.promises.talking import can_stream, default_mode, read_stream
from tokenassay.conformance.promises.texts import written
from tokenassay.conformance.reading import reply_of
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

ROOM = 200
"""Output tokens that an answer in JSON may take."""

JSON_ASKED = (
    'Answer with the json object {"greeting": "hello"} and nothing else.',
    '只返回一个 json 对象，键为 "城市"，值为 "杭州"。',
)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "bridges": {"type": "integer"}},
    "required": ["city", "bridges"],
    "additionalProperties": False,
}


@builder("messages:json_word_in_messages")
def json_word_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """JSON mode asks for the word json in the conversation."""
    assert isinstance(clause, c.MessageClause)
    if "response_format" not in edition.parameters(model):
        return
    word = clause.args["word"]
    fine = (f"Answer in {word}.", f"Answer in {word.upper()}, please: who are you?")
    for id, texts, refused in (
        ("json_mode_with_the_word_json_is_accepted", fine, False),
        ("json_mode_without_the_word_json_is_refused", ("Say hello.", "请打个招呼。"), True),
    ):
        yield promise(clause, id, _json_mode, cost=2, texts=texts, refused=refused)


def _json_mode(
    probe: Probe, *, clause: c.MessageClause, texts: tuple[str, ...], refused: bool
) -> None:
    value = {"type": clause.args["value"]}
    usual = prepare(probe, response_format=value)
    if broken(probe, usual):
        raise NotRun(f"the model takes no {written(value)}")
    for text in texts:
        body = probe.body(text, response_format=value, cap=ROOM)
        exchange = probe.send(body, stream=usual.stream)
        if refused:
            base = control(probe, usual.stream)
            refuse_as(probe, exchange, clause, base, f"JSON mode and {written(text)}")
        else:
            probe.accepted(exchange, f"JSON mode and {written(text)} accepted")


@builder("choice")
def format_choice_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Where a choice is that of an answer's format, the format comes."""
    assert isinstance(clause, c.ChoiceClause)
    if clause.parameter == "response_format.type":
        yield from _format_promises(edition, clause, clause.values, model)


@builder("text")
def format_text_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The same where the documents' data has the format's type as a text in an object."""
    assert isinstance(clause, c.TextClause)
    if clause.at == "response_format.type" and clause.pattern:
        yield from _format_promises(edition, clause, clause.pattern.split("|"), model)


def _format_promises(
    edition: Edition, clause: c.Clause, kinds: Any, model: str
) -> Iterator[Promise]:
    if "response_format" not in edition.parameters(model):
        return
    if "json_object" in kinds:
        yield promise(
            clause,
            "json_mode_gives_a_json_object",
            _object_given,
            title="an answer in JSON mode is a JSON object, whole and by stream",
            family="responses",
            cost=4,
        )
    if "json_schema" in kinds:
        yield promise(
            clause,
            "json_schema_is_followed",
            _schema_given,
            title="an answer by a JSON Schema fits that schema",
            family="responses",
            cost=2,
        )


def _object_given(probe: Probe, *, clause: c.Clause) -> None:
    for text in JSON_ASKED:
        for streamed in (False, True):
            if streamed and not can_stream(probe):
                continue
            found, exchange = _json_answer(probe, text, {"type": "json_object"}, streamed)
            if not isinstance(found, dict):
                raise probe.violation("a JSON object", written(found), exchange)


def _schema_given(probe: Probe, *, clause: c.Clause) -> None:
    shape = {"type": "json_schema", "json_schema": {"name": "town", "schema": SCHEMA}}
    text = "Name a city and how many bridges it has, as json with the keys city and bridges."
    found, exchange = _json_answer(probe, text, shape, False)
    fault = next(iter(jsonschema.Draft202012Validator(SCHEMA).iter_errors(found)), None)
    if fault is not None:
        raise probe.violation("JSON that fits the schema", fault.message[:200], exchange)


def _json_answer(probe: Probe, text: str, value: Any, streamed: bool) -> tuple[Any, Exchange]:
    usual = prepare(probe, response_format=value)
    if broken(probe, usual):
        raise NotRun(f"the model takes no {written(value)}")
    body = probe.body(text, response_format=value, cap=ROOM)
    stream = streamed or usual.stream
    exchange = probe.accepted(probe.send(body, stream=stream))
    if stream:
        flow = read_stream(probe, exchange, default_mode(probe))
        said, reason = flow.text, flow.finish_reason
    else:
        reply = reply_of(exchange, probe.surface)
        said, reason = reply.text or "", reply.finish_reason
    if reason == "length":
        raise Inconclusive("the answer in JSON was cut at max_tokens", exchange.id)
    try:
        return json.loads(said), exchange
    except ValueError:
        raise probe.violation("an answer that is JSON", written(said), exchange) from None
