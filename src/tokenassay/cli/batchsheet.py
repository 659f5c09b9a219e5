"""Batches as a person reads them; every figure stands in the JSON too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tokenassay.cli.output import console, money, number, pairs, put, table, visible

Shown = dict[str, Any]
"""A batch as ``summary`` writes it, or one of its groups."""

_LISTED: Final = 10
"""Lines of a kind that are listed."""


def show(shown: Shown, by: str | None) -> None:
    """The sums, what stands against the batch, its longest lines, and the groups."""
    out = console()
    out.print(pairs(_sums(shown)))
    for title, found in _lists(shown):
        if found:
            out.print(f"\n{title}:")
            out.print(pairs(found[:_LISTED]))
            if len(found) > _LISTED:
                out.print("  and more, in --json")
    if by is not None and shown["groups"]:
        out.print()
        made = table(by, "lines", "input tokens", "batch cost", "live cost", right=("lines",))
        for group in shown["groups"]:
            made.add_row(
                visible(group["group"]),
                number(group["lines"]),
                counted(group),
                cost(group["cost"]["batch"]),
                cost(group["cost"]["live"]),
            )
        put(made, out)


def _sums(shown: Shown) -> Iterator[tuple[str, str]]:
    kinds: dict[str, int] = {}
    for file in shown["files"]:
        for kind, count in file["kinds"].items():
            kinds[kind] = kinds.get(kind, 0) + count
    words = {"batch": "of a batch", "request": "bare requests", "text": "texts"}
    told = ", ".join(f"{words[kind]} {number(count)}" for kind, count in kinds.items())
    bad = f", {number(shown['bad_line_count'])} bad" if shown["bad_line_count"] else ""
    yield "lines", f"{number(shown['lines'])} counted ({told or 'none'}){bad}"
    if shown["editions"]:
        yield "held to", ", ".join(shown["editions"])
    yield "input", f"{counted(shown)} tokens"
    for basis, count in shown["basis"].items():
        why = shown["basis_why"].get(basis)
        yield "", f"{basis} {number(count)}{f': {why}' if why else ''}"
    spread = shown["distribution"]
    if spread is not None:
        named = ("min", "p50", "p90", "p99", "max")
        yield "a line", ", ".join(f"{name} {number(spread[name])}" for name in named)
    most = shown["output_tokens"]["max"]
    yield "output", "ceiling unknown" if most is None else f"up to {number(most)}"
    for name in ("batch", "live"):
        yield f"{name} cost", cost(shown["cost"][name])
        for why, count in shown["cost"][name]["unpriced"].items():
            yield "", f"without a price {number(count)}: {why}"
    for note in shown["notes"]:
        yield "note", note


def counted(shown: Shown) -> str:
    """Input tokens: one figure, a range, or a lower bound."""
    low, high = shown["input_range"]
    if high is None:
        return f"at least {number(low)}"
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def cost(bill: Shown) -> str:
    """Lowest to highest cost; ``unknown`` where no line has a price, a lower bound where some."""
    if not bill["amounts"]:
        return "unknown"
    said = []
    for currency, amounts in bill["amounts"].items():
        low, high = amounts["total_min"], amounts["total_max"]
        if high is None or bill["unpriced_lines"]:
            said.append(f"at least {money(low, currency)}")
        elif low == high:
            said.append(money(low, currency))
        else:
            said.append(f"{money(low)} to {money(high, currency)}")
    return " and ".join(said)


def _lists(shown: Shown) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    several = len(shown["files"]) > 1
    yield (
        "Rules on a batch",
        [
            (f"  {_where(rule, several)}", f"{rule['why']} [{rule['clause']}, {rule['level']}]")
            for rule in shown["batch_rules"]
        ],
    )
    yield (
        "Would be refused" + _of(shown["refused_lines"]),
        [
            (f"  {_where(one, several)}", f"{one['why']} [{one['clause']}]")
            for one in shown["refused"]
        ],
    )
    yield (
        "May be refused",
        [
            (f"  {_where(one, several)}", f"{one['why']} [{one['clause']}, {one['level']}]")
            for one in shown["doubtful"]
        ],
    )
    yield (
        "Bad lines" + _of(shown["bad_line_count"]),
        [(f"  {_where(one, several)}", one["why"]) for one in shown["bad_lines"]],
    )
    yield (
        "custom_id on several lines" + _of(shown["duplicate_ids"], "ids"),
        [
            (
                f"  {visible(one['custom_id'])}",
                f"lines {', '.join(map(str, one['lines'][:_LISTED]))}"
                + (f" of {one['file']}" if several else ""),
            )
            for one in shown["duplicates"]
        ],
    )
    yield (
        "Longest",
        [
            (
                f"  {_where(one, several)}",
                f"{number(one['input_tokens'])} tokens"
                + (f", {one['custom_id']}" if one["custom_id"] is not None else ""),
            )
            for one in shown["longest"][:3]
        ],
    )


def _of(count: int, what: str = "lines") -> str:
    return f" ({number(count)} {what if count != 1 else what[:-1]})"


def _where(one: Shown, several: bool) -> str:
    line = f"line {one['line']}" if one["line"] is not None else "file"
    return f"{one['file']}, {line}" if several else line
