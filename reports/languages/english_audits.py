"""English about meters."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tokenassay.conformance.audit.documents import AuditDocument, FindingRow
from tokenassay.reports.languages.speech import Language

_SIDES: Final = {
    "input": "input tokens",
    "output": "output tokens",
    "total": "tokens in total",
    "errors": "tokens of refused requests",
}


class EnglishAudits(Language):
    """What is said of an audit in plain English."""

    def audit_title(self, document: AuditDocument) -> str:
        return f"The meter of {_name(document)}: audit"

    def audit_verdict(self, document: AuditDocument) -> str:
        name = _name(document)
        if document.verdict == "honest":
            return f"{name} bills exactly what was counted."
        if document.verdict == "inconclusive" or not document.findings:
            return f"Nothing could be told of the meter of {name}: {document.why}."
        return f"{name} {self.audit_finding(_head(document))}"

    def audit_finding(self, finding: FindingRow) -> str:
        what = _SIDES[finding.side]
        verdict, factor, surplus = finding.verdict, finding.factor, finding.surplus
        if verdict == "constant surplus" and surplus:
            way = "many" if surplus > 0 else "few"
            token = what if abs(surplus) != 1 else what.replace("tokens", "token")
            return f"bills {abs(surplus):,} {token} too {way} in each request."
        if verdict in ("inflated", "deflated"):
            if factor == 0:
                return f"bills 0 {what}, whatever is sent."
            if factor is not None and factor != 1:
                return f"bills {self.ratio(factor)} times the {what} that were counted."
            return f"bills {'more' if verdict == 'inflated' else 'fewer'} {what} than were counted."
        return {
            "constant surplus": f"bills the same number of {what} too many in many requests.",
            "other tokenizer": f"counts {what} by another tokenizer than the model's.",
            "recounted by stream": f"bills {what} of streams unlike those of plain answers.",
            "swapped": "bills input as output, and output as input.",
            "errors billed": "bills requests that it refuses.",
        }.get(verdict, f"bills {what} by no rule that holds.")

    def audit_also(self, finding: FindingRow) -> str:
        return f"It also {self.audit_finding(finding)}"

    def audit_precision(self, document: AuditDocument) -> str | None:
        near = document.uncertainty
        if not near:
            return None
        if document.verdict == "honest":
            return f"A factor further from 1 than {self.ratio(near)} would have shown."
        return f"The factor is certain to within {self.ratio(near)}."

    def audit_template(self, document: AuditDocument) -> str | None:
        if not document.input.answers:
            return None
        if document.template is None:
            return f"No template that is known explains what is billed; {document.basis_why}."
        if document.template == "own":
            basis = self.terms.bases[document.basis]
            return f"Tokens are counted by the model's own template, and that count is {basis}."
        more = f", with {self.signed(document.offset)} tokens" if document.offset else ""
        return (
            f"What is billed is explained by the template {document.template}{more}; "
            "the model's own does not fit."
        )

    def overcharging(self, document: AuditDocument) -> str | None:
        spend = document.spend
        million = spend.overcharge_per_million_tokens
        if million is None or not document.findings or not spend.tokens_per_request:
            return None
        amount = Decimal(million)
        if not amount:
            return "That costs nothing more."
        way = "more" if amount > 0 else "less"
        said = (
            f"That costs {self.money(str(abs(amount)), spend.currency)} {way} per million tokens, "
            f"in requests of {self.number(spend.tokens_per_request)} tokens on average"
        )
        requests = spend.overcharge_per_million_requests
        if document.verdict == "constant surplus" and requests is not None:
            said += f", or {self.money(str(abs(Decimal(requests))), spend.currency)} {way} per "
            said += "million requests"
        return f"{said}."

    def ended_early(self, document: AuditDocument) -> str | None:
        if document.stop_reason is None:
            return None
        return f"The audit is partial: {document.stop_reason}."


def _name(document: AuditDocument) -> str:
    return f"{document.target.model} at {document.target.name}"


def _head(document: AuditDocument) -> FindingRow:
    same = (f for f in document.findings if f.verdict == document.verdict)
    return next(same, document.findings[0])
