"""The short way: conversations so plain that no rule on messages can refuse them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from tokenassay.contracts.clauses import MessageClause, TextClause
from tokenassay.estimators.refusals.parameters import ValueRules
from tokenassay.estimators.refusals.places import CONTAINERS, Place, read_place
from tokenassay.estimators.requests import Message

ROLES: Final = ("system", "user", "assistant")
"""Roles of a plain conversation."""

_ROLE: Final = Place("messages", ("[]", "role"))
_CONTENT: Final = Place("messages", ("[]", "content"))


def compile_plain(prefix: str | None) -> Callable[[tuple[Message, ...]], bool]:
    """Whether a conversation is plain.

    That is: at most one system message, which is the first; then user and assistant by turns,
    the user first and last; every message with a role, a content that is a text, not empty and
    no file reference (``prefix``), and nothing else.
    """

    def is_plain(messages: tuple[Message, ...]) -> bool:
        users_turn = first = True
        for message in messages:
            content = message.content
            if content.__class__ is not str or not content or len(message.raw) != 2:
                return False
            if prefix is not None and content.startswith(prefix):
                return False
            role = message.role
            if role == "user":
                if not users_turn:
                    return False
                users_turn = False
            elif role == "assistant":
                if users_turn:
                    return False
                users_turn = True
            elif role != "system" or not first:
                return False
            first = False
        return not users_turn

    return is_plain


def accepts_plain(
    values: Iterable[ValueRules], texts: Iterable[TextClause], spoken: Iterable[MessageClause]
) -> bool:
    """Whether an edition's clauses let every plain conversation pass; else all go the long way."""
    return (
        all(map(_value_rules_accept, values))
        and all(map(_text_accepts, texts))
        and all(map(_message_rule_accepts, spoken))
    )


def _value_rules_accept(rules: ValueRules) -> bool:
    place = rules.place
    if place.is_parameter or place.head in ("model", *CONTAINERS):
        return True
    if place == Place("messages"):
        return rules.accepts([])
    if place == _ROLE:
        return all(map(rules.accepts, ROLES))
    if place == _CONTENT:
        return not rules.tests and rules.accepts("text")
    return not rules.required


def _text_accepts(clause: TextClause) -> bool:
    place = read_place(clause.at)
    if clause.level == "unspecified" or place != _CONTENT:
        return True
    unbounded = clause.max_length is None and clause.pattern is None and not clause.forbidden
    return unbounded and clause.min_length in (None, 0, 1)


def _message_rule_accepts(clause: MessageClause) -> bool:
    if clause.level == "unspecified":
        return True
    if clause.rule == "roles":
        return all(role in clause.args["values"] for role in ROLES)
    if clause.rule == "content_types":
        return "string" in clause.args["types"]
    return clause.rule != "prompt_only"
