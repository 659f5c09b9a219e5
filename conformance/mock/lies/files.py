"""Lies about stored files: ids, bytes, lists, what is taken in and what is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tokenassay.conformance.mock.call import Call
from tokenassay.conformance.mock.documents import NOTE
from tokenassay.conformance.mock.file_store import FileStore
from tokenassay.conformance.mock.files import UPLOAD, file_fields
from tokenassay.conformance.mock.lies.registry import Lie
from tokenassay.conformance.mock.lies.tricks import object_to, overlook
from tokenassay.conformance.mock.lies.where import pages_files
from tokenassay.conformance.mock.stages import Hook, Hooks
from tokenassay.contracts.clauses import BehaviourClause, ClauseBase
from tokenassay.contracts.records import Surface

_FAMILY = "files"
_SURFACE: tuple[Surface, ...] = ("openai",)
_DESCRIBING = ("upload_file", "retrieve_file")


def _described(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Hook[dict[str, Any]]:
    """Change the description of a file, alone or in a list."""

    def view(call: Call, body: dict[str, Any]) -> dict[str, Any]:
        if call.notes["operation"] in _DESCRIBING:
            return change(body)
        if call.notes["operation"] == "list_files":
            return {**body, "data": [change(entry) for entry in body["data"]]}
        return body

    return view


def _in_list(change: Callable[[Call, dict[str, Any]], dict[str, Any]]) -> Hook[dict[str, Any]]:
    return lambda call, body: change(call, body) if _lists(call) else body


def _lists(call: Call) -> bool:
    return bool(call.notes["operation"] == "list_files")


def _still_there(call: Call, state: str) -> str:
    return "processed" if NOTE not in call.notes and state == "deleted" else state


def _unknown_here(call: Call, state: str) -> str:
    return "unknown" if call.notes.get(NOTE) else state


def _with_deleted(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    gone = call.service.world.keep(FileStore).deleted()
    return {**body, "data": [*body["data"], *map(file_fields, gone)]}


def _without_newest(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "data": body["data"][1:]}


def _all_at_once(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    kept = reversed(list(call.service.world.keep(FileStore)))
    return {**body, "data": [file_fields(file) for file in kept], "has_more": False}


def _no_more(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "has_more": False}


def _other_prefix(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "id": f"file-{entry['id'].rpartition('-')[2]}"}


def _not_deleted(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "deleted": False} if call.notes["operation"] == "delete_file" else body


def _deletable(call: Call, state: str) -> str:
    again = state == "deleted" and call.notes.get("operation") == "delete_file"
    return "processed" if again else state


def _plain_name(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "filename": entry["filename"].encode("ascii", "replace").decode()}


def _markdown(call: Call) -> ClauseBase | None:
    sent = call.notes.get(UPLOAD)
    if sent is None or not sent.filename.endswith(".md"):
        return None
    clauses = call.service.edition.of_kind(BehaviourClause)
    return next((clause for clause in clauses if clause.behaviour == "file_formats"), None)


LIES: tuple[Lie, ...] = (
    Lie(
        "deleted_files_still_readable",
        _FAMILY,
        "A deleted file can still be looked up and read.",
        ("files.deleted",),
        Hooks(file_state=_still_there),
        _SURFACE,
    ),
    Lie(
        "lists_deleted_files",
        _FAMILY,
        "The list shows files that were deleted.",
        ("files.deleted",),
        Hooks(file_view=_in_list(_with_deleted)),
        _SURFACE,
    ),
    Lie(
        "list_lacks_the_newest_file",
        _FAMILY,
        "The list does not show the file that came last.",
        ("endpoint.files",),
        Hooks(file_view=_in_list(_without_newest)),
        _SURFACE,
    ),
    Lie(
        "list_of_files_ignores_limit",
        _FAMILY,
        "The list shows all files, however many were asked for.",
        ("endpoint.files",),
        Hooks(file_view=_in_list(_all_at_once)),
        _SURFACE,
        where=pages_files,
    ),
    Lie(
        "list_of_files_never_has_more",
        _FAMILY,
        "has_more is false though there are more files.",
        ("files.list",),
        Hooks(file_view=_in_list(_no_more)),
        _SURFACE,
        where=pages_files,
    ),
    Lie(
        "hands_out_other_bytes",
        _FAMILY,
        "The content of a file is not what was uploaded.",
        ("endpoint.file_content",),
        Hooks(file_bytes=lambda call, data: data[::-1]),
        _SURFACE,
    ),
    Lie(
        "cuts_file_content",
        _FAMILY,
        "The content of a file ends before its end.",
        ("endpoint.file_content",),
        Hooks(file_bytes=lambda call, data: data[: len(data) // 2]),
        _SURFACE,
    ),
    Lie(
        "echoes_another_purpose",
        _FAMILY,
        "A file is described with another purpose than it was uploaded for.",
        ("endpoint.upload",),
        Hooks(file_view=_described(lambda entry: {**entry, "purpose": "assistants"})),
        _SURFACE,
    ),
    Lie(
        "wrong_file_id_prefix",
        _FAMILY,
        "The ids of files begin in another way than documented.",
        ("files.id_prefix",),
        Hooks(file_view=_described(_other_prefix)),
        _SURFACE,
    ),
    Lie(
        "wrong_file_size",
        _FAMILY,
        "A file is described one byte larger than it is.",
        ("files.file", "endpoint.upload"),
        Hooks(file_view=_described(lambda entry: {**entry, "bytes": entry["bytes"] + 1})),
        _SURFACE,
    ),
    Lie(
        "file_time_as_text",
        _FAMILY,
        "The time of a file's creation is a text.",
        ("files.file",),
        Hooks(file_view=_described(lambda e: {**e, "created_at": str(e["created_at"])})),
        _SURFACE,
    ),
    Lie(
        "file_without_status",
        _FAMILY,
        "A file's description has no status.",
        ("files.file",),
        Hooks(file_view=_described(lambda e: {k: v for k, v in e.items() if k != "status"})),
        _SURFACE,
    ),
    Lie(
        "deletes_a_file_twice",
        _FAMILY,
        "A file that was deleted can be deleted again.",
        ("endpoint.delete_file",),
        Hooks(file_state=_deletable),
        _SURFACE,
    ),
    Lie(
        "list_of_files_always_has_more",
        _FAMILY,
        "has_more is true though no file follows.",
        ("files.list",),
        Hooks(file_view=_in_list(lambda call, body: {**body, "has_more": True})),
        _SURFACE,
        where=pages_files,
    ),
    Lie(
        "file_time_in_milliseconds",
        _FAMILY,
        "The time of a file's creation is told in milliseconds.",
        ("files.file",),
        Hooks(file_view=_described(lambda e: {**e, "created_at": e["created_at"] * 1000})),
        _SURFACE,
    ),
    Lie(
        "file_names_in_ascii",
        _FAMILY,
        "Letters that are not ASCII are lost from a file's name.",
        ("files.file", "endpoint.upload"),
        Hooks(file_view=_described(_plain_name)),
        _SURFACE,
    ),
    Lie(
        "hands_out_other_line_ends",
        _FAMILY,
        "The content of a file has other line ends than were uploaded.",
        ("endpoint.file_content",),
        Hooks(file_bytes=lambda call, data: data.replace(b"\r\n", b"\n")),
        _SURFACE,
    ),
    Lie(
        "denies_deletion",
        _FAMILY,
        "A deletion is answered with deleted: false.",
        ("files.deleted_shape",),
        Hooks(file_view=_not_deleted),
        _SURFACE,
    ),
    Lie(
        "accepts_any_file_format",
        _FAMILY,
        "Files of formats that are not supported are taken.",
        ("files.formats", "files.images_refused"),
        Hooks(judge=overlook("files.formats", "files.images_refused")),
        _SURFACE,
    ),
    Lie(
        "refuses_markdown",
        _FAMILY,
        "A file of the documented format md is refused.",
        ("files.formats",),
        Hooks(judge=object_to(_markdown, "the format is refused")),
        _SURFACE,
    ),
    Lie(
        "accepts_oversize_files",
        _FAMILY,
        "Files over the limit on bytes are taken.",
        ("files.bytes", "files.image_bytes"),
        Hooks(judge=overlook("files.bytes", "files.image_bytes", "batches.file_bytes")),
        _SURFACE,
    ),
    Lie(
        "accepts_any_number_of_files",
        _FAMILY,
        "An account may keep more files than documented.",
        ("files.number",),
        Hooks(judge=overlook("files.number")),
        _SURFACE,
    ),
    Lie(
        "accepts_any_amount_of_bytes",
        _FAMILY,
        "An account may keep more bytes than documented.",
        ("files.total_bytes",),
        Hooks(judge=overlook("files.total_bytes")),
        _SURFACE,
    ),
    Lie(
        "accepts_any_purpose",
        _FAMILY,
        "Files for purposes that are not documented are taken.",
        ("endpoint.upload",),
        Hooks(judge=overlook("endpoint.upload")),
        _SURFACE,
    ),
    Lie(
        "knows_no_files_of_the_other_surface",
        _FAMILY,
        "A file of the compatible surface is unknown on the native one.",
        ("files.shared",),
        Hooks(file_state=_unknown_here),
        ("native",),
    ),
)
