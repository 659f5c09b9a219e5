"""What a tap found: frozen records, from which the table, ``tap.json`` and pages are made."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from tokenassay.contracts.records import Record, Surface

SCHEMA: Final = "tokenassay.tap/1"

Fate = Literal[
    "forwarded",
    "renamed",
    "clamped",
    "converted",
    "dropped",
    "defaulted",
    "invented",
    "refused",
    "answered",
    "lost",
]
"""What became of one value of a parameter.

``forwarded``: it arrived as it was. ``renamed``: under another name. ``clamped``: a number cut
to a bound. ``converted``: as another value or type, and no bound explains it. ``dropped``: it
did not arrive. ``defaulted``: nobody sent it, and it is a parameter of the edition.
``invented``: nobody sent it, and the edition has no such parameter. Where the request never
arrived: ``refused`` by the gateway itself, ``answered`` by it alone, or ``lost``.
"""

TOUCHED: Final[frozenset[Fate]] = frozenset(
    {"renamed", "clamped", "converted", "dropped", "defaulted", "invented", "answered", "lost"}
)
"""Fates of a value that did not reach the upstream as it was."""

About = Literal[
    "prompt", "model", "key", "headers", "path", "answer", "stream", "usage", "errors", "requests"
]

Verdict = Literal["untouched", "touched", "inconclusive"]


Kind = Literal["plain", "stream", "parameter", "mixed", "conversation", "cache", "error", "own"]
"""What a request is sent for; ``own`` are the user's."""


class Case(Record, frozen=True, kw_only=True):
    """One value of a parameter and its fate; the same thing seen twice is one case."""

    fate: Fate
    sent: Any = msgspec.UNSET
    arrived: Any = msgspec.UNSET
    under: str | None = None
    """The name that it arrived by, where that is another."""
    note: str | None = None
    allowed: bool | None = None
    """Of a value that the gateway refused: whether the front's edition allows the request."""
    requests: tuple[int, ...] = ()
    """Numbers of the trips in which it was seen."""

    @property
    def touched(self) -> bool:
        """Whether it arrived as something else, or not at all though its documents allow it."""
        if self.fate == "refused":
            return self.allowed is True
        return self.fate in TOUCHED


class Passage(Record, frozen=True, kw_only=True):
    """A parameter on its way through the gateway."""

    parameter: str
    documented: str | None
    """The interval or the values that the front's edition allows."""
    cases: tuple[Case, ...]
    at_least: Any = None
    """The bound to which lower values are clamped; None where none are."""
    at_most: Any = None

    @property
    def fates(self) -> tuple[Fate, ...]:
        """The fates of its values, each once, in the order of the cases."""
        return tuple(dict.fromkeys(case.fate for case in self.cases))


class Aspect(Record, frozen=True, kw_only=True):
    """What the gateway does beside the parameters, in one matter."""

    about: About
    verdict: str
    """A word or a few, the same for the same thing: ``system message added``, ``recounted``."""
    said: str
    touched: bool
    """Whether something was changed, added or lost by it; else it is only worth telling."""
    requests: tuple[int, ...] = ()
    details: dict[str, Any] = {}


class Arrived(Record, frozen=True, kw_only=True):
    """A request as it reached the upstream, and what the upstream answered."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    """Names, in lower case, and values; a key's value is told by whose it is."""
    body: Any
    """JSON where it is; else text."""
    status: int | None
    answer: Any
    frames: int | None = None
    """Events of a streamed answer."""


class CameBack(Record, frozen=True, kw_only=True):
    """What the front answered."""

    status: int | None
    answer: Any
    frames: int | None = None
    failure: str | None = None
    """Why the answer is missing or not whole."""


class Trip(Record, frozen=True, kw_only=True):
    """One request: sent, arrived, came back."""

    number: int
    kind: Kind
    what: str
    sent: Any
    stream: bool
    arrived: tuple[Arrived, ...]
    came_back: CameBack


class Tap(Record, frozen=True, kw_only=True):
    """All that was found out about a gateway: the document ``tokenassay.tap/1``."""

    schema: str = SCHEMA
    version: str
    """Of tokenassay."""
    gateway: str
    edition: str
    upstream_edition: str
    surface: Surface
    upstream_surface: Surface
    model: str
    model_arrived: str | None
    verdict: Verdict
    """``touched`` where anything did not come through as it was sent."""
    why: str | None
    """Why nothing, or not all, could be established."""
    parameters: tuple[Passage, ...] = ()
    aspects: tuple[Aspect, ...] = ()
    trips: tuple[Trip, ...] = ()
    not_sent: int = 0
    """Requests that ``max_requests``, or the gateway's silence, left out."""
