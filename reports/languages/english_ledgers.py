"""English about a ledger of guarded calls."""

from __future__ import annotations

from typing import Final

from tokenassay.reports.languages.speech import Language
from tokenassay.reports.languages.speech_ledgers import LedgerTerms
from tokenassay.reports.ledgers import FigureRow, LedgerDocument, whole

_TERMS: Final = LedgerTerms(
    ledger="ledger",
    by={"day": "Calls by day", "model": "Calls by model", "tag": "Calls by tag"},
    names={"day": "Day", "model": "Model", "tag": "Tag"},
    nameless={"day": "no day", "model": "no model", "tag": "no tag"},
    all="all",
    settled="Settled",
    at_most="At most",
    bar="Settled, and the most that it may come to.",
    calls="Calls",
    refused="Not sent",
    unsettled="Unsettled",
    estimated="Input estimated",
    billed="Input billed",
    drift="Drift",
    output="Output billed",
    no_calls="No calls.",
    reasons="Not sent, or not settled",
    became="What became of it",
    states={
        "open": "under way, or its end was never heard of",
        "unmetered": "ended, and its usage is not known",
        "released": "nothing is owed",
        "refused": "not sent",
    },
    about=(
        (
            "Every call is written before it is sent, at the most that it can cost, and settled "
            "by the usage that its answer states, at list price. What was read from a cache is at "
            "the price of a hit, where that is known."
        ),
        (
            "A call whose usage is not known counts at its highest price: it was under way when "
            "its process ended, was left by its reader, or its answer states no usage. What such "
            "an answer comes to by its text is told apart: it is modelled and no bill. Calls "
            "without a known price are in no sum of money, and their number is told."
        ),
        (
            "Drift compares billed with estimated input, for the calls of which both are known. "
            "Where it is not nothing, tokenassay reconcile and tokenassay audit say what it comes "
            "from."
        ),
    ),
)


class EnglishLedgers(Language):
    """What is said of a ledger in plain English."""

    ledger_terms = _TERMS

    def ledger_title(self, document: LedgerDocument) -> str:
        return f"Guarded calls: {document.ledger}"

    def ledger_verdict(self, totals: FigureRow) -> str:
        spent = " and ".join(self.money(m.settled, m.currency) for m in totals.money)
        calls = self._calls(totals.calls)
        return f"{calls} for {spent}" if spent else f"{calls}, at no known cost"

    def not_settled(self, totals: FigureRow) -> str:
        most = " and ".join(self.money(str(whole(m)), m.currency) for m in totals.money)
        verb = "is" if totals.unsettled == 1 else "are"
        may = f": it may be {most}" if most else ""
        return f"{self._calls(totals.unsettled)} {verb} not settled{may}."

    def counted(self, totals: FigureRow) -> str:
        sums = [self.money(m.counted, m.currency) for m in totals.money if m.counted != "0"]
        verb = "comes" if totals.counted == 1 else "come"
        tokens = self.number(totals.output_tokens.counted)
        return (
            f"{self._calls(totals.counted)} without a final usage {verb} to "
            f"{' and '.join(sums) or 'an unknown sum'} by the {tokens} tokens that were heard "
            "(modelled)."
        )

    def not_sent(self, count: int) -> str:
        return f"{self._calls(count)} {'was' if count == 1 else 'were'} not sent."

    def without_price(self, count: int) -> str:
        return f"{self._calls(count)} without a known price."

    def read_from(self, document: LedgerDocument) -> str:
        since = f" since {document.since}" if document.since else ""
        return f"From {document.ledger}{since}."

    def _calls(self, count: int) -> str:
        return f"{self.number(count)} call{'' if count == 1 else 's'}"
