"""Lies about batches: states, counts, lines of results, and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tokenassay.conformance.mock.call import Call
from tokenassay.conformance.mock.lies.registry import Lie
from tokenassay.conformance.mock.lies.tricks import overlook
from tokenassay.conformance.mock.lies.where import (
    fails_batches_late,
    filters_batches,
    pages_batches,
)
from tokenassay.conformance.mock.stages import Hook, Hooks
from tokenassay.contracts.records import Surface

_FAMILY = "batches"
_SURFACE: tuple[Surface, ...] = ("openai",)


def _viewed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Hook[dict[str, Any]]:
    """Change the description of a batch, alone or in a list."""

    def view(call: Call, body: dict[str, Any]) -> dict[str, Any]:
        if call.notes["operation"] == "list_batches":
            return {**body, "data": [change(entry) for entry in body["data"]]}
        return change(body)

    return view


def _counted(change: Callable[[dict[str, int]], dict[str, int]]) -> Hook[dict[str, Any]]:
    return _viewed(lambda batch: {**batch, "request_counts": change(batch["request_counts"])})


def _one_more(counts: dict[str, int]) -> dict[str, int]:
    return {**counts, "total": counts["total"] + 1}


def _all_completed(counts: dict[str, int]) -> dict[str, int]:
    return {**counts, "completed": counts["completed"] + counts["failed"], "failed": 0}


def _as_completed(batch: dict[str, Any]) -> dict[str, Any]:
    return {**batch, "status": "completed"} if batch["status"] == "failed" else batch


def _hidden_progress(batch: dict[str, Any]) -> dict[str, Any]:
    hidden = batch["status"] in ("in_progress", "finalizing")
    return {**batch, "status": "validating"} if hidden else batch


def _as_done(batch: dict[str, Any]) -> dict[str, Any]:
    return {**batch, "status": "done"} if batch["status"] == "completed" else batch


def _oldest_first(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    if call.notes["operation"] != "list_batches":
        return body
    return {**body, "data": body["data"][::-1]}


def _any_status(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    from tokenassay.conformance.mock.batch_store import BatchStore
    from tokenassay.conformance.mock.batches import batch_fields

    if call.notes["operation"] != "list_batches":
        return body
    kept = call.service.world.keep(BatchStore).newest_first()
    return {**body, "data": [batch_fields(batch) for batch in kept]}


def _lines(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Hook[bytes]:
    """Change the lines of a file of results."""

    def data(call: Call, honest: bytes) -> bytes:
        lines = [msgspec.json.decode(line) for line in honest.splitlines() if line]
        return b"".join(msgspec.json.encode(line) + b"\n" for line in change(lines))

    return data


def _each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Hook[bytes]:
    return _lines(lambda lines: [change(line) for line in lines])


def _numbered(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**line, "custom_id": f"line-{n}"} for n, line in enumerate(lines)]


def _swapped(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each answer stands beside the id of the next."""
    ids = [line["custom_id"] for line in lines]
    return [{**line, "custom_id": id} for line, id in zip(lines, ids[1:] + ids[:1], strict=True)]


def _billed_double(line: dict[str, Any]) -> dict[str, Any]:
    body = (line.get("response") or {}).get("body") or {}
    for name, value in body.get("usage", {}).items():
        if isinstance(value, int):
            body["usage"][name] = 2 * value
    return line


def _without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda line: {key: value for key, value in line.items() if key != name}


def _bare_answer(line: dict[str, Any]) -> dict[str, Any]:
    response = line.get("response")
    return {**line, "response": response["body"]} if isinstance(response, dict) else line


def _staying(*statuses: str) -> Hook[str]:
    """A batch never comes to these statuses."""
    return lambda call, status: "in_progress" if status in statuses else status


def _of_another_model(line: dict[str, Any]) -> dict[str, Any]:
    body = (line.get("response") or {}).get("body") or {}
    if "model" in body:
        body["model"] = "qwen"
    return line


def _endless(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "has_more": True} if call.notes["operation"] == "list_batches" else body


def _ids_twice(call: Call, status: str) -> str:
    from tokenassay.conformance.mock.batches import FAULTS

    codes = {fault.code for fault in call.notes.get(FAULTS, ())}
    return "in_progress" if status == "failed" and codes == {"duplicate_custom_id"} else status


def _whatever_size(call: Call, status: str) -> str:
    """A batch does not fail for what its input amounts to, as long as each line is good."""
    from tokenassay.conformance.mock.batches import FAULTS

    of_lines = any(fault.line is not None for fault in call.notes.get(FAULTS, ()))
    return "in_progress" if status == "failed" and not of_lines else status


LIES: tuple[Lie, ...] = (
    Lie(
        "batch_counts_one_too_many",
        _FAMILY,
        "The counts of a batch have one request more than its file.",
        ("batches.counts",),
        Hooks(batch_view=_counted(_one_more)),
        _SURFACE,
    ),
    Lie(
        "batch_counts_failures_as_completed",
        _FAMILY,
        "Requests that failed are counted as completed.",
        ("batches.counts",),
        Hooks(batch_view=_counted(_all_completed)),
        _SURFACE,
    ),
    Lie(
        "loses_result_lines",
        _FAMILY,
        "The file of results lacks a line.",
        ("batches.counts",),
        Hooks(batch_bytes=_lines(lambda lines: lines[:-1])),
        _SURFACE,
    ),
    Lie(
        "repeats_result_lines",
        _FAMILY,
        "The file of results has a line twice.",
        ("batches.counts",),
        Hooks(batch_bytes=_lines(lambda lines: [*lines, *lines[:1]])),
        _SURFACE,
    ),
    Lie(
        "changes_custom_ids",
        _FAMILY,
        "The lines of the results have other ids than the caller gave.",
        ("batches.output_line",),
        Hooks(batch_bytes=_lines(_numbered)),
        _SURFACE,
    ),
    Lie(
        "mixes_up_custom_ids",
        _FAMILY,
        "Each answer of a batch stands beside the id of another request.",
        ("batches.output_line",),
        Hooks(batch_bytes=_lines(_swapped)),
        _SURFACE,
    ),
    Lie(
        "result_lines_without_error_field",
        _FAMILY,
        "The lines of the results have no field error.",
        ("batches.output_line",),
        Hooks(batch_bytes=_each(_without("error"))),
        _SURFACE,
    ),
    Lie(
        "result_lines_without_status",
        _FAMILY,
        "The lines of the results have the answer's body where the response should be.",
        ("batches.output_line",),
        Hooks(batch_bytes=_each(_bare_answer)),
        _SURFACE,
    ),
    Lie(
        "bills_batches_at_live_price",
        _FAMILY,
        "The usage in a batch is doubled, so that half price is full price.",
        ("batches.discount",),
        Hooks(batch_bytes=_each(_billed_double)),
        _SURFACE,
    ),
    Lie(
        "reports_failed_batches_completed",
        _FAMILY,
        "A batch that failed says that it is completed.",
        ("batches.validation", "batches.lifecycle"),
        Hooks(batch_view=_viewed(_as_completed)),
        _SURFACE,
        where=fails_batches_late,
    ),
    Lie(
        "skips_batch_validation",
        _FAMILY,
        "A bad input file does not fail the batch.",
        ("batches.validation",),
        Hooks(batch_state=_staying("failed")),
        _SURFACE,
    ),
    Lie(
        "never_finishes_batches",
        _FAMILY,
        "A batch stays in progress.",
        ("batches.lifecycle", "batches.window"),
        Hooks(batch_state=_staying("finalizing", "completed")),
        _SURFACE,
    ),
    Lie(
        "hides_batch_progress",
        _FAMILY,
        "A batch goes from validating to completed with nothing between.",
        ("batches.lifecycle",),
        Hooks(batch_view=_viewed(_hidden_progress)),
        _SURFACE,
    ),
    Lie(
        "batch_status_of_its_own",
        _FAMILY,
        "A completed batch has the status done.",
        ("batches.batch",),
        Hooks(batch_view=_viewed(_as_done)),
        _SURFACE,
    ),
    Lie(
        "ignores_batch_cancellation",
        _FAMILY,
        "A batch that was cancelled goes on.",
        ("endpoint.cancel_batch",),
        Hooks(batch_state=_staying("cancelling")),
        _SURFACE,
    ),
    Lie(
        "forgets_batch_metadata",
        _FAMILY,
        "A batch's metadata is lost.",
        ("endpoint.create_batch",),
        Hooks(batch_view=_viewed(lambda batch: {**batch, "metadata": None})),
        _SURFACE,
    ),
    Lie(
        "names_another_input_file",
        _FAMILY,
        "A batch names another input file than it was given.",
        ("endpoint.create_batch", "batches.batch"),
        Hooks(batch_view=_viewed(lambda batch: {**batch, "input_file_id": "file-batch-0"})),
        _SURFACE,
    ),
    Lie(
        "lists_batches_oldest_first",
        _FAMILY,
        "The list of batches begins with the oldest.",
        ("endpoint.batches",),
        Hooks(batch_view=_oldest_first),
        _SURFACE,
    ),
    Lie(
        "list_of_batches_ignores_status",
        _FAMILY,
        "The list of batches has those of every status.",
        ("endpoint.batches",),
        Hooks(batch_view=_any_status),
        _SURFACE,
        where=filters_batches,
    ),
    Lie(
        "results_name_another_model",
        _FAMILY,
        "The answers in a file of results name another model than was asked.",
        ("batches.output_line",),
        Hooks(batch_bytes=_each(_of_another_model)),
        _SURFACE,
    ),
    Lie(
        "list_of_batches_always_has_more",
        _FAMILY,
        "has_more is true though no batch follows.",
        ("batches.list",),
        Hooks(batch_view=_endless),
        _SURFACE,
        where=pages_batches,
    ),
    Lie(
        "accepts_custom_ids_twice",
        _FAMILY,
        "A batch with the same custom_id in two lines does not fail.",
        ("batches.validation",),
        Hooks(batch_state=_ids_twice),
        _SURFACE,
        where=fails_batches_late,
    ),
    Lie(
        "accepts_any_number_of_batch_lines",
        _FAMILY,
        "A batch may have more lines than documented.",
        ("batches.lines",),
        Hooks(batch_state=_whatever_size),
        _SURFACE,
    ),
    Lie(
        "accepts_batch_files_of_any_size",
        _FAMILY,
        "The input of a batch may be larger than documented.",
        ("batches.file_bytes",),
        Hooks(judge=overlook("batches.file_bytes"), batch_state=_whatever_size),
        _SURFACE,
    ),
)
