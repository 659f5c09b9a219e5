"""What a language must be able to say of a ledger of guarded calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from tokenassay.contracts.records import Record
from tokenassay.reports.ledgers import FigureRow, LedgerDocument


class LedgerTerms(Record, frozen=True, kw_only=True):
    """Labels of the page of a ledger."""

    ledger: str
    by: dict[str, str]
    """Headings, by what calls are summed by."""
    names: dict[str, str]
    nameless: dict[str, str]
    """Calls without a model or a tag."""
    all: str
    settled: str
    at_most: str
    bar: str
    """What a bar shows."""
    calls: str
    refused: str
    unsettled: str
    estimated: str
    billed: str
    drift: str
    output: str
    no_calls: str
    reasons: str
    became: str
    states: dict[str, str]
    about: tuple[str, ...]


class LedgerSpeech(ABC):
    """Sentences about a ledger."""

    ledger_terms: ClassVar[LedgerTerms]

    @abstractmethod
    def ledger_title(self, document: LedgerDocument) -> str:
        """The name of a ledger's page."""

    @abstractmethod
    def ledger_verdict(self, totals: FigureRow) -> str:
        """Calls, and what those cost whose bill is known."""

    @abstractmethod
    def not_settled(self, totals: FigureRow) -> str:
        """How many calls are not settled, and the most that it may all come to."""

    @abstractmethod
    def counted(self, totals: FigureRow) -> str:
        """What answers without a usage come to by their text."""

    @abstractmethod
    def not_sent(self, count: int) -> str:
        """That so many calls were not sent."""

    @abstractmethod
    def without_price(self, count: int) -> str:
        """That so many calls have no known price."""

    @abstractmethod
    def read_from(self, document: LedgerDocument) -> str:
        """Which ledger, and since when."""

    def ledger_why(self, why: str) -> str:
        """A reason as it stands in the ledger, which is in English."""
        return why
