"""How long an answer may get: the request's own ceiling, the model's, and what thinking adds."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

from tokenassay.contracts import store
from tokenassay.contracts.catalog import Model, Sizes
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.records import OutputTokens

_SETTLED: Final = {"never": False, "always": True}


class OutputRule:
    """Ceilings of one model's answers on one day, by the edition and the model's sizes."""

    def __init__(self, edition: Edition, model: str | None, row: Model | None, sizes: Sizes | None):
        self._row = row
        declared = edition.parameters(model).get("max_tokens")
        default = declared.default if declared else None
        self._context = sizes.context_tokens if sizes else None
        self._thinking_limit = sizes.thinking_tokens if sizes else None
        self._thinking_markers = store.templates().thinking_marker_tokens or 0
        self._default = _positive(default)
        if self._default is None and sizes is not None:
            self._default = sizes.default_output_tokens or sizes.output_tokens
        self._thinks_unasked = _SETTLED.get(row.thinking) if row else None
        if row is not None and row.thinking == "optional":
            self._thinks_unasked = row.thinking_default
        self._unasked = {thinks: self._without_parameters(thinks) for thinks in (True, False, None)}

    def thinks(self, parameters: Mapping[str, Any]) -> bool | None:
        """Whether the model thinks before it answers; None where that can't be told."""
        asked = parameters.get("enable_thinking")
        if isinstance(asked, bool) and not (self._row and self._row.thinking in _SETTLED):
            return asked
        return self._thinks_unasked

    def tokens(
        self, parameters: Mapping[str, Any], thinks: bool | None, input_tokens: int | None
    ) -> OutputTokens:
        """Least and most tokens of all answers to one request."""
        used = input_tokens or 0
        if not parameters:
            ready, up_to = self._unasked[thinks]
            if used <= up_to:
                return ready
        most = self._most(parameters, thinks)
        if self._context is not None:
            room = max(0, self._context - used)
            most = room if most is None else min(most, room)
        answers = _positive(parameters.get("n")) or 1
        return OutputTokens(0, most * answers if most is not None else None)

    def _without_parameters(self, thinks: bool | None) -> tuple[OutputTokens, int]:
        """The answer of a request without parameters, and the input up to which it holds."""
        most = self._most({}, thinks)
        if self._context is None:
            return OutputTokens(0, most), sys.maxsize
        return OutputTokens(0, most), self._context - most if most is not None else -1

    def _most(self, parameters: Mapping[str, Any], thinks: bool | None) -> int | None:
        whole = _positive(parameters.get("max_completion_tokens"))
        if whole is not None:
            return whole
        answer = _positive(parameters.get("max_tokens")) or self._default
        if answer is None or thinks is False:
            return answer
        budget = _positive(parameters.get("thinking_budget")) or self._thinking_limit
        return answer + budget + self._thinking_markers if budget is not None else None


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and value is not True and value > 0 else None
