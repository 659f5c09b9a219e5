"""Which edition and which model row a request is judged by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from msgspec.structs import replace

from tokenassay.contracts import store
from tokenassay.contracts.catalog import Model
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.errors import UnknownEdition, UnknownModel
from tokenassay.contracts.names import covered
from tokenassay.contracts.records import Source, Surface
from tokenassay.estimators.dates import first_day


class Choice(NamedTuple):
    """An edition, the model's row where one is known, and what is worth saying about it."""

    edition: Edition
    model: Model | None
    """With the rows of the model that it is another name of, where it has none of its own."""
    sources: Mapping[str, Source]
    """What the model's rows were read in."""
    notes: tuple[str, ...] = ()


class _Head(NamedTuple):
    id: str
    surface: Surface
    since: dt.date
    provider: str
    models: tuple[str, ...]


def choose(
    surface: Surface,
    model: str | None,
    day: dt.date | None,
    *,
    edition: str | None,
    contract: store.Contract | None,
) -> Choice:
    """The contract file's edition, else the one named, else the newest in force on ``day``.

    Without a name the edition is one of the request's surface that serves the model, of the
    model's own provider where there is one. UnknownModel and UnknownEdition where there is none.
    """
    if contract is not None:
        own = {row.id: row for row in contract.models}
        if model in own:
            row = own.pop(model)  # so that a name of its own leads to the package's row
            return _own(contract.edition, row, own)
        return _at(contract.edition, model)
    if edition is not None:
        return _at(store.load_edition(edition), model)
    if model is None:
        raise UnknownModel("the request names no model, as text; name one, or an edition")
    heads = [head for head in _heads() if covered(head.models, model)]
    if not heads:
        store.find_model(model)  # tells what near names there are, where it is unknown
        raise UnknownEdition(f"no edition names {model!r}")
    here = [head for head in heads if head.surface == surface]
    if not here:
        elsewhere = ", ".join(f"{head.id} ({head.surface})" for head in heads)
        raise UnknownEdition(
            f"no edition of the {surface} surface names {model!r}; others do: {elsewhere}"
        )
    known = store.look_up(model)
    here = [head for head in here if known and head.provider == known[0].provider] or here
    in_force = [head for head in here if day is None or head.since <= day]
    if in_force:
        return _at(store.load_edition(in_force[-1].id), model)
    first = here[0].id
    note = f"no edition for {model} is known as old as {day}: judged by {first}"
    return _at(store.load_edition(first), model, note)


@lru_cache(maxsize=256)
def own_time(edition: str, model: str | None) -> dt.date | None:
    """The day that naming an edition outright stands for: the first on which it was in force.

    None, so today, for an edition that no later one of its surface and provider has replaced
    for the model. UnknownEdition where there is none of that name.
    """
    store.load_edition(edition)
    named = next(head for head in _heads() if head.id == edition)
    later = any(
        head.since > named.since
        and (head.surface, head.provider) == (named.surface, named.provider)
        and model is not None
        and covered(head.models, model)
        for head in _heads()
    )
    return named.since if later else None


@lru_cache(maxsize=1)
def _heads() -> tuple[_Head, ...]:
    """Heads of all editions, oldest first, with what they take from the one they extend."""
    found: dict[str, _Head] = {}
    for id in store.headers():
        _resolve(id, found)
    return tuple(sorted(found.values(), key=lambda head: (head.since, head.id)))


def _resolve(id: str, found: dict[str, _Head]) -> _Head:
    if id not in found:
        header = store.headers()[id]
        base = _resolve(header.extends, found) if header.extends else None
        surface = header.surface or (base.surface if base else "native")
        since = first_day(header.date) if header.date else (base.since if base else dt.date.min)
        provider = header.provider or (base.provider if base else "")
        models = header.models or (base.models if base else ())
        found[id] = _Head(id, surface, since, provider, models)
    return found[id]


def _at(edition: Edition, model: str | None, *notes: str) -> Choice:
    """The model's row in our own lists, as far as it speaks of the edition's provider.

    UnknownModel where only a pattern of an edition of our own covers a name that no list knows.
    """
    known = store.look_up(model) if model is not None else None
    if known is None:
        ours = edition.id in store.headers()
        if ours and model is not None and model not in edition.models and edition.serves(model):
            store.find_model(model)
        return Choice(edition, None, {}, notes)
    listed, row = known[0], whole_row(known[1], store.models())
    if listed.provider != edition.provider:
        # Another provider's price, and what was billed there, proves nothing of this one.
        templates = tuple(replace(template, basis="modelled") for template in row.templates)
        row = replace(row, prices=(), free_quota=(), templates=templates)
        notes += (f"prices and published counts of {model} are {listed.provider}'s",)
    return Choice(edition, row, listed.sources, notes)


def _own(edition: Edition, row: Model, others: Mapping[str, Model]) -> Choice:
    """A model of a contract file, which may be another name of one there or in our own lists."""
    known = store.look_up(row.alias_of) if row.alias_of not in others and row.alias_of else None
    sources = {**known[0].sources, **edition.sources} if known else edition.sources
    return Choice(edition, whole_row(row, {**store.models(), **others}), sources)


def whole_row(row: Model, models: Mapping[str, Model]) -> Model:
    """A model with the rows of the one that it is a moving name of, kind by kind."""
    base = models.get(row.alias_of or "")
    if base is None:
        return row
    return replace(
        row,
        sizes=row.sizes or base.sizes,
        prices=row.prices or base.prices,
        templates=row.templates or base.templates,
        free_quota=row.free_quota or base.free_quota,
    )
