"""The native files operations: a store of its own, with other ids and other bodies."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timezone
from typing import Any, Final

from starlette.datastructures import QueryParams
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from tokenassay.conformance.mock.call import Call
from tokenassay.conformance.mock.extracts import Extract
from tokenassay.conformance.mock.file_store import FileStore, StoredFile
from tokenassay.conformance.mock.frames import encode_json
from tokenassay.conformance.mock.listing import exceeds, gone, invalid
from tokenassay.conformance.mock.operations import Handler, serve_by
from tokenassay.conformance.mock.service import Mount, World
from tokenassay.conformance.mock.stages import through
from tokenassay.conformance.mock.uploads import Upload, read_form
from tokenassay.estimators.refusals.refusal import Breach, refuse

_FILE_BYTES: Final = 16 << 20
"""Bytes of one file at most; no document names a limit for this store."""
_PAGE: Final = 10


class NativeFiles(FileStore):
    """Files of the native surface, with the descriptions that came with them."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.descriptions: dict[str, str] = {}


async def upload(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """Keep each file of the form, or say why not: all inside a 200 answer."""
    serve_by(call, mount, "upload_file")
    form = await read_form(http, call, keep=_FILE_BYTES)
    if not form.uploads:
        raise invalid(call, "files")
    store = call.service.world.keep(NativeFiles)
    taken: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for number, sent in enumerate(form.uploads):
        problem = _problem(call, store, sent)
        if problem is not None:
            failed.append({"name": sent.filename, **problem})
            continue
        id = str(call.service.world.new_uuid())
        store.add(id, sent.filename, "", sent.content, sent.size, Extract("processed"))
        if number < len(form.lists.get("descriptions", ())):
            store.descriptions[id] = form.lists["descriptions"][number]
        taken.append({"name": sent.filename, "file_id": id})
    return _view(call, "upload_file", {"uploaded_files": taken, "failed_uploads": failed})


async def list_files(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """A page of files, the latest first; ``page_no`` and ``page_size``."""
    serve_by(call, mount, "list_files")
    store = call.service.world.keep(NativeFiles)
    page, size = (
        _whole(http.query_params, "page_no", 1),
        _whole(http.query_params, "page_size", _PAGE),
    )
    if page is None or size is None:
        raise invalid(call, "page_no" if page is None else "page_size")
    kept = list(reversed(list(store)))
    shown = [_fields(call, file) for file in kept[(page - 1) * size : page * size]]
    data = {"total": len(kept), "files": shown, "page_size": size, "page_no": page}
    return _view(call, "list_files", data)


async def retrieve(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """One file's description, also of a file that came in on the compatible surface."""
    _, file = _lookup(call, http, mount, "retrieve_file")
    return _view(call, "retrieve_file", _fields(call, file))


async def delete(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """Delete one file."""
    store, file = _lookup(call, http, mount, "delete_file")
    store.delete(file.id)
    return _view(call, "delete_file", None)


HANDLERS: dict[str, Handler] = {
    "upload_file": upload,
    "list_files": list_files,
    "retrieve_file": retrieve,
    "delete_file": delete,
}


def _lookup(
    call: Call, http: HttpRequest, mount: Mount, operation: str
) -> tuple[FileStore, StoredFile]:
    endpoint = serve_by(call, mount, operation)
    id = http.path_params["id"]
    world = call.service.world
    for store in (world.keep(NativeFiles), world.keep(FileStore)):
        file = store.find(id)
        call.notes["operation"], call.notes["file"] = operation, file
        state = through(call.service.stages.file_state, call, str(store.state(id)))
        if file is not None and state not in ("unknown", "deleted"):
            return store, file
    raise gone(call, endpoint, id=id)


def _problem(call: Call, store: FileStore, sent: Upload) -> dict[str, Any] | None:
    """Why one file is not taken, as the surface puts it inside its answer."""
    edition = call.service.edition
    limit = edition.limit("account_files")
    if limit is not None and exceeds(limit, len(store) + 1):
        breach = Breach("files", "the store is full", {"max": limit.maximum})
        refused = refuse(edition, limit, breach)
        return {"code": refused.code, "message": refused.message}
    if sent.size > _FILE_BYTES or not store.has_room(sent.size):
        denial = call.service.too_large
        return {"code": denial.code, "message": denial.message}
    return None


def _fields(call: Call, file: StoredFile) -> dict[str, Any]:
    data = file.read()
    digest = hashlib.md5(data, usedforsecurity=False).digest()
    created = datetime.fromtimestamp(file.created_at, timezone.utc)
    descriptions = call.service.world.keep(NativeFiles).descriptions
    fields: dict[str, Any] = {
        "name": file.filename,
        "description": descriptions.get(file.id, ""),
        "size": file.size,
        "md5": base64.b64encode(digest).decode("ascii"),
        "file_id": file.id,
        "gmt_create": created.strftime("%Y-%m-%d %H:%M:%S"),
    }
    if file.purpose:
        fields["purpose"] = file.purpose
    return fields


def _view(call: Call, operation: str, data: Any) -> Response:
    body: dict[str, Any] = {} if data is None else {"data": data}
    body["request_id"] = call.request_id
    call.notes["operation"] = operation
    body = through(call.service.stages.file_view, call, body)
    return Response(encode_json(body), media_type="application/json")


def _whole(query: QueryParams, name: str, missing: int) -> int | None:
    written = query.get(name)
    if written is None:
        return missing
    digits = written.isascii() and written.isdigit() and len(written) < 8
    return int(written) if digits and int(written) > 0 else None
