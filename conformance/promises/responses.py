"""Answers: their shape, their fields, and what they do at stops and caps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun, Violation
from tokenassay.conformance.judging import first_fault
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.messages import observe_either
from tokenassay.conformance.promises.parameters import written
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import Prepared, prepare
from tokenassay.conformance.reading import reply_of
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

LONG = "Write a long text about the history of bridges, with many details."
LONG_ZH = "请详细写一篇关于桥梁历史的长文。"
QUESTIONS = ("Say hello.", "你好，请介绍一下杭州。", "What is 1 + 1?", "用三句话介绍一下长城。")


def one(clause: c.Clause, id: str, check: Any, *, title: str = "", **more: Any) -> Promise:
    """A promise in the family and at the level of its clause."""
    return Promise(
        id=id,
        title=title or id.replace("_", " "),
        family=clause.family,
        clause=clause.id,
        level=clause.level,
        check=partial(check, clause=clause),
        **more,
    )


# ------------------------------------------------------------------------------- shapes


@builder(
    "shape:response", "shape:text_response", "shape:message_response", "shape:usage"
)
def shape_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Plain answers have the documented shape, whatever was asked."""
    assert isinstance(clause, c.ShapeClause)
    yield one(clause, f"{clause.of}_has_the_documented_shape", _shape, cost=6)


def _shape(probe: Probe, *, clause: c.ShapeClause) -> None:
    parameters: dict[str, Any] = {}
    for name, matcher in clause.when.items():
        if matcher.equals is not msgspec.UNSET and name in probe.edition.parameters(probe.model):
            parameters[name] = matcher.equals
    if clause.of == "message_response" and probe.edition.rule("prompt_only", probe.model):
        raise NotRun("the model takes prompts only, and those have text answers")
    for question in QUESTIONS:
        exchange = probe.accepted(probe.send(probe.body(question, **parameters)))
        body = exchange.json
        if clause.of == "usage":
            body = body.get("usage") if isinstance(body, dict) else None
        _hold(probe, clause, body, exchange)


def _hold(probe: Probe, clause: c.ShapeClause, body: Any, exchange: Exchange) -> None:
    fault = first_fault(clause, body)
    if fault is None:
        return
    if clause.level == "unspecified":
        probe.observe(fault)
        return
    raise probe.violation(f"a body as documented: {clause.text}", fault, exchange)


@builder("behaviour:success_fields")
def success_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Fields that are always there on success."""
    assert isinstance(clause, c.BehaviourClause)
    slug = "_".join(field.rpartition(".")[2] for field in clause.args["fields"])
    yield one(clause, f"{slug}_are_there_on_success", _success_fields)


def _success_fields(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange = probe.accepted(probe.send(probe.body()))
    for field in clause.args["fields"]:
        found: Any = exchange.json
        for step in field.split("."):
            found = found.get(step, msgspec.UNSET) if isinstance(found, dict) else msgspec.UNSET
        if found != clause.args["value"]:
            shown = "missing" if found is msgspec.UNSET else written(found)
            raise probe.violation(
                f"{field} {written(clause.args['value'])}", f"{field} {shown}", exchange
            )


@builder("behaviour:request_id")
def request_id_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Every answer has an id of the documented form, of its own."""
    assert isinstance(clause, c.BehaviourClause)
    field = clause.args["field"]
    if clause.args.get("pattern") and clause.level != "unspecified":
        yield one(clause, f"{field}_has_the_documented_form", _request_id, cost=2)
        yield one(clause, f"{field}_is_new_with_each_answer", _request_id_new, cost=2)


def _request_id(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in QUESTIONS[:2]:
        exchange = probe.accepted(probe.send(probe.body(question)))
        found = exchange.json.get(clause.args["field"]) if isinstance(exchange.json, dict) else None
        if not isinstance(found, str) or not re.search(clause.args["pattern"], found):
            field = clause.args["field"]
            raise probe.violation(
                f"{field} of the form {clause.args['pattern']}", f"{field} {written(found)}", exchange
            )


def _request_id_new(probe: Probe, *, clause: c.BehaviourClause) -> None:
    field = clause.args["field"]
    found = []
    for repeat in (0, 7):
        exchange = probe.accepted(probe.send(probe.body(), repeat=repeat))
        found.append(exchange.json.get(field) if isinstance(exchange.json, dict) else None)
    if found[0] == found[1]:
        raise probe.violation(f"another {field} for another answer", f"{written(found[0])} twice")


@builder("behaviour:model_echoed")
def model_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The answer names the model that was asked for."""
    yield one(clause, "answer_names_the_model_asked_for", _model_echoed)


def _model_echoed(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange = probe.accepted(probe.send(probe.body()))
    found = exchange.json.get("model") if isinstance(exchange.json, dict) else None
    if found != probe.model:
        raise probe.violation(f"model {probe.model}", f"model {written(found)}", exchange)


@builder("behaviour:models_served")
def served_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A model that no document names is refused."""
    yield one(clause, "unknown_model_is_refused", _unknown_model)


def _unknown_model(probe: Probe, *, clause: c.BehaviourClause) -> None:
    from tokenassay.conformance.promises.requests import control

    exchange = probe.send({**probe.body(), "model": "no-such-model"})
    if exchange.status in (401, 403) and exchange.error is not None:
        # Some accounts may not use what does not exist: that is a refusal all the same.
        probe.observe(f"an unknown model is answered with {exchange.status}")
        return
    probe.refused(exchange, clause, control=control(probe))


@builder("behaviour:model_ids_case_sensitive")
def case_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A model's name in capitals is another name."""
    yield one(clause, "model_name_in_another_case_is_refused", _other_case)


def _other_case(probe: Probe, *, clause: c.BehaviourClause) -> None:
    from tokenassay.conformance.promises.requests import control

    exchange = probe.send({**probe.body(), "model": probe.model.title()})
    probe.refused(exchange, clause, control=control(probe))


# ------------------------------------------------------------------------------- endings


@builder("behaviour:finish_reasons")
def finish_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A finished answer gives one of the documented reasons."""
    yield one(clause, "finish_reason_is_one_of_those_documented", _finish_reasons, cost=3)


def _finish_reasons(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question, cap in (("Say hello.", 64), (LONG, 8)):
        exchange = probe.accepted(probe.send(probe.body(question, cap=cap)))
        found = reply_of(exchange, probe.surface).finish_reason
        if probe.edition.rule("prompt_only", probe.model) and found is None:
            probe.observe("a text answer without finish_reason")
            continue
        if found not in clause.args["values"]:
            if clause.level == "unspecified":
                probe.observe(f"finish_reason {written(found)}")
                continue
            raise probe.violation(
                f"finish_reason one of {written(clause.args['values'])}",
                f"finish_reason {written(found)}",
                exchange,
            )


@builder("behaviour:max_tokens_truncates")
def cap_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A long answer is cut at max_tokens, and says so."""
    yield one(clause, "max_tokens_cuts_the_answer", _cut, cost=4)
    yield one(clause, "answer_below_max_tokens_is_not_cut", _uncut, cost=1)


def _cut(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for cap in (1, 2, 7, 24):
        exchange = probe.accepted(probe.send(probe.body(LONG, cap=cap)))
        reply = reply_of(exchange, probe.surface)
        if reply.text is None:
            raise probe.inconclusive("the answer has no text to count", exchange)
        tokens = probe.count(reply.text)
        if tokens > cap + 1:
            # One more may come of cutting between characters; the usage is held elsewhere.
            raise probe.violation(f"at most {cap} tokens of answer", f"{tokens} tokens", exchange)
        wanted = clause.args["finish_reason"]
        if reply.finish_reason != wanted:
            raise probe.violation(
                f"finish_reason {written(wanted)} at max_tokens {cap}",
                f"finish_reason {written(reply.finish_reason)}",
                exchange,
            )
        billed = (reply.usage or {}).get(
            "output_tokens" if probe.surface == "native" else "completion_tokens"
        )
        if isinstance(billed, int) and billed > cap:
            raise probe.violation(
                f"at most {cap} output tokens billed", f"{billed} billed", exchange
            )
        if isinstance(billed, int) and billed < cap:
            raise probe.violation(
                f"an answer cut at {cap} tokens", f"an answer of {billed} tokens", exchange
            )


def _uncut(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange = probe.accepted(probe.send(probe.body("Say hello.", cap=400)))
    reply = reply_of(exchange, probe.surface)
    tokens = probe.count(reply.text or "")
    if reply.finish_reason == clause.args["finish_reason"] and tokens < 350:
        raise probe.violation(
            "an answer that ends by itself says so",
            f"finish_reason {written(reply.finish_reason)} after {tokens} of 400 tokens",
            exchange,
        )


@builder("behaviour:stop_ends_answer")
def stop_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The answer ends before a stop word that it would have said."""
    yield one(clause, "stop_ends_the_answer", _stop, cost=6)


def _stop(probe: Probe, *, clause: c.BehaviourClause) -> None:
    tried = 0
    for question in (LONG, LONG_ZH):
        whole_exchange = probe.accepted(probe.send(probe.body(question, cap=48, **_fixed(probe))))
        whole = reply_of(whole_exchange, probe.surface).text or ""
        word = _word_within(whole)
        if word is None:
            continue
        for value in (word, [word], ["tokenassay", word]):
            exchange = probe.accepted(
                probe.send(probe.body(question, cap=48, stop=value, **_fixed(probe)))
            )
            tried += 1
            _hold_stop(probe, clause, exchange, word, whole, includes=clause.args["includes_stop"])
    if not tried:
        raise Inconclusive("no answer was long enough to hold a stop word")


def _hold_stop(
    probe: Probe,
    clause: c.BehaviourClause,
    exchange: Exchange,
    word: str,
    whole: str,
    *,
    includes: bool | None,
) -> None:
    reply = reply_of(exchange, probe.surface)
    text = reply.text or ""
    inside = text[: -len(word)] if includes is not False and text.endswith(word) else text
    if word in inside:
        raise probe.violation(
            f"an answer that ends before {written(word)}",
            f"{written(word)} in the answer: {written(text[-60:])}",
            exchange,
        )
    if len(text) > len(whole):
        probe.observe("the answer with a stop word is another one than that without")
    if reply.finish_reason == "length" and probe.count(text) < 24:
        raise probe.violation(
            "finish_reason stop where a stop word ended the answer",
            f"finish_reason {written(reply.finish_reason)} after {probe.count(text)} tokens",
            exchange,
        )


def _word_within(text: str) -> str | None:
    """A word from the middle of a text, so that a stop cuts something off."""
    middle = text[len(text) // 3 :]
    match = re.search(r"[A-Za-z]{4,}|[\u4e00-\u9fff]{2}", middle)
    return match[0] if match else None


def _fixed(probe: Probe) -> dict[str, Any]:
    """Parameters that make an answer repeatable as far as an endpoint can."""
    return {"seed": 11} if "seed" in probe.edition.parameters(probe.model) else {}


@builder("behaviour:stop_by_token_ids")
def stop_id_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Token ids stop an answer like the words they are."""
    yield one(clause, "stop_by_token_ids_ends_the_answer", _stop_ids, cost=3)


def _stop_ids(probe: Probe, *, clause: c.BehaviourClause) -> None:
    from tokenassay.estimators.tokens import encode

    exchange = probe.accepted(probe.send(probe.body(LONG_ZH, cap=48, **_fixed(probe))))
    whole = reply_of(exchange, probe.surface).text or ""
    ids = encode(whole)
    if len(ids) < 12:
        raise Inconclusive("no answer was long enough to hold a stop token")
    chosen = ids[len(ids) // 2]
    first = ids.index(chosen)
    for value in ([chosen], [[chosen]]):
        answer = probe.accepted(
            probe.send(probe.body(LONG_ZH, cap=48, stop=value, **_fixed(probe)))
        )
        text = reply_of(answer, probe.surface).text or ""
        got = encode(text)
        if got[: len(ids)] == ids[: len(got)] and len(got) > first + 1:
            if clause.level == "unspecified":
                probe.observe(f"stop {value} did not end the answer")
                continue
            raise probe.violation(
                f"an answer of at most {first + 1} tokens with stop {value}",
                f"{len(got)} tokens",
                answer,
            )


@builder("behaviour:seed_best_effort")
def seed_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The same seed is worth trying twice: what comes is observed, as no more is promised."""
    yield one(clause, "same_seed_gives_an_answer_each_time", _seed, cost=2)


def _seed(probe: Probe, *, clause: c.BehaviourClause) -> None:
    texts = []
    for repeat in (0, 3):
        exchange = probe.accepted(probe.send(probe.body(LONG, seed=4321), repeat=repeat))
        texts.append(reply_of(exchange, probe.surface).text)
    probe.observe(
        "the same seed gave the same answer"
        if texts[0] == texts[1]
        else "the same seed gave another answer"
    )


# ------------------------------------------------------------------------------- the rest


@builder("behaviour:disables")
def disabled_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Values that switch a parameter off are accepted."""
    assert isinstance(clause, c.BehaviourClause)
    name = clause.args["parameter"]
    yield one(clause, f"{name}_can_be_switched_off", _disabled, cost=2)


def _disabled(probe: Probe, *, clause: c.BehaviourClause) -> None:
    name = clause.args["parameter"]
    values = list(clause.args.get("values", []))
    if "above" in clause.args:
        values += [clause.args["above"] + 1, clause.args["above"] * 10]
    for value in values:
        exchange = prepare(probe, **{name: value}).send(probe)
        probe.accepted(exchange, f"{name} {written(value)} accepted, it switches {name} off")


@builder("behaviour:guidance")
def guidance_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Values that the documents advise against and still allow."""
    assert isinstance(clause, c.BehaviourClause)
    name = clause.args.get("parameter")
    values = clause.args.get("values")
    if name in edition.parameters(model) and values and clause.level != "unspecified":
        yield one(clause, f"{name}_advised_against_is_accepted", _advised, cost=len(values))


def _advised(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for value in clause.args["values"]:
        exchange = prepare(probe, **{clause.args["parameter"]: value}).send(probe)
        probe.accepted(exchange, f"{clause.args['parameter']} {written(value)} accepted")


@builder("behaviour:echoes_prompt")
def echo_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Whether an answer begins with its prompt is noted."""
    yield one(clause, "answer_may_begin_with_the_prompt", _echo)


def _echo(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange = probe.send(probe.body(prompt="Say hello."))
    try:
        probe.accepted(exchange)
    except Violation:
        observe_either(probe, exchange, "a prompt")
        return
    text = reply_of(exchange, probe.surface).text or ""
    begins = text.startswith("Say hello.")
    probe.observe(f"the answer {'begins' if begins else 'does not begin'} with the prompt")


@builder("endpoint:generate", "endpoint:chat")
def endpoint_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A plain request is answered in the documented place, as JSON."""
    yield one(clause, "plain_request_is_answered", _plain)


def _plain(probe: Probe, *, clause: c.EndpointClause) -> None:
    exchange = probe.accepted(Prepared(probe.body()).send(probe))
    if exchange.content_type != "application/json":
        raise probe.violation(
            "content type application/json", f"content type {exchange.content_type!r}", exchange
        )
    if reply_of(exchange, probe.surface).text is None:
        raise probe.violation("an answer with text", "an answer without any", exchange)
