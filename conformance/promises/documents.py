"""Documents in a conversation: as files, as text, and not as both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import NotRun, Violation
from tokenassay.conformance.judging import told
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.messages import Messages, outline
from tokenassay.conformance.promises.refusing import (
    control,
    expect,
    observe_either,
    refuse_as,
    says,
)
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import Prepared, broken
from tokenassay.conformance.promises.samples import WORDS, pdf
from tokenassay.conformance.promises.talking import billed, say
from tokenassay.conformance.promises.uploads import (
    EXTRACT,
    NOWHERE,
    act,
    delete,
    file_store,
    kept,
    upload,
)
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

FILES = frozenset({"files"})

ROLE = say("system", "You are a helpful assistant.")
ASKED = say("user", "What do the documents say?")
TEXT = say("system", "Rivers run slower in wide valleys.")
OTHER_TEXT = say("system", "木匠总是量两次才下一次锯。")
ANSWER = say("assistant", "That rivers run slower there.")

_WAITS = (1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0, 30.0)
"""Seconds between looks at a small file that is still being parsed."""

_MOMENT = 0.05


def takes_documents(edition: Edition, model: str) -> bool:
    """Whether a conversation with the model may refer to files."""
    return edition.rule("file_reference_syntax", model) is not None


def referring(probe: Probe, ids: list[str]) -> dict[str, Any]:
    """The system message that refers to files."""
    rule = probe.edition.rule("file_reference_syntax", probe.model)
    assert rule is not None
    return say("system", rule.args["separator"].join(rule.args["prefix"] + id for id in ids))


def chat_about(probe: Probe, ids: list[str], messages: Messages | None = None) -> Exchange:
    """The answer to a question about files, once they are parsed.

    NotRun where the model takes none. A violation, where a small file never gets parsed.
    """
    if not takes_documents(probe.edition, probe.model):
        raise NotRun(f"conversations with {probe.model} refer to no files")
    body = probe.body(messages or [ROLE, referring(probe, ids), ASKED])
    return patient(probe, lambda n: probe.send(body, repeat=n))


def patient(probe: Probe, send: Callable[[int], Exchange]) -> Exchange:
    """The first answer that does not say that a file is still being parsed."""
    clause = probe.edition.behaviour("file_parsing", probe.model)
    row = (probe.edition.error_for(clause) if clause else None) or probe.edition.errors.get(
        "error.file_parsing"
    )
    for look, seconds in enumerate((0.0, *_WAITS)):
        # A mock in this process needs no time to speak of.
        if seconds:
            probe.session.stopping.wait(seconds if probe.session.patient else _MOMENT)
        exchange = send(look)
        if row is None or not says(probe, exchange, row):
            return exchange
    raise Violation(
        f"a file of a few words parsed within {sum(_WAITS):g} seconds",
        f"after {len(_WAITS) + 1} looks it is still being parsed",
        exchange.id,
    )


# ------------------------------------------------------------------------------- references


@builder("messages:file_reference_syntax")
def reference_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A reference to a file is followed; one to nothing, or badly written, is refused."""
    common: dict[str, Any] = {"needs": FILES, "family": "files"}
    yield promise(clause, "file_that_is_referred_to_is_read", _read, cost=6, **common)
    yield promise(clause, "several_files_can_be_referred_to", _several, cost=8, **common)
    yield promise(clause, "unknown_file_is_refused", _unknown, cost=3, **common)
    yield promise(clause, "badly_written_reference_is_refused", _bad_reference, cost=4, **common)


def _read(probe: Probe, *, clause: c.MessageClause) -> None:
    store = file_store(probe)
    for name, words in (("read.txt", WORDS), ("读.md", "# 桥\n\n这座桥很旧。")):
        with kept(store, name, words.encode()) as file:
            exchange = chat_about(probe, [file.id])
            probe.accepted(exchange, f"a question about {name} answered")


def _several(probe: Probe, *, clause: c.MessageClause) -> None:
    store = file_store(probe)
    with kept(store, "one.txt", b"One bridge.") as one, kept(store, "two.txt", b"Two.") as two:
        together = [ROLE, referring(probe, [one.id, two.id]), ASKED]
        apart = [ROLE, referring(probe, [one.id]), referring(probe, [two.id]), ASKED]
        later = [ROLE, referring(probe, [one.id]), ASKED, ANSWER, referring(probe, [two.id]), ASKED]
        for messages in (together, apart, later):
            exchange = chat_about(probe, [], messages)
            probe.accepted(exchange, f"{outline(messages)}, with two files, accepted")


def _unknown(probe: Probe, *, clause: c.MessageClause) -> None:
    base = control(probe)
    for ids in ([NOWHERE], [NOWHERE, NOWHERE[:-1] + "1"]):
        body = probe.body([ROLE, referring(probe, ids), ASKED])
        refuse_as(probe, probe.send(body), clause, base, f"{len(ids)} files that are nowhere")


def _bad_reference(probe: Probe, *, clause: c.MessageClause) -> None:
    prefix, separator = clause.args["prefix"], clause.args["separator"]
    for reference in (
        f"{prefix}my document",
        f"{prefix}no-file-1",
        f"{prefix}{NOWHERE}{separator}bridge",
        prefix,
    ):
        request = Prepared(probe.body([ROLE, say("system", reference), ASKED]))
        if broken(probe, request)[:1] == (clause.id,):
            refuse_as(
                probe, request.send(probe), clause, control(probe), f"reference {reference!r}"
            )


@builder("behaviour:file_parsing")
def parsing_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A small file is parsed in a while, and until then the call is refused as documented."""
    if takes_documents(edition, model):
        yield promise(clause, "file_is_parsed_in_a_while", _parsed, needs=FILES, cost=4)


def _parsed(probe: Probe, *, clause: c.BehaviourClause) -> None:
    with kept(file_store(probe), "parsed.txt", WORDS.encode()) as file:
        body = probe.body([ROLE, referring(probe, [file.id]), ASKED])
        looks = 0

        def send(number: int) -> Exchange:
            nonlocal looks
            looks += 1
            return probe.send(body, repeat=number)

        exchange = patient(probe, send)
        probe.accepted(exchange, "a question about a small file answered")
        probe.observe(f"ready at look {looks}")


@builder("behaviour:file_deleted_gone")
def gone_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A deleted file can't be referred to."""
    if takes_documents(edition, model):
        yield promise(
            clause,
            "deleted_file_can_not_be_referred_to",
            _gone,
            family="files",
            needs=FILES,
            cost=5,
        )


def _gone(probe: Probe, *, clause: c.ClauseBase) -> None:
    store = file_store(probe)
    with kept(store, "referred.txt", WORDS.encode()) as file:
        probe.accepted(chat_about(probe, [file.id]))
        gone = act(store, "delete_file", id=file.id, repeat=1)
        store.accepted(gone, "the file deleted")
        body = probe.body([ROLE, referring(probe, [file.id]), ASKED])
        exchange = probe.send(body, repeat=99)
        ids = ("error.invalid_file", "error.file_not_found")
        rows = [row for id in ids if (row := probe.edition.errors.get(id)) is not None]
        refuse_as(probe, exchange, clause, control(probe), "a file that was deleted", rows=rows)


# ------------------------------------------------------------------------------- error rows


def _blank(probe: Probe) -> tuple[str, bytes]:
    return "blank.txt", b" \n\n \n"


def _unreadable(probe: Probe) -> tuple[str, bytes]:
    return "unreadable.pdf", b"This is no PDF at all, whatever its name says.\n" * 8


def _too_many_pages(probe: Probe) -> tuple[str, bytes]:
    limit = probe.edition.limit("file_pages", probe.model)
    most = max((limit.maximum or 0, *limit.undecided)) if limit else 0
    return "pages.pdf", pdf(WORDS, pages=most + 1)


_ROWS: dict[str, tuple[str, Callable[[Probe], tuple[str, bytes]]]] = {
    "error.file_blank": ("blank_file_is_refused", _blank),
    "error.parsing_failed": ("file_that_can_not_be_read_is_refused", _unreadable),
    "error.file_pages": ("file_of_too_many_pages_is_refused", _too_many_pages),
}
"""Rows of the error table that a file brings about, with a file that does."""


@builder("error")
def row_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A file that can't be used is refused: when it is uploaded, or when it is referred to."""
    if not takes_documents(edition, model):
        return
    if clause.id == "error.file_not_found" and not edition.behaviour("file_deleted_gone", model):
        yield from gone_promises(edition, clause, model)
    if clause.id not in _ROWS:
        return
    id, make = _ROWS[clause.id]
    if clause.id == "error.file_pages" and edition.limit("file_pages", model) is None:
        return
    yield promise(clause, id, _unusable, family="files", needs=FILES, cost=3, make=make)


@builder("limit:file_pages")
def page_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Beyond so many pages a file is refused."""
    row = edition.error_for(clause)
    if row is not None and takes_documents(edition, model):
        yield promise(
            clause,
            "pages_beyond_the_limit_are_refused",
            _unusable_pages,
            needs=FILES,
            cost=3,
        )


def _unusable_pages(probe: Probe, *, clause: c.LimitClause) -> None:
    row = probe.edition.error_for(clause)
    assert row is not None
    _unusable(probe, clause=row, make=_too_many_pages)


def _unusable(
    probe: Probe, *, clause: c.ErrorClause, make: Callable[[Probe], tuple[str, bytes]]
) -> None:
    store = file_store(probe)
    name, data = make(probe)
    probe.accepted(control(probe))
    exchange = upload(store, name, data, EXTRACT)
    taken = exchange.json.get("id") if isinstance(exchange.json, dict) else None
    try:
        if exchange.error is None and isinstance(taken, str):
            exchange = chat_about(probe, [taken])
        error = exchange.error
        if error is None:
            raise probe.violation(f"{name} refused", "an answer about it", exchange)
        if says(probe, exchange, clause):
            return
        # Which of the rows about files is told is the endpoint's matter: it may find another
        # fault first, or tell it when the file is uploaded.
        others = [row for row in probe.edition.errors.values() if says(probe, exchange, row)]
        if not others:
            raise probe.violation(
                f'a refusal as documented, such as "{clause.pattern}"', told(error), exchange
            )
        probe.observe(f"{name}: {told(error)}")
    finally:
        if isinstance(taken, str):
            delete(store, taken)


# ------------------------------------------------------------------------------- rules


@builder("messages:no_mixing_files_and_text")
def mixing_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Files and documents as text do not go together."""
    yield promise(
        clause,
        "files_and_text_documents_together_are_refused",
        _mixed,
        family="messages",
        cost=4,
    )


def _mixed(probe: Probe, *, clause: c.MessageClause) -> None:
    file = referring(probe, [NOWHERE])
    base = probe.send(probe.body([ROLE, TEXT, ASKED]))
    for messages in (
        [ROLE, file, TEXT, ASKED],
        [ROLE, TEXT, file, ASKED],
        [ROLE, TEXT, ASKED, ANSWER, file, ASKED],
    ):
        exchange = probe.send(probe.body(messages))
        refuse_as(probe, exchange, clause, base, f"{outline(messages)}, a file and a text")


@builder("messages:later_system_is_document")
def later_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Later system messages bring documents, one or several, early or late."""
    yield promise(
        clause,
        "documents_are_taken_wherever_they_stand",
        _taken,
        family="messages",
        cost=4,
        conversations=[
            [ROLE, TEXT, ASKED],
            [ROLE, TEXT, OTHER_TEXT, ASKED],
            [ROLE, TEXT, ASKED, ANSWER, OTHER_TEXT, ASKED],
            [ROLE, ASKED, ANSWER, TEXT, ASKED],
            [ROLE, TEXT, TEXT, OTHER_TEXT, OTHER_TEXT, ASKED],
        ],
    )


@builder("messages:first_system_is_role_setting")
def role_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The first system message sets the role, with documents after it or without."""
    yield promise(
        clause,
        "first_system_message_sets_the_role",
        _taken,
        family="messages",
        cost=3,
        conversations=[
            [ROLE, ASKED],
            [say("system", "你说话简短。"), ASKED],
            [ROLE, TEXT, ASKED],
        ],
    )


def _taken(probe: Probe, *, clause: c.MessageClause, conversations: list[Messages]) -> None:
    for messages in conversations:
        exchange = probe.send(probe.body(messages))
        probe.accepted(exchange, f"{outline(messages)} accepted")


@builder("messages:role_setting_required_with_documents")
def required_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Whether a file may come without a role before it."""
    yield promise(clause, "role_before_documents_is_as_documented", _alone, cost=3)


def _alone(probe: Probe, *, clause: c.MessageClause) -> None:
    with kept(file_store(probe), "alone.txt", WORDS.encode()) as file:
        messages = [referring(probe, [file.id]), ASKED]
        exchange = chat_about(probe, [], messages)
        expect(probe, exchange, clause, control(probe), "a file without a role before it")


@builder("messages:documents_not_in_user")
def user_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """What becomes of a reference in a user's message."""
    yield promise(clause, "reference_by_a_user_is_as_documented", _by_user)


def _by_user(probe: Probe, *, clause: c.MessageClause) -> None:
    reference = referring(probe, [NOWHERE])["content"]
    exchange = probe.send(probe.body([ROLE, say("user", reference)]))
    expect(probe, exchange, clause, control(probe), "a reference in a user's message")


@builder("messages:json_document_keys")
def key_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Documents as JSON, with the documented keys and without one."""
    yield promise(clause, "documents_as_json_are_as_documented", _as_json, cost=2)


def _as_json(probe: Probe, *, clause: c.MessageClause) -> None:
    keys = clause.args["keys"]
    whole = dict.fromkeys(keys, "bridge")
    for document in (whole, {key: whole[key] for key in keys[:1]}):
        words = f"a JSON document with {', '.join(document)}"
        exchange = probe.send(probe.body([ROLE, say("system", json.dumps(document)), ASKED]))
        observe_either(probe, exchange, words)


# ------------------------------------------------------------------------------- the bill


@builder("behaviour:file_tokens_billed")
def bill_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The tokens of a file count as input, once, on each call."""
    if takes_documents(edition, model):
        yield promise(
            clause,
            "tokens_of_a_file_are_billed_once_a_call",
            _billed,
            needs=FILES,
            family="metering",
            cost=9,
        )


def _billed(probe: Probe, *, clause: c.BehaviourClause) -> None:
    store = file_store(probe)
    small = "The bridge was built of stone. " * 10
    large = small * 6
    with (
        kept(store, "small.txt", small.encode()) as one,
        kept(store, "large.txt", large.encode()) as two,
    ):
        first, _ = billed(probe, probe.accepted(chat_about(probe, [one.id])))
        exchange = probe.accepted(chat_about(probe, [two.id]))
        second, _ = billed(probe, exchange)
        wanted = probe.count(large) - probe.count(small)
        # How a file is laid out for the model is not documented: what is added to each cancels
        # out, and a tenth is left for what is added to each line.
        if abs(second - first - wanted) > wanted // 10:
            raise probe.violation(
                f"about {wanted} input tokens more for a file of {wanted} tokens more",
                f"{second - first} more",
                exchange,
            )
        both = probe.accepted(chat_about(probe, [one.id, two.id]))
        more = billed(probe, both)[0] - second
        if more < probe.count(small) * 9 // 10:
            raise probe.violation(
                f"about {probe.count(small)} input tokens more for another file", f"{more}", both
            )
        question = [ROLE, referring(probe, [two.id]), ASKED, ANSWER, ASKED]
        again = probe.accepted(chat_about(probe, [], question))
        third, _ = billed(probe, again)
        if third < second:
            raise probe.violation(
                f"at least {second} input tokens on a second call about the file", f"{third}", again
            )
