"""A batch from its upload to its results: run once, looked at by several promises."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.texts import SCRIPTS
from tokenassay.conformance.promises.uploads import BATCH, form
from tokenassay.contracts import clauses as c

CHAT = "/v1/chat/completions"

WAITS = (0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 15.0)
"""Seconds between looks at a batch: our patience, far below the window of any document."""

CAPS = (3, 7, 12, 20)
"""Output tokens of the lines: so different that no answer passes for another's."""

TOO_HOT = 5.0
"""A temperature that no document allows."""


class Look(NamedTuple):
    """One look at a batch."""

    exchange: Exchange
    body: Mapping[str, Any]

    @property
    def status(self) -> Any:
        return self.body.get("status")


class Run(NamedTuple):
    """A batch that has ended, or on which our patience has."""

    lines: list[dict[str, Any]]
    """Of the input."""
    input_id: str
    created: Look
    looks: list[Look]
    """From the first after its creation to the last."""
    results: list[dict[str, Any]]
    """Lines of the file of results."""
    errors: list[dict[str, Any]]
    """Lines of the file of errors."""
    evidence: Exchange
    """The exchange that shows the results, or the last look where there are none."""

    @property
    def last(self) -> Look:
        return self.looks[-1]


def line(custom_id: str, body: Any, url: str = CHAT) -> dict[str, Any]:
    """One line of a batch's input."""
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": body}


def good_lines(probe: Probe) -> list[dict[str, Any]]:
    """Lines that differ in script, length and cap; their ids are in no order."""
    named = zip(("zebra", "apple-2", "苹果", "m"), SCRIPTS, CAPS, strict=False)
    return [line(id, probe.body(text, cap=cap)) for id, (_, text), cap in named]


def mixed_lines(probe: Probe) -> list[dict[str, Any]]:
    """Good lines and one that is refused when its turn comes."""
    hot: dict[str, Any] = {"temperature": TOO_HOT}
    return [*good_lines(probe), line("too-hot", probe.body("Say hello.", **hot))]


def written(lines: Iterable[Any]) -> bytes:
    """Lines as a file."""
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in lines)


def dry_run(probe: Probe) -> tuple[str, str] | None:
    """Model and path by which a batch costs nothing; None where the documents have none."""
    for clause in probe.edition.of_kind(c.BehaviourClause, None):
        if clause.behaviour == "batch_dry_run":
            return clause.args["model"], clause.args["url"]
    for found in probe.edition.clauses:
        if isinstance(found, c.BehaviourClause) and found.behaviour == "batch_dry_run":
            return found.args["model"], found.args["url"]
    return None


def free_lines(probe: Probe, number: int = 2) -> tuple[list[dict[str, Any]], str]:
    """Lines that cost nothing, where there is a way to have them, and their path."""
    trial = dry_run(probe)
    if trial is None:
        body = probe.body("Say hello.", cap=1)
        return [line(f"line-{n}", body) for n in range(number)], CHAT
    model, url = trial
    body = {"model": model, "messages": [{"role": "user", "content": "Say hello."}]}
    return [line(f"line-{n}", body, url) for n in range(number)], url


def submit(
    probe: Probe,
    name: str,
    data: bytes,
    *,
    endpoint: str = CHAT,
    priced: Iterable[Mapping[str, Any]] = (),
    **fields: Any,
) -> tuple[str, Exchange]:
    """The id of an uploaded input, and the answer to the batch made of it."""
    content = form({"purpose": BATCH}, "file", name, data)
    uploaded = probe.accepted(probe.call("upload_file", content=content), f"{name} taken")
    body = uploaded.json if isinstance(uploaded.json, dict) else {}
    id = body.get("id")
    if not isinstance(id, str) or not id:
        raise probe.violation("a file with an id", f"id {id!r}", uploaded)
    asked = {"input_file_id": id, "endpoint": endpoint, "completion_window": "24h", **fields}
    return id, probe.call("create_batch", json=asked, priced=priced)


def look_of(exchange: Exchange) -> Look:
    """A description of a batch."""
    return Look(exchange, exchange.json if isinstance(exchange.json, dict) else {})


def ends(probe: Probe) -> tuple[str, ...]:
    """Statuses after which nothing more comes, by the documents and by OpenAI's interface."""
    clause = probe.edition.behaviour("batch_lifecycle", probe.model)
    named = (clause.args.get("ends", ()), clause.args["statuses"][-1:]) if clause else ()
    usual = ("completed", "failed", "expired", "cancelled")
    return tuple(dict.fromkeys([*usual, *(status for part in named for status in part)]))


def follow(probe: Probe, created: Look, *, until: tuple[str, ...] = ()) -> list[Look]:
    """Looks at a batch until it has ended, or come to one of ``until``, or patience has."""
    id = created.body.get("id")
    if not isinstance(id, str):
        raise probe.violation("a batch with an id", f"id {id!r}", created.exchange)
    looks: list[Look] = []
    for number, seconds in enumerate(WAITS):
        # At a mock in this process no time has to pass: each look moves a batch on.
        if probe.session.patient and probe.session.stopping.wait(seconds):
            break
        exchange = probe.accepted(probe.call("retrieve_batch", id=id, repeat=number))
        looks.append(look_of(exchange))
        if looks[-1].status in (*ends(probe), *until):
            break
    if not looks:
        raise Inconclusive("interrupted")
    return looks


def finished(probe: Probe) -> Run:
    """The batch of good lines and a bad one, brought to its end.

    Every promise that asks gets the same one: its requests are the same, and a request is sent
    once. Inconclusive where it takes longer than we wait.
    """
    lines = mixed_lines(probe)
    if "temperature" not in probe.edition.parameters(probe.model):
        raise NotRun("the edition has no parameter to make a bad line with")
    input_id, exchange = submit(
        probe,
        "lines.jsonl",
        written(lines),
        priced=[one["body"] for one in lines],
        metadata={"ds_name": "assay"},
    )
    created = look_of(probe.accepted(exchange, "a batch taken"))
    looks = follow(probe, created)
    if looks[-1].status not in ends(probe):
        hold_patience(probe, looks)
    results, evidence = _lines_of(probe, looks[-1], "output_file_id")
    errors, _ = _lines_of(probe, looks[-1], "error_file_id")
    return Run(lines, input_id, created, looks, results, errors, evidence)


def hold_patience(probe: Probe, looks: list[Look]) -> None:
    """A batch that has not ended: nothing can be told, unless time does not pass there."""
    seen = f"after {len(looks)} looks it is {looks[-1].status}"
    if probe.target.faults or not probe.session.patient:
        # An endpoint that brings about errors on request is a mock: its batches are quick.
        raise probe.violation("a batch of five small lines that ends", seen, looks[-1].exchange)
    raise Inconclusive(f"the batch may take its window: {seen}", looks[-1].exchange.id)


def _lines_of(probe: Probe, look: Look, field: str) -> tuple[list[dict[str, Any]], Exchange]:
    id = look.body.get(field)
    if not isinstance(id, str) or not id:
        return [], look.exchange
    exchange = probe.call("file_content", id=id)
    if exchange.status != 200 or not exchange.whole:
        probe.accepted(exchange, f"the content of {field}")
    # One line of a file of errors looks like an error of the endpoint's own, and is none.
    raw = exchange.received.body if exchange.received else b""
    found: list[dict[str, Any]] = []
    for number, written_line in enumerate(raw.splitlines(), 1):
        try:
            one = msgspec.json.decode(written_line)
        except msgspec.DecodeError:
            one = None
        if not isinstance(one, dict):
            raise probe.violation(
                "a JSON object on each line", f"line {number}: {written_line[:60]!r}", exchange
            )
        found.append(one)
    return found, exchange
