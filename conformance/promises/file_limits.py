"""Limits on files: bytes, numbers in an account, numbers in one call; as far as proof is cheap."""

from __future__ import annotations

from collections.abc import Iterator

from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.judging import told
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.documents import (
    ASKED,
    ROLE,
    chat_about,
    referring,
    takes_documents,
)
from tokenassay.conformance.promises.files import sort_of
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.refusing import control, refuse_as, says
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.samples import png
from tokenassay.conformance.promises.uploads import (
    BATCH,
    EXTRACT,
    act,
    delete,
    file_store,
    kept,
    listed,
    purposes,
    stored,
    upload,
)
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

FILES = frozenset({"files"})

MOST_BYTES = 32 << 20
"""Bytes that one upload may have to prove a limit: our thrift, no bound of a document."""

MOST_FILES = 128
"""Files that may be uploaded to prove a limit."""


def edges(clause: c.LimitClause, model: str) -> tuple[int, int]:
    """The most that is surely allowed, and the least that is surely too much."""
    maximum = clause.by_model.get(model, clause.maximum) or 0
    open_values = [*clause.undecided, maximum] if clause.undecided else [maximum]
    allowed = min(open_values) - 1 if maximum in clause.undecided else min(open_values)
    return allowed, max(open_values) + 1


# ------------------------------------------------------------------------------- bytes


@builder("limit:file_bytes", "limit:image_bytes", "limit:batch_file_bytes")
def byte_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A file over the limit is refused, one at the limit is taken."""
    assert isinstance(clause, c.LimitClause)
    if sort_of(edition, model) == "native" or (
        clause.models and clause.quantity == "batch_file_bytes"
    ):
        # An upload names no model: what holds for one shows in its batches.
        return
    what = clause.quantity.removesuffix("_bytes")
    allowed, beyond = edges(clause, model)
    for size, refused in ((allowed, False), (beyond, True)):
        end = "over_the_limit_is_refused" if refused else "at_the_limit_is_taken"
        yield promise(
            clause,
            f"{what}_{end}",
            _sized,
            title=f"a {what.replace('_', ' ')} of {size:,} bytes is {end.rpartition('_')[2]}",
            family="files",
            needs=FILES,
            last=True,
            cost=2,
            size=size,
            refused=refused,
        )


def _sized(probe: Probe, *, clause: c.LimitClause, size: int, refused: bool) -> None:
    if size > MOST_BYTES:
        raise NotRun(f"an upload of {size:,} bytes would cost more than a check is worth")
    purpose = BATCH if clause.quantity == "batch_file_bytes" else EXTRACT
    if purpose not in purposes(probe.edition, probe.model):
        raise NotRun(f"the documents know no upload for {purpose}")
    if clause.quantity == "image_bytes":
        name, head = "large.png", png()
    else:
        name, head = ("large.jsonl" if purpose == BATCH else "large.txt"), b""
    filler = b"\0" if clause.quantity == "image_bytes" else b"bridge "
    data = (head + filler * (size // len(filler) + 1))[:size]
    with kept(probe, f"beside-{name}", png() if head else b"bridge", purpose) as base:
        exchange = upload(probe, name, data, purpose)
        taken = exchange.json.get("id") if isinstance(exchange.json, dict) else None
        if isinstance(taken, str) and taken:
            delete(probe, taken)
        if refused:
            refuse_as(probe, exchange, clause, base.exchange, f"a file of {size:,} bytes")
        else:
            probe.accepted(exchange, f"a file of {size:,} bytes taken")


# ------------------------------------------------------------------------------- the account


@builder("limit:account_files")
def account_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Beyond so many files an account takes no more."""
    if sort_of(edition, model) == "by purpose":
        yield promise(
            clause,
            "account_takes_no_more_files_than_documented",
            _full,
            family="files",
            needs=FILES,
            last=True,
            cost=40,
        )


@builder("limit:account_bytes")
def account_byte_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Beyond so many bytes an account takes no more."""
    if sort_of(edition, model) == "by purpose":
        yield promise(
            clause,
            "account_takes_no_more_bytes_than_documented",
            _heavy,
            family="files",
            needs=FILES,
            last=True,
            cost=8,
        )


def _full(probe: Probe, *, clause: c.LimitClause) -> None:
    _, beyond = edges(clause, probe.model)
    there, page, whole = listed(probe, "list_files")
    missing = beyond - 1 - len(there)
    if missing > MOST_FILES:
        raise NotRun(f"to fill an account up to {beyond - 1:,} files takes too many uploads")
    if not whole:
        raise Inconclusive("the list of files is too long to be counted", page.id)
    ids: list[str] = []
    try:
        for number in range(max(missing, 0) + 1):
            name, data = f"full-{number}.txt", f"File {number}.".encode()
            exchange = upload(probe, name, data, EXTRACT)
            if exchange.error is not None and number >= missing:
                base = act(probe, "list_files", repeat=7)
                refuse_as(probe, exchange, clause, base, f"file {beyond:,} of the account")
                return
            ids.append(stored(probe, exchange, name, data, EXTRACT).id)
        raise probe.violation(f"file {beyond:,} of the account refused", "it was taken", exchange)
    finally:
        for id in ids:
            delete(probe, id)


def _heavy(probe: Probe, *, clause: c.LimitClause) -> None:
    _, beyond = edges(clause, probe.model)
    there, page, whole = listed(probe, "list_files")
    missing = beyond - sum(size for entry in there if isinstance(size := entry.get("bytes"), int))
    if missing > MOST_BYTES:
        raise NotRun(f"to fill an account with {beyond - 1:,} bytes takes too large uploads")
    if not whole:
        raise Inconclusive("the list of files is too long to be summed up", page.id)
    one = probe.edition.limit("file_bytes", probe.model)
    most = edges(one, probe.model)[0] if one else MOST_BYTES
    exchange, number, ids = page, 0, []
    try:
        while missing > 0:
            name, data = f"heavy-{number}.txt", (b"bridge " * (most // 7 + 1))[: min(most, missing)]
            number, missing = number + 1, missing - len(data)
            exchange = upload(probe, name, data, EXTRACT)
            if exchange.error is not None and missing <= 0:
                what = f"{beyond:,} bytes in one account"
                refuse_as(probe, exchange, clause, page, what)
                return
            ids.append(stored(probe, exchange, name, data, EXTRACT).id)
        raise probe.violation(f"byte {beyond:,} of the account refused", "it was taken", exchange)
    finally:
        for id in ids:
            delete(probe, id)


# ------------------------------------------------------------------------------- one call


@builder("limit:files_per_request")
def call_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A call may refer to so many files, and to no more."""
    if not takes_documents(edition, model):
        return
    yield promise(clause, "as_many_files_as_documented_are_taken", _few, family="limits", cost=2)
    yield promise(
        clause,
        "more_files_than_documented_are_refused",
        _many,
        family="limits",
        last=True,
        cost=4,
    )


def _ids(number: int) -> list[str]:
    """Ids of the documented form that no store has given out."""
    return [f"file-fe-{n:024x}" for n in range(number)]


def _few(probe: Probe, *, clause: c.LimitClause) -> None:
    """Files that are nowhere are refused for that, and not for their number."""
    allowed, _ = edges(clause, probe.model)
    exchange = probe.send(probe.body([ROLE, referring(probe, _ids(allowed)), ASKED]))
    row = probe.edition.error_for(clause)
    if row is not None and says(probe, exchange, row):
        seen = told(exchange.error) if exchange.error else ""
        raise probe.violation(f"{allowed} files not refused for their number", seen, exchange)
    if exchange.error is None:
        probe.observe(f"{allowed} files that are nowhere are not noticed")


def _many(probe: Probe, *, clause: c.LimitClause) -> None:
    _, beyond = edges(clause, probe.model)
    base = control(probe)
    what = f"{beyond} files"
    exchange = probe.send(probe.body([ROLE, referring(probe, _ids(beyond)), ASKED]))
    rule = probe.edition.rule("file_reference_syntax", probe.model)
    invalid = probe.edition.error_for(rule) if rule else None
    if invalid is None or not says(probe, exchange, invalid):
        refuse_as(probe, exchange, clause, base, what)
        return
    # The ids are looked at before their number is: so real files are called for.
    if beyond > MOST_FILES:
        raise NotRun(f"to refer to {beyond:,} files takes too many uploads")
    store = file_store(probe)
    ids: list[str] = []
    try:
        for number in range(beyond):
            name, data = f"many-{number}.txt", f"File {number}.".encode()
            ids.append(stored(store, upload(store, name, data, EXTRACT), name, data, EXTRACT).id)
        refuse_as(probe, chat_about(probe, ids), clause, base, what)
    finally:
        for id in ids:
            delete(store, id)
