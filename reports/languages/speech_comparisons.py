"""What a language must be able to say of a comparison."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tokenassay.conformance.compare.rows import DifferenceRow
from tokenassay.conformance.results import TargetRow
from tokenassay.reports.comparisons import Compared


class ComparisonSpeech(ABC):
    """Sentences about what parts several endpoints."""

    @abstractmethod
    def comparison_title(self, compared: Compared) -> str:
        """The name of a comparison's page."""

    @abstractmethod
    def comparison_verdict(self, compared: Compared) -> str:
        """The comparison in one sentence."""

    @abstractmethod
    def unlikeness(self, compared: Compared, name: str) -> str:
        """How one endpoint stands to the others, in one sentence."""

    @abstractmethod
    def differing(self, count: int) -> str:
        """So many differences, in as few words as stand above a column."""

    @abstractmethod
    def unlike(self, difference: DifferenceRow) -> str:
        """Who answers otherwise than whom, and in what."""

    @abstractmethod
    def expected_unlike(self, difference: DifferenceRow) -> str:
        """Whether the documents lead one to expect a difference."""

    @abstractmethod
    def documented_rest(self, count: int) -> str:
        """That so many differences more are as the documents say, and stand in the table."""

    @abstractmethod
    def cut_short(self, target: TargetRow) -> str:
        """That one endpoint could not be asked, or not to the end, and why."""
