"""Lies about documents in a conversation: references not checked, states not seen, not billed."""

from __future__ import annotations

from tokenassay.conformance.mock.call import Call, Usage
from tokenassay.conformance.mock.documents import NOTE
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.lies.tricks import object_to, overlook
from tokenassay.conformance.mock.lies.where import limits_pages
from tokenassay.conformance.mock.stages import Hook, Hooks
from tokenassay.contracts.clauses import ClauseBase, MessageClause

_ROLE = {"role": "system", "content": "You are a helpful assistant."}
_ASKED = {"role": "user", "content": "What do the documents say?"}
_TEXT = {"role": "system", "content": "Rivers run slower in wide valleys."}
_NOWHERE = "fileid://file-fe-000000000000000000000000"
_MIXED = ({"role": "system", "content": _NOWHERE}, _TEXT)


def _referring(reference: str) -> Probe:
    said = {"role": "system", "content": reference}
    return Probe(messages=(_ROLE, said, _ASKED), model="qwen-long")


def _taken(*states: str) -> Hook[str]:
    """In a conversation a file in one of these states passes for a good one."""
    return lambda call, state: "processed" if NOTE in call.notes and state in states else state


def _never_ready(call: Call, state: str) -> str:
    return "processing" if NOTE in call.notes and state == "processed" else state


def _documents(times: int) -> Hook[Usage]:
    """Bill the tokens of documents so many times (once is honest)."""

    def meter(call: Call, usage: Usage) -> Usage:
        billed = usage.input_tokens + (times - 1) * call.document_tokens
        return Usage(
            billed, usage.output_tokens, billed + usage.output_tokens, usage.reasoning_tokens
        )

    return meter


def _late_document(call: Call) -> ClauseBase | None:
    messages = call.request.messages if call.request is not None else None
    roles = [message.role for message in messages or ()]
    late = "assistant" in roles and "system" in roles[roles.index("assistant") :]
    return _rule(call) if late else None


def _several_documents(call: Call) -> ClauseBase | None:
    messages = call.request.messages if call.request is not None else None
    return _rule(call) if [m.role for m in messages or ()].count("system") > 2 else None


def _rule(call: Call) -> ClauseBase | None:
    rules = call.service.edition.of_kind(MessageClause, call.model or None)
    return next((rule for rule in rules if rule.rule == "later_system_is_document"), None)


LIES: tuple[Lie, ...] = (
    Lie(
        "accepts_unknown_files",
        "files",
        "A conversation may refer to files that do not exist.",
        ("documents.reference",),
        Hooks(file_state=_taken("unknown")),
        probe=_referring(_NOWHERE),
    ),
    Lie(
        "accepts_deleted_files",
        "files",
        "A conversation may refer to files that were deleted.",
        ("files.deleted", "error.file_not_found"),
        Hooks(file_state=_taken("deleted")),
    ),
    Lie(
        "accepts_blank_files",
        "files",
        "A file without content is taken for a document.",
        ("error.file_blank",),
        Hooks(file_state=_taken("blank")),
    ),
    Lie(
        "accepts_unreadable_files",
        "files",
        "A file that could not be parsed is taken for a document.",
        ("error.parsing_failed",),
        Hooks(file_state=_taken("failed")),
    ),
    Lie(
        "accepts_files_of_too_many_pages",
        "files",
        "A file with too many pages is taken for a document.",
        ("files.pages", "error.file_pages"),
        Hooks(file_state=_taken("too_many_pages")),
        where=limits_pages,
    ),
    Lie(
        "never_finishes_parsing",
        "files",
        "A file is still being parsed, however long one waits.",
        ("documents.reference", "files.parsing"),
        Hooks(file_state=_never_ready),
    ),
    Lie(
        "accepts_badly_written_references",
        "files",
        "What stands behind fileid:// need not look like a file's id.",
        ("documents.reference",),
        Hooks(judge=overlook("documents.reference"), file_state=_taken("unknown")),
        probe=_referring("fileid://my document"),
    ),
    Lie(
        "accepts_mixed_documents",
        "messages",
        "Documents as files and documents as text may stand in one conversation.",
        ("documents.not_mixed",),
        Hooks(judge=overlook("documents.not_mixed"), file_state=_taken("unknown")),
        probe=Probe(messages=(_ROLE, *_MIXED, _ASKED), model="qwen-long"),
    ),
    Lie(
        "refuses_later_documents",
        "messages",
        "A document that is added in the course of a conversation is refused.",
        ("messages.documents_follow", "documents.later_system"),
        Hooks(judge=object_to(_late_document, "a document comes after an answer")),
        probe=Probe(
            messages=(_ROLE, _ASKED, {"role": "assistant", "content": "None."}, _TEXT, _ASKED),
            model="qwen-long",
        ),
    ),
    Lie(
        "refuses_several_documents",
        "messages",
        "A second document in a message of its own is refused.",
        ("messages.documents_follow", "documents.later_system"),
        Hooks(judge=object_to(_several_documents, "there are several documents")),
        probe=Probe(messages=(_ROLE, _TEXT, _TEXT, _ASKED), model="qwen-long"),
    ),
    Lie(
        "bills_no_documents",
        "metering",
        "The tokens of documents are not counted.",
        ("usage.documents", "documents.tokens_billed", "files.tokens_billed"),
        Hooks(meter=_documents(0)),
    ),
    Lie(
        "bills_documents_twice",
        "metering",
        "The tokens of documents are counted twice.",
        ("usage.documents", "documents.tokens_billed", "files.tokens_billed"),
        Hooks(meter=_documents(2)),
    ),
)
