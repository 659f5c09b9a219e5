"""The batches operations of the OpenAI-compatible surface."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from tokenassay.conformance.mock.batch_lines import Fault, answer, read_lines, validate
from tokenassay.conformance.mock.batch_store import Batch, BatchStore
from tokenassay.conformance.mock.bodies import BadBody, parse_object
from tokenassay.conformance.mock.call import Call, Denial, Denied
from tokenassay.conformance.mock.extracts import Extract
from tokenassay.conformance.mock.file_store import FileStore
from tokenassay.conformance.mock.files import BATCH, prefix_of
from tokenassay.conformance.mock.frames import encode_json
from tokenassay.conformance.mock.generate import of_refusal
from tokenassay.conformance.mock.listing import gone, paginate, within_times
from tokenassay.conformance.mock.operations import Handler, read_limited, serve_by
from tokenassay.conformance.mock.service import Mount
from tokenassay.conformance.mock.stages import through
from tokenassay.contracts.clauses import ClauseBase, EndpointClause
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.refusals.refusal import Breach, refuse

RESULTS: Final = "batch_output"
FAULTS: Final = "faults"
"""Key of ``call.notes``: what is wrong with the input of a batch."""
_WINDOW: Final = re.compile(r"([1-9]\d{0,4})([hd])")
_DAY: Final = 24
_STATUSES: Final = ("validating", "in_progress", "finalizing", "completed")
_STAMPS: Final = (
    "in_progress",
    "finalizing",
    "completed",
    "failed",
    "expired",
    "cancelling",
    "cancelled",
)


async def create(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """Take a batch; whether its file is any good shows later."""
    endpoint = serve_by(call, mount, "create_batch")
    try:
        call.body = parse_object(await read_limited(http, call))
    except BadBody:
        raise Denied(call.service.malformed) from None
    _judge(call, endpoint)
    window, metadata = call.body.get("completion_window"), call.body.get("metadata")
    batch = call.service.world.keep(BatchStore).add(
        call.body["endpoint"],
        call.body["input_file_id"],
        str(window),
        metadata if isinstance(metadata, dict) else None,
        _statuses(call.service.edition)[0],
    )
    return _view(call, "create_batch", batch)


async def retrieve(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """One batch, as far as it is by now."""
    batch = _lookup(call, http, mount, "retrieve_batch")
    batch.looks += 1
    await _advance(call, mount, batch)
    return _view(call, "retrieve_batch", batch)


async def list_batches(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """Batches, newest first, by ``status``, ``after``, ``limit`` and the times of creation."""
    endpoint = serve_by(call, mount, "list_batches")
    query = http.query_params
    wanted = {status for status in query.get("status", "").split(",") if status}
    inputs = {id for id in query.get("input_file_ids", "").split(",") if id}
    chosen = [
        batch
        for batch in call.service.world.keep(BatchStore).newest_first()
        if (not wanted or batch.status in wanted)
        and (not inputs or batch.input_file_id in inputs)
        and query.get("ds_name", "") in str((batch.metadata or {}).get("ds_name", ""))
        and within_times(batch.created_at, query)
    ]
    page, more = paginate(call, chosen, query, endpoint)
    data = [batch_fields(batch) for batch in page]
    body = {"object": "list", "data": data, "has_more": more}
    body["first_id"] = page[0].id if page else None
    body["last_id"] = page[-1].id if page else None
    call.notes["operation"] = "list_batches"
    body = through(call.service.stages.batch_view, call, body)
    return Response(encode_json(body), media_type="application/json")


async def cancel(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """Cancel a batch that still goes on; one that has ended is refused."""
    batch = _lookup(call, http, mount, "cancel_batch")
    going = _statuses(call.service.edition)[:-1]
    if batch.status not in going:
        row = call.service.errors.get("error.unsupported_operation")
        raise Denied(Denial.of_row(row) if row else call.service.malformed)
    if _entered(call, "cancelling") == "cancelling":
        batch.cancelled_after = call.service.world.keep(BatchStore).steps(batch)
        batch.move("cancelling")
    return _view(call, "cancel_batch", batch)


HANDLERS: dict[str, Handler] = {
    "create_batch": create,
    "retrieve_batch": retrieve,
    "list_batches": list_batches,
    "cancel_batch": cancel,
}


def _view(call: Call, operation: str, batch: Batch) -> Response:
    """The answer about one batch, after the lies about it."""
    call.notes["operation"], call.notes["batch"] = operation, batch
    body = through(call.service.stages.batch_view, call, batch_fields(batch))
    return Response(encode_json(body), media_type="application/json")


def batch_fields(batch: Batch) -> dict[str, Any]:
    """A batch as the surface describes it."""
    faults = {"object": "list", "data": batch.errors} if batch.errors else None
    counted = {"total": batch.total, "completed": batch.completed, "failed": batch.failed}
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.endpoint,
        "errors": faults,
        "input_file_id": batch.input_file_id,
        "completion_window": batch.completion_window,
        "status": batch.status,
        "output_file_id": batch.output_file_id,
        "error_file_id": batch.error_file_id,
        "created_at": batch.created_at,
        "expires_at": None,  # so in every recording
        **{f"{status}_at": batch.stamps.get(status) for status in _STAMPS},
        "request_counts": counted,
        "metadata": batch.metadata,
    }


# ------------------------------------------------------------------------------- progress


async def _advance(call: Call, mount: Mount, batch: Batch) -> None:
    """Bring a batch to the state it should be in by now."""
    store = call.service.world.keep(BatchStore)
    steps = store.steps(batch)
    if batch.cancelled_after is not None:
        if steps > batch.cancelled_after:
            batch.move("cancelled")
        return
    statuses = _statuses(call.service.edition)
    if batch.busy or batch.status not in statuses[:-1]:
        return
    batch.busy = True  # a second look must not do the same work
    try:
        due = min(steps, len(statuses) - 1)
        for status in statuses[statuses.index(batch.status) + 1 : due + 1]:
            if batch.status == statuses[0] and not await _valid(call, batch):
                return
            if _entered(call, status) != status:
                return
            if status == statuses[-1]:
                await _work(call, mount, batch)
            if batch.cancelled_after is None:
                batch.move(status)
    finally:
        batch.busy = False


def _entered(call: Call, status: str) -> str:
    """The status that a batch comes to where it should come to ``status``."""
    return through(call.service.stages.batch_state, call, status)


async def _valid(call: Call, batch: Batch) -> bool:
    data = _input(call, batch)
    lines = await asyncio.to_thread(lambda: list(read_lines(data)))
    faults: list[Fault] = await asyncio.to_thread(validate, call.service, batch, data, lines)
    call.notes[FAULTS] = faults
    if faults and _entered(call, "failed") == "failed":
        batch.errors = [msgspec.to_builtins(fault) for fault in faults]
        batch.move("failed")
        return False
    batch.total = len(lines)
    return True


async def _work(call: Call, mount: Mount, batch: Batch) -> None:
    """Answer all lines, and keep the two files of results."""
    data = _input(call, batch)
    done, refused = await asyncio.to_thread(_answers, call, mount, data)
    batch.completed, batch.failed = len(done), len(refused)
    batch.output_file_id = _keep(call, batch, done, "output") if done else None
    batch.error_file_id = _keep(call, batch, refused, "errors") if refused else None


def _answers(call: Call, mount: Mount, data: bytes) -> tuple[list[Any], list[Any]]:
    done: list[Any] = []
    refused: list[Any] = []
    key = call.headers.get("authorization", "")
    for line in read_lines(data):
        result = answer(mount, call.service, key, line)
        (done if result["error"] is None else refused).append(result)
    return done, refused


def _keep(call: Call, batch: Batch, results: list[Any], name: str) -> str:
    written = b"".join(encode_json(result) + b"\n" for result in results)
    store = call.service.world.keep(FileStore)
    store.make_room(len(written), RESULTS)
    id = store.new_id(prefix_of(call.service.edition, RESULTS))
    found = Extract("processed")
    store.add(id, f"{batch.id}_{name}.jsonl", RESULTS, written, len(written), found)
    return id


def _input(call: Call, batch: Batch) -> bytes:
    file = call.service.world.keep(FileStore).find(batch.input_file_id)
    return file.read() if file is not None else b""


# ------------------------------------------------------------------------------- rules


def _statuses(edition: Edition) -> tuple[str, ...]:
    clause = edition.behaviour("batch_lifecycle")
    return tuple(clause.args.get("statuses", _STATUSES)) if clause else _STATUSES


def _lookup(call: Call, http: HttpRequest, mount: Mount, operation: str) -> Batch:
    endpoint = serve_by(call, mount, operation)
    id = http.path_params["id"]
    batch = call.service.world.keep(BatchStore).find(id)
    call.notes["operation"], call.notes["batch"] = operation, batch
    if batch is None:
        raise gone(call, endpoint, id=id)
    return batch


def _hours(window: Any) -> int | None:
    """Hours of a window such as ``24h`` or ``14d``; None where it is not written so."""
    match = _WINDOW.fullmatch(window) if isinstance(window, str) else None
    return int(match[1]) * (_DAY if match[2] == "d" else 1) if match else None


def _judge(call: Call, endpoint: EndpointClause) -> None:
    """Denied by the first rule on new batches that is broken, after the lies about rules."""
    edition = call.service.edition
    found = [
        refuse(edition, clause, Breach(at, why, {"parameter": at}))
        for clause, at, why in _breaches(call, edition, endpoint)
    ]
    for refusal in through(call.service.stages.judge, call, tuple(found)):
        raise Denied(of_refusal(call, refusal))


def _breaches(
    call: Call, edition: Edition, endpoint: EndpointClause
) -> list[tuple[ClauseBase, str, str]]:
    found: list[tuple[ClauseBase, str, str]] = []
    given = call.body
    for field in endpoint.args.get("required", ("input_file_id", "endpoint")):
        if not isinstance(given.get(field), str) or not given[field]:
            found.append((endpoint, field, f"{field} is missing or no text"))
    if found:
        return found
    if given["endpoint"] not in endpoint.args.get("endpoints", (given["endpoint"],)):
        found.append((endpoint, "endpoint", f"{given['endpoint']} takes no batches"))
    hours, limit = _hours(given.get("completion_window", "24h")), edition.limit("batch_hours")
    least, _ = endpoint.args.get("window_hours", (1, None))
    if hours is None or hours < least:
        found.append((endpoint, "completion_window", "the window can't be read or is too short"))
    elif limit and limit.maximum is not None and hours > limit.maximum:
        found.append((limit, "completion_window", f"{hours} hours, more than {limit.maximum}"))
    store = call.service.world.keep(FileStore)
    file = store.find(given["input_file_id"])
    if file is None or store.state(file.id) == "deleted" or file.purpose != BATCH:
        found.append((endpoint, "input_file_id", "there is no such file for batches"))
    return found
