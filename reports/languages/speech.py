"""What a language must be able to say: each writes its own sentences."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar, Literal

from tokenassay.conformance.measures import Fit
from tokenassay.conformance.results import RunDocument, SpendRow, TimingRow
from tokenassay.reports.estimates import EstimateDocument, EstimateRow, RefusalRow
from tokenassay.reports.languages.speech_audits import AuditSpeech
from tokenassay.reports.languages.speech_batches import BatchSpeech
from tokenassay.reports.languages.speech_comparisons import ComparisonSpeech
from tokenassay.reports.languages.speech_ledgers import LedgerSpeech
from tokenassay.reports.languages.terms import Terms
from tokenassay.reports.tallies import Bound, Tally

Side = Literal["input", "output"]
"""Which tokens a meter's fit is of."""


class Language(AuditSpeech, BatchSpeech, ComparisonSpeech, LedgerSpeech):
    """Labels and sentences of one language."""

    code: ClassVar[str]
    terms: ClassVar[Terms]

    # ---------------------------------------------------------------- runs

    @abstractmethod
    def title(self, tallies: tuple[Tally, ...]) -> str:
        """The name of a run's page."""

    @abstractmethod
    def verdict(self, tallies: tuple[Tally, ...]) -> str:
        """The run in one sentence."""

    @abstractmethod
    def standing(self, tally: Tally) -> str:
        """How far one endpoint kept its promises, in one sentence."""

    @abstractmethod
    def breaches(self, tally: Tally) -> str | None:
        """How much was broken, and how badly; None where nothing was."""

    def joined(self, sentences: Iterable[str]) -> str:
        """Sentences in one paragraph."""
        return " ".join(sentences)

    @abstractmethod
    def undecided(self, tally: Tally) -> str | None:
        """What was observed only, could not be told, was not run; None where there is nothing."""

    @abstractmethod
    def partial(self, tally: Tally) -> str:
        """That a run is not whole, why, and how far it came."""

    @abstractmethod
    def metering(self, fit: Fit, side: Side = "input") -> str:
        """What an endpoint's meter does, from its fit."""

    @abstractmethod
    def bounding(self, bound: Bound) -> str:
        """One documented interval and the one seen, as a sentence."""

    def interval(self, bound: Bound) -> str:
        """The interval that was seen."""
        return bound.row.observed

    @abstractmethod
    def timing(self, row: TimingRow) -> str:
        """How long answers took, in one sentence."""

    @abstractmethod
    def spent(self, spend: SpendRow) -> str:
        """Money that was spent, of the budget where there was one."""

    @abstractmethod
    def score(self, document: RunDocument) -> str:
        """What the suite itself is worth, in one sentence."""

    @abstractmethod
    def more_findings(self, count: int) -> str:
        """That so many findings more stand in the table only."""

    @abstractmethod
    def unrun(self, count: int, why: str) -> str:
        """That so many promises were not run for one reason."""

    @abstractmethod
    def again(self, document: RunDocument) -> str:
        """How to run it again, before the command."""

    # ---------------------------------------------------------------- estimates

    @abstractmethod
    def estimate_title(self, document: EstimateDocument) -> str:
        """The name of an estimate's page."""

    @abstractmethod
    def estimate_verdict(self, document: EstimateDocument) -> str:
        """The estimate in one sentence."""

    @abstractmethod
    def estimate_details(self, document: EstimateDocument) -> tuple[str, ...]:
        """What follows the verdict, a sentence each."""

    @abstractmethod
    def input_of(self, row: EstimateRow) -> str:
        """Input tokens: a number, a range, or that they are unknown."""

    @abstractmethod
    def output_of(self, row: EstimateRow) -> str:
        """Output tokens, from least to most."""

    @abstractmethod
    def cost_of(self, row: EstimateRow) -> str:
        """The cost with its currency: an amount, a range, or that it is unknown."""

    @abstractmethod
    def expected_answer(self, refusal: RefusalRow) -> str:
        """The status, code and message that a refusal is documented to have."""

    # ---------------------------------------------------------------- numbers

    @abstractmethod
    def money(self, amount: str, currency: str | None) -> str:
        """An amount with its currency, every digit shown that it has."""

    def number(self, value: int) -> str:
        """A whole number, its thousands set apart."""
        return f"{value:,}"

    def ratio(self, value: float) -> str:
        """A figure of the fit, as the document has it."""
        return f"{value:.6f}".rstrip("0").rstrip(".")

    def seconds(self, value: float) -> str:
        """A time in seconds, as the document has it."""
        text = f"{value:,.4f}".rstrip("0")
        return f"{text}0 s" if text.endswith(".") else f"{text} s"

    def signed(self, value: int) -> str:
        """A difference with its sign, a true minus for typography."""
        return f"+{value:,}" if value > 0 else f"\u2212{-value:,}" if value < 0 else "0"


def plain_amount(amount: str) -> str:
    """A decimal string with thousands set apart and no zeros that say nothing."""
    value = Decimal(amount)
    whole, _, places = format(value, ",f").partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"
