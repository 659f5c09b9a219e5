"""Reconciliations as a person reads them; every figure stands in the JSON too."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from tokenassay.cli.output import console, money, number, pairs, put, table, visible

Shown = dict[str, Any]
"""A reconciliation as ``summary`` writes it, or one of its models."""

_LISTED: Final = 5
"""Calls and lines of a kind that are listed."""


def show(shown: Shown) -> None:
    """The sums, each model with what is wrong with it, and what could not be used."""
    out = console()
    out.print(pairs(_sums(shown)))
    for one in shown["models"]:
        out.print()
        out.print(pairs(_model(one)))
        if one["wrong_calls"]:
            out.print()
            put(_wrong(one), out)
            if one["wrong"] > _LISTED:
                out.print("and more, in --json")
    for title, found in _lists(shown):
        if found:
            out.print(f"\n{title}:")
            out.print(pairs(found[:_LISTED]))


def _sums(shown: Shown) -> Iterator[tuple[str, str]]:
    forms = ", ".join(f"{form} {number(calls)}" for form, calls in shown["forms"].items())
    yield "calls", f"{number(shown['calls'])} ({forms or 'none'})"
    if shown["joined_by"]:
        yield "joined by", shown["joined_by"]
    unmatched = shown["unmatched"]
    if unmatched["requests"] or unmatched["responses"]:
        tokens = unmatched["responses_tokens"]
        billed = f", billed {number(tokens)} tokens" if tokens else ""
        asked, given = number(unmatched["requests"]), number(unmatched["responses"])
        yield "unmatched", f"requests {asked}, responses {given}{billed}"
    for why, calls in shown["skipped"].items():
        yield "left out", f"{number(calls)}: {why}"


def _model(one: Shown) -> Iterator[tuple[str, str]]:
    yield one["model"], one["verdict"]
    yield "", one["why"]
    for finding in one["findings"]:
        if finding["said"] != one["why"]:
            yield "", finding["said"]
    held = f", held to {one['edition']}" if one["edition"] else ""
    days = f", {one['first_day']}" if one["first_day"] else ""
    days += f" to {one['last_day']}" if one["last_day"] != one["first_day"] else ""
    parts = [f"{number(one['compared'])} compared"]
    for name, word in (
        ("streams", "by stream"),
        ("refused", "refused"),
        ("streams_without_usage", "streams not asked for usage"),
        ("doubtful", "outside the range of a count that is no proof"),
    ):
        if one[name]:
            parts.append(f"{number(one[name])} {word}")
    yield "calls", f"{number(one['calls'])}: {', '.join(parts)}{held}{days}"
    yield "input", _side(one["input"])
    if one["output"]["answers"]:
        yield "output", _side(one["output"])
    for name in ("cached", "thinking"):
        if one[name]["calls"]:
            calls = number(one[name]["calls"])
            yield name, f"{number(one[name]['tokens'])} tokens, in {calls} calls"
    for basis, calls in one["basis"].items():
        yield "basis", f"{basis} {number(calls)}: {one['basis_why'][basis]}"
    yield from _money(one["money"])
    for note in one["notes"]:
        yield "note", note


def _side(side: Shown) -> str:
    said = f"{number(side['counted'])} tokens counted, {number(side['billed'])} billed"
    constant, factor = side["constant"], side["factor"]
    if factor is None and constant is None:
        return said
    parts = [] if factor in (None, 1.0) else [f"factor {factor:g}"]
    if constant:
        parts.append(f"constant {constant:+,} in each")
    return f"{said}: {', '.join(parts) or 'no drift'}"


def _money(bill: Shown) -> Iterator[tuple[str, str]]:
    for currency, amounts in bill["amounts"].items():
        over = Decimal(amounts["overpaid"])
        word = "overpaid" if over > 0 else "underpaid"
        rest = f", {money(abs(over), currency)} {word}" if over else ""
        yield "money", f"{money(amounts['billed'], currency)} billed{rest}"
    for why, calls in bill["unpriced"].items():
        yield "", f"without a price {number(calls)}: {why}"
    for currency, amount in bill["recorded"].items():
        yield "", f"{money(amount, currency)} by the log's own reckoning"


def _wrong(one: Shown) -> Any:
    made = table("where", "key", "what", "counted", "billed", right=("counted", "billed"))
    for call in one["wrong_calls"][:_LISTED]:
        made.add_row(
            visible(_where(call)),
            visible(call["key"] or ""),
            call["what"],
            "" if call["counted"] is None else number(call["counted"]),
            _told(call),
        )
    return made


def _told(call: Shown) -> str:
    if call["why"] is not None:
        return visible(call["why"])
    return "nothing told" if call["billed"] is None else number(call["billed"])


def _lists(shown: Shown) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    yield (
        "Unmatched",
        [
            (f"  {_where(one)}", f"{one['side']} {one['key'] or ''}: {one['why']}")
            for one in shown["unmatched"]["named"]
        ],
    )
    for title, name in (("Bad lines", "bad_lines"), ("Not counted", "uncounted")):
        yield title, [(f"  {_where(one)}", _said(one)) for one in shown[name]]


def _where(one: Shown) -> str:
    return f"{one['file']}, {one['unit']} {one['line']}"


def _said(fault: Shown) -> str:
    return f"{fault['field']}: {fault['why']}" if fault["field"] else str(fault["why"])
