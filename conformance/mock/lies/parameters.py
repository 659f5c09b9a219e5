"""Lies about parameters: taken though wrong, refused though right, or without the effect said."""

from __future__ import annotations

from typing import Any

import msgspec

from tokenassay.conformance.mock.call import Answer, Call
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.lies.tricks import object_to, overlook, setting
from tokenassay.conformance.mock.lies.where import leaves_out_the_stop, meters_output
from tokenassay.conformance.mock.stages import Hooks
from tokenassay.contracts.clauses import ClauseBase
from tokenassay.estimators.tokens import count_tokens

_FAMILY = "parameters"
_SAID: Any = "Tell me about rivers, in 60 words."
_TOLD: tuple[dict[str, Any], ...] = ({"role": "user", "content": _SAID},)


def _more_tokens(by: int) -> Any:
    def adjust(call: Call, given: dict[str, Any]) -> dict[str, Any]:
        cap = given.get("max_tokens")
        return {**given, "max_tokens": max(1, cap + by)} if isinstance(cap, int) else given

    return adjust


def _first_stop(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    stop = given.get("stop")
    return {**given, "stop": stop[0]} if isinstance(stop, list) and stop else given


def _strings_only(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    stop = given.get("stop")
    if isinstance(stop, list) and not all(isinstance(one, str) for one in stop):
        return {**given, "stop": None}
    return given


def _leak_stop(call: Call, answer: Answer) -> Answer:
    if answer.stopped_by is None:
        return answer
    marks = (*answer.marks, answer.tokens + count_tokens(answer.stopped_by))
    return msgspec.structs.replace(
        answer, pieces=(*answer.pieces, answer.stopped_by), marks=marks, tokens=marks[-1]
    )


def _other_format(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    other = {"text": "message", "message": "text"}
    return {**given, "result_format": other.get(given.get("result_format", ""), "text")}


def _other_default(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    sent = call.request.parameters if call.request else {}
    return given if sent.get("result_format") is not None else _other_format(call, given)


def _clause_for(id: str, wanted: Any) -> Any:
    def broken(call: Call) -> ClauseBase | None:
        sent = call.request.parameters if call.request else {}
        return call.service.edition.get(id) if wanted(sent) else None

    return broken


def _high_top_k(sent: Any) -> bool:
    value = sent.get("top_k")
    return isinstance(value, int) and value > 100


LIES: tuple[Lie, ...] = (
    Lie(
        "ignores_max_tokens",
        _FAMILY,
        "max_tokens is taken and has no effect.",
        ("max_tokens.truncates",),
        Hooks(adjust=setting(max_tokens=None)),
        probe=Probe({"max_tokens": 5}),
    ),
    Lie(
        "max_tokens_one_too_many",
        _FAMILY,
        "An answer may have one token more than max_tokens.",
        ("max_tokens.truncates",),
        Hooks(adjust=_more_tokens(1)),
        probe=Probe({"max_tokens": 5}),
    ),
    Lie(
        "max_tokens_one_too_few",
        _FAMILY,
        "An answer is cut one token before max_tokens.",
        ("max_tokens.truncates",),
        Hooks(adjust=_more_tokens(-1)),
        probe=Probe({"max_tokens": 5}),
        where=meters_output,
    ),
    Lie(
        "ignores_stop",
        _FAMILY,
        "stop is taken and has no effect.",
        ("stop.ends_answer",),
        Hooks(adjust=setting(stop=None)),
        probe=Probe({"stop": "e"}),
    ),
    Lie(
        "reads_first_stop_only",
        _FAMILY,
        "Of several stop texts only the first one ends the answer.",
        ("stop.ends_answer", "stop.forms"),
        Hooks(adjust=_first_stop),
        probe=Probe({"stop": ["no such words", "e"]}),
    ),
    Lie(
        "ignores_stop_token_ids",
        _FAMILY,
        "stop works with strings; token ids have no effect.",
        ("stop.token_ids", "stop.forms"),
        Hooks(adjust=_strings_only),
        probe=Probe({"stop": [[11], [13]]}),
    ),
    Lie(
        "leaks_stop_text",
        _FAMILY,
        "The answer ends with the stop text instead of before it.",
        ("stop.ends_answer",),
        Hooks(answer=_leak_stop),
        probe=Probe({"stop": "e"}),
        where=leaves_out_the_stop,
    ),
    Lie(
        "accepts_wrong_types",
        _FAMILY,
        "A parameter of a wrong JSON type is taken.",
        ("temperature.type", "top_p.type", "max_tokens.type", "seed.type"),
        Hooks(
            judge=overlook(
                *(
                    f"{name}.type"
                    for name in (
                        "temperature",
                        "top_p",
                        "top_k",
                        "max_tokens",
                        "seed",
                        "stop",
                        "repetition_penalty",
                        "enable_search",
                        "incremental_output",
                        "result_format",
                        "stream",
                        "n",
                        "presence_penalty",
                        "enable_thinking",
                    )
                ),
                "*.range",
                "stop.forms",
                "result_format.values",
            )
        ),
        probe=Probe({"max_tokens": "12"}),
    ),
    Lie(
        "accepts_mixed_stop",
        _FAMILY,
        "A stop list that mixes strings and token ids is taken.",
        ("stop.forms",),
        Hooks(judge=overlook("stop.forms")),
        probe=Probe({"stop": ["no such words", 100]}),
    ),
    Lie(
        "accepts_unknown_result_format",
        _FAMILY,
        "A result_format that no document lists is taken for text.",
        ("result_format.values",),
        Hooks(judge=overlook("result_format.values")),
        ("native",),
        Probe({"result_format": "markdown"}),
    ),
    Lie(
        "swaps_result_formats",
        _FAMILY,
        "Asked for text it answers with messages, and the reverse.",
        ("response.text", "response.message"),
        Hooks(adjust=_other_format),
        ("native",),
        Probe({"result_format": "message"}),
    ),
    Lie(
        "wrong_default_result_format",
        _FAMILY,
        "Without result_format the answer has the form that is not the default.",
        ("result_format.default",),
        Hooks(adjust=_other_default),
        ("native",),
        Probe(),
    ),
    Lie(
        "accepts_missing_parameters",
        _FAMILY,
        "A body without the parameters object is taken.",
        ("parameters.required",),
        Hooks(judge=overlook("parameters.required")),
        ("native",),
        Probe(body={"parameters": ...}),
    ),
    Lie(
        "accepts_missing_model",
        _FAMILY,
        "A body without a model is taken, as if for some model.",
        ("model.type",),
        Hooks(judge=overlook("model.*")),
        probe=Probe(body={"model": ...}),
    ),
    Lie(
        "serves_unknown_models",
        _FAMILY,
        "A model that does not exist is served.",
        ("model.served",),
        Hooks(judge=overlook("model.served")),
        probe=Probe(model="no-such-model"),
    ),
    Lie(
        "refuses_top_k_above_100",
        _FAMILY,
        "top_k above 100 is refused, though it only switches the limit off.",
        ("top_k.disabled",),
        Hooks(judge=object_to(_clause_for("top_k.type", _high_top_k), "top_k is above 100")),
        probe=Probe({"top_k": 101}),
    ),
    Lie(
        "refuses_integers_for_numbers",
        _FAMILY,
        "A number parameter is refused when it is written without a decimal point.",
        ("temperature.type",),
        Hooks(
            judge=object_to(
                _clause_for("temperature.type", lambda sent: type(sent.get("temperature")) is int),
                "the temperature is an integer",
            )
        ),
        probe=Probe({"temperature": 1}),
    ),
    Lie(
        "refuses_stop_lists",
        _FAMILY,
        "stop is taken as a string only.",
        ("stop.forms", "stop.type"),
        Hooks(
            judge=object_to(
                _clause_for("stop.type", lambda sent: isinstance(sent.get("stop"), list)),
                "stop is a list",
            )
        ),
        probe=Probe({"stop": ["no such words"]}),
    ),
    Lie(
        "ignores_incremental_output",
        _FAMILY,
        "A stream repeats what came before though increments were asked for.",
        ("stream.incremental",),
        Hooks(adjust=setting(incremental_output=False)),
        ("native",),
        Probe({"incremental_output": True}, messages=_TOLD, stream=True),
    ),
    Lie(
        "increments_by_default",
        _FAMILY,
        "A stream has only what is new though nobody asked for that.",
        ("stream.cumulative", "incremental_output.default"),
        Hooks(adjust=setting(incremental_output=True)),
        ("native",),
        Probe(messages=_TOLD, stream=True),
    ),
)
