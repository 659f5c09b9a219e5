"""Batches: taken, worked off in their order of states, summed up, and answered line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun, Violation
from tokenassay.conformance.judging import first_fault, told
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.batch_runs import (
    CHAT,
    Look,
    dry_run,
    ends,
    finished,
    follow,
    free_lines,
    hold_patience,
    line,
    look_of,
    submit,
    written,
)
from tokenassay.conformance.promises.file_limits import MOST_BYTES, edges
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.refusing import refuse_as
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.talking import billed
from tokenassay.conformance.promises.texts import written as shown
from tokenassay.conformance.promises.uploads import NOWHERE, act, entries, has_more
from tokenassay.conformance.promises.uploads import listed as listed_to_end
from tokenassay.conformance.reading import counts, read_reply
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

BATCHES = frozenset({"batches"})

MOST_FREE_LINES = 1_000
MOST_PAID_LINES = 50
"""Lines that a batch may have to prove a limit, where they cost nothing and where they do: our
thrift, no bound of a document."""


def has_batches(edition: Edition, model: str) -> bool:
    """Whether the documents have batches."""
    return any(x.operation == "create_batch" for x in edition.of_kind(c.EndpointClause, model))


# ------------------------------------------------------------------------------- creation


@builder("endpoint:create_batch")
def create_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A batch is taken as it was asked for; one that makes no sense is refused."""
    assert isinstance(clause, c.EndpointClause)
    common: dict[str, Any] = {"needs": BATCHES, "family": "batches"}
    yield promise(clause, "batch_is_made_as_it_was_asked_for", _made, cost=8, **common)
    yield promise(clause, "batch_that_makes_no_sense_is_refused", _senseless, cost=6, **common)
    if any(
        isinstance(x, c.BehaviourClause) and x.behaviour == "batch_dry_run" for x in edition.clauses
    ):
        yield promise(clause, "trial_batch_goes_through", _trial, cost=7, **common)


def _made(probe: Probe, *, clause: c.EndpointClause) -> None:
    run = finished(probe)
    for look in (run.created, *run.looks):
        wanted = {
            "id": run.created.body.get("id"),
            "input_file_id": run.input_id,
            "endpoint": CHAT,
            "completion_window": "24h",
            "created_at": run.created.body.get("created_at"),
        }
        for field, value in wanted.items():
            if look.body.get(field) != value:
                raise probe.violation(
                    f"{field} {shown(value)}",
                    f"{field} {shown(look.body.get(field))}",
                    look.exchange,
                )
        if "metadata" in clause.args.get("body", ()):
            metadata = look.body.get("metadata")
            name = metadata.get("ds_name") if isinstance(metadata, Mapping) else None
            if name != "assay":
                raise probe.violation(
                    'metadata {"ds_name": "assay"}', f"metadata {shown(metadata)}", look.exchange
                )


def _senseless(probe: Probe, *, clause: c.EndpointClause) -> None:
    control = finished(probe).created.exchange
    id = finished(probe).input_id
    plain = {"input_file_id": id, "endpoint": CHAT, "completion_window": "24h"}
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("a file that is nowhere", {**plain, "input_file_id": NOWHERE}),
        ("a path that takes no batches", {**plain, "endpoint": "/v1/no-such-path"}),
    ]
    for field in clause.args.get("required", ("input_file_id", "endpoint")):
        wrong.append((f"no {field}", {k: v for k, v in plain.items() if k != field}))
    if "window_hours" in clause.args:
        wrong.append(("a window that can't be read", {**plain, "completion_window": "soon"}))
    for what, body in wrong:
        exchange = probe.call("create_batch", json=body)
        refuse_as(probe, exchange, clause, control, what)


def _trial(probe: Probe, *, clause: c.Clause) -> None:
    trial = dry_run(probe)
    assert trial is not None
    lines, url = free_lines(probe, 3)
    _, exchange = submit(probe, "trial.jsonl", written(lines), endpoint=url)
    created = look_of(probe.accepted(exchange, "a trial batch taken"))
    looks = follow(probe, created)
    last = looks[-1]
    if last.status not in ends(probe):
        hold_patience(probe, looks)
    if last.status != "completed":
        raise probe.violation("a trial batch completed", f"status {last.status}", last.exchange)
    numbers = last.body.get("request_counts")
    if isinstance(numbers, Mapping) and numbers.get("completed") != len(lines):
        raise probe.violation(f"{len(lines)} completed", shown(numbers), last.exchange)


@builder("behaviour:batch_dry_run")
def trial_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The trial model's batches go through without inference."""
    if has_batches(edition, model):
        yield promise(clause, "trial_model_goes_through_a_batch", _trial, needs=BATCHES, cost=7)


# ------------------------------------------------------------------------------- its life


@builder("behaviour:batch_lifecycle")
def life_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A batch goes through the documented states, in their order, to an end."""
    if has_batches(edition, model):
        yield promise(
            clause, "batch_goes_through_its_states", _life, family="batches", needs=BATCHES, cost=8
        )


def _life(probe: Probe, *, clause: c.BehaviourClause) -> None:
    statuses = list(clause.args["statuses"])
    run = finished(probe)
    if run.created.status != statuses[0]:
        raise probe.violation(
            f"status {statuses[0]} of a new batch",
            f"status {shown(run.created.status)}",
            run.created.exchange,
        )
    seen = [look.status for look in (run.created, *run.looks)]
    order = [statuses.index(status) if status in statuses else -1 for status in seen]
    if -1 in order or order != sorted(order) or seen[-1] != statuses[-1]:
        raise probe.violation(
            f"statuses {', '.join(statuses)}, in this order",
            ", ".join(map(str, dict.fromkeys(seen))),
            run.last.exchange,
        )
    _hold_stamps(probe, statuses, run.created, run.looks)


def _hold_stamps(probe: Probe, statuses: list[str], created: Look, looks: list[Look]) -> None:
    """The times of its states are in order; a state with a time was seen, or can have been."""
    last = looks[-1]
    times = [created.body.get("created_at")]
    times += [last.body.get(f"{status}_at") for status in statuses[1:]]
    told_times = [time for time in times if isinstance(time, int)]
    if told_times != sorted(told_times):
        raise probe.violation("times of its states in order", f"times {times}", last.exchange)
    for look in looks:
        begun = look.body.get(f"{statuses[1]}_at"), look.exchange.started
        if look.status == statuses[0] and isinstance(begun[0], int) and begun[0] + 2 < begun[1]:
            raise probe.violation(
                f"{statuses[1]}, as it has been by its own times",
                f"{statuses[0]} {begun[1] - begun[0]:.0f} seconds later",
                look.exchange,
            )
    passed = [status for status in statuses[1:-1] if last.body.get(f"{status}_at") is not None]
    seen = {look.status for look in looks}
    if _moves_by_looks(probe) and len(looks) >= len(statuses) - 1 and not seen & set(passed):
        raise probe.violation(
            f"a look that finds it {' or '.join(passed)}, by whose times it was so",
            f"{len(looks)} looks, and none did",
            last.exchange,
        )


def _moves_by_looks(probe: Probe) -> bool:
    """Whether a batch moves on as it is looked at, as the mock's do, and not with time."""
    return probe.target.faults or not probe.session.patient


@builder("behaviour:batch_window")
def window_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Windows within the documented hours are taken, others refused."""
    if has_batches(edition, model):
        yield promise(clause, "documented_windows_are_taken", _windows, needs=BATCHES, cost=8)


@builder("limit:batch_hours")
def hour_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A window longer than documented is refused."""
    if has_batches(edition, model):
        yield promise(clause, "longer_windows_are_refused", _long_window, needs=BATCHES, cost=5)


def _window(probe: Probe, hours: str, name: str) -> Exchange:
    """The answer to a batch with this window; one that was taken is cancelled again."""
    lines, url = free_lines(probe, 1)
    _, exchange = submit(
        probe, f"window-{name}.jsonl", written(lines), endpoint=url, completion_window=hours
    )
    id = exchange.json.get("id") if isinstance(exchange.json, dict) else None
    if exchange.error is None and isinstance(id, str):
        probe.call("cancel_batch", id=id)
    return exchange


def _windows(probe: Probe, *, clause: c.BehaviourClause) -> None:
    hours = clause.args["hours"]
    windows = [f"{hours}h"]
    if "maximum_hours" in clause.args:
        windows.append(f"{clause.args['maximum_hours']}h")
    for window in windows:
        exchange = _window(probe, window, window)
        probe.accepted(exchange, f"a batch with a window of {window} taken")
        found = exchange.json.get("completion_window") if isinstance(exchange.json, dict) else None
        if found != window:
            raise probe.violation(f"window {window}", f"window {shown(found)}", exchange)


def _long_window(probe: Probe, *, clause: c.LimitClause) -> None:
    maximum = clause.by_model.get(probe.model, clause.maximum)
    if maximum is None:
        raise NotRun("the limit has no figure for this model")
    base = _window(probe, "24h", "base")
    for window in (f"{maximum + 1}h", f"{maximum * 10}h"):
        exchange = _window(probe, window, window)
        refuse_as(probe, exchange, clause, base, f"a window of {window}")


# ------------------------------------------------------------------------------- shapes


@builder("shape:batch", "shape:batch_list", "shape:batch_error", "shape:batch_output_line")
def shape_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Batches, lists of them, their faults and their lines have the documented shapes."""
    assert isinstance(clause, c.ShapeClause)
    if has_batches(edition, model):
        yield promise(
            clause, f"{clause.of}_has_the_documented_shape", _shape, needs=BATCHES, cost=8
        )


def _shape(probe: Probe, *, clause: c.ShapeClause) -> None:
    bodies: list[tuple[Any, Exchange]] = []
    if clause.of == "batch_error":
        for fault, exchange in _late_faults(probe, "url_not_found"):
            bodies.append((fault, exchange))
    elif clause.of == "batch_output_line":
        run = finished(probe)
        bodies += [(one, run.evidence) for one in (*run.results, *run.errors)]
    elif clause.of == "batch":
        run = finished(probe)
        bodies += [(look.body, look.exchange) for look in (run.created, *run.looks)]
        page = probe.accepted(act(probe, "list_batches"))
        bodies += [(entry, page) for entry in entries(page)]
    else:
        finished(probe)
        page = probe.accepted(act(probe, "list_batches"))
        bodies.append((page.json, page))
    if not bodies:
        raise Inconclusive("nothing came whose shape could be looked at")
    for body, exchange in bodies:
        fault = first_fault(clause, body)
        if fault:
            raise probe.violation(f"a body as documented: {clause.text}", fault, exchange)


# ------------------------------------------------------------------------------- results


@builder("behaviour:batch_counts_add_up")
def count_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The counts of a batch are those of its lines, and of its files."""
    if has_batches(edition, model):
        yield promise(
            clause,
            "counts_are_those_of_the_lines",
            _counts,
            family="batches",
            needs=BATCHES,
            cost=8,
        )


def _counts(probe: Probe, *, clause: c.BehaviourClause) -> None:
    run = finished(probe)
    good, bad = len(run.lines) - 1, 1
    for what, found, wanted in (("results", run.results, good), ("errors", run.errors, bad)):
        if len(found) != wanted:
            raise probe.violation(
                f"{wanted} lines of {what} for {len(run.lines)} lines",
                f"{len(found)} lines of {what}",
                run.evidence,
            )
    told_counts = run.last.body.get("request_counts")
    wanted_counts = {"total": len(run.lines), "completed": good, "failed": bad}
    found_counts = told_counts if isinstance(told_counts, Mapping) else {}
    for name, number in wanted_counts.items():
        if found_counts.get(name) != number:
            raise probe.violation(
                f"request_counts {shown(wanted_counts)}",
                f"request_counts {shown(told_counts)}",
                run.last.exchange,
            )


@builder("shape:batch_output_line")
def line_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Each result stands beside the caller's own id, and is the answer to that very line."""
    if has_batches(edition, model):
        common: dict[str, Any] = {"needs": BATCHES, "family": "batches", "cost": 8}
        yield promise(clause, "results_have_the_ids_of_their_lines", _ids, **common)
        yield promise(clause, "results_answer_their_own_lines", _own_answers, **common)


def _ids(probe: Probe, *, clause: c.ShapeClause) -> None:
    run = finished(probe)
    wanted = sorted(one["custom_id"] for one in run.lines)
    found = sorted(str(one.get("custom_id")) for one in (*run.results, *run.errors))
    if found != wanted:
        raise probe.violation(f"ids {shown(wanted)}", f"ids {shown(found)}", run.evidence)
    unique = [str(one.get("id")) for one in run.results]
    if len(set(unique)) < len(unique):
        raise probe.violation("an id for each result", f"ids {shown(unique)}", run.evidence)


def _own_answers(probe: Probe, *, clause: c.ShapeClause) -> None:
    run = finished(probe)
    by_id = {one["custom_id"]: one["body"] for one in run.lines}
    for one in run.results:
        response = one.get("response")
        response = response if isinstance(response, Mapping) else {}
        if response.get("status_code") != 200 or one.get("error") is not None:
            raise probe.violation(
                "status_code 200 and no error for a good line",
                f"{shown(response.get('status_code'))}, error {shown(one.get('error'))}",
                run.evidence,
            )
        asked = by_id.get(str(one.get("custom_id")))
        if asked is not None:
            _hold_answer(probe, one, response.get("body"), asked, run.evidence)
    for one in run.errors:
        response = one.get("response")
        status = response.get("status_code") if isinstance(response, Mapping) else None
        if one.get("error") is None or (isinstance(status, int) and status < 400):
            raise probe.violation(
                "an error for a bad line", f"status_code {shown(status)}", run.evidence
            )


def _hold_answer(
    probe: Probe, one: Mapping[str, Any], body: Any, asked: dict[str, Any], evidence: Exchange
) -> None:
    """A result is that of its line: its model, its cap and its input tokens fit."""
    reply = read_reply(body, probe.surface)
    given, made = counts(reply.usage, probe.surface)
    live, _ = billed(probe, probe.accepted(probe.send(asked)))
    cap = asked.get("max_tokens")
    who = f"the result of {one.get('custom_id')}"
    model = body.get("model") if isinstance(body, Mapping) else None
    if model not in (None, asked["model"]):
        raise probe.violation(f"{who}: model {asked['model']}", f"model {shown(model)}", evidence)
    if given != live:
        raise probe.violation(f"{who}: {live} input tokens, as live", f"{given}", evidence)
    if isinstance(cap, int) and made is not None and made > cap and not reply.reasoning:
        raise probe.violation(f"{who}: at most {cap} output tokens", f"{made}", evidence)
    if reply.text is None:
        raise probe.violation(f"{who}: an answer with text", "none", evidence)
    counted = probe.count(reply.text)
    known = probe.estimate(asked).basis != "approximate"
    if known and made is not None and abs(made - counted) > 1:
        raise probe.violation(f"{who}: {counted} output tokens billed", f"{made}", evidence)


@builder("behaviour:batch_discount")
def discount_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A batch bills the tokens of the same calls made one by one; its price is half of theirs."""
    if has_batches(edition, model):
        yield promise(
            clause,
            "batch_bills_the_tokens_of_live_calls",
            _discount,
            title="a batch is billed the tokens of the same calls made live, so that half is half",
            family="batches",
            needs=BATCHES,
            cost=8,
        )


def _discount(probe: Probe, *, clause: c.BehaviourClause) -> None:
    _own_answers(probe, clause=clause)  # type: ignore[arg-type]
    probe.observe(
        f"tokens are those of live calls; that they cost {clause.args['factor']} of the price "
        "shows on the bill alone"
    )


# ------------------------------------------------------------------------------- validation


@builder("behaviour:batch_validation_late")
def validation_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A bad input is taken first and fails later, with the documented codes."""
    assert isinstance(clause, c.BehaviourClause)
    if not has_batches(edition, model):
        return
    for code in clause.args["codes"]:
        yield promise(
            clause,
            f"batch_with_{code}_fails_late",
            _fails_late,
            title=f"a batch whose input has the fault {code} fails, and says so",
            needs=BATCHES,
            cost=5,
            code=code,
        )


def _bad_lines(probe: Probe, code: str) -> list[dict[str, Any]]:
    body = probe.body("Say hello.", cap=1)
    good = line("good", body)
    second = {
        "url_not_found": line("bad", body, "/v1/chat/completion"),
        "mismatched_model": line("bad", {**body, "model": "no-such-model"}),
        "duplicate_custom_id": line("good", body),
        "model_not_found": line("bad", {**body, "model": "no-such-model"}),
    }
    if code not in second:
        raise NotRun(f"no input is known that has the fault {code}")
    if code == "model_not_found":
        return [second[code]]
    return [good, second[code]]


def _late_faults(probe: Probe, code: str) -> list[tuple[Any, Exchange]]:
    """Faults that a bad input brings; a violation where the batch does not fail of it."""
    lines = _bad_lines(probe, code)
    bodies = [one["body"] for one in lines]
    _, exchange = submit(probe, f"bad-{code}.jsonl", written(lines), priced=bodies)
    created = look_of(probe.accepted(exchange, "a batch with a bad input taken"))
    looks = follow(probe, created)
    last = looks[-1]
    if last.status not in ends(probe):
        hold_patience(probe, looks)
    if last.status != "failed":
        raise probe.violation("status failed", f"status {shown(last.status)}", last.exchange)
    errors = last.body.get("errors")
    data = errors.get("data") if isinstance(errors, Mapping) else None
    if not isinstance(data, list) or not data:
        raise probe.violation("errors.data that says why", shown(errors), last.exchange)
    return [(fault, last.exchange) for fault in data]


def _fails_late(probe: Probe, *, clause: c.BehaviourClause, code: str) -> None:
    faults = _late_faults(probe, code)
    codes = [fault.get("code") if isinstance(fault, dict) else None for fault, _ in faults]
    exchange = faults[0][1]
    if code not in codes:
        raise probe.violation(f"the code {code}", f"codes {shown(codes)}", exchange)
    fault = next(f for f, _ in faults if f.get("code") == code)
    words, line_told, lines = fault.get("message"), fault.get("line"), _bad_lines(probe, code)
    # Whether lines are counted from 0 or from 1 no document says.
    if isinstance(line_told, int) and line_told not in (len(lines) - 1, len(lines)):
        raise probe.violation(f"line {len(lines)}, the last one", f"line {line_told}", exchange)
    pattern = clause.args["codes"][code]
    if not probe.edition.says(pattern, str(words)):
        raise probe.violation(f'the message "{pattern}"', shown(words), exchange)


# ------------------------------------------------------------------------------- operations


@builder("endpoint:retrieve_batch")
def retrieve_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A batch can be looked up; one that is nowhere is refused."""
    yield promise(clause, "batch_can_be_looked_up", _looked_up, needs=BATCHES, cost=8)
    yield promise(
        clause,
        "batch_that_is_not_there_is_refused",
        _missing,
        needs=BATCHES,
        operation="retrieve_batch",
    )


def _looked_up(probe: Probe, *, clause: c.EndpointClause) -> None:
    run = finished(probe)
    for look in run.looks:
        if look.body.get("id") != run.created.body.get("id"):
            raise probe.violation(
                f"id {run.created.body.get('id')}", f"id {look.body.get('id')}", look.exchange
            )


def _missing(probe: Probe, *, clause: c.EndpointClause, operation: str) -> None:
    control = finished(probe).created.exchange
    for id in ("batch_00000000-0000-0000-0000-000000000000", "batch_nowhere"):
        exchange = act(probe, operation, id=id)
        refuse_as(probe, exchange, clause, control, f"batch {id}")


@builder("endpoint:list_batches")
def list_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A list has the newest batches first, by page and by state."""
    assert isinstance(clause, c.EndpointClause)
    query = clause.args.get("query", ())
    yield promise(clause, "list_begins_with_the_newest_batch", _newest, needs=BATCHES, cost=6)
    if "status" in query:
        yield promise(clause, "list_can_be_asked_for_a_status", _by_status, needs=BATCHES, cost=10)
    if "limit" in query:
        yield promise(clause, "list_of_batches_comes_in_pages", _pages, needs=BATCHES, cost=9)


def _some_batches(probe: Probe, *names: str) -> list[Look]:
    """New batches that cost nothing, or next to it, one after the other."""
    found = []
    for name in names:
        lines, url = free_lines(probe, 1)
        bodies = [one["body"] for one in lines] if url == CHAT else []
        _, exchange = submit(probe, f"{name}.jsonl", written(lines), endpoint=url, priced=bodies)
        found.append(look_of(probe.accepted(exchange, "a batch taken")))
    return found


def _newest(probe: Probe, *, clause: c.EndpointClause) -> None:
    ids = [look.body.get("id") for look in _some_batches(probe, "list-1", "list-2")]
    page = probe.accepted(act(probe, "list_batches"))
    listed = [entry.get("id") for entry in entries(page)]
    missing = [id for id in ids if id not in listed]
    if missing and not has_more(page):
        raise probe.violation(f"{missing[0]} in the list", f"{len(listed)} others", page)
    times = [entry.get("created_at") for entry in entries(page)]
    whole = [time for time in times if isinstance(time, int)]
    ordered = whole == sorted(whole, reverse=True)
    first = page.json.get("first_id") if isinstance(page.json, dict) else None
    if first is not None and listed[:1] != [first]:
        raise probe.violation(f"first_id {listed[:1]}, as listed", f"first_id {first}", page)
    _, end, _ = listed_to_end(probe, "list_batches", repeat=5)
    if has_more(end) and not entries(end):
        raise probe.violation("has_more false where nothing follows", "true", end)
    if not missing and (not ordered or listed.index(ids[1]) > listed.index(ids[0])):
        raise probe.violation("the newest batch first", f"{ids[0]} before {ids[1]}", page)


def _by_status(probe: Probe, *, clause: c.EndpointClause) -> None:
    finished(probe)
    _some_batches(probe, "status-1")
    for status in ("completed", "failed"):
        page = probe.accepted(act(probe, "list_batches", query=f"status={status}"))
        others = {entry.get("status") for entry in entries(page)} - {status}
        if others:
            raise probe.violation(
                f"batches that are {status} alone", f"others: {sorted(map(str, others))}", page
            )
        if status == "completed" and not entries(page):
            raise probe.violation("the batch that is completed", "none", page)


def _pages(probe: Probe, *, clause: c.EndpointClause) -> None:
    _some_batches(probe, "pages-1", "pages-2", "pages-3")
    page = probe.accepted(act(probe, "list_batches", query="limit=2"))
    first = [entry.get("id") for entry in entries(page)]
    if len(first) != 2 or not has_more(page):
        raise probe.violation(
            "2 batches and has_more, there being 3 at least",
            f"{len(first)} batches, has_more {has_more(page)}",
            page,
        )
    following = probe.accepted(act(probe, "list_batches", query=f"limit=2&after={first[-1]}"))
    second = [entry.get("id") for entry in entries(following)]
    if not second or set(first) & set(second):
        raise probe.violation(f"other batches after {first[-1]}", f"{second or 'none'}", following)


@builder("endpoint:cancel_batch")
def cancel_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A batch that goes on is cancelled; one that is nowhere can't be."""
    yield promise(clause, "batch_is_cancelled", _cancelled, needs=BATCHES, cost=6)
    yield promise(
        clause,
        "cancelling_what_is_not_there_is_refused",
        _missing,
        needs=BATCHES,
        operation="cancel_batch",
    )


def _cancelled(probe: Probe, *, clause: c.EndpointClause) -> None:
    behaviour = probe.edition.behaviour("batch_lifecycle", probe.model)
    wanted = tuple(behaviour.args.get("cancelling", ())) if behaviour else ()
    wanted = wanted or ("cancelling", "cancelled")
    created = _some_batches(probe, "cancelled")[0]
    id = str(created.body.get("id"))
    exchange = probe.call("cancel_batch", id=id)
    if exchange.error is not None and follow(probe, created)[-1].status in ends(probe):
        raise Inconclusive(f"the batch had ended before: {told(exchange.error)}", exchange.id)
    cancelled = look_of(probe.accepted(exchange, "a batch cancelled"))
    if cancelled.status not in wanted:
        raise probe.violation(
            f"status {' or '.join(wanted)}", f"status {shown(cancelled.status)}", exchange
        )
    looks = follow(probe, cancelled)
    seen = [look.status for look in looks]
    if seen[-1] not in wanted:
        raise probe.violation(
            f"status {wanted[-1]} in the end", f"statuses {shown(seen)}", looks[-1].exchange
        )


# ------------------------------------------------------------------------------- limits


@builder("limit:batch_file_bytes")
def byte_limit_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """An input of more bytes than a certain model's batches may have is refused, or fails."""
    assert isinstance(clause, c.LimitClause)
    if has_batches(edition, model) and clause.models:
        yield promise(
            clause, "input_of_too_many_bytes_fails", _too_large, needs=BATCHES, last=True, cost=5
        )


def _too_large(probe: Probe, *, clause: c.LimitClause) -> None:
    _, beyond = edges(clause, probe.model)
    if beyond > MOST_BYTES or dry_run(probe) is None:
        raise NotRun(f"an input of {beyond:,} bytes costs more than a check is worth")
    lines, url = free_lines(probe, 2)
    lines[-1]["body"]["messages"][0]["content"] = "bridge " * (beyond // 7 + 1)
    _hold_failure(probe, "too-large.jsonl", lines, url, f"a batch of {beyond:,} bytes")


@builder("limit:batch_lines")
def line_limit_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """An input of more lines than documented fails, where so many are quickly written."""
    assert isinstance(clause, c.LimitClause)
    if has_batches(edition, model):
        yield promise(
            clause, "input_of_too_many_lines_fails", _too_many, needs=BATCHES, last=True, cost=5
        )


def _too_many(probe: Probe, *, clause: c.LimitClause) -> None:
    governing = probe.edition.limit("batch_lines", probe.model)
    if governing is not None and governing.id != clause.id:
        raise NotRun(f"batches of {probe.model} have a limit of their own")
    maximum = clause.by_model.get(probe.model, clause.maximum) or 0
    trial = dry_run(probe)
    free = trial is not None and clause.models == (trial[0],)
    if maximum > (MOST_FREE_LINES if free else MOST_PAID_LINES):
        raise NotRun(f"an input of {maximum:,} lines costs more than a check is worth")
    if free:
        lines, url = free_lines(probe, maximum + 1)
    else:
        # The trial model may have a limit of its own, so these are lines of the model itself.
        body = probe.body("Say hello.", cap=1)
        lines, url = [line(f"line-{n}", body) for n in range(maximum + 1)], CHAT
    _hold_failure(probe, "too-many.jsonl", lines, url, f"a batch of {maximum + 1:,} lines")


def _hold_failure(
    probe: Probe, name: str, lines: list[dict[str, Any]], url: str, what: str
) -> None:
    """An input is refused when it is uploaded or made a batch of, or that fails later."""
    bodies = [one["body"] for one in lines] if url == CHAT else []
    try:
        _, exchange = submit(probe, name, written(lines), endpoint=url, priced=bodies)
    except Violation as refusal:
        probe.observe(f"{what} refused when it is uploaded: {refusal.observed}")
        return
    if exchange.error is not None:
        probe.observe(f"{what} refused at once: {told(exchange.error)}")
        return
    looks = follow(probe, look_of(exchange))
    if looks[-1].status not in ends(probe):
        hold_patience(probe, looks)
    if looks[-1].status != "failed":
        raise probe.violation(
            f"{what} failed",
            f"status {shown(looks[-1].status)}",
            looks[-1].exchange,
        )
