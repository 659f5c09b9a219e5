"""What a lie is, and finding lies by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from tokenassay.conformance.mock.quirks import quirks
from tokenassay.conformance.mock.stages import Hooks

if TYPE_CHECKING:
    from tokenassay.contracts.edition import Edition
    from tokenassay.contracts.records import Surface


class UnknownLie(LookupError):
    """No lie of that name, or none that these editions could tell."""


class Probe(NamedTuple):
    """A request whose answer shows the lie; it also serves as the lie's example.

    It starts from a plain request of one user message; :func:`probes.request_of` writes it in
    an edition's dialect.
    """

    parameters: Mapping[str, Any] = {}
    """Parameters by name, wherever the dialect puts them; ``...`` leaves one out."""
    messages: tuple[Mapping[str, Any], ...] | None = None
    """In place of the one user message."""
    prompt: str | None = None
    """In place of messages, on the native surface."""
    model: str | None = None
    """None: the edition's first."""
    body: Mapping[str, Any] = {}
    """Laid over the body in the end: objects merge, ``...`` removes a key."""
    headers: Mapping[str, str] = {}
    stream: bool = False
    operation: str | None = None
    """Another operation than generation, for instance ``count_tokens``."""
    method: str | None = None
    path: str | None = None


class Lie(NamedTuple):
    """One deliberate breach: a name that says what is done, and the hooks that do it."""

    name: str
    family: str
    summary: str
    """One line: what the endpoint does wrong."""
    clauses: tuple[str, ...]
    """Ids of the clauses it breaks, as patterns (``*`` for any text)."""
    hooks: Hooks
    surfaces: tuple[Surface, ...] = ("native", "openai")
    probe: Probe | None = None
    """None: a test of the lie's own shows it."""
    where: Callable[[Edition], bool] | None = None
    """Whether an edition's documents have anything against it; None: the clauses say enough."""

    def concerns(self, edition: Edition) -> bool:
        """Whether an edition's documents are against what the lie does."""
        return self.tellable(edition) and (self.where is None or self.where(edition))

    def tellable(self, edition: Edition) -> bool:
        """Whether the edition has a clause, on one of the lie's surfaces, that it is about.

        An edition's server can be told to do what no document can prove to be wrong: an audit
        and a comparison find it nevertheless.
        """
        if edition.surface not in self.surfaces or not self.broken(edition):
            return False
        return self.probe is None or not self.probe.stream or has_streams(edition)

    def broken(self, edition: Edition) -> tuple[str, ...]:
        """Ids of the edition's clauses that the lie breaks, those left unspecified aside."""
        return tuple(
            clause.id
            for clause in edition.clauses
            if clause.level != "unspecified"
            and any(fnmatchcase(clause.id, pattern) for pattern in self.clauses)
        )


def has_streams(edition: Edition) -> bool:
    """Whether an edition has a switch for streams."""
    return edition.surface == "openai" or bool(quirks(edition).stream_headers)


@lru_cache(maxsize=1)
def named_lies() -> tuple[Lie, ...]:
    """All lies with a hand-given name, by family."""
    from tokenassay.conformance.mock.lies import FAMILIES

    return tuple(lie for family in FAMILIES for lie in family)


@lru_cache(maxsize=32)
def lies_for(edition: Edition) -> tuple[Lie, ...]:
    """The lies that an edition's documents are against: named ones, then those of its ranges."""
    from tokenassay.conformance.mock.lies.ranges import range_lies

    named = tuple(lie for lie in named_lies() if lie.concerns(edition))
    return named + range_lies(edition)


@lru_cache(maxsize=32)
def tellable_lies(edition: Edition) -> tuple[Lie, ...]:
    """All that an edition's server can be told to do: its lies, then what breaks none of it."""
    lies = lies_for(edition)
    known = {lie.name for lie in lies}
    more = (lie for lie in named_lies() if lie.name not in known and lie.tellable(edition))
    return (*lies, *more)


def all_lies() -> tuple[Lie, ...]:
    """Every lie that a server of some edition of the package can tell, each name once."""
    from tokenassay.contracts import store

    found: dict[str, Lie] = {lie.name: lie for lie in named_lies()}
    for id in store.headers():
        for lie in lies_for(store.load_edition(id)):
            found.setdefault(lie.name, lie)
    return tuple(found.values())


def choose(names: Iterable[str], editions: Iterable[Edition]) -> dict[str, tuple[Lie, ...]]:
    """Lies by edition id; UnknownLie, naming near matches, where no edition can tell one."""
    names = tuple(dict.fromkeys(names))
    told: dict[str, tuple[Lie, ...]] = {}
    known: dict[str, None] = {}
    for edition in editions:
        possible = {lie.name: lie for lie in tellable_lies(edition)}
        known.update(dict.fromkeys(possible))
        told[edition.id] = tuple(possible[name] for name in names if name in possible)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=3)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise UnknownLie(f"no lie {name!r} for {', '.join(told)}{hint}")
    return told
