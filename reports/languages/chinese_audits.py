"""Chinese about meters."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tokenassay.conformance.audit.documents import AuditDocument, FindingRow
from tokenassay.reports.languages.speech import Language

_SIDES: Final = {
    "input": "输入 Token",
    "output": "输出 Token",
    "total": "Token 总数",
    "errors": "被拒绝的请求",
}


class ChineseAudits(Language):
    """用中文讲计量审计。"""

    def audit_title(self, document: AuditDocument) -> str:
        return f"{_name(document)} 计量审计"

    def audit_verdict(self, document: AuditDocument) -> str:
        name = _name(document)
        if document.verdict == "honest":
            return f"{name} 计量诚实：计费与本地计数分毫不差。"
        if document.verdict == "inconclusive" or not document.findings:
            return f"对 {name} 的计量得不出结论：{document.why}。"
        same = (f for f in document.findings if f.verdict == document.verdict)
        return f"{name} {self.audit_finding(next(same, document.findings[0]))}"

    def audit_finding(self, finding: FindingRow) -> str:
        what = _SIDES[finding.side]
        spaced = f"{what} " if what.endswith("Token") else what
        verdict, factor, surplus = finding.verdict, finding.factor, finding.surplus
        if verdict == "constant surplus" and surplus:
            way = "多计" if surplus > 0 else "少计"
            return f"每次请求{way} {abs(surplus):,} 个{what}。"
        if verdict in ("inflated", "deflated"):
            if factor == 0:
                return f"不论发送什么，{spaced}一律计为 0。"
            if factor is not None and factor != 1:
                return f"计费的{spaced}是本地计数的 {self.ratio(factor)} 倍。"
            return f"计费的{spaced}比本地计数{'多' if verdict == 'inflated' else '少'}。"
        return {
            "constant surplus": f"许多请求都多计了同样数目的{what}。",
            "other tokenizer": f"计{spaced}用的不是这个模型的分词器。",
            "recounted by stream": f"流式应答与普通应答的{spaced}计法不同。",
            "swapped": "把输入算作输出，把输出算作输入。",
            "errors billed": "对被拒绝的请求也计费。",
        }.get(verdict, f"{spaced}的计费没有规律可循。")

    def audit_also(self, finding: FindingRow) -> str:
        return f"此外，{self.audit_finding(finding)}"

    def audit_precision(self, document: AuditDocument) -> str | None:
        near = document.uncertainty
        if not near:
            return None
        if document.verdict == "honest":
            return f"倍数与 1 的偏差只要超过 {self.ratio(near)}，就会被发现。"
        return f"倍数的误差不超过 {self.ratio(near)}。"

    def audit_template(self, document: AuditDocument) -> str | None:
        if not document.input.answers:
            return None
        if document.template is None:
            return f"已知的对话模板都解释不了计费的数目：{document.basis_why}。"
        if document.template == "own":
            basis = self.terms.bases[document.basis]
            return f"Token 数按这个模型自己的对话模板计算，依据为“{basis}”。"
        more = f"，每次请求再加 {self.signed(document.offset)} 个" if document.offset else ""
        return f"计费的数目与对话模板 {document.template}{more}相符，与这个模型自己的模板不符。"

    def overcharging(self, document: AuditDocument) -> str | None:
        spend = document.spend
        million = spend.overcharge_per_million_tokens
        if million is None or not document.findings or not spend.tokens_per_request:
            return None
        amount = Decimal(million)
        if not amount:
            return "费用并未因此增加。"
        way = "多收" if amount > 0 else "少收"
        said = (
            f"按平均每次 {self.number(spend.tokens_per_request)} 个 Token 的请求计，"
            f"每百万 Token {way} {self.money(str(abs(amount)), spend.currency)}"
        )
        requests = spend.overcharge_per_million_requests
        if document.verdict == "constant surplus" and requests is not None:
            cost = self.money(str(abs(Decimal(requests))), spend.currency)
            said += f"，每百万次请求{way} {cost}"
        return f"{said}。"

    def ended_early(self, document: AuditDocument) -> str | None:
        if document.stop_reason is None:
            return None
        return f"这次审计不完整：{document.stop_reason}。"


def _name(document: AuditDocument) -> str:
    return f"{document.target.name} 的 {document.target.model}"
