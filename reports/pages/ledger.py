"""The page of a ledger: what was spent, how far estimates were off, what was not sent."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tokenassay import __version__
from tokenassay.contracts.records import Record
from tokenassay.reports.charts.marks import Picture
from tokenassay.reports.charts.spending import spending_picture, spending_scales
from tokenassay.reports.languages import Code, language
from tokenassay.reports.languages.speech import Language
from tokenassay.reports.languages.speech_ledgers import LedgerTerms
from tokenassay.reports.ledgers import (
    FigureRow,
    GroupRow,
    LedgerDocument,
    MoneyRow,
    ReasonRow,
    whole,
)
from tokenassay.reports.rendering import render


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
    words: LedgerTerms
    by: str
    """Heading of the lines."""
    name: str
    """Heading of their names."""
    lines: tuple[LineView, ...]
    total: LineView
    reasons: tuple[ReasonView, ...]


def build_ledger_page(document: LedgerDocument, speech: Language) -> LedgerPage:
    """The page of a ledger in a language."""
    words = speech.ledger_terms
    return LedgerPage(
        title=speech.ledger_title(document),
        verdict=speech.ledger_verdict(document.totals),
        remarks=tuple(_remarks(document, speech)),
        words=words,
        by=words.by[document.by],
        name=words.names[document.by],
        lines=tuple(_lines(document, speech)),
        total=_line(words.all, document.totals, None, speech),
        reasons=tuple(_reason(reason, speech) for reason in document.reasons),
    )


def ledger_html(document: LedgerDocument, code: Code = "en") -> str:
    """The page as one HTML file; the same document gives the same bytes."""
    speech = language(code)
    return render(
        "ledger.html.j2",
        ("data", "theme"),
        code,
        version=__version__,
        page=build_ledger_page(document, speech),
        data={"words": msgspec.to_builtins(speech.terms)},
    )


def _remarks(document: LedgerDocument, speech: Language) -> Iterator[str]:
    totals = document.totals
    if totals.unsettled:
        yield speech.not_settled(totals)
    if totals.counted:
        yield speech.counted(totals)
    if totals.refused:
        yield speech.not_sent(totals.refused)
    if totals.unpriced:
        yield speech.without_price(totals.unpriced)
    yield speech.read_from(document)


def _lines(document: LedgerDocument, speech: Language) -> Iterator[LineView]:
    scales = spending_scales(document.groups)
    for at, row in enumerate(document.groups):
        name = _name(row, document.by, speech)
        most = speech.terms.comma.join(_at_most(money, speech) for money in row.money)
        picture = spending_picture(
            row,
            scales,
            id=f"spent-{at}",
            title=f"{name}{speech.terms.colon}{most}",
            says=speech.ledger_terms.bar,
        )
        yield _line(name, row, picture, speech)


def _name(row: GroupRow, by: str, speech: Language) -> str:
    return row.name or speech.ledger_terms.nameless[by]


def _line(name: str, row: FigureRow, picture: Picture | None, speech: Language) -> LineView:
    return LineView(
        name=name,
        calls=speech.number(row.calls),
        refused=speech.number(row.refused),
        unsettled=speech.number(row.unsettled),
        estimated=speech.number(row.input_tokens.estimated),
        billed=speech.number(row.input_tokens.billed),
        drift=_drift(row, speech),
        output=speech.number(row.output_tokens.billed),
        settled=tuple(speech.money(money.settled, money.currency) for money in row.money),
        at_most=tuple(_at_most(money, speech) for money in row.money),
        picture=picture,
    )


def _drift(row: FigureRow, speech: Language) -> str:
    if not row.drift.calls:
        return speech.terms.unknown
    change = row.drift.billed - row.drift.estimated
    share = f" ({100 * change / row.drift.estimated:+.2f}%)" if row.drift.estimated else ""
    return f"{speech.signed(change)}{share}" if change else speech.terms.none


def _reason(reason: ReasonRow, speech: Language) -> ReasonView:
    state = speech.ledger_terms.states[reason.state]
    return ReasonView(
        why=speech.ledger_why(reason.why) or state,
        state=state,
        calls=speech.number(reason.calls),
    )


def _at_most(money: MoneyRow, speech: Language) -> str:
    return speech.money(str(whole(money)), money.currency)
