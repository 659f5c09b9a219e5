"""JUnit as Jenkins's schema and Ant's both want it, whatever an endpoint said."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports import making
from tokenassay.conformance.results import RunDocument
from tokenassay.reports.junit import junit_xml

SUITE = ["name", "timestamp", "hostname", "tests", "failures", "errors", "time", "package", "id"]
"""Attributes that Ant's schema requires; Jenkins's allows them all."""


def some_run(said: str = "400 InvalidParameter") -> RunDocument:
    """Two targets, a promise of every outcome at the first."""
    made = [
        making.promise("a", seconds=1.25),
        making.promise("b", "violated", observed=said, exchange=making.exchange(said)),
        making.promise("c", "non-strict", observed=said),
        making.promise("d", "observed"),
        making.promise("e", "inconclusive", why=said),
        making.promise("f", "not-run", why=said),
        making.promise("g", "not-run", why="not selected"),
        making.promise("a", target="other"),
    ]
    return making.document(made)


def suites(run: RunDocument, *, strict: bool = False) -> list[Xml.Element]:
    root = Xml.fromstring(junit_xml(run, strict=strict))  # noqa: S314 - ours
    assert root.tag == "testsuites"
    assert not root.attrib, "Ant's schema has none"
    return list(root)


@pytest.mark.parametrize("strict", [False, True])
def test_the_parts_stand_as_the_schemas_want_them(strict: bool) -> None:
    for number, suite in enumerate(suites(some_run(), strict=strict)):
        assert not [name for name in SUITE if name not in suite.attrib]
        assert suite.get("id") == str(number)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
        assert re.fullmatch(r"\d+\.\d{3}", suite.get("time", ""))
        tags = [child.tag for child in suite]
        cases = tags.count("testcase")
        assert tags == ["properties", *["testcase"] * cases, "system-out", "system-err"]
        for case in suite.iter("testcase"):
            assert {"name", "classname", "time"} == set(case.attrib)
            assert len(case) <= 1
            assert all(child.tag in ("skipped", "error", "failure") for child in case)
            assert all(child.get("type") and child.get("message") for child in case)
        for child in suite.iter("property"):
            assert set(child.attrib) == {"name", "value"}


def test_the_counts_are_those_of_the_tests() -> None:
    first, second = suites(some_run())
    assert (first.get("tests"), first.get("failures"), first.get("skipped")) == ("6", "1", "2")
    assert (second.get("tests"), second.get("failures")) == ("1", "0")
    strict, _ = suites(some_run(), strict=True)
    assert strict.get("failures") == "2"
    for suite in (first, strict):
        for counted, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert suite.get(counted) == str(len(list(suite.iter(tag))))
    assert first.get("time") == "3.750"


def test_a_failure_has_its_evidence() -> None:
    first, _ = suites(some_run())
    (failure,) = first.iter("failure")
    assert failure.get("message") == "expected an answer; observed 400 InvalidParameter"
    for part in ("clause temperature.range (must)", making.SOURCE, "status 200", "again: curl"):
        assert part in (failure.text or "")
    told = first.find("system-out")
    assert told is not None
    assert "non-strict: c" in (told.text or ""), "what is not strictly kept is told, not failed"


def test_an_unusable_endpoint_is_one_error() -> None:
    made = [making.promise("a", "inconclusive", why="the key was refused")]
    row = making.target("gateway", made, complete=False, stop_reason="the key", unusable=True)
    (suite,) = suites(making.document(made, targets=[row]))
    (error,) = suite.iter("error")
    assert error.get("message") == "the key"
    assert (suite.get("errors"), suite.get("failures"), suite.get("tests")) == ("1", "0", "2")


@given(st.text(st.characters(categories=None)))
def test_no_answer_breaks_the_document(said: str) -> None:
    first, _ = suites(some_run(said))
    (failure,) = first.iter("failure")
    assert "observed" in (failure.text or "")
