"""What a server serves: editions under their lies, and the state that they share."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from tokenassay.conformance.mock.call import Denial
from tokenassay.conformance.mock.stages import Stages
from tokenassay.contracts import clauses as c
from tokenassay.contracts import store
from tokenassay.contracts.catalog import Model
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.counts import InputCounter
from tokenassay.estimators.documents import file_syntax
from tokenassay.estimators.editions import whole_row

if TYPE_CHECKING:
    from tokenassay.conformance.mock.lies.registry import Lie
    from tokenassay.estimators.refusals import Rules

Kept = TypeVar("Kept")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a server runs. The limits are the server's own, against misuse; bytes and seconds."""

    seed: int = 0
    latency: float = 0.0
    """Seconds before each generation answer."""
    api_key: str = "sk-assay"
    faults: bool = True
    """Whether ``X-Assay-Fault`` and named keys may ask for an error row."""
    max_body: int = 64 * 1024 * 1024
    """Largest JSON body; uploads have the edition's own limits."""
    max_header: int = 32 * 1024
    read_timeout: float = 20.0
    """Longest wait for the next bytes of a request."""
    write_timeout: float = 300.0
    """Longest time for a client to take one answer."""
    batch_pace: float = 0.0
    """Seconds that a batch stays in each of its states; 0: each look at it moves it on."""
    max_streams: int = 2048
    """Streams at once; one more is refused with the edition's rate row."""


class World:
    """State shared by all services of one server: settings, identifiers, stores."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.seed = settings.seed
        self.streams = 0
        self._ids = random.Random(settings.seed)  # noqa: S311 - reproducible ids, no secrets
        self._kept: dict[type, object] = {}

    def new_id(self) -> str:
        """The next request id, a UUID; the sequence is the same for the same seed."""
        digits = f"{self._ids.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-9{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"

    def new_uuid(self) -> uuid.UUID:
        """A UUID from the same sequence."""
        return uuid.UUID(self.new_id())

    def keep(self, kind: type[Kept]) -> Kept:
        """The one object of a store class in this server, made on first use as ``kind(world)``."""
        if kind not in self._kept:
            self._kept[kind] = cast(Any, kind)(self)
        return cast(Kept, self._kept[kind])


class Service:
    """One edition as this server serves it: clauses, models, and the hooks of its lies."""

    def __init__(
        self,
        world: World,
        edition: Edition,
        lies: Iterable[Lie] = (),
        own_models: Iterable[Model] = (),
    ) -> None:
        self.world = world
        self.edition = edition
        self.lies = tuple(lies)
        self.stages = Stages.of(lie.hooks for lie in self.lies)
        self._own_models = {model.id: model for model in own_models}
        self._defaults: dict[str, dict[str, Any]] = {}
        self._rules: dict[str | None, Rules] = {}
        self._counters: dict[str, InputCounter] = {}

    def model(self, id: str) -> Model | None:
        """The model's rows, the edition's own first; None where nothing tells of it.

        Another name of a model has the rows of that model where it has none of its own.
        """
        found = self._own_models.get(id) or store.look_up(id)
        row = found[1] if isinstance(found, tuple) else found
        return None if row is None else whole_row(row, {**store.models(), **self._own_models})

    def rules(self, model: str | None) -> Rules:
        """The edition's rules for a model, compiled once."""
        if model not in self._rules:
            from tokenassay.estimators.refusals import compile_rules

            if len(self._rules) > 256:  # names that clients make up must not pile up
                self._rules.clear()
            self._rules[model] = compile_rules(self.edition, model)
        return self._rules[model]

    def counter(self, model: str) -> InputCounter:
        """What counts a model's input, by the template in force at the edition's date."""
        if model not in self._counters:
            if len(self._counters) > 256:
                self._counters.clear()
            self._counters[model] = InputCounter(
                self.model(model),
                store.day(self.edition.date),
                surface=self.edition.surface,
                syntax=file_syntax(self.edition, model or None),
            )
        return self._counters[model]

    def in_force(self, model: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters by name: the edition's defaults for the model, then what was sent."""
        if model not in self._defaults:
            if len(self._defaults) > 256:
                self._defaults.clear()
            self._defaults[model] = {
                name: parameter.default
                for name, parameter in self.edition.parameters(model).items()
                if parameter.default is not None
            }
        sent = {name: value for name, value in given.items() if value is not None}
        return {**self._defaults[model], **sent}

    # -------------------------------------------------------- error rows that no rule names

    @cached_property
    def errors(self) -> dict[str, c.ErrorClause]:
        """The edition's error rows by clause id.

        An edition without any answers with those of the edition that it copies: the latest of
        its surface, up to its own date, that has some.
        """
        if self.edition.errors:
            return self.edition.errors
        earlier = [store.load_edition(id) for id in reversed(store.headers())]
        return next(
            (
                edition.errors
                for edition in earlier
                if edition.errors
                and edition.surface == self.edition.surface
                and edition.date <= self.edition.date
            ),
            {},
        )

    @cached_property
    def bad_key(self) -> Denial:
        """The answer to a missing or wrong key: the row that the auth clause names, or a 401."""
        clause = self.edition.behaviour("auth_bearer")
        row = self.edition.error_for(clause) if clause else None
        return self._denial(401, row or self._first(lambda row: row.status == 401), "Unauthorized")

    @cached_property
    def malformed(self) -> Denial:
        """The answer to a body that is no request: the 400 row whose message may vary."""
        row = self._first(lambda row: row.status == 400 and row.varies) or self._first(
            lambda row: row.status == 400 and row.induced_by == "request"
        )
        return self._denial(400, row, "Bad request")

    @cached_property
    def too_large(self) -> Denial:
        """The answer to a body over a limit: the limit's own row, or the one for 413."""
        limit = self.edition.limit("body_bytes")
        row = self.edition.error_for(limit) if limit else None
        row = row or self._first(lambda row: 413 in (row.status, *row.other_statuses))
        return self._denial(413, row, "Payload Too Large")

    @cached_property
    def overloaded(self) -> Denial:
        """The answer when too many streams are open: the edition's first 429 row, else 503."""
        row = self._first(lambda row: row.status == 429)
        return self._denial(503, row, "Too many streams are open; try again later")

    @cached_property
    def no_such_path(self) -> Denial:
        """The answer under a path that no document names."""
        return self._denial(404, self.errors.get("error.invalid_url"), "Not found")

    def _first(self, wanted: Callable[[c.ErrorClause], bool]) -> c.ErrorClause | None:
        return next((row for row in self.errors.values() if wanted(row)), None)

    def _denial(self, status: int, row: c.ErrorClause | None, words: str) -> Denial:
        return Denial.of_row(row, name="body") if row else Denial(status, None, words)


class Mount:
    """One path prefix on the server, with the services behind it, first one first."""

    def __init__(self, prefix: str, services: Iterable[Service]) -> None:
        self.prefix = prefix
        self.services = tuple(services)
        self.world = self.services[0].world
        self.surface = self.services[0].edition.surface
        self._by_model = lru_cache(maxsize=256)(self._find)

    def service_for(self, model: object) -> Service:
        """The first service whose edition names the model; else the first of all."""
        return self._by_model(model) if isinstance(model, str) else self.services[0]

    def _find(self, model: str) -> Service:
        return next((s for s in self.services if s.edition.serves(model)), self.services[0])
