"""Stored files: taken in, described, listed, handed out and forgotten, as documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.judging import first_fault, told
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.documents import chat_about
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.refusing import refuse_as
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.responses import hold_time
from tokenassay.conformance.promises.samples import WORDS, sample
from tokenassay.conformance.promises.texts import written
from tokenassay.conformance.promises.uploads import (
    BATCH,
    EXTRACT,
    NOWHERE,
    File,
    act,
    beside,
    delete,
    entries,
    file_store,
    has_more,
    kept,
    listed,
    purposes,
    stored,
    upload,
)
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

FILES = frozenset({"files"})

LINE = b'{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{}}\n'


def sort_of(edition: Edition, model: str) -> str:
    """Whether the store keeps files for a purpose, as OpenAI's does, or is of the native sort."""
    return "by purpose" if purposes(edition, model) else "native"


def _text(name: str) -> bytes:
    return f"{WORDS} {name}".encode()


# ------------------------------------------------------------------------------- upload


@builder("endpoint:upload_file")
def upload_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A file is taken in and described as it is; what is no such upload is refused."""
    if sort_of(edition, model) == "native":
        return
    assert isinstance(clause, c.EndpointClause)
    common: dict[str, Any] = {"needs": FILES}
    yield promise(clause, "upload_is_answered_with_the_file", _described, cost=8, **common)
    yield promise(
        clause, "upload_for_an_unknown_purpose_is_refused", _other_purpose, cost=3, **common
    )
    yield promise(
        clause, "upload_without_a_file_is_refused", _no_file, cost=2, level="should", **common
    )


def _described(probe: Probe, *, clause: c.EndpointClause) -> None:
    sizes = (
        ("bridge.txt", b"b"),
        ("long.txt", _text("long") * 200),
        ("桥 1.txt", "桥梁的历史很长。".encode()),
    )
    for name, data in sizes:
        with kept(probe, name, data) as file:
            hold_description(probe, file, file.body, file.exchange)
    for purpose in clause.args["purposes"]:
        if purpose == BATCH:
            with kept(probe, "upload.jsonl", LINE, BATCH) as file:
                hold_description(probe, file, file.body, file.exchange)


def hold_description(probe: Probe, file: File, body: Any, exchange: Exchange) -> None:
    """A description tells the file's own id, name, size and purpose."""
    body = body if isinstance(body, dict) else {}
    wanted = {
        "id": file.id,
        "bytes": len(file.data),
        "filename": file.name,
        "purpose": file.purpose,
    }
    for field, value in wanted.items():
        if body.get(field) != value:
            raise probe.violation(
                f"{field} {written(value)}", f"{field} {written(body.get(field))}", exchange
            )


def _other_purpose(probe: Probe, *, clause: c.EndpointClause) -> None:
    with kept(probe, "purpose.txt", _text("purpose")) as control:
        for purpose in ("assistants", "fine-tune", ""):
            exchange = upload(probe, "purpose.txt", _text("purpose"), purpose)
            _refused_upload(probe, clause, control, exchange, f"purpose {written(purpose)}")
        exchange = upload(probe, "purpose.txt", _text("purpose"), None)
        _refused_upload(probe, clause, control, exchange, "an upload without purpose")


def _refused_upload(
    probe: Probe, clause: c.Clause, control: File, exchange: Exchange, what: str
) -> None:
    """The upload was refused; one that was taken is deleted again."""
    try:
        refuse_as(probe, exchange, clause, control.exchange, what)
    finally:
        taken = exchange.json.get("id") if isinstance(exchange.json, dict) else None
        if exchange.error is None and isinstance(taken, str) and taken:
            delete(probe, taken)


def _no_file(probe: Probe, *, clause: c.EndpointClause) -> None:
    with kept(probe, "nothing.txt", _text("nothing")):
        for content in (
            ("multipart/form-data; boundary=assay", b"--assay--\r\n"),
            ("application/json", b'{"purpose": "file-extract"}'),
        ):
            exchange = act(probe, "upload_file", content=content)
            error = exchange.error
            if error is None or error.status is None or not 400 <= error.status < 500:
                seen = told(error) if error else f"an answer with status {exchange.status}"
                raise probe.violation("a refusal with a status of 4xx", seen, exchange)


# ------------------------------------------------------------------------------- shapes


@builder("shape:file", "shape:file_list", "shape:file_deleted")
def shape_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Files, lists of them and deletions have the documented shapes."""
    assert isinstance(clause, c.ShapeClause)
    if sort_of(edition, model) == "by purpose":
        yield promise(clause, f"{clause.of}_has_the_documented_shape", _shape, needs=FILES, cost=4)


def _shape(probe: Probe, *, clause: c.ShapeClause) -> None:
    bodies: list[tuple[Any, Exchange]] = []
    name = f"{clause.of}.txt"
    with kept(probe, name, _text(name)) as file:
        described = probe.accepted(act(probe, "retrieve_file", id=file.id))
        page = probe.accepted(act(probe, "list_files"))
        if clause.of == "file":
            bodies += [(file.body, file.exchange), (described.json, described)]
            bodies += [(entry, page) for entry in entries(page)]
        elif clause.of == "file_list":
            bodies.append((page.json, page))
        else:
            gone = delete(probe, file.id)
            bodies += [(gone.json, gone)] if gone is not None else []
    for body, exchange in bodies:
        fault = first_fault(clause, body)
        if fault:
            raise probe.violation(f"a body as documented: {clause.text}", fault, exchange)
    if not bodies:
        raise NotRun("the documents have no operation that answers so")


# ------------------------------------------------------------------------------- operations


@builder("endpoint:retrieve_file")
def retrieve_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A file is described as its upload was; one that is not there is refused."""
    if sort_of(edition, model) == "by purpose":
        yield promise(
            clause, "file_is_described_as_its_upload_was", _retrieved, needs=FILES, cost=4
        )
        yield promise(
            clause,
            "file_that_is_not_there_is_refused",
            _missing,
            needs=FILES,
            operation="retrieve_file",
        )


def _retrieved(probe: Probe, *, clause: c.EndpointClause) -> None:
    for name in ("retrieved.txt", "取.txt"):
        with kept(probe, name, _text(name)) as file:
            exchange = probe.accepted(act(probe, "retrieve_file", id=file.id))
            hold_description(probe, file, exchange.json, exchange)
            created = file.body.get("created_at")
            hold_time(probe, "created_at", created, file.exchange)
            found = exchange.json.get("created_at") if isinstance(exchange.json, dict) else None
            if found != created:
                raise probe.violation(f"created_at {created}", f"created_at {found}", exchange)


def _missing(probe: Probe, *, clause: c.EndpointClause, operation: str) -> None:
    with kept(probe, f"beside-{operation}.txt", _text(operation)) as control:
        for id in (NOWHERE, "file-fe-nowhere"):
            exchange = act(probe, operation, id=id)
            refuse_as(probe, exchange, clause, control.exchange, f"file {id}")


@builder("endpoint:file_content")
def content_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """What is handed out is what was uploaded; of what is not there, nothing is."""
    if sort_of(edition, model) == "by purpose":
        yield promise(clause, "content_is_what_was_uploaded", _content, needs=FILES, cost=9)
        yield promise(
            clause,
            "content_of_what_is_not_there_is_refused",
            _missing,
            needs=FILES,
            operation="file_content",
        )


def _content(probe: Probe, *, clause: c.EndpointClause) -> None:
    handed_out = 0
    for name, data, purpose in (
        ("content.jsonl", LINE * 3, BATCH),
        ("content.txt", _text("content"), EXTRACT),
        ("内容.txt", "桥梁🎉\r\n\t最后一行".encode(), EXTRACT),
    ):
        with kept(probe, name, data, purpose) as file:
            exchange = act(probe, "file_content", id=file.id)
            if exchange.error is not None:
                # The documents promise it of a batch's results alone.
                probe.observe(f"content of a file for {purpose}: {told(exchange.error)}")
                continue
            probe.accepted(exchange)
            handed_out += 1
            found = exchange.received.body if exchange.received else b""
            if found != data:
                raise probe.violation(
                    f"the {len(data)} bytes that were uploaded",
                    f"{len(found)} bytes: {found[:40]!r}",
                    exchange,
                )
    if not handed_out:
        raise Inconclusive("no content was handed out, which is promised of results alone")


@builder("endpoint:delete_file")
def delete_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A file is deleted once; one that is not there can't be."""
    if sort_of(edition, model) == "by purpose":
        yield promise(clause, "file_is_deleted_and_named", _deleted, needs=FILES, cost=2)
        yield promise(
            clause,
            "deletion_of_what_is_not_there_is_refused",
            _missing,
            needs=FILES,
            operation="delete_file",
        )


def _deleted(probe: Probe, *, clause: c.EndpointClause) -> None:
    data = _text("deleted")
    file = stored(probe, upload(probe, "deleted.txt", data, EXTRACT), "deleted.txt", data, EXTRACT)
    exchange = probe.accepted(act(probe, "delete_file", id=file.id))
    found = exchange.json.get("id") if isinstance(exchange.json, dict) else None
    if found != file.id:
        raise probe.violation(f"id {file.id}", f"id {written(found)}", exchange)
    again = act(probe, "delete_file", id=file.id, repeat=1)
    refuse_as(probe, again, clause, exchange, "a file that was deleted before")


# ------------------------------------------------------------------------------- lists


@builder("endpoint:list_files")
def list_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A list has the files that are there, by page and by purpose."""
    if sort_of(edition, model) == "native":
        return
    assert isinstance(clause, c.EndpointClause)
    query = clause.args.get("query", ())
    yield promise(clause, "list_has_the_files_that_are_there", _in_list, needs=FILES, cost=7)
    if {"limit", "after"} <= set(query):
        yield promise(clause, "list_comes_in_pages", _paged, needs=FILES, cost=9)
    if "purpose" in query:
        yield promise(clause, "list_can_be_asked_for_a_purpose", _by_purpose, needs=FILES, cost=6)


def _in_list(probe: Probe, *, clause: c.EndpointClause) -> None:
    first = _text("first in list")
    with kept(probe, "first.txt", first) as one, kept(probe, "second.txt", _text("second")) as two:
        found, exchange, whole = listed(probe, "list_files")
        by_id = {entry.get("id"): entry for entry in found}
        for file in (one, two):
            if file.id in by_id:
                hold_description(probe, file, by_id[file.id], exchange)
            elif whole:
                raise probe.violation(f"{file.id} in the list", f"{len(found)} others", exchange)
            else:
                raise Inconclusive("the list is too long to be looked through", exchange.id)
        if has_more(exchange) and not entries(exchange):
            raise probe.violation("has_more false where nothing follows", "true", exchange)


def _paged(probe: Probe, *, clause: c.EndpointClause) -> None:
    names = ("page-1.txt", "page-2.txt", "page-3.txt")
    files = [
        stored(probe, upload(probe, name, _text(name), EXTRACT), name, _text(name), EXTRACT)
        for name in names
    ]
    try:
        page = probe.accepted(act(probe, "list_files", query="limit=2"))
        if len(entries(page)) > 2:
            raise probe.violation("2 files with limit 2", f"{len(entries(page))} files", page)
        if len(entries(page)) < 2 or not has_more(page):
            raise probe.violation(
                "2 files and has_more, there being 3 at least",
                f"{len(entries(page))} files, has_more {has_more(page)}",
                page,
            )
        first = [entry.get("id") for entry in entries(page)]
        following = probe.accepted(act(probe, "list_files", query=f"limit=2&after={first[-1]}"))
        second = [entry.get("id") for entry in entries(following)]
        if not second or set(first) & set(second):
            raise probe.violation(
                f"other files after {first[-1]}", f"{second or 'none'}", following
            )
    finally:
        for file in files:
            delete(probe, file.id)


def _by_purpose(probe: Probe, *, clause: c.EndpointClause) -> None:
    with (
        kept(probe, "by-purpose.txt", _text("by purpose")) as document,
        kept(probe, "by-purpose.jsonl", LINE, BATCH) as line,
    ):
        for file in (document, line):
            page = probe.accepted(act(probe, "list_files", query=f"purpose={file.purpose}"))
            others = {entry.get("purpose") for entry in entries(page)} - {file.purpose}
            if others:
                raise probe.violation(
                    f"files for {file.purpose} alone",
                    f"others for {sorted(map(str, others))}",
                    page,
                )


# ------------------------------------------------------------------------------- what they are


@builder("behaviour:file_id_prefix")
def prefix_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Ids begin as documented, by purpose."""
    if sort_of(edition, model) == "by purpose":
        yield promise(clause, "file_ids_begin_as_documented", _prefix, needs=FILES, cost=4)


def _prefix(probe: Probe, *, clause: c.BehaviourClause) -> None:
    usual = clause.args["prefix"]
    by_purpose = clause.args.get("by_purpose", {EXTRACT: usual})
    for purpose, name, data in (
        (EXTRACT, "prefix.txt", _text("prefix")),
        (BATCH, "prefix.jsonl", LINE),
    ):
        if purpose not in by_purpose or purpose not in purposes(probe.edition, probe.model):
            continue
        with kept(probe, name, data, purpose) as file:
            described = probe.accepted(act(probe, "retrieve_file", id=file.id))
            told_id = described.json.get("id") if isinstance(described.json, dict) else None
            for id in (file.id, told_id):
                if not str(id).startswith(by_purpose[purpose]):
                    raise probe.violation(
                        f"an id that begins with {by_purpose[purpose]}", written(id), file.exchange
                    )


@builder("behaviour:file_formats")
def format_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Documented formats are taken, others are not: when uploaded, or when referred to."""
    assert isinstance(clause, c.BehaviourClause)
    if sort_of(edition, model) == "native":
        return
    formats = clause.args["formats"]
    yield promise(
        clause, "documented_formats_are_taken", _taken, needs=FILES, cost=2 * len(formats)
    )
    taken = {*formats, *clause.args.get("undecided", ())}
    others = [kind for kind in ("exe", "zip", "mp3") if kind not in taken]
    yield promise(
        clause,
        "other_formats_are_refused",
        _refused_formats,
        title="a file of another format is refused, when it is uploaded or when it is used",
        needs=FILES,
        cost=len(others),
        kinds=others,
    )


@builder("behaviour:file_formats_refused")
def refused_format_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Formats that the documents rule out are refused."""
    assert isinstance(clause, c.BehaviourClause)
    if sort_of(edition, model) == "by purpose":
        kinds = clause.args["formats"]
        yield promise(
            clause,
            "formats_that_are_ruled_out_are_refused",
            _refused_formats,
            needs=FILES,
            cost=len(kinds),
            kinds=kinds,
        )


def _taken(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for kind in clause.args["formats"]:
        name = f"bridge.{kind}" if kind != "txt" else "BRIDGE.TXT"
        with kept(probe, name, sample(kind)):
            pass


def _refused_formats(probe: Probe, *, clause: c.BehaviourClause, kinds: list[str]) -> None:
    with kept(probe, "format.txt", _text("format")) as control:
        for kind in kinds:
            exchange = upload(probe, f"bridge.{kind}", sample(kind), EXTRACT)
            used = exchange
            taken = exchange.json.get("id") if isinstance(exchange.json, dict) else None
            try:
                if exchange.error is None and isinstance(taken, str):
                    # It may be taken in and refused where it is used.
                    used = chat_about(probe, [taken])
                refuse_as(probe, used, clause, control.exchange, f"a file of the format {kind}")
            finally:
                if isinstance(taken, str):
                    delete(probe, taken)


@builder("behaviour:file_deleted_gone")
def gone_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """What was deleted is gone: from look-ups, from lists, from content."""
    if sort_of(edition, model) == "by purpose":
        yield promise(clause, "deleted_file_is_gone", _gone, needs=FILES, cost=6)


def _gone(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for name in ("走.txt",):
        data = _text(name)
        file = stored(probe, upload(probe, name, data, EXTRACT), name, data, EXTRACT)
        before = act(probe, "retrieve_file", id=file.id)
        probe.accepted(before)
        probe.accepted(act(probe, "delete_file", id=file.id))
        for operation in ("retrieve_file", "file_content"):
            exchange = act(probe, operation, id=file.id, repeat=1)
            if exchange.error is None or not 400 <= (exchange.error.status or 0) < 500:
                seen = told(exchange.error) if exchange.error else f"status {exchange.status}"
                raise probe.violation(
                    f"{operation}: nothing more of a deleted file", seen, exchange
                )
        found, page, _ = listed(probe, "list_files", repeat=3)
        if file.id in [entry.get("id") for entry in found]:
            raise probe.violation("a list without the deleted file", f"{file.id} in it", page)


@builder("behaviour:file_shared_surfaces")
def shared_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A file of one surface is a file of the other."""
    yield promise(clause, "file_is_known_on_both_surfaces", _shared, needs=FILES, cost=5)


def _shared(probe: Probe, *, clause: c.BehaviourClause) -> None:
    store = file_store(probe)
    other = probe if store is not probe else beside(probe)
    with kept(store, "shared.txt", _text("shared")) as file:
        if probe.edition.rule("file_reference_syntax", probe.model) is not None:
            exchange = chat_about(other, [file.id])
            other.accepted(exchange, f"{file.id} taken on the other surface")
        else:
            exchange = act(other, "retrieve_file", id=file.id)
            other.accepted(exchange, f"{file.id} known on the other surface")
