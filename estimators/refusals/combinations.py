"""Clauses on parameters together: when these hold, those must hold too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from tokenassay.contracts.clauses import CombinationClause, Matcher
from tokenassay.contracts.edition import Edition, Parameter
from tokenassay.estimators.refusals.places import (
    CONVERSATION,
    MISSING,
    Place,
    head_value,
    path_to,
    read_place,
    walk,
)
from tokenassay.estimators.refusals.refusal import Breach, Case, Finding
from tokenassay.estimators.refusals.values import either, same, shown, written
from tokenassay.estimators.requests import Request, read_request

_STREAM = "stream"
"""The one parameter that a native body does not carry: a header asks for it."""


class Effective(NamedTuple):
    """The value in force: the request's own, else the documented default."""

    value: Any
    given: bool
    """Whether the request itself carries it, and not as null."""
    known: bool = True
    """False: it is absent and no document states a default, or a header holds it, not the body.
    A value that is not known matches nothing, and breaks nothing."""


class _Side(NamedTuple):
    """One parameter of a combination and what it must match."""

    name: str
    place: Place
    default: Effective
    matcher: Matcher

    def read(self, case: Case) -> Effective:
        request, place = case.request, self.place
        if place.head == "model":
            return Effective(case.model, case.model is not None)
        found = [value for _, value in walk(head_value(request, place.head), place.steps, "")]
        value = found[0] if found else MISSING
        if value is not MISSING and value is not None:
            return Effective(value, True)
        if self.name == _STREAM:
            return Effective(
                request.streaming is True, request.streaming is True, request.streaming is not None
            )
        return self.default

    def holds(self, effective: Effective) -> bool | None:
        """Whether it matches; None where that can't be told."""
        matcher, value = self.matcher, effective.value
        if matcher.present is not None and matcher.present != effective.given:
            # What a header asks for may be there all the same.
            return False if effective.known or self.name != _STREAM else None
        if not _asks_for_value(matcher):
            return True
        if not effective.known:
            return None
        if matcher.equals is not msgspec.UNSET and not same(value, matcher.equals):
            return False
        if matcher.not_equals is not msgspec.UNSET and same(value, matcher.not_equals):
            return False
        return matcher.any_of is None or any(same(value, one) for one in matcher.any_of)


class Combination:
    """One combination clause for one model."""

    def __init__(self, edition: Edition, model: str | None, clause: CombinationClause) -> None:
        parameters = edition.parameters(model)

        def side(item: tuple[str, Matcher]) -> _Side:
            name, matcher = item
            known = parameters.get(name)
            path = known.declared.at if known else name
            return _Side(name, read_place(path), _default(known, model), matcher)

        self.clause = clause
        self.when = tuple(map(side, clause.when.items()))
        self.then = tuple(map(side, clause.then.items()))
        sides = (*self.when, *self.then)
        self.heads = frozenset(one.place.head for one in sides)
        self.streams = any(one.name == _STREAM for one in sides)
        self.outside = any(not one.place.is_parameter for one in sides)
        """Whether it depends on more than parameters: on the model, on prompt or messages."""
        self.reads_texts = any(
            one.place.head in CONVERSATION and (one.place.steps or _asks_for_value(one.matcher))
            for one in sides
        )
        """Whether it depends on what messages say, and not only on whether there are any."""
        talk: dict[str, Any] = {"messages": []}
        body = {"input": talk} if edition.surface == "native" else talk
        bare = read_request(body, surface=edition.surface, streaming=False)
        self.idle = not self.find(Case(bare, model, None, None))
        """Whether a conversation that carries no parameters cannot break it."""

    def find(self, case: Case) -> Sequence[Finding]:
        """The one breach of this clause, if there is one."""
        causes = []
        for one in self.when:
            effective = one.read(case)
            if not one.holds(effective):
                return ()
            causes.append(f"{one.name} {_describe(effective)}")
        for one in self.then:
            effective = one.read(case)
            if one.holds(effective) is False:
                return ((self.clause, self._breach(case.request, causes, one, effective)),)
        return ()

    def _breach(
        self, request: Request, causes: list[str], broken: _Side, effective: Effective
    ) -> Breach:
        place = broken.place
        if not effective.given:  # then one that the body does carry is to blame
            carried = (one.place for one in self.when if _is_carried(request, one.place))
            place = next(carried, place)
        at = ".".join((path_to(request.surface, place.head), *place.steps))
        others = [cause for cause in causes if not cause.startswith(f"{broken.name} ")]
        cause = f"{' and '.join(others)}, so " if others else ""
        why = f"{cause}{broken.name} must be {_wish(broken.matcher)}, but {_describe(effective)}"
        return Breach(at, why, {"name": broken.name, "value": written(effective.value)})


class Combinations:
    """All combination clauses of an edition for one model."""

    def __init__(self, edition: Edition, model: str | None) -> None:
        self._all = [
            Combination(edition, model, one) for one in edition.of_kind(CombinationClause, model)
        ]
        self.idle = all(one.idle or one.clause.level == "unspecified" for one in self._all)
        """Whether messages without parameters break none that an endpoint is held to."""
        self.read_texts = any(one.reads_texts for one in self._all)
        """Whether what messages say makes a difference to one of them."""

    def check(self, case: Case) -> Iterable[Finding]:
        """Every combination that the request breaks."""
        parameters, streaming = case.request.parameters, case.request.streaming
        found: list[Finding] = []
        for one in self._all:
            resting = one.idle and not one.outside and one.heads.isdisjoint(parameters)
            if not resting or (streaming and one.streams):
                found.extend(one.find(case))
        return found


def _is_carried(request: Request, place: Place) -> bool:
    value = head_value(request, place.head)
    return value is not MISSING and value is not None


def _default(parameter: Parameter | None, model: str | None) -> Effective:
    clause = parameter.default_clause if parameter else None
    if parameter is None or clause is None:
        return Effective(None, False, known=False)
    stated = model in clause.by_model or clause.value is not None or not clause.by_model
    return Effective(parameter.default, False, known=stated)


def _asks_for_value(matcher: Matcher) -> bool:
    return not (
        matcher.equals is msgspec.UNSET
        and matcher.not_equals is msgspec.UNSET
        and matcher.any_of is None
    )


def _describe(effective: Effective) -> str:
    if effective.given:
        return f"is {shown(effective.value)}"
    if effective.value is None:
        return "is absent"
    return f"is {shown(effective.value)} by default"


def _wish(matcher: Matcher) -> str:
    wishes = []
    if matcher.present is not None:
        wishes.append("given" if matcher.present else "absent")
    if matcher.equals is not msgspec.UNSET:
        wishes.append(shown(matcher.equals))
    if matcher.not_equals is not msgspec.UNSET:
        wishes.append(f"other than {shown(matcher.not_equals)}")
    if matcher.any_of is not None:
        wishes.append(either(shown(one) for one in matcher.any_of))
    return " and ".join(wishes)
