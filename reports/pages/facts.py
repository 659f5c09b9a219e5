"""Small parts that several pages have."""

from __future__ import annotations

from collections.abc import Iterator

from tokenassay.conformance.measures import Fit
from tokenassay.contracts.records import Record
from tokenassay.reports.languages.speech import Language


class Fact(Record, frozen=True, kw_only=True):
    """A label and what it says; ``code`` where it is to be typed or copied."""

    label: str
    value: str
    code: bool = False


class Figure(Record, frozen=True, kw_only=True):
    """One of the large numbers under the verdict."""

    value: str
    label: str
    tone: str = ""
    """A class: ``violated`` for what is bad."""


def fit_facts(fit: Fit, speech: Language) -> Iterator[Fact]:
    """The figures of a meter beside its picture."""
    t = speech.terms
    yield Fact(label=t.points, value=speech.number(fit.points))
    if fit.slope is not None and fit.offset is not None:
        sign = "\u2212" if fit.offset < 0 else "+"
        line = (
            f"{speech.ratio(fit.slope)} \u00d7 {t.counted} {sign} {speech.ratio(abs(fit.offset))}"
        )
        yield Fact(label=t.fitted_line, value=line)
    ends = (fit.least,) if fit.least == fit.most else (fit.least, fit.most)
    yield Fact(label=t.difference, value=" \u2026 ".join(map(speech.signed, ends)))


def moment(written: str) -> str:
    """A document's moment as people read it."""
    return written.replace("T", " ").replace("Z", " UTC")
