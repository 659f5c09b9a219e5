"""Error tables: every row that can be brought about, with its status, code, type and message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tokenassay.conformance.exchanges import ErrorAnswer, Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun, Violation
from tokenassay.conformance.judging import cannot_tell, expectation, first_fault, told
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.refusing import control, hold_header, hold_type, refuse_as
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import without
from tokenassay.conformance.promises.talking import can_stream
from tokenassay.conformance.promises.texts import written
from tokenassay.conformance.spend import last_usage
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

WRONG_KEY = "sk-tokenassay-no-such-key"
"""A key that no endpoint knows; sent on purpose, so no secret."""

NEARLY = "the right key, with a letter before it"
"""Stands for what only the session can write; the key itself never comes into a promise's hands."""

WRONG_MODEL = "no-such-model"

FAULT_HEADER = "x-assay-fault"
"""Header by which the mock endpoint is asked for a row that no request brings about."""


# ------------------------------------------------------------------------------- the table


@builder("error")
def row_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A row of the error table is told with its own status, code and words."""
    assert isinstance(clause, c.ErrorClause)
    row = clause.id.rpartition(".")[2]
    yield promise(
        clause,
        f"{row}_is_told_as_documented",
        _row_is_told,
        title=f"{expectation(clause).removeprefix('a refusal with ')} is told as documented",
        family="errors",
    )


def _row_is_told(probe: Probe, *, clause: c.ErrorClause) -> None:
    """Ask an endpoint that offers it for the row itself; elsewhere no request is known."""
    if not probe.target.faults:
        met = [x.id for x in probe.edition.clauses if x.error == clause.id]
        by = f"; promises about {', '.join(met[:6])} meet it" if met else ""
        raise NotRun(f"no request is known to bring about this row and nothing else{by}")
    exchange = probe.send(probe.body(), headers={FAULT_HEADER: clause.id}, retry=False)
    hold_row(probe, exchange, clause)


def hold_row(probe: Probe, exchange: Exchange, row: c.ErrorClause) -> None:
    """An answer is the error of a row, in the documented form."""
    error = exchange.error
    if exchange.failure is not None:
        raise Inconclusive(f"{exchange.failure.kind}: {exchange.failure.detail}", exchange.id)
    if error is None:
        raise Violation(expectation(row), f"an answer with status {exchange.status}", exchange.id)
    code_fits = error.code == row.code or (row.code_may_be_missing and error.code is None)
    words_fit = row.varies or probe.edition.says(row.pattern, error.message or "")
    if (
        error.status not in (row.status, *row.other_statuses)
        or not (code_fits or row.code is None)
        or not words_fit
    ):
        raise Violation(
            f'{expectation(row)} and the message "{row.pattern}"', told(error), exchange.id
        )
    if row.type is not None and error.type not in (None, row.type):
        raise Violation(f"an error of type {row.type}", f"type {error.type}", exchange.id)
    if error.code is not None:
        _hold_shapes(probe, error, exchange)
    hold_header(probe, exchange)


def _hold_shapes(probe: Probe, error: ErrorAnswer, exchange: Exchange) -> None:
    """The body of an error fits the shapes that the edition states for where it stands."""
    wanted = "stream_error" if error.in_stream else "error"
    for shape in probe.edition.of_kind(c.ShapeClause, probe.model):
        fault = first_fault(shape, error.body) if shape.of == wanted else None
        if fault and shape.level == "must":
            raise Violation(f"an error body as documented ({shape.id})", fault, exchange.id)


# ------------------------------------------------------------------------------- the form


@builder("shape:error")
def shape_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Whatever is wrong with a request, the error has the documented form."""
    yield promise(
        clause,
        "every_error_has_the_documented_shape",
        _error_shape,
        title="whatever is wrong with a request, its error has the documented form",
        cost=6,
    )


def _faulty(probe: Probe) -> dict[str, Callable[[], Exchange]]:
    """Requests with one fault each, of several kinds."""
    plain = probe.body()
    words = "input" if probe.surface == "native" else "messages"
    return {
        "a model that does not exist": lambda: probe.send({**plain, "model": WRONG_MODEL}),
        "no model": lambda: probe.send(without(plain, "model")),
        f"no {words}": lambda: probe.send(without(plain, words)),
        "a wrong key": lambda: _with_key(probe, WRONG_KEY),
        "a body that is no JSON": lambda: probe.send(plain, raw=b'{"model": "qwen'),
        "a body that is a list": lambda: probe.send(plain, raw=b"[]"),
        "max_tokens as text": lambda: probe.send(probe.body(max_tokens="many")),
    }


def _with_key(probe: Probe, key: str) -> Exchange:
    headers = {"authorization": f"Bearer {key}"}
    return probe.send(probe.body(), headers=headers, key=False)


def _error_shape(probe: Probe, *, clause: c.ShapeClause) -> None:
    probe.accepted(control(probe))
    ids: dict[str, str] = {}
    field = "request_id"
    held = 0
    for what, send in _faulty(probe).items():
        exchange = send()
        error = exchange.error
        if error is None or exchange.failure is not None or error.status == 429:
            continue
        held += 1
        fault = first_fault(clause, error.body)
        if fault:
            raise probe.violation(f"{what}: an error as documented", fault, exchange)
        hold_header(probe, exchange)
        id = error.body.get(field) if isinstance(error.body, dict) else None
        if isinstance(id, str) and id:
            if id in ids:
                raise probe.violation(
                    f"another {field} for another answer",
                    f"{id} for {ids[id]} and {what}",
                    exchange,
                )
            ids[id] = what
    if not held:
        raise Inconclusive("nothing that was sent was refused")


@builder("endpoint:generate", "endpoint:chat")
def body_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A body that is no request is refused as the client's fault."""
    yield promise(
        clause,
        "body_that_is_no_json_is_refused",
        _no_json,
        title="a body that is no JSON object is refused, and as the client's fault",
        family="errors",
        level="should",
        cost=7,
    )


_BAD_BODIES: tuple[bytes, ...] = (
    b"",
    b"{",
    b'{"model": "qwen',
    b"hello",
    b"[1, 2]",
    b'"text"',
    b"\xff\xfe\x00",
)


def _no_json(probe: Probe, *, clause: c.EndpointClause) -> None:
    probe.accepted(control(probe))
    for raw in _BAD_BODIES:
        exchange = probe.send(probe.body(), raw=raw)
        cannot_tell(exchange, probe.edition)
        status = exchange.error.status if exchange.error else exchange.status
        if status is None or not 400 <= status < 500:
            seen = told(exchange.error) if exchange.error else f"status {status}"
            raise probe.violation(f"{raw!r} refused with a status of 4xx", seen, exchange)


# ------------------------------------------------------------------------------- the key


@builder("behaviour:auth_bearer")
def key_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A wrong key and no key are refused."""
    for id, keys in (
        ("wrong_key_is_refused", (WRONG_KEY, "sk-" + "0" * 32, NEARLY)),
        ("missing_key_is_refused", (None,)),
    ):
        yield promise(clause, id, _refused_key, family="errors", cost=3, keys=keys)


def _refused_key(probe: Probe, *, clause: c.BehaviourClause, keys: tuple[str | None, ...]) -> None:
    probe.accepted(control(probe))
    row = probe.edition.error_for(clause)
    streams = (False, True) if can_stream(probe) else (False,)
    for key in keys:
        for streamed in streams:
            written_key = key.replace(NEARLY, f"x${probe.target.api_key_env}") if key else None
            headers = {} if key is None else {"authorization": f"Bearer {written_key}"}
            exchange = probe.send(probe.body(), headers=headers, key=False, stream=streamed)
            if exchange.failure is not None or exchange.status == 429:
                cannot_tell(exchange, probe.edition)
            _hold_key(probe, exchange, row, wrong=key is not None)


def _hold_key(probe: Probe, exchange: Exchange, row: c.ErrorClause | None, *, wrong: bool) -> None:
    error = exchange.error
    expected = "a refusal with 401 or 403" if row is None else expectation(row)
    if error is None:
        raise Violation(expected, f"an answer with status {exchange.status}", exchange.id)
    allowed = (row.status, *row.other_statuses) if row else (401, 403)
    if error.status not in allowed or (row and row.code and error.code != row.code):
        raise Violation(expected, told(error), exchange.id)
    # What is said where there is no key at all is documented nowhere.
    fits = row is None or row.varies or probe.edition.says(row.pattern, error.message or "")
    if row and wrong and not fits:
        raise Violation(f'{expected} and the message "{row.pattern}"', told(error), exchange.id)
    hold_type(exchange, row)
    hold_header(probe, exchange)


# ------------------------------------------------------------------------------- the model


@builder("behaviour:models_served")
def served_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A model that no document names is refused."""
    others = (WRONG_MODEL, f"{model}-of-nowhere", f"x-{model}")
    names = tuple(name for name in others if not edition.serves(name))
    yield promise(clause, "unknown_model_is_refused", _unknown_model, cost=3, names=names)
    yield promise(
        clause,
        "unknown_model_is_told_as_such",
        _unknown_model,
        title="a model that does not exist is refused with the row of the error table for it",
        family="errors",
        names=(WRONG_MODEL,),
    )


@builder("behaviour:model_ids_case_sensitive")
def case_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A model's name in another case is another name."""
    names = tuple(name for name in (model.title(), model.upper()) if name != model)
    yield promise(
        clause, "model_name_in_another_case_is_refused", _unknown_model, cost=3, names=names
    )


def _unknown_model(probe: Probe, *, clause: c.BehaviourClause, names: tuple[str, ...]) -> None:
    for name in names:
        for streamed in (False, True) if can_stream(probe) else (False,):
            exchange = probe.send({**probe.body(), "model": name}, stream=streamed)
            if exchange.status in (401, 403) and exchange.error is not None:
                # Some accounts may not use what does not exist: that is a refusal all the same.
                probe.observe(f"an unknown model is answered with {exchange.status}")
                continue
            refuse_as(probe, exchange, clause, control(probe, streamed), f"model {written(name)}")


# ------------------------------------------------------------------------------- the bill


@builder("behaviour:errors_not_billed")
def unbilled_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A refused request carries no usage."""
    yield promise(
        clause,
        "refused_requests_are_not_billed",
        _unbilled,
        title="a request that is refused carries no usage",
        cost=6,
    )


def _unbilled(probe: Probe, *, clause: c.BehaviourClause) -> None:
    sent: dict[str, Callable[[], Exchange]] = _faulty(probe)
    if can_stream(probe):
        wrong: dict[str, Any] = {**probe.body(), "model": WRONG_MODEL}
        sent["a model that does not exist, by stream"] = lambda: probe.send(wrong, stream=True)
    refusals = 0
    for what, send in sent.items():
        exchange = send()
        if exchange.error is None:
            continue
        refusals += 1
        usage = last_usage(exchange)
        if usage and any(usage.values()):
            raise probe.violation(f"{what}: no usage in an error", f"{dict(usage)}", exchange)
    if not refusals:
        raise Inconclusive("nothing that was sent was refused")
