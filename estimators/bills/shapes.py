"""Input billed by the shape of a conversation: by message, by role, with a prompt put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Final

from tokenassay.estimators.bills.explanations import (
    Explained,
    billed_of,
    odd_of,
    templates_of,
)
from tokenassay.estimators.bills.findings import Finding
from tokenassay.estimators.bills.laws import constant, spare_of
from tokenassay.estimators.bills.metered import Metered

_PER_MESSAGE: Final = [each for each in range(-8, 33) if each]
"""Tokens that may come or go with each message."""

_Measure = Callable[[Metered], int]


def by_shape(readings: Sequence[Metered], exact: bool) -> Explained | None:
    """A surplus that depends on the shape of the conversation."""
    billed, spare = billed_of(readings), spare_of(len(readings))
    for name, counts in templates_of(readings):
        for measure, each, said in _shapes(readings):
            expected = [
                own + each * measure(reading) for own, reading in zip(counts, readings, strict=True)
            ]
            law = constant(expected, billed)
            if len(law.odd) > spare or law.surplus:
                continue
            factor = sum(billed) / max(1, sum(counts))
            odd = odd_of(readings, law)
            by_message = measure is _messages
            finding = Finding(
                side="input",
                verdict="inflated" if factor > 1 else "deflated",
                surplus=each if by_message else None,
                factor=round(factor, 4),
                uncertainty=0.0,
                said=said,
                odd=odd,
            )
            return Explained(template=name, odd=odd, finding=finding)
        hidden = _where_no_system(readings, counts, billed, spare, name)
        if hidden is not None:
            return hidden
    return None


def _messages(reading: Metered) -> int:
    return reading.message_count


def _shapes(readings: Sequence[Metered]) -> Iterator[tuple[_Measure, int, str]]:
    """What may be added to each count, how often, and that in words."""
    yield lambda one: one.earlier, 1, "input: the earlier turns of a conversation are billed twice"
    for each in _PER_MESSAGE:
        yield _messages, each, f"input: {each:+d} tokens for each message"
    yield lambda one: one.earlier, -1, "input: the earlier turns of a conversation are not billed"
    yield lambda one: one.said - one.earlier, 1, "input: the last message is billed twice"
    for role in sorted({role for one in readings for role in one.said_by}):

        def tokens(one: Metered, role: str = role) -> int:
            return one.said_by.get(role, 0)

        yield tokens, 1, f"input: what {role} messages say is billed twice"
        yield tokens, -1, f"input: what {role} messages say is not billed"


def _where_no_system(
    readings: Sequence[Metered], counts: list[int], billed: list[int], spare: int, name: str
) -> Explained | None:
    """A system message that the endpoint adds where the request has none."""
    bare = [not reading.has_system for reading in readings]
    offsets = [
        told - own for told, own, is_bare in zip(billed, counts, bare, strict=True) if is_bare
    ]
    if not offsets or all(bare):
        return None
    surplus = round(median(offsets))
    expected = [own + surplus * is_bare for own, is_bare in zip(counts, bare, strict=True)]
    odd = tuple(
        reading.exchange
        for reading, told, wanted in zip(readings, billed, expected, strict=True)
        if told != wanted
    )
    if len(odd) > spare or not surplus:
        return None
    return Explained(
        template=name,
        odd=odd,
        finding=Finding(
            side="input",
            verdict="constant surplus",
            surplus=surplus,
            factor=1.0,
            uncertainty=0.0,
            said=f"input: {surplus:,} tokens more in each request without a system message, as a "
            "default system prompt of that length would bring about",
            odd=odd,
        ),
    )
