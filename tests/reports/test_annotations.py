"""Annotations are one line each, and no text can begin another command."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.reports import auditing, making
from tests.reports.estimating import estimates
from tokenassay.reports.annotations import annotate


def test_each_finding_has_its_line() -> None:
    made = [making.promise(), making.promise("b", "violated"), making.promise("c", "non-strict")]
    assert list(annotate(making.document(made))) == [
        "::error title=gateway%3A b::Expected: an answer. Observed: 400 InvalidParameter",
        "::warning title=gateway%3A c::Expected: an answer. Observed: 400 InvalidParameter",
        (
            "::notice title=qwen-turbo at gateway%3A assay report::"
            "qwen-turbo at gateway kept 1 of 3 promises."
        ),
    ]


def test_a_partial_run_is_a_warning() -> None:
    made = [making.promise(), making.promise("b", "not-run")]
    row = making.target("gateway", made, complete=False, stop_reason="the budget")
    lines = list(annotate(making.document(made, targets=[row])))
    assert [line.split(" ")[0] for line in lines] == ["::warning", "::notice"]


def test_refusals_of_an_estimate() -> None:
    lines = list(annotate(estimates(2)))
    assert lines[0].startswith("::error title=qwen-max%3A top_p.range::")


def test_differences_of_a_comparison() -> None:
    lines = list(annotate(making.comparison()))
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::notice"]
    assert lines[0] == (
        "::error title=gateway-b unlike gateway-a%3A what is accepted::"
        '{"n": 4}: gateway-a: accepted; gateway-b: refused: 400 InvalidParameter'
    )


def test_findings_of_an_audit() -> None:
    lines = list(annotate(auditing.audit(stop_reason="the budget")))
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::notice"]
    assert "bills 19 input tokens too many in each request." in lines[0]
    assert next(iter(annotate(auditing.honest()))).startswith("::notice")


@given(st.text(st.characters(categories=None)))
def test_one_command_a_line(text: str) -> None:
    made = making.promise(
        "b", "violated", observed=f"{text}\n::error::x\r%0A::set-output", title=text
    )
    for line in annotate(making.document([made])):
        assert len(line.splitlines()) == 1
        assert line.startswith(("::error title=", "::notice title="))
        assert "%0A" not in line.replace("%250A", "")
