"""The page of a tap: what became of each parameter, what else a gateway does, every request."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from tokenassay.conformance.tap.findings import Arrived, Aspect, Case, Passage, Tap, Trip
from tokenassay.contracts.records import Record
from tokenassay.reports.languages import language
from tokenassay.reports.rendering import render

_SPEECH: Final = language("en")
_SHOWN: Final = 4_000
"""Characters of one body that the page shows; ``tap.json`` has it whole."""

_VALUE: Final = 80
_WORDS: Final = ("theme_auto", "theme_light", "theme_dark")
"""What the page's script says."""

_LINKS: Final = 6
"""Requests that a line leads to."""

_ABOUT: Final = (
    (
        "A mock endpoint stood behind the gateway as its upstream. Requests were sent at the "
        "gateway's front, one at a time, and both ends compared: what was sent, what arrived, "
        "what the upstream answered, and what came back."
    ),
    (
        "A clamp is told from other changes by all values of a parameter together: everything "
        "beyond a bound arrived as that bound, and nothing beyond it arrived. A parameter that "
        "nobody sent is defaulted where the edition has one of that name, and invented where it "
        "has none."
    ),
    (
        "The upstream tells token counts that no count of the text comes to, so that figures "
        "passed on are told from figures counted anew, and from figures made up."
    ),
)
_NEUTRAL: Final = frozenset({"as sent", "passed", "passed on", "passed on at once"})
_MATTERS: Final = {
    "prompt": "What is said",
    "model": "Model",
    "key": "Key",
    "headers": "Headers",
    "path": "Path",
    "answer": "Answers",
    "stream": "Streams",
    "usage": "Usage",
    "errors": "Errors",
    "requests": "Requests",
}


class FateView(Record, frozen=True, kw_only=True):
    """Values of a parameter with one fate."""

    fate: str
    sent: str
    arrived: str
    tone: str
    requests: tuple[int, ...]


class ParameterView(Record, frozen=True, kw_only=True):
    """One parameter."""

    parameter: str
    documented: str
    fates: tuple[FateView, ...]


class MatterView(Record, frozen=True, kw_only=True):
    """Something else that the gateway does."""

    matter: str
    verdict: str
    said: str
    tone: str
    requests: tuple[int, ...]


class SideView(Record, frozen=True, kw_only=True):
    """A request or an answer, as it was seen in one place."""

    title: str
    body: str


class TripView(Record, frozen=True, kw_only=True):
    """One request: sent, arrived, came back."""

    number: int
    what: str
    outcome: str
    sides: tuple[SideView, ...]


class TapPage(Record, frozen=True, kw_only=True):
    """Everything on the page of a tap."""

    title: str
    verdict: str
    remarks: tuple[str, ...]
    parameters: tuple[ParameterView, ...]
    matters: tuple[MatterView, ...]
    trips: tuple[TripView, ...]
    about: tuple[str, ...]


def tap_html(found: Tap) -> str:
    """The page of a tap as one HTML file; the same document gives the same bytes."""
    return render(
        "tap.html.j2",
        ("data", "theme"),
        "en",
        version=found.version,
        page=build_tap_page(found),
        data={"words": {name: getattr(_SPEECH.terms, name) for name in _WORDS}},
    )


def build_tap_page(found: Tap) -> TapPage:
    """What is told of a gateway, the worst first."""
    changed = sorted(found.parameters, key=lambda passage: not _touched(passage))
    return TapPage(
        title=f"{found.gateway}: tap report",
        verdict=_verdict(found),
        remarks=tuple(_remarks(found)),
        parameters=tuple(_parameter(passage) for passage in changed),
        matters=tuple(_matter(a) for a in sorted(found.aspects, key=lambda a: not a.touched)),
        trips=tuple(_trip(trip) for trip in found.trips),
        about=_ABOUT,
    )


def _touched(passage: Passage) -> bool:
    return any(case.touched for case in passage.cases)


def _verdict(found: Tap) -> str:
    if found.verdict == "inconclusive":
        return "Nothing could be found out about the gateway."
    if found.verdict == "untouched":
        return "The gateway passes everything on as it is sent."
    parameters = sum(map(_touched, found.parameters))
    matters = dict.fromkeys(_MATTERS[a.about].lower() for a in found.aspects if a.touched)
    said = []
    if parameters:
        said.append(f"changes {parameters} {'parameter' if parameters == 1 else 'parameters'}")
    if matters:
        said.append(f"is not neutral about: {', '.join(matters)}")
    return f"The gateway {', and '.join(said)}."


def _remarks(found: Tap) -> list[str]:
    asked = f"{len(found.trips)} requests were sent to {found.gateway}"
    left = f", and {found.not_sent} left out" if found.not_sent else ""
    remarks = [f"{asked} as {found.edition} has them{left}."]
    if found.why is not None:
        remarks.append(f"{found.why[:1].upper()}{found.why[1:]}.")
    if found.model_arrived is not None:
        mapped = found.model_arrived != found.model
        way = f"as {found.model_arrived}" if mapped else "under its own name"
        remarks.append(
            f"{found.model} arrived {way}, behind an upstream of {found.upstream_edition}."
        )
    return remarks


def _parameter(passage: Passage) -> ParameterView:
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in passage.cases:
        arrived = "" if case.fate == "forwarded" else _arrived(case)
        groups.setdefault((_fate(passage, case), arrived), []).append(case)
    fates = [
        FateView(
            fate=fate,
            sent=", ".join(filter(None, (_value(case.sent) for case in cases))),
            arrived=arrived,
            tone=_tone(cases[0].touched, cases[0].fate == "forwarded"),
            requests=tuple(number for case in cases for number in case.requests)[:_LINKS],
        )
        for (fate, arrived), cases in groups.items()
    ]
    return ParameterView(
        parameter=passage.parameter,
        documented=passage.documented or "",
        fates=tuple(sorted(fates, key=lambda view: view.tone == "kept")),
    )


def _fate(passage: Passage, case: Case) -> str:
    if case.fate != "clamped":
        return case.fate
    low = case.arrived == passage.at_least and case.arrived > case.sent
    return f"clamped to {'at least' if low else 'at most'} {_value(case.arrived)}"


def _arrived(case: Case) -> str:
    said = _value(case.arrived)
    if case.under is not None:
        said = f"{said} as {case.under}"
    return " ".join(part for part in (said, case.note) if part)


def _value(value: Any) -> str:
    if value is msgspec.UNSET:
        return ""
    return _cut(json.dumps(value, ensure_ascii=False), _VALUE)


def _matter(aspect: Aspect) -> MatterView:
    return MatterView(
        matter=_MATTERS[aspect.about],
        verdict=aspect.verdict,
        said=aspect.said,
        tone=_tone(aspect.touched, aspect.verdict in _NEUTRAL),
        requests=aspect.requests[:_LINKS],
    )


def _tone(touched: bool, neutral: bool) -> str:
    return "violated" if touched else "kept" if neutral else "observed"


def _trip(trip: Trip) -> TripView:
    back = trip.came_back
    sides = [SideView(title="sent", body=_body(trip.sent))]
    for arrived in trip.arrived:
        sides.append(SideView(title="arrived", body=_request(arrived)))
        status = f"the upstream answered {arrived.status}"
        sides.append(SideView(title=status, body=_body(arrived.answer)))
    status = back.failure or str(back.status)
    sides.append(SideView(title=f"came back {status}", body=_body(back.answer)))
    outcome = status if trip.arrived else f"{status}, never arrived"
    if len(trip.arrived) > 1:
        outcome = f"{status}, arrived {len(trip.arrived)} times"
    return TripView(number=trip.number, what=trip.what, outcome=outcome, sides=tuple(sides))


def _request(arrived: Arrived) -> str:
    head = "\n".join(f"{name}: {value}" for name, value in arrived.headers)
    return f"{arrived.method} {arrived.path}\n{head}\n\n{_body(arrived.body)}"


def _body(body: Any) -> str:
    if body is None:
        return ""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=1)
    return _cut(text, _SHOWN)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
