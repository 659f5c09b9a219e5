"""What a language must be able to say of an audit."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tokenassay.conformance.audit.documents import AuditDocument, FindingRow


class AuditSpeech(ABC):
    """Sentences about one endpoint's meter."""

    @abstractmethod
    def audit_title(self, document: AuditDocument) -> str:
        """The name of an audit's page."""

    @abstractmethod
    def audit_verdict(self, document: AuditDocument) -> str:
        """The audit in one sentence."""

    @abstractmethod
    def audit_finding(self, finding: FindingRow) -> str:
        """One thing that the meter gets wrong, as a sentence without its subject."""

    @abstractmethod
    def audit_also(self, finding: FindingRow) -> str:
        """One thing more that the meter gets wrong, as a whole sentence."""

    @abstractmethod
    def audit_precision(self, document: AuditDocument) -> str | None:
        """How near the figures are; None where no number says it."""

    @abstractmethod
    def audit_template(self, document: AuditDocument) -> str | None:
        """Which template the tokens were counted by; None where nothing was read."""

    @abstractmethod
    def overcharging(self, document: AuditDocument) -> str | None:
        """What the meter takes too much, in money; None where nothing is known of it."""

    @abstractmethod
    def ended_early(self, document: AuditDocument) -> str | None:
        """That the audit is not whole, and why; None where it is."""
