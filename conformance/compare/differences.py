"""Differences between endpoints: which of them are one, and which another brings about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from tokenassay.conformance.compare.asks import Ask
from tokenassay.conformance.compare.facets import TITLES
from tokenassay.contracts.records import Record

_NO_WORD: Final = re.compile(r"\W+")


class Difference(Record, frozen=True, kw_only=True):
    """One way in which some targets answer otherwise than the others."""

    facets: tuple[str, ...]
    """What differs, by names of :data:`facets.TITLES`."""
    ask: Ask
    """The smallest request that was found to show it."""
    reference: str
    deviants: tuple[str, ...]
    values: Mapping[str, str]
    """What is to be seen at the deviants, by facet."""
    answers: Mapping[str, str]
    """What each target answered, as far as it was looked at."""
    exchanges: Mapping[str, int]
    documented: bool | None
    """Whether the targets' own documents differ there; None where they do not tell."""
    clauses: Mapping[str, tuple[str, ...]]

    @property
    def promise(self) -> str:
        """The broken statement in snake_case."""
        return _NO_WORD.sub("_", self.title)

    @property
    def title(self) -> str:
        """The broken statement in words."""
        return TITLES[self.facets[0]]


def explains(known: Difference, facet: str, target: str, ask: Ask, seen: Mapping[str, str]) -> bool:
    """Whether a difference that is known makes a target differ here too.

    ``seen``: what is to be seen of the target's answer here, by facet.
    """
    value = seen.get(facet, "")
    if target not in known.deviants or not _covers(known, facet, value, target):
        return False
    if _everywhere(known, facet, ask, value):
        return True
    if known.ask.errand != ask.errand:
        return False
    names = set(known.ask.parameters) <= set(ask.parameters)
    plain = known.ask.messages == Ask().messages
    roles = {message.get("role") for message in known.ask.messages}
    if facet == "acceptance":
        talk = plain or known.ask.messages == ask.messages
        words = known.values.get("refusal.message")
        if words is not None and words == seen.get("refusal.message"):
            talk = talk or roles <= {message.get("role") for message in ask.messages}
    elif facet.startswith("refusal.") and "acceptance" in known.facets:
        talk = plain or roles <= {message.get("role") for message in ask.messages}
    else:
        talk = plain or len(known.ask.messages) <= len(ask.messages)
    return (
        names
        and talk
        and known.ask.stream <= ask.stream
        and known.ask.bare <= ask.bare
        and known.ask.model in (None, ask.model)
        and known.ask.keyed >= ask.keyed
    )


def _everywhere(known: Difference, facet: str, ask: Ask, value: str) -> bool:
    """Whether a difference is one of all answers of a kind, whatever was asked."""
    if facet == "refusal.form":
        return facet in known.facets
    if facet.startswith("refusal."):
        return known.values.get(facet) == value
    if facet == "answer.tools":
        # Which tools are offered changes nothing of how they are called.
        same = ask.stream or not known.ask.stream
        return same and facet in known.facets and known.values[facet] == value
    if ask.errand and known.ask.errand:
        return known.values.get(facet) == value
    return ask.stream and "stream.order" in known.facets


def _covers(known: Difference, facet: str, value: str, target: str) -> bool:
    """Whether one of the facets of a difference is this one, or brings it about."""
    if facet == "acceptance":
        same = known.answers.get(target, "").startswith("refused") == (value == "refused")
        return facet in known.facets and same
    brings = {**_BRINGS, **(_STREAMS_BRING if known.ask.stream else {})}
    return facet in known.facets or any(
        facet.startswith(brings[broad]) for broad in known.facets if broad in brings
    )


_BRINGS: Final[dict[str, tuple[str, ...]]] = {
    "answer.kind": ("answer.", "usage.", "stream."),
    "usage.presence": ("usage.", "stream.usage", "stream.form"),
    "answer.text": ("usage.output", "answer.", "stream."),
    "answer.choices": ("answer.", "usage."),
    "acceptance": ("refusal.",),
    "answer.form": ("answer.role", "answer.tools", "answer.choices", "stream.form"),
    "answer.style": ("answer.form", "answer.role", "answer.choices"),
    "answer.finish_reason": ("answer.tools",),
    "answer.tools": ("stream.form",),
}
"""What a facet that differs makes differ as well."""

_STREAMS_BRING: Final[dict[str, tuple[str, ...]]] = {
    "usage.output": ("answer.", "stream.form"),
    "stream.order": ("answer.", "usage.", "stream."),
    "stream.end": ("answer.", "usage."),
}
"""The same of streams alone, whose text is broken where it is not what is billed."""


def _cause(difference: Difference) -> tuple[object, ...]:
    """What two differences in acceptance have in common where they are one."""
    refused = next((a for a in difference.answers.values() if a.startswith("refused")), "")
    taken = {
        name: told.startswith("refused")
        for name, told in difference.answers.items()
        if name in (*difference.deviants, difference.reference)
    }
    ask = difference.ask
    said = _NUMBERS.sub("#", refused)
    by = difference.clauses.get(difference.reference, ())
    return tuple(ask.parameters), ask.stream, ask.model, taken.items().__str__(), said, by


_NUMBERS: Final = re.compile(r"-?\d[\d.e+-]*")


def keep(found: list[Difference], new: Difference) -> None:
    """Add a difference, or put it to one that the same request shows in the same figures."""
    for at, known in enumerate(found):
        if known.deviants != new.deviants:
            continue
        both = {*known.facets, *new.facets}
        if both == {"acceptance"} and _cause(known) == _cause(new):
            return
        if known.ask.key != new.ask.key:
            continue
        if new.facets[0] in known.facets:
            return
        if known.ask.stream or len({facet.partition(".")[0] for facet in both}) == 1:
            found[at] = _merged(known, new)
            return
    found.append(new)


def _merged(known: Difference, new: Difference) -> Difference:
    documented = known.documented if known.documented == new.documented else None
    if False in (known.documented, new.documented):
        documented = False
    return replace(
        known,
        facets=known.facets + new.facets,
        values={**known.values, **new.values},
        answers={
            name: f"{told}; {new.answers[name]}" if name in new.answers else told
            for name, told in known.answers.items()
        },
        documented=documented,
    )


def pruned(found: list[Difference]) -> list[Difference]:
    """Without those that a broader one brings about."""
    order = list(TITLES)

    def rank(difference: Difference) -> tuple[int, tuple[int, ...]]:
        return min(map(order.index, difference.facets)), difference.ask.size

    def brought(difference: Difference, by: Difference) -> bool:
        return rank(by) < rank(difference) and all(
            explains(by, facet, target, difference.ask, difference.values)
            for facet in difference.facets
            for target in difference.deviants
        )

    return [
        difference
        for difference in found
        if not any(brought(difference, by) for by in found if by is not difference)
    ]


def undocumented(differences: Iterable[Difference]) -> list[Difference]:
    """Those that no document leads one to expect."""
    return [difference for difference in differences if difference.documented is not True]
