"""A run as JUnit XML, one test a promise, for the pages that CI systems make of it.

Written so that both schemas in wide use accept it: Jenkins's ``junit-10.xsd`` and Ant's, which
wants every attribute and has no place for output beside a test.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree as Xml

from tokenassay.conformance.results import PromiseRow, RunDocument, TargetRow

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document can hold, not even escaped."""


def junit_xml(document: RunDocument, *, strict: bool = False) -> bytes:
    """One test suite a target, with seed, spend and edition as its properties.

    A violated promise is a failure, with ``strict`` one that is not strictly kept too; what was
    not run or could not be told is skipped. Where nothing could be established at all, the
    suite has one error that says why. Promises that were not selected are left out.
    """
    root = Xml.Element("testsuites")
    for number, target in enumerate(document.targets):
        shown = [
            promise
            for promise in document.promises
            if promise.target == target.name and promise.why != "not selected"
        ]
        _suite(root, number, document, target, shown, strict)
    Xml.indent(root)
    written: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _suite(
    root: Xml.Element,
    number: int,
    document: RunDocument,
    target: TargetRow,
    promises: list[PromiseRow],
    strict: bool,
) -> None:
    suite = Xml.SubElement(root, "testsuite", name=_clean(target.name))
    _properties(suite, document, target)
    counts: Counter[str] = Counter()
    if target.unusable:
        case = _case(suite, "endpoint_answers", target.name, 0.0)
        why = _clean(target.stop_reason or "no answer")
        Xml.SubElement(case, "error", type="unusable", message=why)
        counts["error"] += 1
    told = []
    for promise in promises:
        case = _case(suite, promise.id, f"{target.name}.{promise.family}", promise.seconds)
        verdict = _verdict(promise, strict)
        if verdict is not None:
            case.append(verdict)
            counts[verdict.tag] += 1
        elif promise.outcome == "non-strict":
            told.append(f"non-strict: {promise.id}\n{_evidence(promise)}")
    Xml.SubElement(suite, "system-out").text = _clean("\n\n".join(told))
    Xml.SubElement(suite, "system-err")
    for name, value in {
        "id": number,
        "package": target.edition,
        "hostname": urlsplit(target.base_url).hostname or "localhost",
        "timestamp": (document.started or "").removesuffix("Z"),
        "time": _seconds(sum(promise.seconds for promise in promises)),
        "tests": len(promises) + target.unusable,
        "failures": counts["failure"],
        "errors": counts["error"],
        "skipped": counts["skipped"],
    }.items():
        if value != "":
            suite.set(name, _clean(str(value)))


def _properties(suite: Xml.Element, document: RunDocument, target: TargetRow) -> None:
    properties = Xml.SubElement(suite, "properties")
    spend = target.spend
    for name, value in {
        "edition": target.edition,
        "model": target.model,
        "base_url": target.base_url,
        "seed": document.seed,
        "requests": target.requests,
        "tokens": spend.tokens,
        "spend": f"{spend.amount} {spend.currency}" if spend.amount else "unknown",
        "complete": str(target.complete).lower(),
        "stop_reason": target.stop_reason,
    }.items():
        if value is not None:
            Xml.SubElement(properties, "property", name=name, value=_clean(str(value)))


def _case(suite: Xml.Element, name: str, group: str, seconds: float) -> Xml.Element:
    return Xml.SubElement(
        suite, "testcase", name=_clean(name), classname=_clean(group), time=_seconds(seconds)
    )


def _verdict(promise: PromiseRow, strict: bool) -> Xml.Element | None:
    outcome = promise.outcome
    if outcome == "violated" or (outcome == "non-strict" and strict):
        broken = f"expected {promise.expected}; observed {promise.observed}"
        element = Xml.Element("failure", type=outcome, message=_clean(broken))
        element.text = _clean(_evidence(promise))
        return element
    if outcome in ("inconclusive", "not-run"):
        return Xml.Element("skipped", type=outcome, message=_clean(f"{outcome}: {promise.why}"))
    return None


def _evidence(promise: PromiseRow) -> str:
    """Clause, expectation, observation, the answer and the line that repeats it."""
    lines = [
        promise.title,
        f"clause {promise.clause} ({promise.level}): {promise.source}",
        f"expected: {promise.expected}",
        f"observed: {promise.observed}",
    ]
    if promise.exchange is not None:
        response = promise.exchange.response
        lines += [
            f"answer: {response.failure or f'status {response.status}'}",
            response.body.text or "",
            f"again: {promise.exchange.curl}",
        ]
    return "\n".join(lines)


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
