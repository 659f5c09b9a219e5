"""Limit clauses: tokens of the input and of single messages, files and tools of a request."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from tokenassay.contracts.clauses import LimitClause, Quantity
from tokenassay.estimators.refusals.ground import (
    Ground,
    Systems,
    at_message,
    referenced_files,
    sort_systems,
)
from tokenassay.estimators.refusals.places import path_to
from tokenassay.estimators.refusals.refusal import Breach, Case, Check, Finding
from tokenassay.estimators.requests import Message


class Measure(NamedTuple):
    """A quantity found in a request."""

    at: str
    amount: int
    what: str
    """The quantity in words, as the subject of a sentence."""


Measurer = Callable[[Case, Mapping[str, Any], Ground], Iterable[Measure]]
"""A case, the clause's ``args`` and the ground, to the quantities held to the limit."""


def _conversation(case: Case) -> str:
    head = "prompt" if case.request.messages is None else "messages"
    return path_to(case.request.surface, head)


def _integer(case: Case, parameter: str) -> int | None:
    value = case.request.parameters.get(parameter)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def input_tokens(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Measure]:
    """The whole input, where it was counted."""
    if case.input_tokens is not None:
        yield Measure(_conversation(case), case.input_tokens, "the input in tokens")


def context_tokens(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Measure]:
    """The input, and what a parameter sets aside for the answer where the clause adds it."""
    if case.input_tokens is None:
        return
    parameter = args.get("adds")
    reserved = _integer(case, parameter) if parameter else None
    if reserved is None or reserved < 0:
        yield Measure(_conversation(case), case.input_tokens, "the input in tokens")
    else:
        total, what = case.input_tokens + reserved, f"the input in tokens and {parameter}"
        yield Measure(_conversation(case), total, what)


def output_tokens(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Measure]:
    """The parameter that asks for so much output, where the clause names one."""
    parameter = args.get("parameter")
    asked = _integer(case, parameter) if parameter else None
    if asked is not None:
        at = path_to(case.request.surface, str(parameter))
        yield Measure(at, asked, at)


def message_tokens(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Measure]:
    """Each message that is held to the limit; those in a row as one where they count so."""
    count, messages = case.message_tokens, case.request.messages
    if count is None or not messages:
        return
    systems = sort_systems(messages, ground.file_prefix)
    if args.get("when") == "documents" and not systems.documents:
        return
    merged, held = args.get("merged", ()), args.get("roles")
    runs: list[tuple[int, int, int]] = []  # first message, last message, tokens
    for index, message in enumerate(messages):
        if not _is_held(index, message, systems, held):
            continue
        first, tokens = index, count(message)
        if runs and message.role in merged:
            begun, last, sum_so_far = runs[-1]
            if last == index - 1 and messages[last].role == message.role:
                runs.pop()
                first, tokens = begun, sum_so_far + tokens
        runs.append((first, index, tokens))
    for first, last, tokens in runs:
        at = at_message(case.request, first, "content")
        what = at if first == last else f"{at} with the messages up to [{last}]"
        yield Measure(at, tokens, f"{what} in tokens")


def _is_held(index: int, message: Message, systems: Systems, roles: Any) -> bool:
    if roles is not None and message.role not in roles:
        return False
    return message.role != "system" or index == systems.role_setting


def text_document_tokens(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Measure]:
    """All text documents together."""
    count, messages = case.message_tokens, case.request.messages
    if count is None or not messages:
        return
    texts = sort_systems(messages, ground.file_prefix).texts
    if texts:
        total = sum(count(messages[index]) for index in texts)
        at = at_message(case.request, texts[0], "content")
        yield Measure(at, total, "the text documents in tokens")


def files_per_request(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Measure]:
    """References to files in all system messages; one that is repeated counts again."""
    messages = case.request.messages or ()
    references = sort_systems(messages, ground.file_prefix).references
    if references:
        number = sum(len(referenced_files(messages[i].text, ground)) for i in references)
        at = at_message(case.request, references[0], "content")
        yield Measure(at, number, "the number of files")


def tools(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Measure]:
    """The tools of a request."""
    at = path_to(case.request.surface, "tools")
    yield Measure(at, len(case.request.tools), "the number of tools")


MEASURERS: Final[dict[Quantity, Measurer]] = {
    "input_tokens": input_tokens,
    "context_tokens": context_tokens,
    "output_tokens": output_tokens,
    "message_tokens": message_tokens,
    "text_document_tokens": text_document_tokens,
    "files_per_request": files_per_request,
    "tools": tools,
}
"""What can be measured in a request body; the other quantities belong to files and accounts."""

PER_MESSAGE: Final[tuple[Quantity, ...]] = ("message_tokens", "text_document_tokens")
"""What is measured by counting single messages."""


def maximum_of(clause: LimitClause, model: str | None) -> int | None:
    """The figure for a model, or None where the clause has none for it."""
    return clause.by_model.get(model or "", clause.maximum)


def compile_limit(clause: LimitClause, model: str | None, ground: Ground) -> Check | None:
    """A limit as a check; None where no request can be held to it."""
    measurer, maximum = MEASURERS.get(clause.quantity), maximum_of(clause, model)
    if measurer is None or maximum is None:
        return None
    args, undecided = clause.args, clause.undecided

    def check(case: Case) -> Iterator[Finding]:
        for at, amount, what in measurer(case, args, ground):
            if amount > maximum and amount not in undecided:
                values = {"max": maximum, "value": amount}
                why = f"{what}: {amount}, more than the documented {maximum}"
                yield clause, Breach(at, why, values)

    return check


def undecided_notes(limits: Iterable[LimitClause], ground: Ground, case: Case) -> Iterator[str]:
    """A note for every quantity at a figure on which the documents contradict each other."""
    for clause in limits:
        measurer = MEASURERS.get(clause.quantity)
        if measurer is None or not clause.undecided:
            continue
        for _, amount, what in measurer(case, clause.args, ground):
            if amount in clause.undecided:
                yield f"{what} is {amount}, on which the documents contradict each other"


def input_ceiling(limits: Iterable[LimitClause], model: str | None) -> float:
    """The most input tokens that no limit of these refuses."""
    return min(
        (
            maximum
            for clause in limits
            if clause.quantity in ("input_tokens", "context_tokens")
            and clause.level != "unspecified"
            and (maximum := maximum_of(clause, model)) is not None
        ),
        default=math.inf,
    )
