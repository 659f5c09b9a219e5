"""The mock's meter: what was rendered and what was sent, counted with the real tokenizer."""

from __future__ import annotations

from tokenassay.conformance.mock.call import Answer, Call, Usage
from tokenassay.conformance.mock.stages import through
from tokenassay.estimators.requests import Message
from tokenassay.estimators.tokens import count_tokens


def count_message(message: Message) -> int:
    """Tokens of a message's own text."""
    return count_tokens(message.text)


def measure(call: Call, answers: tuple[Answer, ...]) -> Usage:
    """Usage of the whole answer; the ``meter`` hooks have been applied."""
    output = sum(answer.tokens for answer in answers)
    reasoning = sum(answer.reasoning_marks[-1] for answer in answers if answer.reasoning_marks)
    return usage_at(call, output, reasoning or None)


def usage_at(call: Call, output: int, reasoning: int | None = None) -> Usage:
    """Usage once ``output`` tokens are sent, as a frame in mid-stream shows it."""
    given = call.input_tokens or 0
    usage = Usage(given, output, given + output, reasoning)
    return through(call.service.stages.meter, call, usage)
