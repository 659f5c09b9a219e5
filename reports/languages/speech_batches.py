"""What a language must be able to say of files of requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from tokenassay.contracts.records import Record
from tokenassay.reports.batches import (
    BatchDocument,
    BillRow,
    DuplicateRow,
    FileRow,
    OutputRow,
    SumRow,
)


class BatchTerms(Record, frozen=True, kw_only=True):
    """Labels of the page of a batch."""

    batch: str
    lines: str
    line: str
    file: str
    bytes: str
    custom_id: str
    input_tokens: str
    output_tokens: str
    batch_cost: str
    live_cost: str
    batch_most: str
    live_most: str
    refused: str
    unreadable: str
    cost: str
    bars: str
    all: str
    groups: dict[str, str]
    """What lines are summed by, with and without."""
    unpriced: str
    in_batch: str
    sent_live: str
    spread: str
    percentile: str
    per_line: str
    percentiles: dict[str, str]
    mean: str
    bases: str
    refusals: str
    clauses: str
    doubtful: str
    rules: str
    expected: str
    bad_lines: str
    duplicates: str
    on_lines: str
    longest: str
    files: str
    kinds: str
    kind_names: dict[str, str]
    fault: str
    again: str
    as_of: str
    latest: str
    held_to: str
    about: tuple[str, ...]


class BatchSpeech(ABC):
    """Sentences about files of requests."""

    batch_terms: ClassVar[BatchTerms]

    @abstractmethod
    def batch_title(self, document: BatchDocument) -> str:
        """The name of a batch's page."""

    @abstractmethod
    def batch_verdict(self, document: BatchDocument) -> str:
        """Lines, tokens, both costs, and what stands against sending them, in one sentence."""

    @abstractmethod
    def batch_cut(self) -> str:
        """That counting was interrupted."""

    @abstractmethod
    def batch_fault(self, file: FileRow) -> str:
        """That a file was not read to its end, and why."""

    @abstractmethod
    def tokens_of(self, row: SumRow) -> str:
        """Input tokens: a number, a range, or a lower bound."""

    @abstractmethod
    def answers_of(self, row: OutputRow) -> str:
        """Tokens of the answers, from least to most."""

    @abstractmethod
    def bill_of(self, bill: BillRow) -> str:
        """A cost with its currency: an amount, a range, a lower bound, or that it is unknown."""

    @abstractmethod
    def refused_tokens(self, document: BatchDocument) -> str:
        """Lines that would be refused, with the input tokens that stand on them."""

    @abstractmethod
    def repeated(self, count: int) -> str:
        """That so many ids stand on more than one line of a file."""

    @abstractmethod
    def uncounted(self, count: int) -> str:
        """That so many lines hold nothing that can be counted."""

    @abstractmethod
    def unnamed(self, count: int) -> str:
        """That so many more are not listed."""

    @abstractmethod
    def lines_of(self, duplicate: DuplicateRow) -> str:
        """The lines on which a custom_id stands."""
