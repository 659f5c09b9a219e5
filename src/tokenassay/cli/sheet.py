"""Estimates as a person reads them; every figure stands in the JSON too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from tokenassay.cli.output import money, number, pairs, put, table, visible

if TYPE_CHECKING:
    from tokenassay.cli.estimate import LeftOut

Shown = dict[str, Any]
"""An estimate as its ``to_dict`` writes it."""


def show(found: Sequence[Shown], left_out: Sequence[LeftOut], console: Console) -> None:
    """One estimate in full, or several as a table with what stands against each below it."""
    if len(found) == 1 and not left_out:
        console.print(detail(found[0]))
        return
    if found:
        put(compared(found), console)
    for shown in found:
        lines = refusals(shown)
        if lines:
            console.print(f"{_whose(shown)}{name(shown)}:")
            console.print(pairs(lines))
    if left_out:
        console.print("\nLeft out:")
        console.print(pairs((f"  {out.model}", out.why) for out in left_out))


def detail(shown: Shown) -> Table:
    """Everything about one estimate."""
    lines = [
        ("model", f"{name(shown)}, held to {shown['edition']}"),
        ("input", f"{counted(shown)} tokens, {shown['basis']}: {shown['basis_why']}"),
        *(("", f"{part['part']}: {number(part['tokens'])}") for part in shown["breakdown"]),
        ("output", output(shown)),
        ("cost", costs(shown)),
        *refusals(shown),
        *(("note", note) for note in shown["notes"]),
    ]
    return pairs(lines)


def compared(found: Sequence[Shown]) -> Table:
    """One line an estimate, in the order given."""
    # Of several files, which file says more than which edition.
    first = "request" if any("request" in shown for shown in found) else "edition"
    columns = ["model", first, "input tokens", "basis", "output", "cost"]
    refused = any(shown["refusals"] for shown in found)
    if refused:
        columns.append("refusals")
    made = table(*columns, right=("refusals",), whole=("model", "basis", "cost"))
    for shown in found:
        cells = [name(shown), visible(shown[first]), counted(shown), shown["basis"]]
        cells += [output(shown), cost(shown)]
        if refused:
            cells.append(str(len(shown["refusals"]) or ""))
        made.add_row(*cells)
    return made


def _whose(shown: Shown) -> str:
    """The file of an estimate, where it is one of several."""
    return f"{visible(shown['request'])}: " if "request" in shown else ""


def name(shown: Shown) -> str:
    """The model's name as it can be printed."""
    return "no model" if shown["model"] is None else visible(shown["model"])


def counted(shown: Shown) -> str:
    """Input tokens: ``25``, ``90 to 140``, ``at least 36``, or ``unknown``."""
    low, high = shown["input_range"]
    if low is None:
        return "unknown"
    if high is None:
        return f"at least {number(low)}"
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def output(shown: Shown) -> str:
    """Output tokens, from least to most."""
    low, high = shown["output_tokens"]["min"], shown["output_tokens"]["max"]
    if high is None:
        return f"at least {number(low)}, ceiling unknown" if low else "ceiling unknown"
    return number(high) if low == high else f"up to {number(high)}"


def cost(shown: Shown) -> str:
    """Lowest to highest cost with its currency; ``unknown`` where no price is."""
    known = shown["cost"]
    if known is None:
        return "unknown"
    low, high, currency = known["total_min"], known["total_max"], known["currency"]
    if high is None:
        return f"at least {money(low, currency)}"
    if low == high:
        return money(low, currency)
    return f"{money(low)} to {money(high, currency)}"


def costs(shown: Shown) -> str:
    """The cost with its parts, and the price it rests on."""
    written = cost(shown)
    known = shown["cost"]
    if known is not None:
        parts = f"input {money(known['input'])}, output up to {money(known['output_max'])}"
        written += f" ({parts})"
    return f"{written}: {shown['cost_why']}" if shown["cost_why"] else written


def refusals(shown: Shown) -> list[tuple[str, str]]:
    """What the documents say the endpoint would refuse, each with the answer to expect."""
    lines = []
    for refusal in shown["refusals"]:
        expected = [str(part) for part in (refusal["status"], refusal["code"]) if part]
        answer = " ".join(expected) or "an answer that no document prints"
        if refusal["message"]:
            answer += f", {refusal['message']}"
        word = "refused" if refusal["level"] == "must" else refusal["level"]
        lines.append((word, f"{refusal['why']} [{refusal['clause']}]"))
        lines.append(("", f"expect {answer}"))
    return lines
