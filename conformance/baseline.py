"""Whether anything can be established at an endpoint at all: one plain request comes first."""

from __future__ import annotations

from typing import Any, Final

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.judging import is_of_account, told
from tokenassay.conformance.probe import OMIT, Probe

_MARKS: Final = ("output", "choices", "usage", "request_id", "id", "object")
"""An answer of a generation API has at least one of these."""


def unusable_because(probe: Probe) -> str | None:
    """Why nothing can be established at this endpoint; None where a plain request is answered.

    An endpoint that refuses one way of asking may take another: three are tried.
    """
    exchange = probe.send(probe.body())
    first = _unusable(probe, exchange)
    if first is None or not _is_refusal(exchange):
        return first
    for body in _other_ways(probe):
        if _unusable(probe, probe.send(body)) is None:
            return None
    return first


def _other_ways(probe: Probe) -> list[dict[str, Any]]:
    """Requests that are as plain, but without one thing that the first one has."""
    bare: dict[str, Any] = {"result_format": OMIT} if probe.surface == "native" else {}
    ways = [probe.body(cap=None, **bare)]
    if "prompt" in probe.edition.parameters(probe.model):
        ways.append(probe.body(prompt="Say hello.", **bare))
    return ways


def _is_refusal(exchange: Exchange) -> bool:
    status = exchange.error.status if exchange.error else exchange.status
    return exchange.failure is None and status is not None and 400 <= status < 500


def _unusable(probe: Probe, exchange: Exchange) -> str | None:
    url = probe.target.base_url
    error = exchange.error
    said = told(error) if error and (error.code or error.message) else f"status {exchange.status}"
    status = error.status if error else exchange.status
    if status is None:
        failure = exchange.failure
        detail = f"{failure.kind} ({failure.detail})" if failure else "nothing"
        return f"{url} gave no answer: {detail}"
    if exchange.content_type == "text/html" and not isinstance(exchange.json, dict):
        return f"{url} answered with an HTML page (status {exchange.status}), not with an API"
    if status in (401, 403):
        return f"{url} refused the key in ${probe.target.api_key_env}: {said}"
    if status == 404 and error is not None and error.code:
        return f"{url} does not find what a plain request asks for: {said}"
    if status in (404, 405):
        return f"{url} has no such path ({said}); is the base URL right?"
    if status == 429:
        return f"{url} answers 429 to a single plain request: {said}"
    if status >= 500:
        return f"{url} answers {status} to a plain request: {said}"
    if exchange.failure is not None:
        return f"{url} gave no whole answer: {exchange.failure.kind} ({exchange.failure.detail})"
    if 300 <= status < 400:
        return f"{url} redirects elsewhere (status {status})"
    if error is not None:
        whose = "for the account's sake" if is_of_account(probe.edition, error) else "outright"
        return f"{url} refuses a plain request {whose} (are path and model right?): {said}"
    if not 200 <= status < 300:
        return f"{url} answers a plain request with status {status}"
    if not _looks_like_an_answer(exchange):
        kind = exchange.content_type or "no content type"
        return f"{url} answers a plain request with something else than an API does ({kind})"
    return None


def _looks_like_an_answer(exchange: Exchange) -> bool:
    """Whether there is anything of a generation answer in it; its faults are found later."""
    bodies = [exchange.json, *(event.json for event in exchange.events[:3])]
    return any(isinstance(body, dict) and any(mark in body for mark in _MARKS) for body in bodies)
