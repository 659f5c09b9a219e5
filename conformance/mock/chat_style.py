"""What an edition of the OpenAI-compatible surface says of the dress of its answers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from tokenassay.conformance.mock.frames import Style
from tokenassay.contracts.clauses import BehaviourClause, ShapeClause
from tokenassay.contracts.edition import Edition


class ChatStyle(msgspec.Struct, frozen=True, kw_only=True):
    """Small things in which editions of the surface differ."""

    frame: Style
    terminator: str | None
    """Text of the last frame; None: there is none."""
    unfinished: Any
    """finish_reason while the answer is being made."""
    text_in_first: bool
    """Whether the first chunk has text beside the role."""
    cumulative: bool
    """Whether each chunk says all that came before again."""
    reasoning_details: bool
    """Whether usage tells the reasoning's tokens apart."""


@lru_cache(maxsize=64)
def chat_style(edition: Edition) -> ChatStyle:
    """The style of an edition; where documents show two ways, that of the later one."""
    clauses = edition.of_kind(BehaviourClause)

    def argument(name: str, key: str, missing: Any) -> Any:
        found = [c.args[key] for c in clauses if c.behaviour == name and key in c.args]
        return next((value for value in found if value is not None), missing)

    def stated(name: str) -> bool:
        return any(clause.behaviour == name for clause in clauses)

    text = argument("stream_terminator", "text", None if stated("stream_terminator") else "[DONE]")
    return ChatStyle(
        frame=Style(space=argument("sse_space_after_colon", "space", True)),
        terminator=text,
        unfinished=argument("finish_reason_unfinished", "values", [None])[0],
        text_in_first=argument("stream_first_chunk", "content", "empty") == "text",
        cumulative=argument("stream_default_mode", "mode", "incremental") == "cumulative",
        reasoning_details=any(
            clause.of == "usage" and "completion_tokens_details" in str(clause.schema)
            for clause in edition.of_kind(ShapeClause)
        ),
    )
