"""Files sent to an endpoint and taken back: forms, lists, and tidying up after oneself."""

from __future__ import annotations

import copy
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from msgspec.structs import replace

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.surfaces import other_surface
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.refusals import compile_rules

NOWHERE = "file-fe-000000000000000000000000"
"""An id of the documented form that no store has given out."""

EXTRACT = "file-extract"
BATCH = "batch"

PAGES = 5
"""Pages of a list that are looked through for one entry."""


class File(NamedTuple):
    """A file that an endpoint keeps, as its upload was answered."""

    id: str
    name: str
    data: bytes
    purpose: str
    body: Mapping[str, Any]
    exchange: Exchange


def act(probe: Probe, operation: str, *, repeat: int = 0, **given: Any) -> Exchange:
    """The answer to an operation on what an endpoint keeps, asked for this promise alone.

    What another promise was told about a list, or about a file of its own, is not what is there
    now: such an answer must not be taken from the run file.
    """
    own = zlib.crc32(probe.promise.encode()) << 16
    return probe.call(operation, repeat=own + repeat, **given)


def form(fields: Mapping[str, str], field: str, name: str, data: bytes) -> tuple[str, bytes]:
    """Content type and body of a multipart form with one file; the same for the same input."""
    boundary = f"assay-{hashlib.sha256(data + name.encode()).hexdigest()[:24]}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = b"".join([*parts, head.encode(), data, f"\r\n--{boundary}--\r\n".encode()])
    return f"multipart/form-data; boundary={boundary}", body


def purposes(edition: Edition, model: str) -> tuple[str, ...]:
    """Purposes that the documents name for an upload; empty where they have no such operation."""
    for clause in edition.of_kind(c.EndpointClause, model):
        if clause.operation == "upload_file":
            return tuple(clause.args.get("purposes", ()))
    return ()


def upload(
    probe: Probe, name: str, data: bytes, purpose: str | None, *, repeat: int = 0
) -> Exchange:
    """The answer to an upload; ``purpose`` None leaves that field out."""
    fields = {} if purpose is None else {"purpose": purpose}
    content = form(fields, "file", name, data)
    return act(probe, "upload_file", content=content, repeat=repeat)


def stored(probe: Probe, exchange: Exchange, name: str, data: bytes, purpose: str) -> File:
    """The file that an upload brought; a violation where it was refused or has no id."""
    probe.accepted(exchange, f"{name} taken as {purpose}")
    body = exchange.json if isinstance(exchange.json, dict) else {}
    id = body.get("id")
    if not isinstance(id, str) or not id:
        raise probe.violation("a file with an id", f"id {id!r}", exchange)
    return File(id, name, data, purpose, body, exchange)


@contextmanager
def kept(
    probe: Probe, name: str, data: bytes, purpose: str = EXTRACT, *, repeat: int = 0
) -> Iterator[File]:
    """A file that the endpoint keeps while the block runs, and is asked to delete after it."""
    exchange = upload(probe, name, data, purpose, repeat=repeat)
    file = stored(probe, exchange, name, data, purpose)
    try:
        yield file
    finally:
        delete(probe, file.id)


def delete(probe: Probe, id: str, *, repeat: int = 0) -> Exchange | None:
    """The answer to a deletion; None where the documents have no such operation."""
    try:
        probe.operation("delete_file")
    except NotRun:
        return None
    return act(probe, "delete_file", id=id, repeat=repeat)


def entries(exchange: Exchange) -> list[dict[str, Any]]:
    """The entries of a list."""
    body = exchange.json if isinstance(exchange.json, dict) else {}
    data = body.get("data")
    return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []


def has_more(exchange: Exchange) -> bool:
    """Whether a list says that there are more entries."""
    return isinstance(exchange.json, dict) and exchange.json.get("has_more") is True


def listed(
    probe: Probe, operation: str, *, repeat: int = 0, **query: Any
) -> tuple[list[dict[str, Any]], Exchange, bool]:
    """Entries of a list, page by page; whether it was seen to its end."""
    found: list[dict[str, Any]] = []
    for _ in range(PAGES):
        exchange = probe.accepted(act(probe, operation, query=urlencode(query), repeat=repeat))
        page = entries(exchange)
        found += page
        last = page[-1].get("id") if page else None
        if not has_more(exchange) or last is None:
            return found, exchange, True
        query["after"] = last
    return found, exchange, False


def takes_query(probe: Probe, operation: str, name: str) -> bool:
    """Whether the documents name a query parameter of an operation."""
    return name in probe.operation(operation).args.get("query", ())


# ------------------------------------------------------------------------------- two surfaces


def beside(probe: Probe) -> Probe:
    """A hand on the other surface of the same service, by the addresses that editions give.

    NotRun where no edition of the package tells where that surface is, or nothing is there.
    """
    session = probe.session
    edition = other_surface(probe.edition)
    if edition is None:
        raise NotRun("no edition tells where the other surface of this service is")
    own, other = (urlsplit(e.endpoint.base_url).path.rstrip("/") for e in (probe.edition, edition))
    here = probe.target.base_url.rstrip("/")
    if not here.endswith(own):
        raise NotRun(f"{here} does not end as documented, so its other surface can't be found")
    twin = copy.copy(session)
    twin.edition = edition
    twin.target = replace(session.target, base_url=here.removesuffix(own) + other)
    twin.rules = compile_rules(edition, session.target.model)
    found = Probe(twin, probe.promise, again=probe.again)
    there = act(found, "list_files")
    if there.error is not None or there.status != 200:
        raise NotRun(f"no list of files is to be had at {twin.target.base_url}")
    return found


def file_store(probe: Probe) -> Probe:
    """The hand on the surface where documents are uploaded: this one, or the one beside it."""
    if purposes(probe.edition, probe.model):
        return probe
    return beside(probe)
