"""The page of a tap: whole, the same each time, and nothing in it that a gateway could have put."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tokenassay.conformance.tap.findings import (
    Arrived,
    Aspect,
    CameBack,
    Case,
    Passage,
    Tap,
    Trip,
)
from tokenassay.reports.pages.tap import build_tap_page, tap_html

HOSTILE = "</pre><script>alert(1)</script>\u202e"


def trip(number: int, **changes: Any) -> Trip:
    fields: dict[str, Any] = {
        "number": number,
        "kind": "parameter",
        "what": "temperature",
        "sent": {"temperature": 3},
        "stream": False,
        "arrived": (
            Arrived(
                method="POST",
                path="/v1/chat/completions",
                headers=(("x-a", HOSTILE),),
                body={"temperature": 2, "user": HOSTILE},
                status=200,
                answer={"text": HOSTILE},
            ),
        ),
        "came_back": CameBack(status=200, answer=HOSTILE),
    }
    return Trip(**{**fields, **changes})


def found(**changes: Any) -> Tap:
    fields: dict[str, Any] = {
        "version": "0",
        "gateway": "http://gateway.example/v1",
        "edition": "qwen-openai@2026",
        "upstream_edition": "qwen-openai@2026",
        "surface": "openai",
        "upstream_surface": "openai",
        "model": "qwen-plus",
        "model_arrived": "other",
        "verdict": "touched",
        "why": None,
        "parameters": (
            Passage(
                parameter="seed",
                documented=None,
                cases=(Case(fate="forwarded", sent=1, arrived=1, requests=(1,)),),
            ),
            Passage(
                parameter="temperature",
                documented="[0, 2)",
                at_most=2,
                cases=(
                    Case(fate="clamped", sent=3, arrived=2, requests=(1,)),
                    Case(fate="clamped", sent=4, arrived=2, requests=(2,)),
                ),
            ),
            Passage(
                parameter="user",
                documented=None,
                cases=(Case(fate="invented", arrived=HOSTILE, requests=(1, 2)),),
            ),
        ),
        "aspects": (
            Aspect(about="key", verdict="replaced", said="its own", touched=False, requests=(1,)),
            Aspect(about="prompt", verdict="message added", said=HOSTILE, touched=True),
        ),
        "trips": (
            trip(1),
            trip(
                2, arrived=(), came_back=CameBack(status=None, answer=None, failure="connect: no")
            ),
        ),
    }
    return Tap(**{**fields, **changes})


def test_the_same_document_gives_the_same_bytes() -> None:
    again = msgspec.json.decode(msgspec.json.encode(found()), type=Tap)
    assert tap_html(again) == tap_html(found())


def test_nothing_from_a_gateway_is_markup() -> None:
    page = tap_html(found())
    assert HOSTILE not in page
    assert page.count("<script") == 2
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert not re.search(r"(?:src|href)=\"(?!#)", page)


def test_every_link_leads_to_a_request() -> None:
    page = tap_html(found())
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert {"request-1", "request-2"} <= links
    assert links <= set(re.findall(r'id="([^"]+)"', page))


def test_what_was_changed_comes_first_and_is_named() -> None:
    page = build_tap_page(found())
    assert [view.parameter for view in page.parameters] == ["temperature", "user", "seed"]
    (clamp,) = page.parameters[0].fates
    assert (clamp.fate, clamp.sent, clamp.arrived) == ("clamped to at most 2", "3, 4", "2")
    assert clamp.requests == (1, 2)
    assert [view.tone for view in page.matters] == ["violated", "observed"]
    assert "changes 2 parameters" in page.verdict
    assert "what is said" in page.verdict
    assert any("as other" in remark for remark in page.remarks)


def test_what_never_arrived_is_told() -> None:
    page = build_tap_page(found())
    assert page.trips[1].outcome == "connect: no, never arrived"
    assert [side.title for side in page.trips[1].sides] == ["sent", "came back connect: no"]


def test_a_neutral_gateway_and_one_that_is_not_there_are_told() -> None:
    clean = found(verdict="untouched", parameters=(), aspects=())
    assert build_tap_page(clean).verdict == "The gateway passes everything on as it is sent."
    gone = found(verdict="inconclusive", why="it can't be reached", trips=(), not_sent=9)
    remarks = build_tap_page(gone).remarks
    assert "It can't be reached." in remarks
    assert "9 left out" in remarks[0]
    assert tap_html(gone)
