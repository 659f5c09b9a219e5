"""Error bodies of the OpenAI-compatible surface, in the shape that each edition shows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from tokenassay.conformance.mock.call import Call, Denial
from tokenassay.contracts.clauses import BehaviourClause, ErrorClause, ShapeClause
from tokenassay.contracts.edition import Edition


class ErrorShape(NamedTuple):
    """Which fields an error body has."""

    param: bool
    request_id: bool
    """Whether an id stands beside the error: ``request_id``, and in a stream ``id``."""


def error_body(call: Call, denial: Denial, *, in_stream: bool = False) -> dict[str, Any]:
    """``{"error": {...}}``, and beside it an id where the edition speaks of one.

    A row that prints neither code nor type gets those of another row of its status: the pages
    print them for few rows, and the wire always has the fields.
    """
    edition = call.service.edition
    shape = error_shape(edition)
    code, type_ = denial.code, denial.type
    if code is None and type_ is None:
        code, type_ = _usual(edition, denial.status)
    error: dict[str, Any] = {"message": denial.message, "type": type_}
    if shape.param:
        error["param"] = denial.param
    error["code"] = code
    body: dict[str, Any] = {"error": error}
    if shape.request_id and in_stream:
        body["id"] = f"chatcmpl-{call.request_id}"
    elif shape.request_id:
        body["request_id"] = call.request_id
    return body


@lru_cache(maxsize=64)
def error_shape(edition: Edition) -> ErrorShape:
    """The shape of an edition's errors; recorded ones of 2024 have nothing beside the object."""
    schema = next((x.schema for x in edition.of_kind(ShapeClause) if x.of == "error"), {})
    known = _properties(_properties(schema).get("error", {}))
    return ErrorShape(
        param="param" in known or not known,
        request_id="request_id" in schema.get("required", ())
        or any(
            clause.behaviour == "request_id" and clause.args.get("field") == "request_id"
            for clause in edition.of_kind(BehaviourClause)
        ),
    )


def _properties(schema: Any) -> Mapping[str, Any]:
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


@lru_cache(maxsize=256)
def _usual(edition: Edition, status: int) -> tuple[str | None, str | None]:
    rows = [
        row
        for row in edition.of_kind(ErrorClause)
        if row.status == status and row.code is not None and not row.models
    ]
    best = next((row for row in rows if row.varies), rows[0] if rows else None)
    return (best.code, best.type) if best else (None, None)
