"""Message rules on documents in system messages: as files, as text, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tokenassay.estimators.refusals.ground import (
    Ground,
    at_message,
    referenced_files,
    sort_systems,
)
from tokenassay.estimators.refusals.refusal import Breach, Case
from tokenassay.estimators.refusals.values import shown, written


def role_setting_required_with_documents(
    case: Case, args: Mapping[str, Any], ground: Ground
) -> Iterator[Breach]:
    """Documents come after a system message that sets the role."""
    messages = case.request.messages or ()
    systems = sort_systems(messages, ground.file_prefix)
    if systems.documents and systems.role_setting is None:
        at = at_message(case.request, systems.references[0])
        yield Breach(at, f"{at} brings a document, but no system message before it sets the role")


def file_reference_syntax(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """Every item of a file reference has the prefix and an id of the documented beginning."""
    messages = case.request.messages or ()
    prefix, id_prefix = args["prefix"], args["id_prefix"]
    for index in sort_systems(messages, prefix).references:
        at = at_message(case.request, index, "content")
        for item in referenced_files(messages[index].text, ground):
            id = item.removeprefix(prefix)
            well_formed = item.startswith(prefix) and len(id) > len(id_prefix)
            if not well_formed or not id.startswith(id_prefix) or any(map(str.isspace, id)):
                why = f"{at} has {shown(item)}; a reference is {prefix}{id_prefix}…"
                yield Breach(at, why, {"id": written(id), "file_id": written(id)})


def no_mixing_files_and_text(
    case: Case, args: Mapping[str, Any], ground: Ground
) -> Iterator[Breach]:
    """Documents come as files or as text, not both; the role setting is neither."""
    systems = sort_systems(case.request.messages or (), ground.file_prefix)
    if systems.references and systems.texts:
        at = at_message(case.request, max(systems.references[0], systems.texts[0]), "content")
        file, text = systems.references[0], systems.texts[0]
        yield Breach(at, f"message {file} refers to a file and message {text} is a text document")


def documents_not_in_user(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """A file is referred to in a system message; in a user's it would be read as words."""
    if not ground.file_prefix:
        return
    for index, message in enumerate(case.request.messages or ()):
        if message.role == "user" and message.text.startswith(ground.file_prefix):
            at = at_message(case.request, index, "content")
            yield Breach(at, f"{at} refers to a file in a message of the user")


def json_document_keys(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """A text document that is a JSON object has the documented keys."""
    messages = case.request.messages or ()
    for index in sort_systems(messages, ground.file_prefix).texts:
        document = _json_object(messages[index].text)
        missing = [key for key in args["keys"] if document is not None and key not in document]
        if missing:
            at = at_message(case.request, index, "content")
            yield Breach(at, f"{at} is a JSON document without {', '.join(missing)}")


def _json_object(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text, parse_int=len, parse_float=len)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
