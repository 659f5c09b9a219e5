"""Models of the early days that repeat the prompt before they answer it."""

from __future__ import annotations

import msgspec

from tokenassay.conformance.mock.call import Answer, Call
from tokenassay.conformance.mock.quirks import quirks, speaks_of
from tokenassay.estimators.tokens import count_tokens


def echo(call: Call, answer: Answer) -> Answer:
    """The answer, after the prompt where the edition says that the model repeats it."""
    clauses = quirks(call.service.edition).echo
    prompt = call.request.prompt if call.request else None
    if not clauses or not isinstance(prompt, str) or speaks_of(clauses, call.model) is None:
        return answer
    repeated = prompt + "\n"
    more = count_tokens(repeated)
    return msgspec.structs.replace(
        answer,
        pieces=(repeated, *answer.pieces),
        marks=(more, *(mark + more for mark in answer.marks)),
        tokens=answer.tokens + more,
    )
