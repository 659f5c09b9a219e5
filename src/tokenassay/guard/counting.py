"""The tokens of an answer whose usage nobody told, counted from what it says."""

from __future__ import annotations

from tokenassay.estimators.bills.answers import Answer
from tokenassay.estimators.bills.usages import Billed
from tokenassay.estimators.records import Estimate
from tokenassay.estimators.tokens import counter


def count_answer(answer: Answer, estimate: Estimate | None) -> Billed | None:
    """What an answer would be billed at by its text: modelled, and no bill.

    None where the text does not tell: a model whose tokenizer is not at hand, tools that are
    called, an error. A model may have thought, or written tokens, that its answer does not show.
    """
    if estimate is None or estimate.basis == "approximate" or estimate.input_tokens is None:
        return None
    if not answer.texts or answer.has_calls or answer.refused:
        return None
    count = counter().count
    thought = count(answer.reasoning)
    made = sum(map(count, answer.texts))
    return Billed(estimate.input_tokens, made + thought, reasoning=thought)
