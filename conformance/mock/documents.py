"""Files that a conversation refers to: looked up, counted, and refused where they can't be used."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from tokenassay.conformance.mock.call import Call, Denial, Denied
from tokenassay.conformance.mock.file_store import FileStore
from tokenassay.conformance.mock.stages import through
from tokenassay.contracts.clauses import ClauseBase, ErrorClause, MessageClause
from tokenassay.contracts.edition import Edition, applies
from tokenassay.estimators.documents import FileSyntax, file_syntax

NOTE: Final = "documents"
"""Key of ``call.notes``: the ids that the messages refer to."""

_ROWS: Final = {
    "deleted": "error.file_not_found",
    "processing": "error.file_parsing",
    "blank": "error.file_blank",
    "failed": "error.parsing_failed",
    "too_many_pages": "error.file_pages",
}
"""Rows by state, where no clause on the state names one."""
_BEHAVIOURS: Final = {"deleted": "file_deleted_gone", "processing": "file_parsing"}


def examine(call: Call) -> None:
    """Note the files that the messages refer to, and the tokens that they add to the input."""
    ids = references(call)
    if not ids:
        return
    call.notes[NOTE] = ids
    store = call.service.world.keep(FileStore)
    for id in ids:
        file = store.find(id)
        call.document_tokens += file.extract.tokens if file else 0


def admit(call: Call) -> None:
    """Denied where one of the files is unknown, deleted, blank, unreadable or not ready."""
    for id in call.notes.get(NOTE, ()):
        row = row_for(call, file_state(call, id))
        if row is not None:
            raise Denied(Denial.of_row(row, file_id=id, id=id))


def row_for(call: Call, state: str) -> ErrorClause | None:
    """The row of the error table that a file's state brings; None where it may be used."""
    edition, model = call.service.edition, call.model or None
    clause: ClauseBase | None = None
    if state == "unknown":
        rules = (r for r in edition.clauses if isinstance(r, MessageClause))
        about = (r for r in rules if r.rule == "file_reference_syntax")
        clause = next((r for r in about if model is None or applies(r, model)), None)
    elif state in _BEHAVIOURS:
        clause = edition.behaviour(_BEHAVIOURS[state], model)
    row = edition.error_for(clause) if clause else None
    return row or call.service.errors.get(_ROWS.get(state, ""))


def file_state(call: Call, id: str) -> str:
    """The state of a file for this call, after the lies about it."""
    store = call.service.world.keep(FileStore)
    state: str = store.state(id)
    file = store.find(id)
    limit = call.service.edition.limit("file_pages", call.model or None)
    if state == "processed" and file is not None:
        if file.purpose == "batch":
            state = "unknown"
        elif limit is not None and limit.maximum is not None:
            pages = file.extract.pages or 0
            if pages > limit.maximum and pages not in limit.undecided:
                state = "too_many_pages"
    call.notes["file"] = file
    return through(call.service.stages.file_state, call, state)


def references(call: Call) -> list[str]:
    """Ids of the files that system messages refer to, in their order; repeated ones repeat."""
    request = call.request
    syntax = _syntax(call.service.edition, call.model or None)
    if request is None or syntax is None:
        return []
    found: list[str] = []
    for message in request.messages or ():
        if message.role == "system" and message.text.startswith(syntax.prefix):
            items = message.text.split(syntax.separator)
            found += [item.strip().removeprefix(syntax.prefix) for item in items]
    return found


@lru_cache(maxsize=256)
def _syntax(edition: Edition, model: str | None) -> FileSyntax | None:
    return file_syntax(edition, model)
