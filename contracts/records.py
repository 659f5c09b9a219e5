"""Typed, frozen records of what providers have put in writing.

One YAML file is one :class:`Edition` or one :class:`ModelList`. The classes here are the
schema: ``msgspec`` reads the data into them and refuses whatever does not fit, and the JSON
Schema beside the data is generated from them. A record never holds a default that a document
states; those stand in the data.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["must", "should", "unspecified"]
"""How firmly an endpoint is held to a clause (see docs/architecture.md, "Words")."""

Trust = Literal["document", "official-copy", "recorded", "third-party", "inferred"]
"""Where a statement comes from, strongest first."""

Surface = Literal["native", "openai"]
"""The wire dialect of an edition: DashScope's own, or the OpenAI-compatible one."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all records: frozen, by keyword, and strict about unknown fields."""


class Source(Record, frozen=True, kw_only=True):
    """A document as a reader could find it; never a file name of ours."""

    provider: str
    title: str
    published: str
    """Date or year-month printed on, or inferred for, the document (ISO, may be partial)."""
    trust: Trust
    url: str | None = None
    note: str | None = None
