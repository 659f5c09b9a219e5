"""What is asked beside answers: files and batches, from their upload to their end.

An errand is one request for a person who reads of it, however many it takes; it leaves nothing
behind that the endpoint would let it delete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, NamedTuple

from tokenassay.conformance.compare.asks import Ask
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.batch_runs import CHAT, line, written
from tokenassay.conformance.promises.uploads import (
    BATCH,
    EXTRACT,
    NOWHERE,
    File,
    act,
    delete,
    entries,
    kept,
    purposes,
    upload,
)
from tokenassay.contracts.clauses import Family

_WORDS: Final = b"The bridge was built of stone and stood long.\n"
_NO_BATCH: Final = "batch_00000000-0000-0000-0000-000000000000"


class Told(NamedTuple):
    """The answer that an errand ends with, and whether it tells what was sent."""

    exchange: Exchange
    truth: str | None = None


Errand = Callable[[Probe, str, int], Told]
"""Gets a name of its own for what it uploads, and the number of the repeat."""


def errand_asks(probes: Sequence[Probe]) -> Iterator[Ask]:
    """One ask for each errand that any of the endpoints documents."""
    documented = {
        clause
        for probe in probes
        for clause, (_, operations, _) in ERRANDS.items()
        if all(_has(probe, operation) for operation in operations)
    }
    for name, (family, _, _) in ERRANDS.items():
        if name in documented:
            yield Ask(errand=name, family=family)


def run_errand(probe: Probe, name: str, repeat: int) -> Told:
    """Do it; NotRun where the endpoint's documents have no such operation."""
    _, operations, errand = ERRANDS[name]
    for operation in operations:
        probe.operation(operation)
    if "upload_file" in operations and not purposes(probe.edition, probe.model):
        raise NotRun("the store takes no purposes")
    return errand(probe, f"{name.replace(' ', '-')}-{repeat}", repeat)


def batch_body(probe: Probe) -> dict[str, Any]:
    """The request of a batch's one line."""
    return probe.body("Say hello.", cap=1)


def _has(probe: Probe, operation: str) -> bool:
    try:
        probe.operation(operation)
    except NotRun:
        return False
    return True


# ------------------------------------------------------------------------------- files


def _uploaded(probe: Probe, name: str, repeat: int) -> Told:
    with _file(probe, name, repeat) as file:
        return Told(file.exchange, _truth(file, file.body))


def _looked_up(probe: Probe, name: str, repeat: int) -> Told:
    with _file(probe, name, repeat) as file:
        exchange = act(probe, "retrieve_file", id=file.id, repeat=repeat)
        return Told(exchange, _truth(file, exchange.json))


def _listed(probe: Probe, name: str, repeat: int) -> Told:
    with _file(probe, name, repeat) as file:
        exchange = act(probe, "list_files", repeat=repeat)
        found = next((e for e in entries(exchange) if e.get("id") == file.id), None)
        return Told(exchange, "not in the list" if found is None else _truth(file, found))


def _content(probe: Probe, name: str, repeat: int) -> Told:
    with _file(probe, name, repeat) as file:
        exchange = act(probe, "file_content", id=file.id, repeat=repeat)
        body = exchange.received.body if exchange.received else b""
        return Told(exchange, "what was uploaded" if body == file.data else "something else")


def _deleted(probe: Probe, name: str, repeat: int) -> Told:
    with _file(probe, name, repeat) as file:
        exchange = act(probe, "delete_file", id=file.id, repeat=repeat)
        body = exchange.json if isinstance(exchange.json, dict) else {}
        told = body.get("id") == file.id and body.get("deleted") is True
        return Told(exchange, "deleted" if told else "not told to be deleted")


def _gone(probe: Probe, name: str, repeat: int) -> Told:
    with _file(probe, name, repeat) as file:
        delete(probe, file.id, repeat=repeat + 1)
        return Told(act(probe, "retrieve_file", id=file.id, repeat=repeat))


def _missing(probe: Probe, name: str, repeat: int, *, operation: str, id: str) -> Told:
    return Told(act(probe, operation, id=id, repeat=repeat))


def _odd_purpose(probe: Probe, name: str, repeat: int) -> Told:
    exchange = upload(probe, f"{name}.txt", _WORDS, "no-such-purpose", repeat=repeat)
    taken = exchange.json.get("id") if isinstance(exchange.json, dict) else None
    if exchange.error is None and isinstance(taken, str) and taken:
        delete(probe, taken)
    return Told(exchange)


@contextmanager
def _file(probe: Probe, name: str, repeat: int) -> Iterator[File]:
    with kept(probe, f"{name}.txt", _WORDS + name.encode(), EXTRACT, repeat=repeat) as file:
        yield file


def _truth(file: File, body: Any) -> str:
    body = body if isinstance(body, dict) else {}
    wanted: Mapping[str, Any] = {
        "id": file.id,
        "bytes": len(file.data),
        "filename": file.name,
        "purpose": file.purpose,
    }
    wrong = [field for field, value in wanted.items() if body.get(field) != value]
    return f"wrong {', '.join(wrong)}" if wrong else "as uploaded"


# ------------------------------------------------------------------------------- batches


def _created(probe: Probe, name: str, repeat: int) -> Told:
    with _input(probe, name, repeat) as file:
        exchange = _create(probe, file.id, repeat)
        return Told(exchange, _batch_truth(file, exchange.json))


def _batch_looked_up(probe: Probe, name: str, repeat: int) -> Told:
    with _input(probe, name, repeat) as file:
        made = _create(probe, file.id, repeat)
        id = made.json.get("id") if isinstance(made.json, dict) else None
        if not isinstance(id, str):
            return Told(made, "no id")
        exchange = act(probe, "retrieve_batch", id=id, repeat=repeat)
        return Told(exchange, _batch_truth(file, exchange.json))


def _create(probe: Probe, file: str, repeat: int, window: str = "24h") -> Exchange:
    asked = {"input_file_id": file, "endpoint": CHAT, "completion_window": window}
    return act(probe, "create_batch", json=asked, priced=(batch_body(probe),), repeat=repeat)


def _batch_of_nothing(probe: Probe, name: str, repeat: int) -> Told:
    return Told(_create(probe, NOWHERE, repeat))


def _no_window(probe: Probe, name: str, repeat: int) -> Told:
    with _input(probe, name, repeat) as file:
        return Told(_create(probe, file.id, repeat, "soon"))


@contextmanager
def _input(probe: Probe, name: str, repeat: int) -> Iterator[File]:
    data = written([line(name, batch_body(probe))])
    with kept(probe, f"{name}.jsonl", data, BATCH, repeat=repeat) as file:
        yield file


def _batch_truth(file: File, body: Any) -> str:
    body = body if isinstance(body, dict) else {}
    wanted = {"input_file_id": file.id, "endpoint": CHAT, "completion_window": "24h"}
    wrong = [field for field, value in wanted.items() if body.get(field) != value]
    return f"wrong {', '.join(wrong)}" if wrong else "as asked for"


_STORED: Final = ("upload_file", "delete_file")
_BATCHED: Final = ("upload_file", "create_batch")

ERRANDS: Final[Mapping[str, tuple[Family, tuple[str, ...], Errand]]] = {
    "a file is uploaded": ("files", _STORED, _uploaded),
    "a file is looked up": ("files", (*_STORED, "retrieve_file"), _looked_up),
    "a file is in the list": ("files", (*_STORED, "list_files"), _listed),
    "the content of a file is asked for": ("files", (*_STORED, "file_content"), _content),
    "a file is deleted": ("files", _STORED, _deleted),
    "a deleted file is looked up": ("files", (*_STORED, "retrieve_file"), _gone),
    "a file that is nowhere is looked up": (
        "files",
        ("retrieve_file",),
        partial(_missing, operation="retrieve_file", id=NOWHERE),
    ),
    "a file is uploaded for an unknown purpose": ("files", _STORED, _odd_purpose),
    "a batch is made": ("batches", _BATCHED, _created),
    "a batch is looked up": ("batches", (*_BATCHED, "retrieve_batch"), _batch_looked_up),
    "a batch is made of a file that is nowhere": ("batches", _BATCHED, _batch_of_nothing),
    "a batch is made with a window of no length": ("batches", _BATCHED, _no_window),
    "a batch that is nowhere is looked up": (
        "batches",
        ("retrieve_batch",),
        partial(_missing, operation="retrieve_batch", id=_NO_BATCH),
    ),
}
"""What is done, in words: its family, the operations it needs, and how."""
