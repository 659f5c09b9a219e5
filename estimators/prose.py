"""Tokens by characters: the rule of thumb for a vocabulary that is not at hand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

from tokenassay.contracts.catalog import TextRule

_CJK = re.compile(
    "[\u2e80-\u303f\u3040-\u30ff\u3100-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)


class ProseCounter:
    """Counts by a text rule: the fewest or the most tokens that it allows for a text."""

    def __init__(self, rule: TextRule, end: Literal["fewest", "most"]) -> None:
        fewest = end == "fewest"
        pick = max if fewest else min
        self._cjk = pick(rule.cjk_chars_per_token)
        self._other = pick(rule.other_chars_per_token)
        self._rounding = ROUND_FLOOR if fewest else ROUND_CEILING

    def count(self, text: str) -> int:
        """Tokens of a text: at least 1, but 0 for none."""
        if not text:
            return 0
        cjk = sum(1 for _ in _CJK.finditer(text))
        tokens = Decimal(cjk) / self._cjk + Decimal(len(text) - cjk) / self._other
        return max(1, int(tokens.to_integral_value(self._rounding)))

    def count_many(self, texts: Iterable[str]) -> list[int]:
        """Tokens of each text."""
        return [self.count(text) for text in texts]
