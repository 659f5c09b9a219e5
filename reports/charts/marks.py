"""What a picture is made of. Colours and strokes are the style sheet's, by class."""

from __future__ import annotations

from typing import Literal

from tokenassay.contracts.records import Record

Tag = Literal["line", "circle", "rect", "path", "text"]


class Mark(Record, frozen=True, kw_only=True):
    """One SVG element; ``tip`` is what it says when pointed at."""

    tag: Tag
    attributes: tuple[tuple[str, str], ...]
    text: str = ""
    tip: str = ""


class Table(Record, frozen=True, kw_only=True):
    """The numbers behind a picture: headings, and rows of text cells, the first a row's head."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Picture(Record, frozen=True, kw_only=True):
    """A drawing of ``width`` by ``height`` units, with what it says in words."""

    id: str
    title: str
    description: str
    width: int
    height: int
    marks: tuple[Mark, ...]
    table: Table | None = None


def number(value: float) -> str:
    """A coordinate to a tenth of a unit, the same on every machine."""
    text = f"{value:.1f}"
    return "0" if text in ("0.0", "-0.0") else text.removesuffix(".0")


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Mark:
    """A straight line."""
    ends = (("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2))
    return Mark(
        tag="line", attributes=(*((name, number(at)) for name, at in ends), ("class", kind))
    )


def dot(x: float, y: float, radius: float, kind: str, tip: str = "") -> Mark:
    """A circle about a point."""
    at = (("cx", number(x)), ("cy", number(y)), ("r", number(radius)))
    return Mark(tag="circle", attributes=(*at, ("class", kind)), tip=tip)


def bar(x: float, y: float, width: float, height: float, kind: str, tip: str = "") -> Mark:
    """An upright rectangle, at least one unit wide so that it is seen."""
    at = (("x", x), ("y", y), ("width", max(width, 1)), ("height", height))
    return Mark(
        tag="rect", attributes=(*((name, number(v)) for name, v in at), ("class", kind)), tip=tip
    )


def word(x: float, y: float, text: str, kind: str) -> Mark:
    """Text, its foot at ``y``; where it stands about ``x`` is its class's."""
    at = (("x", number(x)), ("y", number(y)))
    return Mark(tag="text", attributes=(*at, ("class", kind)), text=text)
