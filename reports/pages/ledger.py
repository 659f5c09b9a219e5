"""The page of a ledger: what was spent, how far estimates were off, what was not sent."""

from __future__ import annotations

from typing import Final

from tokenassay import __version__
from tokenassay.contracts.records import Record
from tokenassay.reports.charts.marks import Picture
from tokenassay.reports.charts.spending import spending_picture, spending_scales, whole
from tokenassay.reports.languages import language
from tokenassay.reports.ledgers import FigureRow, LedgerDocument, MoneyRow, ReasonRow
from tokenassay.reports.rendering import render

_SPEECH: Final = language("en")
_STATES: Final = {
    "open": "under way, or its end was never heard of",
    "unmetered": "ended, and its usage is not known",
    "released": "nothing is owed",
    "refused": "not sent",
}
_ABOUT: Final = (
    (
        "Every call is written before it is sent, at the most that it can cost, and settled by "
        "the usage that its answer states, at list price. What was read from a cache is at the "
        "price of a hit, where that is known."
    ),
    (
        "A call whose usage is not known counts at its highest price: it was under way when its "
        "process ended, was left by its reader, or its answer states no usage. Calls without a "
        "known price are in no sum of money, and their number is told."
    ),
    (
        "Drift compares billed with estimated input, for the calls of which both are known. Where "
        "it is not nothing, tokenassay reconcile and tokenassay audit say what it comes from."
    ),
)


class LineView(Record, frozen=True, kw_only=True):
    """One day, model or tag."""

    name: str
    calls: str
    refused: str
    unsettled: str
    estimated: str
    billed: str
    drift: str
    output: str
    settled: tuple[str, ...]
    at_most: tuple[str, ...]
    picture: Picture | None


class ReasonView(Record, frozen=True, kw_only=True):
    """Why calls were refused or are not settled."""

    why: str
    state: str
    calls: str


class LedgerPage(Record, frozen=True, kw_only=True):
    """Everything on the page of a ledger."""

    title: str
    verdict: str
    remarks: tuple[str, ...]
    by: str
    lines: tuple[LineView, ...]
    total: LineView
    reasons: tuple[ReasonView, ...]
    about: tuple[str, ...]


def build_ledger_page(document: LedgerDocument) -> LedgerPage:
    """The page of a ledger, in English."""
    scales = spending_scales(document.groups)
    by = document.by
    return LedgerPage(
        title=f"Guarded calls: {document.ledger}",
        verdict=_verdict(document.totals),
        remarks=_remarks(document),
        by=by,
        lines=tuple(
            _line(
                row.name or f"no {by}",
                row,
                spending_picture(
                    row,
                    scales,
                    id=f"spent-{at}",
                    title=f"{row.name or f'no {by}'}: {', '.join(map(_at_most, row.money))}",
                    says="Settled, and the most that it may come to.",
                ),
            )
            for at, row in enumerate(document.groups)
        ),
        total=_line("all", document.totals, None),
        reasons=tuple(_reason(reason) for reason in document.reasons),
        about=_ABOUT,
    )


def ledger_html(document: LedgerDocument) -> str:
    """The page as one HTML file; the same document gives the same bytes."""
    return render(
        "ledger.html.j2",
        ("data", "theme"),
        "en",
        version=__version__,
        page=build_ledger_page(document),
        data={"words": {name: getattr(_SPEECH.terms, name) for name in _THEME}},
    )


_THEME: Final = tuple(name for name in type(_SPEECH.terms).__struct_fields__ if "theme" in name)
"""Words that the page's script says."""


def _verdict(totals: FigureRow) -> str:
    spent = " and ".join(_SPEECH.money(m.settled, m.currency) for m in totals.money)
    calls = _count(totals.calls, "call")
    return f"{calls} for {spent}" if spent else f"{calls}, at no known cost"


def _remarks(document: LedgerDocument) -> tuple[str, ...]:
    totals = document.totals
    said = []
    if totals.unsettled:
        most = " and ".join(_at_most(m) for m in totals.money)
        verb = "is" if totals.unsettled == 1 else "are"
        said.append(f"{_count(totals.unsettled, 'call')} {verb} not settled: it may be {most}.")
    if totals.refused:
        said.append(f"{_count(totals.refused, 'call')} {_was(totals.refused)} not sent.")
    if totals.unpriced:
        said.append(f"{_count(totals.unpriced, 'call')} without a known price.")
    since = f" since {document.since}" if document.since else ""
    return (*said, f"From {document.ledger}{since}.")


def _line(name: str, row: FigureRow, picture: Picture | None) -> LineView:
    return LineView(
        name=name,
        calls=_SPEECH.number(row.calls),
        refused=_SPEECH.number(row.refused),
        unsettled=_SPEECH.number(row.unsettled),
        estimated=_SPEECH.number(row.input_tokens.estimated),
        billed=_SPEECH.number(row.input_tokens.billed),
        drift=_drift(row),
        output=_SPEECH.number(row.output_tokens.billed),
        settled=tuple(_SPEECH.money(money.settled, money.currency) for money in row.money),
        at_most=tuple(_at_most(money) for money in row.money),
        picture=picture,
    )


def _drift(row: FigureRow) -> str:
    if not row.drift.calls:
        return _SPEECH.terms.unknown
    change = row.drift.billed - row.drift.estimated
    share = f" ({100 * change / row.drift.estimated:+.2f}%)" if row.drift.estimated else ""
    return f"{_SPEECH.signed(change)}{share}" if change else _SPEECH.terms.none


def _reason(reason: ReasonRow) -> ReasonView:
    return ReasonView(
        why=reason.why or _STATES[reason.state],
        state=_STATES[reason.state],
        calls=_SPEECH.number(reason.calls),
    )


def _at_most(money: MoneyRow) -> str:
    return _SPEECH.money(str(whole(money)), money.currency)


def _count(number: int, what: str) -> str:
    return f"{_SPEECH.number(number)} {what}{'' if number == 1 else 's'}"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
