"""``tokenassay ledger``: what the guard let through, what that was billed, and what it refused."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokenassay.cli import inputs
from tokenassay.cli.output import (
    Complaint,
    console,
    money,
    number,
    pairs,
    put,
    table,
    visible,
    write_json,
)
from tokenassay.cli.report import Lang, write

if TYPE_CHECKING:
    from tokenassay.guard.ledger import Group, Totals

_MOST_REASONS = 12
_DRIFT = "drift"

_STATES = {
    "open": "end not heard of",
    "unmetered": "counted at the maximum",
    "released": "nothing owed",
    "refused": "not sent",
}


class By(str, Enum):
    """What a ledger can be summed by."""

    day = "day"
    model = "model"
    tag = "tag"


def ledger(
    where: Annotated[
        str,
        typer.Argument(metavar="FILE|URL", help="The guard's ledger: a file, or postgresql://..."),
    ],
    by: Annotated[By, typer.Option(metavar="day|model|tag", help="A line for each.")] = By.day,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Calls of that day and later.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page of it.")] = None,
    lang: Annotated[Lang, typer.Option(help="Language of the page.")] = Lang.en,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What calls were estimated at and billed, what they cost, and what was not sent."""
    from tokenassay.guard.ledger import Ledger, LedgerError

    if json and html == Path("-"):
        raise Complaint("only one of the page and the JSON can go to standard output")
    day = inputs.parse_day(since) if since is not None else None
    try:
        with Ledger(where) as found:
            summary = found.summary(by.value, day)
            written = {
                "ledger": found.name,
                "since": None if day is None else day.isoformat(),
                "by": by.value,
                "totals": figures(summary.totals),
                "groups": [grouped(group) for group in summary.groups],
                "reasons": [
                    {"state": r.state, "why": r.why, "calls": r.calls} for r in summary.reasons
                ],
            }
    except LedgerError as error:
        raise Complaint(str(error)) from None
    if json:
        write_json(written)
    elif html != Path("-"):
        show(written)
    if html is not None:
        _write_page(html, written, lang)


def grouped(group: Group) -> dict[str, Any]:
    """One day, model or tag as JSON data."""
    return {"name": group.name, **figures(group.totals)}


def figures(totals: Totals) -> dict[str, Any]:
    """Figures of many calls as JSON data; money as decimal strings."""
    from tokenassay.estimators.money import plain

    drift = totals.drift
    return {
        "calls": totals.calls,
        "refused": totals.refused,
        "released": totals.released,
        "unsettled": totals.unsettled,
        "counted": totals.counted,
        "unpriced": totals.unpriced,
        "input_tokens": {"estimated": totals.input_estimated, "billed": totals.input_billed},
        "output_tokens": {
            "most": totals.output_most,
            "billed": totals.output_billed,
            "counted": totals.output_counted,
        },
        "drift": {"calls": drift.calls, "estimated": drift.estimated, "billed": drift.billed},
        "money": [
            {
                "currency": one.currency,
                "settled": plain(one.settled),
                "unsettled": plain(one.unsettled),
                "counted": plain(one.counted),
            }
            for one in totals.money
        ],
    }


def _write_page(path: Path, written: dict[str, Any], lang: Lang) -> None:
    import msgspec

    from tokenassay.reports.ledgers import LedgerDocument
    from tokenassay.reports.pages.ledger import ledger_html

    write(path, ledger_html(msgspec.convert(written, LedgerDocument), lang.value).encode())


def show(written: dict[str, Any]) -> None:
    """A table with a line for each group, what they come to, and why calls did not go through."""
    out = console()
    by, groups, totals = written["by"], written["groups"], written["totals"]
    if not groups:
        print("no calls")
        return
    names = ("calls", "refused", "unsettled", "estimated in", "billed in", _DRIFT, "billed out")
    made = table(by, *names, "cost", "at most", right=(*names, "cost", "at most"), whole=(by,))
    for group in groups:
        made.add_row(visible(group["name"] or f"no {by}"), *_cells(group))
    if len(groups) > 1:
        made.add_section()
        made.add_row("all", *_cells(totals))
    put(made, out)
    if totals["counted"]:
        print(f"\n{_counted(totals)}")
    if totals["unpriced"]:
        print(f"\n{_calls(totals['unpriced'], 'has', 'have')} no known price and no part in a sum.")
    reasons = written["reasons"]
    if reasons:
        print()
        out.print(pairs(_reasons(reasons[:_MOST_REASONS])))
        if len(reasons) > _MOST_REASONS:
            print(f"and {number(len(reasons) - _MOST_REASONS)} other reasons: --json has them all")


def _cells(of: dict[str, Any]) -> list[str]:
    drift, monies = of["drift"], of["money"]
    return [
        number(of["calls"]),
        number(of["refused"]),
        number(of["unsettled"]),
        number(of["input_tokens"]["estimated"]),
        number(of["input_tokens"]["billed"]),
        drifted(drift),
        number(of["output_tokens"]["billed"]),
        "\n".join(money(one["settled"], one["currency"]) for one in monies),
        "\n".join(_at_most(one) for one in monies),
    ]


def _counted(totals: dict[str, Any]) -> str:
    """What answers without a usage come to by their text."""
    sums = " and ".join(
        money(one["counted"], one["currency"]) for one in totals["money"] if one["counted"] != "0"
    )
    calls = _calls(totals["counted"], "without a final usage comes", "without a final usage come")
    tokens = number(totals["output_tokens"]["counted"])
    return (
        f"{calls} to {sums or 'an unknown sum'} by the {tokens} tokens that were heard (modelled)."
    )


def _at_most(one: dict[str, Any]) -> str:
    """The cost with what is not settled, at its highest; empty where all of it is."""
    from decimal import Decimal

    whole = Decimal(one["settled"]) + Decimal(one["unsettled"])
    return money(whole, one["currency"]) if Decimal(one["unsettled"]) else ""


def drifted(drift: dict[str, Any]) -> str:
    """How far the billed input is from the estimated, such as ``+1.5%``; empty where unknown."""
    if not drift["calls"]:
        return ""
    change = drift["billed"] - drift["estimated"]
    if not change:
        return "none"
    if not drift["estimated"]:
        return f"{change:+,}"
    return f"{100 * change / drift['estimated']:+.2f}%"


def _reasons(reasons: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for reason in reasons:
        yield f"{_calls(reason['calls'])}, {_STATES[reason['state']]}", reason["why"]


def _calls(count: int, one: str = "", several: str = "") -> str:
    return f"1 call {one}".rstrip() if count == 1 else f"{number(count)} calls {several}".rstrip()
