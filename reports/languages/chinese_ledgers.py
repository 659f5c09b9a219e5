"""受控调用账本的中文。"""

from __future__ import annotations

from typing import Final

from tokenassay.reports.languages.speech import Language
from tokenassay.reports.languages.speech_ledgers import LedgerTerms
from tokenassay.reports.ledgers import FigureRow, LedgerDocument, whole

_TERMS: Final = LedgerTerms(
    ledger="账本",
    by={"day": "按日期统计", "model": "按模型统计", "tag": "按标签统计"},
    names={"day": "日期", "model": "模型", "tag": "标签"},
    nameless={"day": "没有日期", "model": "没有模型", "tag": "没有标签"},
    all="合计",
    settled="已结算",
    at_most="至多",
    bar="已结算的金额，以及最多可能达到的金额。",
    calls="调用次数",
    refused="没有发出",
    unsettled="未结算",
    estimated="估算的输入",
    billed="计费的输入",
    drift="偏差",
    output="计费的输出",
    no_calls="没有调用。",
    reasons="没有发出或未结算的原因",
    became="结果",
    states={
        "open": "还在进行，或不知如何结束",
        "unmetered": "已经结束，用量不明",
        "released": "不必付费",
        "refused": "没有发出",
    },
    about=(
        (
            "每次调用在发出之前就按最高费用记入账本，得到应答后再按其中写明的用量和目录价结算。"
            "从缓存读取的部分，凡知道命中价的按命中价计算。"
        ),
        (
            "用量不明的调用按最高费用计算：进程结束时它还在进行，或者应答没有读完，或者应答没有"
            "给出用量。这类应答按文字算出的金额另外列出，那是推算，不是账单。价格未知的调用不计"
            "入任何金额，只列出次数。"
        ),
        (
            "偏差是计费的输入与估算的输入之差，只计两者都知道的调用。偏差不为零时，可以用 "
            "tokenassay reconcile 和 tokenassay audit 查明原因。"
        ),
    ),
)
_WHOLE: Final = {
    "the answer says no usage": "应答没有给出用量",
    "the answer is too large to be read for its usage": "应答太大，没有读取用量",
    "the answer can't be decoded": "应答无法解码",
    "ended early": "没有读完",
    "no price for the budget": "价格未知，无法对照预算",
    "never sent: the stream was not read": "没有发出：没有人读取流",
}
_BEGUN: Final = {
    "answered ": "应答的状态码为 ",
    "no answer: ": "没有应答：",
    "never sent: ": "没有发出：",
    "the answer broke off: ": "应答中断：",
    "budget ": "预算 ",
}


class ChineseLedgers(Language):
    """用简体中文说明账本。"""

    ledger_terms = _TERMS

    def ledger_title(self, document: LedgerDocument) -> str:
        return f"{document.ledger} 的受控调用"

    def ledger_verdict(self, totals: FigureRow) -> str:
        spent = "加 ".join(self.money(m.settled, m.currency) for m in totals.money)
        calls = f"{self.number(totals.calls)} 次调用"
        return f"{calls}，费用 {spent}" if spent else f"{calls}，费用未知"

    def not_settled(self, totals: FigureRow) -> str:
        most = "加 ".join(self.money(str(whole(m)), m.currency) for m in totals.money)
        may = f"，总费用最多可能为 {most}" if most else ""
        return f"{self.number(totals.unsettled)} 次调用没有结算{may}。"

    def counted(self, totals: FigureRow) -> str:
        sums = [self.money(m.counted, m.currency) for m in totals.money if m.counted != "0"]
        tokens = self.number(totals.output_tokens.counted)
        told = f"为 {'加 '.join(sums)}" if sums else "未知"
        return (
            f"{self.number(totals.counted)} 次调用没有给出最终的用量，"
            f"按收到的 {tokens} 个 Token 推算，费用{told}。"
        )

    def not_sent(self, count: int) -> str:
        return f"{self.number(count)} 次调用没有发出。"

    def without_price(self, count: int) -> str:
        return f"{self.number(count)} 次调用价格未知。"

    def read_from(self, document: LedgerDocument) -> str:
        since = f"，自 {document.since} 起" if document.since else ""
        return f"读自 {document.ledger}{since}。"

    def ledger_why(self, why: str) -> str:
        if why in _WHOLE:
            return _WHOLE[why]
        for english, chinese in _BEGUN.items():
            if why.startswith(english):
                return chinese + why.removeprefix(english)
        return why
