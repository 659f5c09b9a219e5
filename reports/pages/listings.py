"""Tables of a page as records, so that one part of a template draws them all."""

from __future__ import annotations

from typing import Literal

from tokenassay.contracts.records import Record
from tokenassay.reports.charts.marks import Picture

Kind = Literal["text", "said", "whole", "number", "code", "name"]
"""``said`` are sentences, which want room; ``whole`` and ``code`` are not broken into lines."""


class Cell(Record, frozen=True, kw_only=True):
    """What stands in one place: text or a picture."""

    text: str = ""
    kind: Kind = "text"
    picture: Picture | None = None


class Column(Record, frozen=True, kw_only=True):
    """The head of a column; of no name above pictures."""

    name: str
    number: bool = False


class Listing(Record, frozen=True, kw_only=True):
    """A table under its heading; the first cell of a row is the row's head."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    intro: str = ""
    rest: str = ""
    """What is said of rows that are left out."""
    bars: bool = False
    """Whether the pictures need a legend of least and most."""


def text(value: str) -> Cell:
    """Words."""
    return Cell(text=value)


def said(value: str) -> Cell:
    """A sentence or more."""
    return Cell(text=value, kind="said")


def whole(value: str) -> Cell:
    """Words that stay on one line."""
    return Cell(text=value, kind="whole")


def code(value: str) -> Cell:
    """A name of ours as machines write it."""
    return Cell(text=value, kind="code")


def label(value: str) -> Cell:
    """A name from a file, of any length."""
    return Cell(text=value, kind="name")


def figure(value: str) -> Cell:
    """A number."""
    return Cell(text=value, kind="number")
