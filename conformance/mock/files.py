"""The files operations of the OpenAI-compatible surface."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from tokenassay.conformance.mock import documents
from tokenassay.conformance.mock.call import Call, Denied
from tokenassay.conformance.mock.extracts import IMAGES, Extract, extension, extract
from tokenassay.conformance.mock.file_store import FileStore, StoredFile
from tokenassay.conformance.mock.frames import encode_json
from tokenassay.conformance.mock.generate import of_refusal
from tokenassay.conformance.mock.listing import exceeds, gone, invalid, paginate, within_times
from tokenassay.conformance.mock.operations import Handler, serve_by
from tokenassay.conformance.mock.service import Mount
from tokenassay.conformance.mock.stages import through
from tokenassay.conformance.mock.uploads import Form, Upload, read_form
from tokenassay.contracts.clauses import ClauseBase, EndpointClause, Quantity
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.refusals.refusal import Breach, refuse

BATCH: Final = "batch"
UPLOAD: Final = "upload"
"""Key of ``call.notes``: the file that is being uploaded."""


async def upload(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """Keep a file: form fields ``file`` and ``purpose``."""
    endpoint = serve_by(call, mount, "upload_file")
    edition = call.service.edition
    form = await read_form(http, call, keep=_largest(edition))
    store = call.service.world.keep(FileStore)
    sent = next((u for u in form.uploads if u.field == "file"), None)
    if sent is None:
        raise invalid(call, "file")
    id = store.new_id(prefix_of(edition, form.fields.get("purpose", "")))
    _judge(call, endpoint, form, sent, id)
    purpose = form.fields.get("purpose", "")
    found = Extract("processed")
    if purpose != BATCH:
        found = await asyncio.to_thread(extract, sent.filename, sent.open())
    file = store.add(id, sent.filename, purpose, sent.content, sent.size, found)
    return view(call, "upload_file", file_fields(file), file)


async def list_files(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """Files, the latest first; ``after``, ``limit``, ``purpose`` and the times of creation."""
    endpoint = serve_by(call, mount, "list_files")
    query = http.query_params
    chosen = [
        file
        for file in reversed(list(call.service.world.keep(FileStore)))
        if query.get("purpose") in (None, "", file.purpose) and within_times(file.created_at, query)
    ]
    page, more = paginate(call, chosen, query, endpoint)
    body = {"object": "list", "data": [file_fields(f) for f in page], "has_more": more}
    return view(call, "list_files", body)


async def retrieve(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """One file's description."""
    file = _lookup(call, http, mount, "retrieve_file")
    return view(call, "retrieve_file", file_fields(file), file)


async def content(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """One file's bytes."""
    file = _lookup(call, http, mount, "file_content")
    stages = call.service.stages
    made = file.purpose not in (BATCH, *_purposes(call.service.edition))
    data = through(stages.batch_bytes if made else stages.file_bytes, call, file.read())
    return Response(data, media_type="application/octet-stream")


async def delete(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """Delete one file."""
    file = _lookup(call, http, mount, "delete_file")
    call.service.world.keep(FileStore).delete(file.id)
    return view(call, "delete_file", {"object": "file", "deleted": True, "id": file.id}, file)


HANDLERS: dict[str, Handler] = {
    "upload_file": upload,
    "list_files": list_files,
    "retrieve_file": retrieve,
    "file_content": content,
    "delete_file": delete,
}


# ------------------------------------------------------------------------------- views


def file_fields(file: StoredFile) -> dict[str, Any]:
    """A file as the surface describes it; parsing never shows in its status, as recorded."""
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.size,
        "filename": file.filename,
        "purpose": file.purpose,
        "status": "error" if file.extract.state == "failed" else "processed",
        "created_at": file.created_at,
    }


def view(
    call: Call, operation: str, body: dict[str, Any], file: StoredFile | None = None
) -> Response:
    """The answer of a files operation, after the lies about it."""
    call.notes["operation"], call.notes["file"] = operation, file
    body = through(call.service.stages.file_view, call, body)
    return Response(encode_json(body), media_type="application/json")


# ------------------------------------------------------------------------------- rules


def prefix_of(edition: Edition, purpose: str) -> str:
    """How ids of files for a purpose begin, as the edition says."""
    clause = edition.behaviour("file_id_prefix")
    args = clause.args if clause else {}
    by_purpose = args.get("by_purpose", {})
    return str(by_purpose.get(purpose, args.get("prefix", "file-")))


def _lookup(call: Call, http: HttpRequest, mount: Mount, operation: str) -> StoredFile:
    """The file in the path; Denied where there is none, or no more."""
    endpoint = serve_by(call, mount, operation)
    id = http.path_params["id"]
    store = call.service.world.keep(FileStore)
    file = store.find(id)
    call.notes["operation"], call.notes["file"] = operation, file
    state = through(call.service.stages.file_state, call, str(store.state(id)))
    if file is None or state in ("unknown", "deleted"):
        row = documents.row_for(call, state)
        raise gone(call, endpoint, row, file_id=id, id=id)
    return file


def _purposes(edition: Edition) -> tuple[str, ...]:
    for clause in edition.of_kind(EndpointClause):
        if clause.operation == "upload_file":
            return tuple(clause.args.get("purposes", ()))
    return ()


def _largest(edition: Edition) -> int:
    limits = [edition.limit(q) for q in ("file_bytes", "image_bytes", "batch_file_bytes")]
    return max((x.maximum for x in limits if x is not None and x.maximum), default=1 << 20)


def _judge(call: Call, endpoint: EndpointClause, form: Form, sent: Upload, id: str) -> None:
    """Denied by the first rule on uploads that is broken, after the lies about rules."""
    edition = call.service.edition
    call.notes[UPLOAD] = sent
    found = [
        refuse(edition, clause, Breach(at, why, {"file_id": id, "id": id}))
        for clause, at, why in _breaches(call, edition, endpoint, form, sent)
    ]
    for refusal in through(call.service.stages.judge, call, tuple(found)):
        param = refusal.at if refusal.clause == endpoint.id else None
        raise Denied(msgspec.structs.replace(of_refusal(call, refusal), param=param))


def _breaches(
    call: Call, edition: Edition, endpoint: EndpointClause, form: Form, sent: Upload
) -> list[tuple[ClauseBase, str, str]]:
    found: list[tuple[ClauseBase, str, str]] = []
    purpose = form.fields.get("purpose", "")
    batches = any(c.operation == "create_batch" for c in edition.of_kind(EndpointClause))
    if purpose not in _purposes(edition) and not (batches and purpose == BATCH):
        found.append((endpoint, "purpose", f"purpose is {purpose!r}"))
    kind = extension(sent.filename)
    formats = edition.behaviour("file_formats")
    images = edition.behaviour("file_formats_refused")
    if purpose != BATCH:
        taken = (*formats.args["formats"], *formats.args.get("undecided", ())) if formats else ()
        if images and kind in images.args["formats"]:
            found.append((images, "file", f"the format {kind} is refused"))
        elif formats and kind not in taken:
            found.append((formats, "file", f"the format {kind!r} is not taken"))
    quantity: Quantity = "batch_file_bytes" if purpose == BATCH else "file_bytes"
    limit = edition.limit("image_bytes") if purpose != BATCH and kind in IMAGES else None
    limit = limit or edition.limit(quantity)
    if limit and exceeds(limit, sent.size):
        found.append((limit, "file", f"{sent.size} bytes, more than {limit.maximum}"))
    store = call.service.world.keep(FileStore)
    number, total = edition.limit("account_files"), edition.limit("account_bytes")
    if number and exceeds(number, len(store) + 1):
        found.append((number, "file", f"the account has {len(store)} files"))
    if total and (exceeds(total, store.bytes + sent.size) or not store.has_room(sent.size)):
        found.append((total, "file", f"the account has {store.bytes} bytes"))
    return found
