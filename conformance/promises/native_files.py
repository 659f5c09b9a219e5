"""The native store of files: several in one form, looked up and listed under ``data``."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive
from tokenassay.conformance.judging import first_fault, told
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.files import sort_of
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.refusing import refuse_as
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.texts import written
from tokenassay.conformance.promises.uploads import act, form
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

FILES = frozenset({"files"})
NOWHERE = "00000000-0000-0000-0000-000000000000"


def _data(exchange: Exchange) -> dict[str, Any]:
    body = exchange.json if isinstance(exchange.json, dict) else {}
    data = body.get("data")
    return data if isinstance(data, dict) else {}


@contextmanager
def _kept(probe: Probe, name: str, data: bytes) -> Iterator[tuple[str, Exchange]]:
    """The id of a file that is kept while the block runs, and the answer to its upload."""
    content = form({"descriptions": f"about {name}"}, "files", name, data)
    exchange = probe.accepted(act(probe, "upload_file", content=content), f"{name} taken")
    found = _data(exchange)
    files = [file for file in found.get("uploaded_files") or () if isinstance(file, dict)]
    if not files and found.get("failed_uploads"):
        # An account may be full: that is nothing about the file.
        raise Inconclusive(f"{name}: {written(found['failed_uploads'])}", exchange.id)
    id = files[0].get("file_id") if files else None
    if not isinstance(id, str) or not id or files[0].get("name") != name:
        raise probe.violation(f"{name} with a file_id", written(found), exchange)
    try:
        yield id, exchange
    finally:
        act(probe, "delete_file", id=id)


def _native(edition: Edition, model: str) -> bool:
    return sort_of(edition, model) == "native"


@builder("endpoint:upload_file")
def upload_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Files of any name are taken in, each under an id."""
    if _native(edition, model):
        yield promise(clause, "native_store_takes_files", _uploaded, needs=FILES, cost=4)


def _uploaded(probe: Probe, *, clause: c.EndpointClause) -> None:
    for name, data in (("native.txt", b"A bridge."), ("桥.md", "# 桥".encode())):
        with _kept(probe, name, data):
            pass


@builder("endpoint:retrieve_file")
def retrieve_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A file is described as it is, size and digest; one that is nowhere is refused."""
    if _native(edition, model):
        yield promise(clause, "native_store_describes_its_files", _retrieved, needs=FILES, cost=3)
        yield promise(clause, "native_store_refuses_unknown_files", _missing, needs=FILES, cost=3)


def _retrieved(probe: Probe, *, clause: c.EndpointClause) -> None:
    data = "The bridge was built of stone. 桥。".encode()
    with _kept(probe, "described.txt", data) as (id, _):
        exchange = probe.accepted(act(probe, "retrieve_file", id=id))
        digest = hashlib.md5(data, usedforsecurity=False)
        digests = (digest.hexdigest(), base64.b64encode(digest.digest()).decode())
        found = _data(exchange)
        wanted = {"file_id": id, "name": "described.txt", "size": len(data)}
        for field, value in wanted.items():
            if found.get(field) != value:
                raise probe.violation(
                    f"{field} {written(value)}", f"{field} {written(found.get(field))}", exchange
                )
        if found.get("md5") not in digests:
            raise probe.violation("the file's md5", f"md5 {written(found.get('md5'))}", exchange)


def _missing(probe: Probe, *, clause: c.EndpointClause) -> None:
    with _kept(probe, "beside.txt", b"A bridge.") as (_, base):
        for id in (NOWHERE, "nowhere"):
            exchange = act(probe, clause.operation, id=id)
            refuse_as(probe, exchange, clause, base, f"file {id}")


@builder("endpoint:list_files")
def list_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A list has the files that are there, and tells how many they are."""
    if _native(edition, model):
        yield promise(clause, "native_store_lists_its_files", _listed, needs=FILES, cost=5)


def _listed(probe: Probe, *, clause: c.EndpointClause) -> None:
    with (
        _kept(probe, "listed-1.txt", b"One.") as (one, _),
        _kept(probe, "l-2.txt", b"2") as (two, _),
    ):
        exchange = probe.accepted(act(probe, "list_files", query="page_no=1&page_size=50"))
        found = _data(exchange)
        files = [file for file in found.get("files") or () if isinstance(file, dict)]
        ids = [file.get("file_id") for file in files]
        total = found.get("total")
        if not isinstance(total, int) or total < len(files):
            raise probe.violation(f"a total of {len(files)} at least", f"total {total}", exchange)
        if total == len(files) and not {one, two} <= set(ids):
            raise probe.violation("both files in the list", f"{len(ids)} others", exchange)
        page = probe.accepted(act(probe, "list_files", query="page_no=1&page_size=1"))
        shown = _data(page).get("files")
        if not isinstance(shown, list) or len(shown) != 1:
            raise probe.violation("one file with page_size 1", written(shown), page)


@builder("endpoint:delete_file")
def delete_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A deleted file is gone; one that is nowhere can't be deleted."""
    if _native(edition, model):
        yield promise(clause, "native_store_forgets_deleted_files", _gone, needs=FILES, cost=4)
        yield promise(clause, "native_store_deletes_nothing_unknown", _missing, needs=FILES, cost=3)


def _gone(probe: Probe, *, clause: c.EndpointClause) -> None:
    with _kept(probe, "gone.txt", b"A bridge.") as (id, _):
        probe.accepted(act(probe, "retrieve_file", id=id))
        probe.accepted(act(probe, "delete_file", id=id, repeat=1), "a file deleted")
        exchange = act(probe, "retrieve_file", id=id, repeat=1)
        error = exchange.error
        if error is None or not 400 <= (error.status or 0) < 500:
            seen = told(error) if error else f"an answer with status {exchange.status}"
            raise probe.violation("nothing more of a deleted file", seen, exchange)


@builder("shape:file", "shape:file_list")
def shape_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Descriptions and lists have the documented shapes."""
    assert isinstance(clause, c.ShapeClause)
    if _native(edition, model):
        name = f"native_{clause.of}_has_the_documented_shape"
        yield promise(clause, name, _shape, needs=FILES, cost=3)


def _shape(probe: Probe, *, clause: c.ShapeClause) -> None:
    with _kept(probe, f"{clause.of}.txt", b"A bridge.") as (id, _):
        exchange = (
            act(probe, "retrieve_file", id=id)
            if clause.of == "file"
            else act(probe, "list_files", query="page_no=1&page_size=10")
        )
        fault = first_fault(clause, probe.accepted(exchange).json)
        if fault:
            raise probe.violation(f"a body as documented: {clause.text}", fault, exchange)
