"""The head of an edition's file: where it is served, since when, by which sources."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from tokenassay.contracts.catalog import Model
from tokenassay.contracts.clauses import Clause
from tokenassay.contracts.records import Record, Source, Surface


class Endpoint(Record, frozen=True, kw_only=True):
    """Where an edition is served and how one proves who one is."""

    base_url: str
    auth: Literal["bearer"] = "bearer"
    key_env: str = "DASHSCOPE_API_KEY"


class EditionHeader(Record, frozen=True, kw_only=True):
    """The first YAML document of an edition's file: enough to choose it by.

    A file that ``extends`` another edition may leave out whatever is the same there.
    """

    edition: str
    """``provider-surface@date``"""
    title: str | None = None
    provider: str | None = None
    surface: Surface | None = None
    date: str | None = None
    """The documents' date (ISO, may be partial); the edition is in force from then on."""
    seen: dt.date | None = None
    endpoint: Endpoint | None = None
    sources: dict[str, Source] = {}
    models: tuple[str, ...] = ()
    extends: str | None = None
    """An edition whose clauses hold here too, but for those overridden or dropped."""
    drop: tuple[str, ...] = ()
    """Clause ids (``*`` at the end for a prefix) of the extended edition that don't hold."""
    summary: str = ""


class EditionBody(Record, frozen=True, kw_only=True):
    """The second YAML document: the clauses, and models that only this file knows."""

    clauses: tuple[Clause, ...] = ()
    model_rows: tuple[Model, ...] = ()
