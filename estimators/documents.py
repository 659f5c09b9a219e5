"""Documents that a conversation refers to: files by id, whose tokens nobody here can count."""

from __future__ import annotations

from typing import Any, NamedTuple

from tokenassay.contracts.edition import Edition
from tokenassay.estimators.requests import Message, Request


class FileSyntax(NamedTuple):
    """How a system message refers to uploaded files."""

    prefix: str
    separator: str


def file_syntax(edition: Edition, model: str | None) -> FileSyntax | None:
    """The syntax of file references that the edition states for a model; None: it has none."""
    rule = edition.rule("file_reference_syntax", model)
    prefix = rule.args.get("prefix") if rule else None
    if not isinstance(prefix, str) or not prefix:
        return None
    separator: Any = rule.args.get("separator") if rule else None
    return FileSyntax(prefix, separator if isinstance(separator, str) and separator else ",")


def is_reference(message: Message, syntax: FileSyntax | None) -> bool:
    """Whether a message stands for files: the server puts their text in its place."""
    return (
        syntax is not None and message.role == "system" and message.text.startswith(syntax.prefix)
    )


def count_files(request: Request, syntax: FileSyntax | None) -> int:
    """Number of files that a request refers to."""
    if syntax is None:
        return 0
    return sum(
        len([name for name in message.text.split(syntax.separator) if name.strip()])
        for message in request.messages or ()
        if is_reference(message, syntax)
    )
