"""Chinese, written as Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tokenassay.conformance.measures import Fit
from tokenassay.conformance.results import RunDocument, SpendRow, TimingRow
from tokenassay.reports.estimates import EstimateDocument, EstimateRow, RefusalRow
from tokenassay.reports.languages.chinese_audits import ChineseAudits
from tokenassay.reports.languages.chinese_batches import ChineseBatches
from tokenassay.reports.languages.chinese_comparisons import ChineseComparisons
from tokenassay.reports.languages.chinese_ledgers import ChineseLedgers
from tokenassay.reports.languages.chinese_terms import TERMS
from tokenassay.reports.languages.speech import Side, plain_amount
from tokenassay.reports.tallies import UNSELECTED, Bound, Tally, is_honest

_CURRENCIES: Final = {"CNY": "元", "USD": "美元"}


class Chinese(ChineseAudits, ChineseBatches, ChineseComparisons, ChineseLedgers):
    """简体中文。"""

    code = "zh"
    terms = TERMS

    # ---------------------------------------------------------------- runs

    def title(self, tallies: tuple[Tally, ...]) -> str:
        if len(tallies) == 1:
            target = tallies[0].target
            return f"{target.name} 的 {target.model} 检验报告"
        return f"{len(tallies)} 个接口的对比检验报告"

    def verdict(self, tallies: tuple[Tally, ...]) -> str:
        if not tallies:
            return "这次检验没有指明任何接口。"
        if len(tallies) == 1:
            return self.standing(tallies[0])
        usable = [tally for tally in tallies if tally.decided]
        if not usable:
            return f"{len(tallies)} 个接口都没能得出结论。"
        clean = [tally for tally in usable if tally.kept == tally.decided]
        if len(clean) == len(tallies):
            return f"{len(tallies)} 个接口，凡能判定的承诺全部守约。"
        worst = min(usable, key=lambda tally: tally.kept / tally.decided)
        who = f"{len(tallies)} 个接口中{f'有 {len(clean)} 个' if clean else '没有一个'}完全守约"
        return f"{who}；{worst.target.name} 在 {worst.decided} 条中守住 {worst.kept} 条。"

    def standing(self, tally: Tally) -> str:
        target = tally.target
        name = f"{target.name} 的 {target.model}"
        if target.unusable:
            return f"对 {name} 得不出任何结论：{target.stop_reason}。"
        if not tally.decided:
            return f"对 {name} 没有一条承诺可以判定。"
        if tally.kept == tally.decided:
            so_far = "" if target.complete else "到目前为止，"
            return f"{so_far}{name} 的 {tally.kept} 条承诺全部守约。"
        if not tally.kept:
            return f"{name} 的 {tally.decided} 条承诺一条也没有守住。"
        return f"{name} 在 {tally.decided} 条承诺中守住了 {tally.kept} 条。"

    def breaches(self, tally: Tally) -> str | None:
        said = []
        if tally.violated:
            said.append(f"违约 {tally.violated} 条")
        if tally.non_strict:
            said.append(f"另有 {tally.non_strict} 条本该做到而没有做到")
        return f"{'，'.join(said).removeprefix('另')}。" if said else None

    def joined(self, sentences: Iterable[str]) -> str:
        return "".join(sentences)

    def undecided(self, tally: Tally) -> str | None:
        said = []
        if tally.observed:
            said.append(f"{tally.observed} 条文档没有说清，只作记录")
        if tally.inconclusive:
            said.append(f"{tally.inconclusive} 条无法判定")
        if tally.not_run:
            said.append(f"{tally.not_run} 条没有检验")
        if tally.unselected:
            said.append(f"{tally.unselected} 条不在这次的范围内")
        return f"此外，{'，'.join(said)}。" if said else None

    def partial(self, tally: Tally) -> str:
        done = tally.asked - tally.not_run
        why = tally.target.stop_reason or "还没有跑完"
        tried = f"{tally.asked} 条承诺只试了 {done} 条。" if tally.asked else ""
        return f"对 {tally.target.name} 的检验不完整：{why}。{tried}"

    def metering(self, fit: Fit, side: Side = "input") -> str:
        tokens = "输入 Token" if side == "input" else "输出 Token"
        over = f"{fit.points} 次请求"
        if is_honest(fit):
            return f"{over}中，接口计费的{tokens} 与本地计数分毫不差。"
        if fit.least == fit.most:
            way = "多计" if fit.most > 0 else "少计"
            return f"{over}中，接口每次都比本地计数{way} {abs(fit.most):,} 个{tokens}。"
        line = ""
        if fit.slope is not None and fit.offset is not None:
            line = (
                f"；拟合的直线是：每计数 1 个 Token 计费 {self.ratio(fit.slope)} 个，"
                f"再加 {self.ratio(fit.offset)} 个"
            )
        return (
            f"{over}中，接口计费的{tokens} 与本地计数相差 "
            f"{self.signed(fit.least)} 到 {self.signed(fit.most)} 个{line}。"
        )

    def bounding(self, bound: Bound) -> str:
        row = bound.row
        if bound.agreement == "same":
            return f"{row.parameter} 的实际范围与文档所写的 {row.documented} 一致。"
        if bound.agreement == "unknown":
            return f"{row.parameter} 的实际范围没有测出，文档所写是 {row.documented}。"
        return f"{row.parameter} 实际接受 {self.interval(bound)}，文档所写是 {row.documented}。"

    def interval(self, bound: Bound) -> str:
        return bound.row.observed.replace(" or beyond", " 或更远")

    def timing(self, row: TimingRow) -> str:
        total = row.total_s
        said = (
            f"{row.answers:,} 个应答中，一半在 {self.seconds(total.p50)}内到齐，"
            f"九成在 {self.seconds(total.p90)}内，最慢的用了 {self.seconds(total.most)}。"
        )
        if row.first_byte_s is not None:
            said += f"首字节有一半在 {self.seconds(row.first_byte_s.p50)}内到达。"
        return said

    def spent(self, spend: SpendRow) -> str:
        if spend.amount is None:
            return "未知"
        amount = self.money(spend.amount, spend.currency)
        if spend.ceiling is None:
            return amount
        return f"{amount}，预算 {self.money(spend.ceiling, spend.currency)}"

    def score(self, document: RunDocument) -> str:
        suite = document.suite
        if suite is None:
            return "这个版本能识破多少谎言尚无记录，可用 `tokenassay selfcheck` 测量。"
        alarms = f"误报 {suite.false_alarms} 次" if suite.false_alarms else "没有一次误报"
        low = f"（其中 {len(suite.lowered)} 种是把上限调低后试出的）" if suite.lowered else ""
        return (
            f"{suite.date} 用故意说谎的模拟接口测过这套检验：{suite.lies} 种谎言识破 "
            f"{suite.caught} 种{low}；模拟接口诚实时，{alarms}。"
        )

    def more_findings(self, count: int) -> str:
        return f"另有 {count} 个问题，见下面的逐条承诺。"

    def unrun(self, count: int, why: str) -> str:
        return f"{count} 条：{'不在这次的范围内' if why == UNSELECTED else why}。"

    def again(self, document: RunDocument) -> str:
        return f"随机种子相同（{document.seed}），搜索的取值就相同；但接口每次的应答仍可能不同。"

    # ---------------------------------------------------------------- estimates

    def estimate_title(self, document: EstimateDocument) -> str:
        return "一个请求的用量与费用估算"

    def estimate_verdict(self, document: EstimateDocument) -> str:
        rows = document.estimates
        if not rows:
            return "没有模型能处理这个请求。"
        if len(rows) == 1:
            row = rows[0]
            if row.refused:
                return f"按文档，{_model(row)} 会拒绝这个请求。"
            cost = "费用未知" if row.cost is None else f"费用 {self.cost_of(row)}"
            return f"{_model(row)} 读入 {self.input_of(row)} 个 Token，{cost}。"
        fine = [row for row in rows if not row.refused]
        if not fine:
            return f"按文档，{len(rows)} 个模型都会拒绝这个请求。"
        serve = (
            f"{len(rows)} 个模型中 {len(fine)} 个"
            if len(fine) < len(rows)
            else f"{len(rows)} 个模型"
        )
        priced = [row for row in fine if row.cost is not None]
        if not priced:
            return f"{serve}能处理这个请求，但价格都未知。"
        first = priced[0]
        return f"{serve}能处理这个请求，排在最前的是 {_model(first)}，费用 {self.cost_of(first)}。"

    def estimate_details(self, document: EstimateDocument) -> tuple[str, ...]:
        if len(document.estimates) != 1:
            return ()
        row = document.estimates[0]
        said = [f"{refusal.why}。" for refusal in row.refusals]
        said.append(f"计数{self.terms.bases[row.basis]}，输出{self.output_of(row)}。")
        return tuple(said)

    def input_of(self, row: EstimateRow) -> str:
        low, high = row.input_range
        if low is None:
            return "数目不明的"
        if high is None:
            return f"至少 {low:,}"
        return f"{low:,}" if low == high else f"{low:,} 至 {high:,}"

    def output_of(self, row: EstimateRow) -> str:
        low, high = row.output_tokens.min, row.output_tokens.max
        if high is None:
            return f"至少 {low:,} 个 Token" if low else "长度没有上限可查"
        return f"恰好 {high:,} 个 Token" if low == high else f"最多 {high:,} 个 Token"

    def cost_of(self, row: EstimateRow) -> str:
        cost = row.cost
        if cost is None:
            return "未知"
        low = self.money(cost.total_min, cost.currency)
        if cost.total_max is None:
            return f"至少 {low}"
        if cost.total_max == cost.total_min:
            return low
        return f"{plain_amount(cost.total_min)} 至 {self.money(cost.total_max, cost.currency)}"

    def expected_answer(self, refusal: RefusalRow) -> str:
        head = " ".join(str(part) for part in (refusal.status, refusal.code) if part)
        said = ":".join(part for part in (head, refusal.message) if part)
        return said or "文档没有写明"

    # ---------------------------------------------------------------- numbers

    def money(self, amount: str, currency: str | None) -> str:
        unit = _CURRENCIES.get(currency or "", currency or "")
        return f"{plain_amount(amount)} {unit}".rstrip()

    def seconds(self, value: float) -> str:
        return super().seconds(value).removesuffix("s") + "秒"


def _model(row: EstimateRow) -> str:
    return row.model or "该模型"
