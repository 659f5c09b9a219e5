"""The frame of a body: its containers, its conversation, and the model that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tokenassay.contracts.edition import Edition
from tokenassay.estimators.refusals.ground import Ground
from tokenassay.estimators.refusals.parameters import ValueRules
from tokenassay.estimators.refusals.places import CONVERSATION, MISSING, find, head_value
from tokenassay.estimators.refusals.refusal import Breach, Case, Check, Finding
from tokenassay.estimators.refusals.values import shown, written


def check_frame(values: Iterable[ValueRules], ground: Ground) -> Check:
    """The places that hold the rest; what stands in ``input`` only where there is one."""
    listed = list(values)

    def check(case: Case) -> Iterator[Finding]:
        request = case.request
        input_is_faulty = (
            request.surface == "native"
            and ground.input_is_required
            and not isinstance(head_value(request, "input"), Mapping)
        )
        for rules in listed:
            if input_is_faulty and rules.place.head in CONVERSATION:
                continue
            for at, value in find(request, rules.place):
                yield from rules.judge(at, value)

    return check


def check_model(edition: Edition, model: str | None, values: Iterable[ValueRules]) -> Check:
    """The model is named and served; the one compiled for stands above the body's."""
    listed = list(values)
    served = edition.behaviour("models_served", model)

    def check(case: Case) -> Iterator[Finding]:
        value = case.model if case.model is not None else head_value(case.request, "model")
        if value == "":
            value = MISSING  # an empty name names no model
        for rules in listed:
            yield from rules.judge("model", value)
        if served is not None and isinstance(value, str) and not edition.serves(value):
            why = f"model is {shown(value)}, which {edition.id} does not name"
            yield served, Breach("model", why, {"value": written(value)})

    return check
