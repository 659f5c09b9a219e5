"""What the rules on conversations share: the edition's words for files, and a message's path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from tokenassay.contracts.clauses import ParameterClause
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.refusals.places import path_to
from tokenassay.estimators.refusals.refusal import Breach, Case
from tokenassay.estimators.requests import Message, Request


class Ground(NamedTuple):
    """What an edition says elsewhere and a message rule has to know."""

    file_prefix: str | None
    """How a file reference begins; None where the edition knows no files in messages."""
    separator: str
    partial: bool
    """Whether the last message may be an assistant's that the model goes on from."""
    input_is_required: bool
    """Whether a clause of its own refuses a request without ``input``."""


Rule = Callable[[Case, Mapping[str, Any], Ground], Iterable[Breach]]
"""A message rule: the case, the clause's ``args`` and the ground, to the breaches."""


def survey_ground(edition: Edition, model: str | None) -> Ground:
    """The ground of an edition for one model."""
    files = edition.rule("file_reference_syntax", model)
    args = files.args if files else {}
    required = any(
        one.at == "input" and one.required and one.level != "unspecified"
        for one in edition.of_kind(ParameterClause, model)
    )
    return Ground(
        args.get("prefix"),
        args.get("separator", ""),
        edition.rule("partial_last_assistant", model) is not None,
        required,
    )


class Systems(NamedTuple):
    """The system messages of a conversation by what they are for, as indexes."""

    role_setting: int | None
    references: tuple[int, ...]
    texts: tuple[int, ...]

    @property
    def documents(self) -> bool:
        """Whether the conversation brings any document, as a file or as text."""
        return bool(self.references or self.texts)


def sort_systems(messages: Iterable[Message], prefix: str | None) -> Systems:
    """File references begin with ``prefix``; of the rest, the first sets the role."""
    role_setting: int | None = None
    first = True
    references, texts = [], []
    for index, message in enumerate(messages):
        if message.role != "system":
            continue
        if prefix and message.text.startswith(prefix):
            references.append(index)
        elif first:
            role_setting = index
        else:
            texts.append(index)
        first = False
    return Systems(role_setting, tuple(references), tuple(texts))


def referenced_files(text: str, ground: Ground) -> list[str]:
    """The references in the text of one message; blanks around a separator are let pass."""
    items = text.split(ground.separator) if ground.separator else [text]
    return [item.strip() for item in items]


def at_message(request: Request, index: int, field: str = "") -> str:
    """The path of a message, or of a field of it."""
    path = f"{path_to(request.surface, 'messages')}[{index}]"
    return f"{path}.{field}" if field else path
