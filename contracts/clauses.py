"""Clauses: what one edition states, one record a statement, one class a kind."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import msgspec

from tokenassay.contracts.records import Level, Record

Family = Literal[
    "parameters",
    "combinations",
    "messages",
    "limits",
    "errors",
    "responses",
    "streams",
    "metering",
    "tools",
    "files",
    "batches",
    "tokens",
    "clients",
]

JsonType = Literal["string", "number", "integer", "boolean", "array", "object", "null"]

Form = Literal["string", "string[]", "integer[]", "integer[][]", "object[]"]
"""The forms a parameter such as ``stop`` or ``tools`` may take; ``X[]`` is homogeneous."""


class Matcher(Record, frozen=True, kw_only=True):
    """A test on one parameter's effective value (its default where it is absent)."""

    present: bool | None = None
    """True: the request itself carries the parameter with a non-null value."""
    equals: Any = msgspec.UNSET
    not_equals: Any = msgspec.UNSET
    any_of: tuple[Any, ...] | None = None


class ClauseBase(Record, frozen=True, kw_only=True):
    """What every clause has: identity, firmness, words, provenance."""

    id: str
    """Unique in its edition, dotted: ``temperature.range``."""
    level: Level
    text: str
    """The statement in one plain English sentence."""
    family: Family
    source: str
    """Key of the edition's ``sources``, optionally `` § section``."""
    seen: dt.date | None = None
    """When we read it; the edition's ``seen`` where absent."""
    rows: tuple[str, ...] = ()
    """Rows of the fact list that this clause encodes (for docs/rows.md)."""
    models: tuple[str, ...] = ()
    """Models that the clause speaks of; empty means all of the edition."""
    readings: tuple[str, ...] = ()
    """For ``unspecified``: the readings that the documents allow, one sentence each."""
    error: str | None = None
    """Id of the error clause to expect when a request breaks this clause."""
    message: str | None = None
    """Message pattern to expect instead of the error row's own (``{placeholders}`` vary).

    A refusal fills, where they apply, in either: ``{name}`` (last step of the path), ``{path}``
    (dotted, such as messages.1.content), ``{value}``, ``{type}`` (of a value of the wrong JSON
    type; of any other the value itself), ``{values}`` (those allowed), ``{min}``, ``{max}``,
    ``{interval}``, ``{model}``, ``{role}``, ``{index}`` (of the message), ``{ids}`` (of tool
    calls), ``{id}`` or ``{file_id}``. Others stay as they are.
    """
    note: str | None = None


class ParameterClause(ClauseBase, tag_field="kind", tag="parameter", frozen=True, kw_only=True):
    """A parameter exists, at this place in the body, with these JSON types."""

    parameter: str
    at: str
    """Dotted path in the request body: ``parameters.top_p``, ``input.messages``, ``top_p``."""
    types: tuple[JsonType, ...]
    required: bool = False
    nullable: bool = False
    """True: an explicit null is documented to mean the same as absent."""


class RangeClause(ClauseBase, tag_field="kind", tag="range", frozen=True, kw_only=True):
    """A numeric parameter lies in an interval, ends included or not as the brackets say."""

    parameter: str
    interval: str | None = None
    """``[0, 2)``, ``(0, 1.0)``, ``[1, inf)``; None where only ``by_model`` has one."""
    by_model: dict[str, str] = {}
    """Model id to its own interval."""
    message_above: str | None = None
    """Message pattern for a value above the interval, where it is another than for one below."""


class DefaultClause(ClauseBase, tag_field="kind", tag="default", frozen=True, kw_only=True):
    """The value in force when a parameter is absent."""

    parameter: str
    value: Any = None
    by_model: dict[str, Any] = {}


class ChoiceClause(ClauseBase, tag_field="kind", tag="choice", frozen=True, kw_only=True):
    """A parameter takes one of these values."""

    parameter: str
    values: tuple[Any, ...]


class FormsClause(ClauseBase, tag_field="kind", tag="forms", frozen=True, kw_only=True):
    """A parameter takes one of these forms; a list must not mix element types."""

    parameter: str
    forms: tuple[Form, ...]


class TextClause(ClauseBase, tag_field="kind", tag="text", frozen=True, kw_only=True):
    """A string at ``at`` (``[]`` walks a list) matches a pattern or has a bounded length."""

    at: str
    """``tools[].function.name``"""
    pattern: str | None = None
    """Regular expression that the whole string matches."""
    min_length: int | None = None
    max_length: int | None = None
    unit: Literal["characters", "tokens", "bytes"] = "characters"
    forbidden: tuple[str, ...] = ()
    """Values refused although they fit otherwise."""


class CombinationClause(ClauseBase, tag_field="kind", tag="combination", frozen=True, kw_only=True):
    """When all of ``when`` hold, all of ``then`` must hold too."""

    when: dict[str, Matcher]
    then: dict[str, Matcher]


MessageRule = Literal[
    "roles",  # args: values
    "system_first_only",
    "first_system_is_role_setting",
    "later_system_is_document",
    "role_setting_required_with_documents",
    "user_assistant_alternate",  # whatever stands between, but for tool messages, aside
    "last_is_user_or_tool",  # or a partial assistant where partial_last_assistant stands
    "not_empty",  # messages: []
    "content_required",  # args: roles (absent: all), empty: "allowed" (absent) or "refused"
    "content_types",  # args: types (JSON types), roles (absent: all)
    "prompt_or_messages",  # one of them, at least
    "prompt_and_messages_exclusive",
    "input_is_object",
    "prompt_only",
    "tool_after_tool_calls",
    "tool_name_matches_call",  # a missing name does not match
    "tool_call_id_required",
    "tool_calls_answered",
    "tool_call_arguments_are_json",
    "tools_in_both_turns",
    "file_reference_syntax",  # args: prefix, separator, id_prefix
    "no_mixing_files_and_text",
    "partial_last_assistant",
    "json_word_in_messages",  # args: word, parameter (response_format.type), value (json_object)
    "documents_not_in_user",  # as far as it shows: a file reference in a user message
    "json_document_keys",  # args: keys
    "history_shape",  # args: keys
]
"""Rules on a conversation, judged on the messages as a whole.

A file reference is a system message that begins with the ``prefix`` of
``file_reference_syntax``; the first system message, unless it is one, is the role setting;
every later system message that is none is a text document.
"""


class MessageClause(ClauseBase, tag_field="kind", tag="messages", frozen=True, kw_only=True):
    """A rule about the conversation as a whole, by name; ``args`` are the rule's figures."""

    rule: MessageRule
    args: dict[str, Any] = {}


Quantity = Literal[
    "input_tokens",
    "context_tokens",
    "output_tokens",
    "message_tokens",
    "files_per_request",
    "file_bytes",
    "image_bytes",
    "file_pages",
    "account_files",
    "account_bytes",
    "text_document_tokens",
    "body_bytes",
    "batch_file_bytes",
    "batch_lines",
    "batch_line_bytes",
    "batch_hours",
    "free_tokens",
    "free_days",
    "tools",
]


class LimitClause(ClauseBase, tag_field="kind", tag="limit", frozen=True, kw_only=True):
    """A quantity may not pass a figure. ``maximum`` itself is allowed.

    ``args`` by quantity. ``message_tokens``: ``roles`` held to it (``system``: its role setting
    only; absent: all), ``merged`` (roles whose messages in a row count as one), ``when:
    documents`` (holds only beside file references or text documents). ``context_tokens``:
    ``adds`` (a parameter whose value counts beside the input). ``output_tokens``:
    ``parameter`` (held to the figure before the call; absent: nothing is).
    """

    quantity: Quantity
    maximum: int | None = None
    by_model: dict[str, int] = {}
    undecided: tuple[int, ...] = ()
    """Values on which the documents contradict each other: neither hold nor refuse."""
    args: dict[str, Any] = {}


class ErrorClause(ClauseBase, tag_field="kind", tag="error", frozen=True, kw_only=True):
    """One row of an error table. Messages are patterns: ``{name}`` stands for anything."""

    status: int
    code: str | None
    """The code printed for the row; None where the document prints none."""
    pattern: str
    """The message verbatim (typos kept), with placeholders for what varies."""
    type: str | None = None
    """OpenAI-compatible ``error.type``."""
    retryable: bool = False
    induced_by: Literal["request", "account", "server", "time"] = "request"
    """What brings it about: only ``request`` rows can be provoked by what one sends."""
    other_statuses: tuple[int, ...] = ()
    varies: bool = False
    """The document says that the message may be adapted to the case."""
    code_may_be_missing: bool = False


ShapeOf = Literal[
    "response",
    "text_response",
    "message_response",
    "tool_response",
    "frame",
    "error",
    "stream_error",
    "chunk",
    "usage_chunk",
    "file",
    "file_list",
    "file_deleted",
    "batch",
    "batch_list",
    "batch_output_line",
    "batch_error",
    "model_list",
    "token_count",
    "usage",
]


class ShapeClause(ClauseBase, tag_field="kind", tag="shape", frozen=True, kw_only=True):
    """A body of this sort validates against a JSON Schema (draft 2020-12)."""

    of: ShapeOf
    schema: dict[str, Any]
    when: dict[str, Matcher] = {}


class EndpointClause(ClauseBase, tag_field="kind", tag="endpoint", frozen=True, kw_only=True):
    """A method and path, under the edition's base URL."""

    operation: Literal[
        "generate",
        "chat",
        "count_tokens",
        "list_models",
        "retrieve_model",
        "upload_file",
        "list_files",
        "retrieve_file",
        "file_content",
        "delete_file",
        "create_batch",
        "retrieve_batch",
        "list_batches",
        "cancel_batch",
    ]
    method: Literal["GET", "POST", "DELETE"]
    path: str
    """``{id}`` stands for an identifier."""
    args: dict[str, Any] = {}
    """Multipart fields, query parameters and their bounds where the document names them."""


class BehaviourClause(ClauseBase, tag_field="kind", tag="behaviour", frozen=True, kw_only=True):
    """Something that happens: named, with its figures in ``args``."""

    behaviour: str
    """A name from :data:`BEHAVIOURS`."""
    args: dict[str, Any] = {}


class ExampleClause(ClauseBase, tag_field="kind", tag="example", frozen=True, kw_only=True):
    """A worked figure in the document: tokens of a text, money for tokens, an id for a word."""

    of: Literal["tokens", "token_ids", "pieces", "cost", "usage", "prose"]
    given: Any
    expected: Any


Clause = (
    ParameterClause
    | RangeClause
    | DefaultClause
    | ChoiceClause
    | FormsClause
    | TextClause
    | CombinationClause
    | MessageClause
    | LimitClause
    | ErrorClause
    | ShapeClause
    | EndpointClause
    | BehaviourClause
    | ExampleClause
)
