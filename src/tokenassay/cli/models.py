"""``tokenassay models``: what is known of models, since when, and how well."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from tokenassay.cli import inputs
from tokenassay.cli.output import complain, console, put, write_json

if TYPE_CHECKING:
    from tokenassay.contracts.catalog import Model, ModelList, Sized
    from tokenassay.contracts.records import Trust

STALE_AFTER = dt.timedelta(days=180)
"""A row that nobody has checked for longer is warned of."""

KINDS = ("sizes", "prices", "templates", "free_quota")
"""Fields of a model that hold dated rows."""


class Row(NamedTuple):
    """A dated row of a model with what its list says about it."""

    kind: str
    row: Sized
    seen: dt.date
    trust: Trust
    title: str
    """Title of the document it was read in."""


class Entry(NamedTuple):
    """A model and its dated rows; those of the model it is a moving name of, where it has none."""

    provider: str
    model: Model
    rows: tuple[Row, ...]

    def of(self, kind: str) -> list[Row]:
        """Rows of one kind, oldest first."""
        return [row for row in self.rows if row.kind == kind]


def models(
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="One model, with all its rows.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="List what held on that day, not what holds now."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Sizes, limits and prices of models with their dates, and how their tokens are counted."""
    from tokenassay.cli import catalog
    from tokenassay.contracts.store import find_model, look_up, model_lists

    day = inputs.parse_day(as_of) if as_of else dt.date.today()
    if model is None:
        chosen = [_entry(listed, known) for listed in model_lists() for known in listed.models]
    else:
        find_model(model)  # names near ids where there is none
        found = look_up(model)
        chosen = [_entry(*found)] if found else []
    warnings = stale(chosen, dt.date.today())
    if json:
        write_json({"models": [record(entry) for entry in chosen], "warnings": warnings})
        return
    if model is None:
        put(catalog.overview(chosen, day), console())
    else:
        catalog.describe(chosen[0], console())
    for warning in warnings:
        complain(f"warning: {warning}")


def _entry(listed: ModelList, model: Model) -> Entry:
    others = {other.id: other for other in listed.models}
    found = []
    for kind in KINDS:
        dated = getattr(model, kind)
        if not dated and model.alias_of in others:
            dated = getattr(others[model.alias_of], kind)
        for row in dated:
            source = listed.sources[row.source.partition(" § ")[0]]
            seen, trust = row.seen or listed.seen, row.trust or source.trust
            found.append(Row(kind, row, seen, trust, source.title))
    return Entry(listed.provider, model, tuple(found))


def stale(entries: list[Entry], today: dt.date) -> list[str]:
    """One sentence for each kind of row of a model that was last checked too long ago."""
    oldest: dict[tuple[str, str], dt.date] = {}
    for entry in entries:
        for row in entry.rows:
            if today - row.seen > STALE_AFTER:
                key = entry.model.id, row.kind
                oldest[key] = min(oldest.get(key, row.seen), row.seen)
    return [
        f"{model}: {kind.replace('_', ' ')} last checked on {seen}, {(today - seen).days} days ago"
        for (model, kind), seen in oldest.items()
    ]


def record(entry: Entry) -> dict[str, Any]:
    """A model as JSON: its record, each dated row with ``seen``, ``trust`` and ``title``."""
    import msgspec

    data: dict[str, Any] = {"provider": entry.provider, **msgspec.to_builtins(entry.model)}
    for kind in KINDS:
        data[kind] = [
            {
                **msgspec.to_builtins(row),
                "seen": seen.isoformat(),
                "trust": trust,
                "title": title,
            }
            for _, row, seen, trust, title in entry.of(kind)
        ]
    return data
