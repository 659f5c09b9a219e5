"""Chinese about what parts endpoints."""

from __future__ import annotations

from tokenassay.conformance.compare.rows import DifferenceRow
from tokenassay.conformance.results import TargetRow
from tokenassay.reports.comparisons import Compared
from tokenassay.reports.languages.speech import Language


class ChineseComparisons(Language):
    """用中文讲接口对比。"""

    def comparison_title(self, compared: Compared) -> str:
        names = "、".join(target.name for target in compared.document.targets)
        return f"{names} 对比报告"

    def comparison_verdict(self, compared: Compared) -> str:
        if len(compared.targets) < 2:
            return "能应答的接口不足两个，无从对比。"
        many = len(compared.differences)
        who = f"{len(compared.targets)} 个接口"
        if not many:
            return f"{who}对同样的请求应答一致。"
        against = len(compared.against)
        if against:
            which = "与文档不符" if many == 1 else f"其中 {against} 处与文档不符"
            return f"{who}之间有 {many} 处差异，{which}。"
        if compared.unexpected:
            return f"{who}之间有 {many} 处差异，其中 {len(compared.unexpected)} 处文档没有说明。"
        return f"{who}之间有 {many} 处差异，都与各自的文档相符。"

    def unlikeness(self, compared: Compared, name: str) -> str:
        found = compared.of(name)
        if not found:
            return f"{name} 与其他接口一致。"
        against = sum(one.documented is False for one in found)
        silent = sum(one.documented is None for one in found)
        said = [f"{against} 处与文档不符"] if against else []
        said += [f"{silent} 处文档没有说明"] if silent else []
        rest = len(found) - against - silent
        said += [f"{rest} 处与文档相符"] if rest else []
        ways = f"{name} 有 {len(found)} 处与众不同"
        if len(said) == 1:
            return f"{ways}，{'都' if len(found) > 1 else ''}{said[0].partition(' 处')[2]}。"
        return f"{ways}：{'，'.join(said)}。"

    def differing(self, count: int) -> str:
        return f"{count} 处差异"

    def unlike(self, difference: DifferenceRow) -> str:
        what = self.terms.facets.get(difference.facets[0], difference.title)
        return f"{'、'.join(difference.deviants)} 与 {difference.reference} 不同：{what}"

    def expected_unlike(self, difference: DifferenceRow) -> str:
        if difference.documented is None:
            return "文档没有说明"
        return "与各自的文档相符" if difference.documented else "与文档不符"

    def documented_rest(self, count: int) -> str:
        return f"另有 {count} 处差异与各接口自己的文档相符，列在下面的表里。"

    def cut_short(self, target: TargetRow) -> str:
        why = target.stop_reason or "还没有问完"
        if target.unusable:
            return f"{target.name} 无法参与对比：{why}。"
        return f"对 {target.name} 没有问完：{why}。"
