"""Chinese about files of requests."""

from __future__ import annotations

from typing import Final

from tokenassay.reports.batches import (
    BatchDocument,
    BillRow,
    DuplicateRow,
    FileRow,
    OutputRow,
    SumRow,
)
from tokenassay.reports.languages.speech import Language, plain_amount
from tokenassay.reports.languages.speech_batches import BatchTerms

_TERMS: Final = BatchTerms(
    batch="批量估算",
    lines="行数",
    line="行号",
    file="文件",
    bytes="字节数",
    custom_id="custom_id",
    input_tokens="输入 Token",
    output_tokens="输出 Token",
    batch_cost="批量调用的费用",
    live_cost="实时调用的费用",
    batch_most="批量调用，至多",
    live_most="实时调用，至多",
    refused="行会被拒绝",
    unreadable="行无法读取",
    cost="费用",
    bars="上条为批量调用，下条为实时调用",
    all="合计",
    groups={"model": "模型", "file": "文件", "custom-prefix": "custom_id 前缀", "": "范围"},
    unpriced="价格未知的行",
    in_batch="批量调用的行数",
    sent_live="实时调用的行数",
    spread="每行的输入 Token",
    percentile="不超过这个数目的行",
    per_line="Token 数",
    percentiles={
        "min": "最短",
        "p1": "百分之 1",
        "p25": "百分之 25",
        "p50": "百分之 50",
        "p75": "百分之 75",
        "p90": "百分之 90",
        "p95": "百分之 95",
        "p99": "百分之 99",
        "max": "最长",
    },
    mean="平均",
    bases="计数的依据",
    refusals="会被拒绝的行",
    clauses="违反的条款",
    doubtful="可能被拒绝的行",
    rules="对整个批量的规定",
    expected="预期的应答",
    bad_lines="无法读取的行",
    duplicates="重复的 custom_id",
    on_lines="所在的行",
    longest="最长的行",
    files="文件",
    kinds="各行的种类",
    kind_names={"batch": "批量请求", "request": "单个请求体", "text": "纯文本"},
    fault="没有读完的原因",
    again="如何重新计算",
    as_of="按哪一天",
    latest="没有指定",
    held_to="所依文档",
    about=(
        (
            "这里没有发出任何请求。每一行的计数和判断，都与用 tokenassay estimate 单独估算它时"
            "相同。合计包括会被拒绝的行，因为改正之后照样要付费；无法读取的行不计入任何合计。"
        ),
        (
            "“精确”指模板已为公开的应答所证实；“按实际账单校准”指模板由自己的账单拟合；“按模板"
            "推算”指模板已知，但对这个模型或日期尚未证实；“近似”指手头没有词表。"
        ),
        (
            "费用从最少到最多，因为应答的长度事先不知道。未知的价格绝不当作零：价格未知的行另"
            "外列出，这时合计只是下限，条形末端画有箭头。"
        ),
        "百分位是准确值：百行之中有这么多行不超过它。各列表只列出最先的若干行，旁边的数目则是全部。",
    ),
)


class ChineseBatches(Language):
    """用中文讲成批的请求。"""

    batch_terms = _TERMS

    def batch_title(self, document: BatchDocument) -> str:
        files = document.files
        of = files[0].file if len(files) == 1 else f"{len(files)} 个文件"
        return f"{of} 的用量与费用批量估算"

    def batch_verdict(self, document: BatchDocument) -> str:
        against = "，".join(self._against(document))
        if not document.lines:
            return f"没有一行可以计数{f'：{against}' if against else ''}。"
        return (
            f"{document.lines:,} 行共 {self.tokens_of(document)} 个输入 Token"
            f"（{self._bases(document)}），批量调用{self._costs(document.cost.batch)}，"
            f"实时调用{self._costs(document.cost.live)}；"
            f"{against or '文档中没有规定妨碍发送'}。"
        )

    def _costs(self, bill: BillRow) -> str:
        said = self.bill_of(bill)
        return f"费用 {said}" if said[0].isdigit() else f"费用{said}"

    def _bases(self, document: BatchDocument) -> str:
        names = self.terms.bases
        if len(document.basis) == 1:
            return "".join(names[basis] for basis in document.basis)
        return "，".join(f"{count:,} 行{names[basis]}" for basis, count in document.basis.items())

    def _against(self, document: BatchDocument) -> list[str]:
        said = []
        if document.refused_lines:
            said.append(f"{document.refused_lines:,} 行会被拒绝")
        if document.broken_rules:
            said.append(f"违反 {len(document.broken_rules):,} 条对批量的规定")
        ceiling = document.asked.max_cost
        passes = document.passes_ceiling
        if ceiling is not None and passes is not False:
            limit = self.money(ceiling.amount, ceiling.currency)
            said.append(f"费用可能超过 {limit}" if passes else f"无法断定费用不超过 {limit}")
        if document.bad_line_count:
            said.append(f"{document.bad_line_count:,} 行无法读取")
        if document.faulty_files:
            said.append(f"{len(document.faulty_files):,} 个文件没有读完")
        return said

    def batch_cut(self) -> str:
        return "计数中途停止，所有数字只涉及此前读到的部分。"

    def batch_fault(self, file: FileRow) -> str:
        return f"{file.fault}。"

    def tokens_of(self, row: SumRow) -> str:
        low, high = row.input_range
        if high is None:
            return f"至少 {low:,}"
        return f"{low:,}" if low == high else f"{low:,} 至 {high:,}"

    def answers_of(self, row: OutputRow) -> str:
        if row.max is None:
            return f"至少 {row.min:,}" if row.min else "没有上限可查"
        return f"{row.max:,}" if row.min == row.max else f"{row.min:,} 至 {row.max:,}"

    def bill_of(self, bill: BillRow) -> str:
        said = []
        for currency, amount in bill.amounts.items():
            low, high = amount.total_min, bill.most(currency)
            if high is None:
                said.append(f"至少 {self.money(low, currency)}")
            elif low == high:
                said.append(self.money(low, currency))
            else:
                said.append(f"{plain_amount(low)} 至 {self.money(high, currency)}")
        return "加 ".join(said) or "未知"

    def refused_tokens(self, document: BatchDocument) -> str:
        return (
            f"{document.refused_lines:,} 行会被拒绝，"
            f"其中有 {document.refused_input_tokens:,} 个输入 Token。"
        )

    def repeated(self, count: int) -> str:
        return f"{count:,} 个 custom_id 在同一文件的多行中出现。"

    def uncounted(self, count: int) -> str:
        return f"{count:,} 行没有可以计数的内容。"

    def unnamed(self, count: int) -> str:
        return f"另有 {count:,} 项没有列出。"

    def lines_of(self, duplicate: DuplicateRow) -> str:
        return "、".join(map(str, duplicate.lines))
