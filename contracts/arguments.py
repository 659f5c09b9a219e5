"""What the free-form ``args`` of clauses must hold, so that code may rely on it."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

from tokenassay.contracts.clauses import Clause, LimitClause, MessageClause, TextClause


class Argument(NamedTuple):
    """One key of ``args``: what it is, and whether the clause can do without it."""

    kind: Literal["words", "word"]
    required: bool = True


RULE_ARGUMENTS: dict[str, dict[str, Argument]] = {
    "roles": {"values": Argument("words")},
    "content_required": {
        "roles": Argument("words", required=False),
        "empty": Argument("word", required=False),
    },
    "content_types": {"types": Argument("words"), "roles": Argument("words", required=False)},
    "file_reference_syntax": {
        "prefix": Argument("word"),
        "separator": Argument("word"),
        "id_prefix": Argument("word"),
    },
    "json_word_in_messages": {
        "word": Argument("word"),
        "parameter": Argument("word"),
        "value": Argument("word"),
    },
    "json_document_keys": {"keys": Argument("words")},
    "history_shape": {"keys": Argument("words")},
}
"""By message rule."""

LIMIT_ARGUMENTS: dict[str, dict[str, Argument]] = {
    "message_tokens": {
        "roles": Argument("words", required=False),
        "merged": Argument("words", required=False),
        "when": Argument("word", required=False),
    },
    "context_tokens": {"adds": Argument("word", required=False)},
    "output_tokens": {"parameter": Argument("word", required=False)},
}
"""By quantity of a limit."""


def problem_with_arguments(clause: Clause) -> tuple[str, str] | None:
    """Field and expectation of what is wrong with a clause's ``args`` or pattern, if anything."""
    if isinstance(clause, TextClause) and clause.pattern is not None:
        try:
            re.compile(clause.pattern)
        except re.error as error:
            return "pattern", f"expected a regular expression ({error})"
    if isinstance(clause, MessageClause):
        return _problem(clause.args, RULE_ARGUMENTS.get(clause.rule, {}))
    if isinstance(clause, LimitClause):
        return _problem(clause.args, LIMIT_ARGUMENTS.get(clause.quantity, {}))
    return None


def _problem(args: dict[str, Any], expected: dict[str, Argument]) -> tuple[str, str] | None:
    for name, argument in expected.items():
        if name not in args:
            if argument.required:
                return "args", f"expected the key {name!r}"
        elif argument.kind == "word" and not (isinstance(args[name], str) and args[name]):
            return f"args.{name}", "expected text"
        elif argument.kind == "words" and not _are_words(args[name]):
            return f"args.{name}", "expected a list of texts"
    return None


def _are_words(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)
