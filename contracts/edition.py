"""One edition as the rest of the project sees it: its clauses, indexed and citable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final, TypeVar, cast

from tokenassay.contracts import clauses as c
from tokenassay.contracts import patterns
from tokenassay.contracts.editions import Endpoint
from tokenassay.contracts.errors import UnknownModel
from tokenassay.contracts.intervals import Interval
from tokenassay.contracts.names import covered
from tokenassay.contracts.records import Record, Source, Surface

Kind = TypeVar("Kind", bound=c.ClauseBase)

_MOST_MODELS: Final = 512
"""Models whose parameters are kept at hand."""


class Citation(Record, frozen=True, kw_only=True):
    """Where a clause was read: the document, its section, and the day."""

    source: Source
    section: str | None
    seen: dt.date

    def __str__(self) -> str:
        section = f", {self.section}" if self.section else ""
        source = self.source
        return f"{source.provider}, {source.title} ({source.published}){section}"


class Parameter(Record, frozen=True, kw_only=True):
    """All that an edition states of one parameter for one model, clause by clause."""

    declared: c.ParameterClause
    interval: Interval | None = None
    range_clause: c.RangeClause | None = None
    choice: c.ChoiceClause | None = None
    forms: c.FormsClause | None = None
    default_clause: c.DefaultClause | None = None
    default: Any = None

    @property
    def name(self) -> str:
        return self.declared.parameter


class Edition:
    """A provider's contract for one surface at one date; immutable once built."""

    def __init__(
        self,
        *,
        id: str,
        title: str,
        provider: str,
        surface: Surface,
        date: str,
        seen: dt.date,
        endpoint: Endpoint,
        sources: dict[str, Source],
        models: tuple[str, ...],
        clauses: Iterable[c.Clause],
        summary: str = "",
        extends: str | None = None,
    ) -> None:
        self.id, self.title, self.provider, self.surface = id, title, provider, surface
        self.date, self.seen, self.endpoint, self.sources = date, seen, endpoint, sources
        self.models, self.clauses, self.summary = models, tuple(clauses), summary
        self.extends = extends
        self._by_id = {clause.id: clause for clause in self.clauses}
        self._by_kind: dict[type, tuple[c.Clause, ...]] = {}
        self._parameters: dict[str, dict[str, Parameter]] = {}

    def __repr__(self) -> str:
        return f"Edition({self.id!r}, {len(self.clauses)} clauses)"

    def clause(self, id: str) -> c.Clause:
        """The clause of that id; KeyError where there is none."""
        return self._by_id[id]

    def get(self, id: str) -> c.Clause | None:
        """The clause of that id, or None."""
        return self._by_id.get(id)

    def of_kind(self, kind: type[Kind], model: str | None = None) -> tuple[Kind, ...]:
        """Clauses of one kind, for ``model`` where one is given, in the file's order."""
        # Sorted out by kind once: an edition has hundreds of clauses, and few of a kind.
        known = self._by_kind.get(kind)
        if known is None:
            known = tuple(clause for clause in self.clauses if isinstance(clause, kind))
            self._by_kind[kind] = known
        return cast("tuple[Kind, ...]", tuple(one for one in known if applies(one, model)))

    @cached_property
    def errors(self) -> dict[str, c.ErrorClause]:
        """Error rows by clause id, those for certain models too."""
        return {clause.id: clause for clause in self.clauses if isinstance(clause, c.ErrorClause)}

    def error_for(self, clause: c.ClauseBase) -> c.ErrorClause | None:
        """The error row to expect when ``clause`` is broken, where the documents say one."""
        return self.errors.get(clause.error) if clause.error else None

    def says(self, pattern: str, message: str) -> bool:
        """Whether a message says what a pattern does, bare or in the decoration documented."""
        if patterns.matches(pattern, message):
            return True
        clause = self.behaviour("message_decoration")
        if clause is None:
            return False
        prefix, suffix = clause.args.get("prefix", ""), clause.args.get("suffix", "")
        return any(
            patterns.matches(dressed, message)
            for dressed in (prefix + pattern, pattern + suffix, prefix + pattern + suffix)
        )

    def behaviour(self, name: str, model: str | None = None) -> c.BehaviourClause | None:
        """The behaviour clause of that name that speaks of ``model``; the special one first."""
        found = [b for b in self.of_kind(c.BehaviourClause, model) if b.behaviour == name]
        return max(found, key=lambda b: bool(b.models), default=None)

    def rule(self, name: str, model: str | None = None) -> c.MessageClause | None:
        """The message rule of that name that speaks of ``model``; the special one first."""
        found = [m for m in self.of_kind(c.MessageClause, model) if m.rule == name]
        return max(found, key=lambda m: bool(m.models), default=None)

    def limit(self, quantity: c.Quantity, model: str | None = None) -> c.LimitClause | None:
        """The limit clause on a quantity that speaks of ``model``; the special one first."""
        found = [x for x in self.of_kind(c.LimitClause, model) if x.quantity == quantity]
        return max(found, key=lambda x: bool(x.models), default=None)

    def serves(self, model: str) -> bool:
        """Whether the edition names the model (``*`` at the end of a name matches the rest)."""
        return covered(self.models, model)

    def parameters(self, model: str | None = None) -> dict[str, Parameter]:
        """The edition's parameters for a model, by name. Do not change the mapping."""
        key = model or ""
        gathered = self._parameters.get(key)
        if gathered is None:
            gathered = self._gather(model)
            if len(self._parameters) >= _MOST_MODELS:  # names come from requests: there is no end
                self._parameters.clear()
            self._parameters[key] = gathered
        return gathered

    def _gather(self, model: str | None) -> dict[str, Parameter]:
        gathered: dict[str, Parameter] = {}
        for declared in self.of_kind(c.ParameterClause, model):
            name = declared.parameter
            ranged = self._about(c.RangeClause, name, model)
            default = self._about(c.DefaultClause, name, model)
            written = None
            if ranged is not None:
                written = ranged.by_model.get(model or "", ranged.interval)
            gathered[name] = Parameter(
                declared=declared,
                interval=Interval.parse(written) if written else None,
                range_clause=ranged if written else None,
                choice=self._about(c.ChoiceClause, name, model),
                forms=self._about(c.FormsClause, name, model),
                default_clause=default,
                default=default.by_model.get(model or "", default.value) if default else None,
            )
        return gathered

    def _about(self, kind: type[Any], parameter: str, model: str | None) -> Any:
        found = [x for x in self.of_kind(kind, model) if x.parameter == parameter]
        return max(found, key=lambda x: bool(x.models), default=None)

    def cite(self, clause: c.ClauseBase) -> Citation:
        """The document and section that a clause was read in."""
        key, _, section = clause.source.partition(" § ")
        return Citation(
            source=self.sources[key], section=section or None, seen=clause.seen or self.seen
        )

    def require_model(self, model: str) -> None:
        """UnknownModel, naming near matches, where the edition does not serve ``model``."""
        if not self.serves(model):
            raise UnknownModel(f"{self.id} names no model {model!r}")


def applies(clause: c.ClauseBase, model: str | None) -> bool:
    """Whether a clause speaks of ``model`` (None: of models at large)."""
    if not clause.models:
        return True
    return model is not None and covered(clause.models, model)
