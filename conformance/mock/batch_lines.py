"""The lines of a batch's input: read, validated as a whole, and answered one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from tokenassay.conformance.mock.batch_store import Batch
from tokenassay.conformance.mock.bodies import BadBody, parse_object
from tokenassay.conformance.mock.call import Call, Denial, Denied
from tokenassay.conformance.mock.frames import encode_json
from tokenassay.conformance.mock.generate import decide
from tokenassay.conformance.mock.listing import exceeds
from tokenassay.conformance.mock.openai import OPENAI
from tokenassay.conformance.mock.openai_errors import error_body
from tokenassay.conformance.mock.service import Mount, Service
from tokenassay.contracts.clauses import Quantity
from tokenassay.contracts.patterns import fill

_REPORTED: Final = 100
"""Faults of an input file that are told at most."""
_TRIAL_WORDS: Final = "A trial batch needs no inference."


class Line(msgspec.Struct, frozen=True):
    """One line of the input."""

    number: int
    """From 1."""
    custom_id: str
    url: str
    model: Any
    body: Mapping[str, Any] | None
    """None where the line is no JSON object with a body."""


class Fault(msgspec.Struct, frozen=True):
    """Why a batch fails as a whole."""

    code: str
    message: str
    param: str | None
    line: int | None


def read_lines(data: bytes) -> Iterator[Line]:
    """The lines that are not blank; one that can't be read has no body."""
    for number, raw in enumerate(data.split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            fields = parse_object(raw)
        except BadBody:
            yield Line(number, "", "", None, None)
            continue
        body = fields.get("body")
        body = body if isinstance(body, dict) else None
        id, url = fields.get("custom_id"), fields.get("url")
        yield Line(
            number,
            id if isinstance(id, str) else "",
            url if isinstance(url, str) else "",
            body.get("model") if body else None,
            body,
        )


def validate(service: Service, batch: Batch, data: bytes, lines: list[Line]) -> list[Fault]:
    """What fails the batch before any line is answered, by the codes that the edition names."""
    edition = service.edition
    clause = edition.behaviour("batch_validation_late")
    words: Mapping[str, str] = clause.args.get("codes", {}) if clause else {}
    bad = service.malformed
    found: list[Fault] = []

    def fault(code: str, param: str, line: int, **values: Any) -> None:
        if code in words and len(found) < _REPORTED:
            found.append(Fault(code, fill(words[code], **values), param, line))

    first = next((line.model for line in lines if isinstance(line.model, str)), None)
    amounts: tuple[tuple[Quantity, int], ...] = (
        ("batch_lines", len(lines)),
        ("batch_file_bytes", len(data)),
    )
    for quantity, amount in amounts:
        limit = edition.limit(quantity, first)
        if limit and exceeds(limit, amount):
            found.append(Fault(bad.code or "", limit.text, None, None))
    if not lines:
        found.append(Fault(bad.code or "", bad.message, None, None))
    seen: set[str] = set()
    for line in lines:
        if line.body is None:
            continue
        if line.url != batch.endpoint:
            fault("url_not_found", "url", line.number, url=line.url)
        if line.custom_id in seen:
            fault("duplicate_custom_id", "custom_id", line.number, custom_id=line.custom_id)
        seen.add(line.custom_id)
        if line.model != first:
            fault("mismatched_model", "body.model", line.number, model=line.model)
        elif first is None or not edition.serves(first):
            fault("model_not_found", "body.model", line.number, model=line.model)
    return found


def answer(mount: Mount, service: Service, key: str, line: Line) -> dict[str, Any]:
    """The line of the output or of the error file that a line of the input brings.

    ``key`` is the Authorization header of the batch's owner.
    """
    call = Call(service, {"authorization": key})
    status, body = _outcome(mount, call, line)
    error = body.get("error") if status >= 400 else None
    return {
        "id": call.request_id,
        "custom_id": line.custom_id,
        "response": {"status_code": status, "request_id": call.request_id, "body": body},
        "error": {"code": error["code"], "message": error["message"]} if error else None,
    }


def _outcome(mount: Mount, call: Call, line: Line) -> tuple[int, dict[str, Any]]:
    if line.body is None:
        return _refused(call, call.service.malformed)
    trial = call.service.edition.behaviour("batch_dry_run", str(line.model))
    if trial is not None and line.url == trial.args.get("url"):
        return 200, {"content": _TRIAL_WORDS}
    body = line.body
    if body.get("enable_thinking") is True:
        body = {**body, "stream": True}  # in a batch it needs no stream, as was recorded
    try:
        answers, usage = decide(OPENAI, mount, call, encode_json(body))
    except Denied as denied:
        return _refused(call, denied.denial)
    return 200, OPENAI.whole(call, answers, usage)


def _refused(call: Call, denial: Denial) -> tuple[int, dict[str, Any]]:
    return denial.status, error_body(call, denial)
