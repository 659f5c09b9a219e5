"""What is accepted, what is refused as documented, and what proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.conformance.scripted import INVALID, Reply, parameters, session
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, Violation
from tokenassay.conformance.probe import Probe

RANGE = "temperature.range"


def hot(body: Mapping[str, Any]) -> bool:
    """Whether this is the request with the fault."""
    return parameters(body).get("temperature") == 9


def refusal(reply: Reply, control: Reply | None = None) -> tuple[Probe, Exchange, Exchange]:
    """A faulty request and its control, at an endpoint that answers them so."""
    fine = control or Reply()
    probe = Probe(session(lambda body, before: reply if hot(body) else fine), "p")
    base = probe.send(probe.body())
    return probe, probe.send(probe.body(temperature=9)), base


def judge(reply: Reply, control: Reply | None = None) -> Exchange:
    probe, exchange, base = refusal(reply, control)
    return probe.refused(exchange, probe.edition.clause(RANGE), control=base)


def test_the_documented_refusal_is_one() -> None:
    assert judge(Reply(400, INVALID)).status == 400


@pytest.mark.parametrize(
    ("reply", "observed"),
    [
        (Reply(), "an answer with status 200"),
        (Reply(422, INVALID), "422 InvalidParameter"),
        (Reply(400, {**INVALID, "code": "Oops"}), "400 Oops"),
        (Reply(400, b"<html>no</html>"), "400"),
        (Reply(400, {"code": "InvalidParameter", "message": 5, "request_id": "a"}), "message"),
        (Reply(500, {"code": "Crash", "message": "x"}), "500 Crash"),
        (Reply(401, {"code": "InvalidApiKey", "message": "Invalid API-key provided."}), "401"),
        (Reply(None, failure="closed-early"), "closed-early"),
    ],
)
def test_another_answer_is_a_breach(reply: Reply, observed: str) -> None:
    with pytest.raises(Violation) as found:
        judge(reply)
    assert observed in found.value.observed


@pytest.mark.parametrize(
    "reply",
    [
        Reply(429, {"code": "Throttling", "message": "Requests throttling triggered."}),
        Reply(None, failure="timeout-idle"),
        Reply(None, failure="timeout-first-byte"),
        Reply(None, failure="connect"),
    ],
)
def test_what_may_pass_proves_nothing(reply: Reply) -> None:
    with pytest.raises(Inconclusive):
        judge(reply)


@pytest.mark.parametrize(
    "control",
    [
        Reply(400, INVALID),
        Reply(401, {"code": "InvalidApiKey", "message": "no"}),
        Reply(429, {"code": "Throttling", "message": "slow"}),
        Reply(500, {"code": "InternalError", "message": "oh"}),
        Reply(302, b""),
        Reply(None, failure="connect"),
    ],
)
def test_without_a_control_that_was_accepted_no_refusal_counts(control: Reply) -> None:
    with pytest.raises(Inconclusive, match="no baseline"):
        judge(Reply(400, INVALID), control)


def test_a_refusal_that_should_be_an_answer_is_a_breach() -> None:
    probe, exchange, _ = refusal(Reply(400, INVALID))
    with pytest.raises(Violation, match="400 InvalidParameter"):
        probe.accepted(exchange, "temperature 9 accepted")


def test_an_error_under_a_status_of_success_is_an_error() -> None:
    probe, exchange, _ = refusal(Reply(200, INVALID))
    with pytest.raises(Violation, match="200 InvalidParameter"):
        probe.accepted(exchange)


def test_a_breakdown_counts_only_where_it_comes_each_time() -> None:
    crash = Reply(500, {"code": "Crash", "message": "x"})

    def once(body: Mapping[str, Any], before: int) -> Reply:
        return crash if hot(body) and before < 2 else Reply()

    probe = Probe(session(once), "p")
    probe.send(probe.body())
    with pytest.raises(Inconclusive, match="500 Crash"):
        probe.accepted(probe.send(probe.body(temperature=9)))
    always = Probe(session(lambda body, before: crash), "p")
    with pytest.raises(Inconclusive):  # plain requests fare no better
        always.accepted(always.send(always.body(temperature=9)))
    probe, exchange, _ = refusal(crash)
    with pytest.raises(Violation, match="each of 3 times"):
        probe.accepted(exchange)


def test_the_account_is_not_the_endpoint() -> None:
    owing = Reply(400, {"code": "Arrearage", "message": "Access denied, please make sure"})
    probe, exchange, _ = refusal(owing)
    with pytest.raises(Inconclusive, match="the account"):
        probe.accepted(exchange)


def test_an_error_inside_a_stream_is_read_with_its_own_status() -> None:
    stream = (
        b"id:1\nevent:error\n:HTTP_STATUS/400\n"
        b'data:{"code":"InvalidParameter","message":"no","request_id":"a"}\n\n'
    )
    reply = Reply(200, stream, headers=(("content-type", "text/event-stream"),))
    _, exchange, _ = refusal(reply)
    assert exchange.error is not None
    assert (exchange.error.status, exchange.error.code) == (400, "InvalidParameter")
    assert exchange.error.in_stream
