"""Probes written as requests of an edition's dialect."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from tokenassay.conformance.mock.lies.registry import Probe
from tokenassay.conformance.mock.quirks import quirks
from tokenassay.contracts.clauses import EndpointClause
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.refusals import compile_rules
from tokenassay.estimators.requests import read_request

PLAIN: tuple[Mapping[str, Any], ...] = ({"role": "user", "content": "Tell me about rivers."},)
"""The conversation of a probe that needs none in particular."""


class Written(NamedTuple):
    """One HTTP request, but for host and key. ``path`` is relative to the edition's base URL."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


def request_of(edition: Edition, probe: Probe) -> Written:
    """The probe as a request; LookupError where the edition lacks the operation."""
    operation = probe.operation or ("chat" if edition.surface == "openai" else "generate")
    endpoint = next((c for c in edition.of_kind(EndpointClause) if c.operation == operation), None)
    if endpoint is None:
        raise LookupError(f"{edition.id} has no operation {operation!r}")
    native = edition.surface == "native"
    body: dict[str, Any] = {"model": probe.model or talking_model(edition)}
    messages = [dict(message) for message in probe.messages or PLAIN]
    headers = {"content-type": "application/json"}
    if native:
        body["input"] = (
            {"prompt": probe.prompt} if probe.prompt is not None else {"messages": messages}
        )
        body["parameters"] = {}
        if probe.stream:
            name, value = next(iter(quirks(edition).stream_headers.items()))
            headers[name] = value
    else:
        body["messages"] = messages
        if probe.stream:
            body["stream"] = True
    _lay(body["parameters"] if native else body, probe.parameters)
    _lay(body, probe.body)
    return Written(
        probe.method or endpoint.method,
        probe.path or endpoint.path,
        {**headers, **probe.headers},
        body,
    )


@lru_cache(maxsize=32)
def talking_model(edition: Edition) -> str:
    """The first model of an edition that takes plain messages."""
    native = edition.surface == "native"
    for model in edition.models:
        body: dict[str, Any] = {"model": model, "messages": PLAIN}
        if native:
            body = {"model": model, "input": {"messages": PLAIN}, "parameters": {}}
        if not compile_rules(edition, model).check(read_request(body, surface=edition.surface)):
            return model
    return edition.models[0]


def _lay(under: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if value is ...:
            under.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(under.get(key), dict):
            _lay(under[key], value)
        else:
            under[key] = value
