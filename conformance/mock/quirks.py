"""What an edition says of the dress of its answers, read once from its clauses."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from tokenassay.conformance.mock.frames import Style
from tokenassay.contracts.clauses import BehaviourClause, ShapeClause, ShapeOf
from tokenassay.contracts.edition import Edition, applies


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """Small things in which editions of the native surface differ."""

    stream_headers: Mapping[str, str]
    """Header (lower case) and value that each turn on the stream; empty: no streams."""
    event: str | None
    error_event: str | None
    """Event of an error inside a stream; None: an error is never inside one."""
    comment: str | None
    """Comment line of a frame without its status, as recorded: ``HTTP_STATUS``."""
    numbered: bool
    """Whether frames have ids."""
    style: Style
    terminator: str | None
    unfinished: Any
    """finish_reason while the answer is being made."""
    cumulative: bool
    """Whether a stream repeats what came before unless increments are asked for."""
    totals: bool
    """Whether usage shows total_tokens."""
    call_ids: bool
    """Whether a tool call has an id and an index."""
    content_type: str | None
    """Value of ``content_type`` in a message, where the edition has that field."""
    text_finish_reason: bool
    """Whether a plain answer of the form text has a finish_reason."""
    echo: tuple[BehaviourClause, ...]
    """Where answers begin with the prompt."""
    blanks: Mapping[str, Any]
    """Dotted field and the value it has on success."""


@lru_cache(maxsize=64)
def quirks(edition: Edition) -> Quirks:
    """The quirks of an edition."""
    clauses = edition.of_kind(BehaviourClause)

    def named(name: str) -> tuple[BehaviourClause, ...]:
        return tuple(clause for clause in clauses if clause.behaviour == name)

    def argument(name: str, key: str, missing: Any = None) -> Any:
        return next((c.args[key] for c in named(name) if c.args.get(key) is not None), missing)

    comment = argument("sse_frame", "comment")
    terminator = named("stream_terminator")
    return Quirks(
        stream_headers={
            name.lower(): value.lower()
            for name, value in argument("sse_by_header", "headers", {}).items()
        },
        event=argument("sse_frame", "event"),
        error_event=argument("stream_error_frame", "event"),
        comment=comment.rpartition("/")[0] if comment else None,
        numbered="id" in argument("sse_frame", "fields", ()),
        style=Style(space=argument("sse_space_after_colon", "space", False)),
        terminator=terminator[0].args.get("text") if terminator else None,
        unfinished=argument("finish_reason_unfinished", "values", [None])[0],
        cumulative=argument("stream_default_mode", "mode") != "incremental",
        totals=_documented(edition, "usage", "total_tokens"),
        call_ids=_required(edition, "tool_response", "id"),
        content_type=_constant(edition, "message_response", "content_type"),
        text_finish_reason=_documented(edition, "text_response", "finish_reason"),
        echo=named("echoes_prompt"),
        blanks={
            field: clause.args.get("value")
            for clause in named("success_fields")
            for field in clause.args.get("fields", ())
        },
    )


def speaks_of(clauses: tuple[BehaviourClause, ...], model: str) -> BehaviourClause | None:
    """The first clause that applies to ``model``."""
    return next((clause for clause in clauses if applies(clause, model)), None)


def _schemas(edition: Edition, of: ShapeOf) -> list[Any]:
    return [clause.schema for clause in edition.of_kind(ShapeClause) if clause.of == of]


def _objects(schema: Any) -> list[Mapping[str, Any]]:
    """Every object schema in a schema, outermost first."""
    if isinstance(schema, list):
        return [found for item in schema for found in _objects(item)]
    if not isinstance(schema, Mapping):
        return []
    inner = [found for value in schema.values() for found in _objects(value)]
    return [schema, *inner] if isinstance(schema.get("properties"), Mapping) else inner


def _documented(edition: Edition, of: ShapeOf, field: str) -> bool:
    return any(field in found["properties"] for found in _objects(_schemas(edition, of)))


def _required(edition: Edition, of: ShapeOf, field: str) -> bool:
    return any(field in found.get("required", ()) for found in _objects(_schemas(edition, of)))


def _constant(edition: Edition, of: ShapeOf, field: str) -> str | None:
    for found in _objects(_schemas(edition, of)):
        about = found["properties"].get(field)
        if isinstance(about, Mapping):
            value = about.get("const", next(iter(about.get("enum", ())), None))
            return value if isinstance(value, str) else None
    return None
