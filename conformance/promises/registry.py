"""Promises: what is checked, made from clauses by builders that register here.

A builder is a function from an edition, one clause and a model to promises. It registers for a
kind of clause (``range``), or for one name within a kind (``behaviour:stop_ends_answer``,
``messages:roles``, ``shape:error``, ``limit:files_per_request``). So an edition that this
package has never seen, a user's own gateway, gets its promises from its clauses.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition, applies
from tokenassay.contracts.records import Level, Record

if TYPE_CHECKING:
    from tokenassay.conformance.probe import Probe

MODULES = (
    "ranges",
    "values",
    "combinations",
    "messages",
    "documents",
    "tool_turns",
    "limits",
    "errors",
    "responses",
    "choices",
    "cuts",
    "thinking",
    "formats",
    "stream_frames",
    "stream_text",
    "stream_fields",
    "stream_errors",
    "metering",
    "input_meter",
    "output_meter",
    "web_search",
    "whole_run",
    "tool_words",
    "tools",
    "files",
    "file_limits",
    "native_files",
    "batches",
    "tokens",
    "clients",
)
"""Modules of this package that register builders."""

Check = Callable[["Probe"], None]
"""Returns where the promise is kept; else raises Violation, Inconclusive or NotRun."""


class Promise(Record, frozen=True, kw_only=True):
    """One property that an endpoint's documents promise."""

    id: str
    """The statement in snake_case: ``temperature_in_range_is_accepted``."""
    family: c.Family
    clause: str
    level: Level
    title: str
    """The promise in plain words, as a report heads it."""
    check: Check
    needs: frozenset[str] = frozenset()
    """What it asks of target and installation: ``files``, ``batches``, ``sdk:openai`` ..."""
    last: bool = False
    """Runs after all others: it probes a cap itself, or costs much."""
    steady: bool = True
    """False: it looks for inconsistency, so one sighting counts without a second."""
    cost: int = 1
    """Rough number of requests, for ordering; long ones start early."""


Builder = Callable[[Edition, c.Clause, str], Iterable[Promise]]

_builders: dict[str, list[Builder]] = {}


def builder(*keys: str) -> Callable[[Builder], Builder]:
    """Register a builder for clauses of a kind (``range``) or of a name (``shape:error``)."""

    def register(function: Builder) -> Builder:
        for key in keys:
            _builders.setdefault(key, []).append(function)
        return function

    return register


def keys_of(clause: c.Clause) -> tuple[str, ...]:
    """The keys under which builders for this clause may be registered, the special one first."""
    kind = str(clause.__struct_config__.tag)
    name = (
        clause.behaviour
        if isinstance(clause, c.BehaviourClause)
        else clause.rule
        if isinstance(clause, c.MessageClause)
        else clause.quantity
        if isinstance(clause, c.LimitClause)
        else clause.of
        if isinstance(clause, c.ShapeClause | c.ExampleClause)
        else clause.operation
        if isinstance(clause, c.EndpointClause)
        else clause.parameter
        if isinstance(clause, c.ParameterClause | c.RangeClause | c.DefaultClause)
        else None
    )
    return (f"{kind}:{name}", kind) if name else (kind,)


@lru_cache(maxsize=1)
def load_families() -> None:
    """Import the modules that register builders."""
    for name in MODULES:
        importlib.import_module(f"tokenassay.conformance.promises.{name}")


def promises_for(edition: Edition, model: str) -> tuple[Promise, ...]:
    """All promises of an edition for a model, in the order of its clauses.

    A builder registered for a clause's name takes the place of those for its kind.
    """
    load_families()
    found: dict[str, Promise] = {}
    for clause in edition.clauses:
        if not applies(clause, model):
            continue
        for promise in _from_clause(edition, clause, model):
            if "." in promise.id:
                # A parameter inside another one: stream_options.include_usage.
                promise = msgspec.structs.replace(promise, id=promise.id.replace(".", "_"))
            if promise.id in found:
                # Two clauses state the same sort of thing: the later is told apart by its id.
                slug = clause.id.replace(".", "_").replace("-", "_")
                promise = msgspec.structs.replace(promise, id=f"{promise.id}_by_{slug}")
            found[promise.id] = promise
    return tuple(found.values())


def _from_clause(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    for key in keys_of(clause):
        if key in _builders:
            for build in _builders[key]:
                yield from build(edition, clause, model)
            return
