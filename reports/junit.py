"""A run as JUnit XML, one test a promise, for the pages that CI systems make of it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final
from xml.etree import ElementTree as Xml

from tokenassay.conformance.outcomes import NOT_SELECTED
from tokenassay.conformance.results import PromiseRow, RunDocument, TargetRow

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document can hold, not even escaped."""


def junit_xml(document: RunDocument, *, strict: bool = False) -> bytes:
    """One test suite a target, with seed, spend and edition as its properties.

    A violated promise is a failure, with ``strict`` one that is not strictly kept too; what was
    not run or could not be told is skipped. Where nothing could be established at all, the
    suite has one error that says why. Promises that were not selected are left out.
    """
    root = Xml.Element("testsuites", name="tokenassay")
    for target in document.targets:
        shown = [
            promise
            for promise in document.promises
            if promise.target == target.name and promise.why != NOT_SELECTED
        ]
        _suite(root, document, target, shown, strict)
    Xml.indent(root)
    written: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _suite(
    root: Xml.Element,
    document: RunDocument,
    target: TargetRow,
    promises: list[PromiseRow],
    strict: bool,
) -> None:
    suite = Xml.SubElement(root, "testsuite", name=target.name)
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
    counts: Counter[str] = Counter()
    if target.unusable:
        case = Xml.SubElement(suite, "testcase", name="endpoint_answers", classname=target.name)
        Xml.SubElement(case, "error", message=_clean(target.stop_reason or "no answer"))
        counts["error"] += 1
    for promise in promises:
        case = Xml.SubElement(
            suite,
            "testcase",
            name=promise.id,
            classname=f"{target.name}.{promise.family}",
        )
        verdict = _verdict(promise, strict)
        if verdict is not None:
            case.append(verdict)
            counts[verdict.tag] += 1
    suite.set("tests", str(len(promises) + target.unusable))
    suite.set("failures", str(counts["failure"]))
    suite.set("errors", str(counts["error"]))
    suite.set("skipped", str(counts["skipped"]))


def _verdict(promise: PromiseRow, strict: bool) -> Xml.Element | None:
    outcome = promise.outcome
    if outcome == "violated" or (outcome == "non-strict" and strict):
        broken = f"expected {promise.expected}; observed {promise.observed}"
        element = Xml.Element("failure", type=outcome, message=_clean(broken))
        element.text = _clean(_evidence(promise))
        return element
    if outcome in ("inconclusive", "not-run"):
        return Xml.Element("skipped", type=outcome, message=_clean(f"{outcome}: {promise.why}"))
    if outcome == "non-strict":
        element = Xml.Element("system-out")
        element.text = _clean(f"non-strict\n{_evidence(promise)}")
        return element
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


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
