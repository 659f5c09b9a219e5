"""``tokenassay report``: what it reads, what it writes, and what it says of anything else."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import msgspec
import pytest

from tests.cli.calling import EXAMPLES, Caller
from tests.reports import making
from tests.reports.estimating import estimates


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A run with a finding, as ``results.json``."""
    path = tmp_path / "results.json"
    made = [making.promise(), making.promise("b", "violated", exchange=making.exchange())]
    path.write_bytes(msgspec.json.encode(making.document(made)))
    return path


def test_all_at_once(call: Caller, results: Path, tmp_path: Path) -> None:
    names = ("a.html", "a.xml", "a.md", "a.json")
    html, junit, markdown, written = (tmp_path / name for name in names)
    answer = call(
        "report",
        results,
        "--html",
        html,
        "--junit",
        junit,
        "--markdown",
        markdown,
        "--json",
        written,
    )
    assert answer.code == 0, answer
    assert answer.out == ""
    assert html.read_text("utf-8").startswith("<!doctype html>")
    assert [case.get("name") for case in Xml.parse(junit).iter("testcase")] == [  # noqa: S314
        "temperature_in_its_range_is_accepted",
        "b",
    ]
    assert markdown.read_text("utf-8").startswith("### qwen-turbo at gateway kept 1 of 2")
    assert json.loads(written.read_bytes()) == json.loads(results.read_bytes())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((*names, "results.json"))


def test_in_chinese(call: Caller, results: Path) -> None:
    assert "守住了 1 条" in call("report", results, "--lang", "zh", "--markdown", "-").out
    assert '<html lang="zh-Hans">' in call("report", results, "--lang", "zh", "--html", "-").out


def test_annotations(call: Caller, results: Path) -> None:
    lines = call("report", results, "--github").out.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::notice"]


def test_with_no_file_it_prints_what_check_prints(call: Caller, results: Path) -> None:
    answer = call("report", results)
    assert answer.code == 0
    assert "1 of 2 promises are broken" in answer.out


def test_an_estimate(call: Caller, tmp_path: Path) -> None:
    made = call("estimate", EXAMPLES / "qwen-chat.json", "--as-of", "2024-04-15", "--json")
    source = tmp_path / "estimate.json"
    source.write_text(made.out, "utf-8")
    page = call("report", source, "--html", "-").out
    assert "qwen-turbo reads 25 tokens and charges 0.0002 to 0.0122 CNY." in page
    assert "25 tokens, exact" in call("report", source).out
    junit = call("report", source, "--junit", tmp_path / "x.xml")
    assert junit.code == 2
    assert "JUnit" in junit.err
    several = call("estimate", "-m", "How are you?", "--all-models", "--json")
    (tmp_path / "several.json").write_text(several.out, "utf-8")
    assert call("report", tmp_path / "several.json").out


def test_from_standard_input(call: Caller, results: Path) -> None:
    answer = call("report", "-", "--markdown", "-", stdin=results.read_bytes())
    assert answer.code == 0
    assert answer.out.startswith("### qwen-turbo")


def test_open_writes_a_page_beside_its_source(
    call: Caller, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("typer.launch", shown.append)
    assert call("report", results, "--open").code == 0
    page = results.with_suffix(".html")
    assert page.exists()
    assert shown == [page.as_uri()]


def test_a_partial_run_is_reported(call: Caller, tmp_path: Path) -> None:
    made = [making.promise(), making.promise("b", "not-run", why="interrupted")]
    row = making.target("gateway", made, complete=False, stop_reason="interrupted")
    source = tmp_path / "results.json"
    source.write_bytes(msgspec.json.encode(making.document(made, targets=[row])))
    assert "is partial: interrupted" in call("report", source, "--markdown", "-").out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"hello", "neither a run file nor JSON"),
        (b"[]", "neither a run nor what"),
        (b'{"schema":"tokenassay.run/1"}', "is not a run"),
        (b'{"schema":"tokenassay.run/9"}', "has the schema"),
        (b"SQLite format 3\0" + b"x" * 4096, "cannot be read as a run file"),
    ],
)
def test_what_is_no_document(
    call: Caller, tmp_path: Path, content: bytes | None, told: str
) -> None:
    source = tmp_path / "x"
    if content is not None:
        source.write_bytes(content)
    answer = call("report", source, "--html", tmp_path / "a.html")
    assert answer.code == 2
    assert told in answer.err
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "a.html").exists()


def test_wrong_usage(call: Caller, results: Path, tmp_path: Path) -> None:
    for arguments in (
        ("--html", "-", "--markdown", "-"),
        ("--html", "-", "--github"),
        ("--html", "-", "--open"),
        ("--html", tmp_path),
        ("--html", tmp_path / "none" / "a.html"),
        ("--lang", "xx"),
    ):
        answer = call("report", results, *arguments)
        assert answer.code == 2, arguments
        assert "Traceback" not in answer.err
    assert call("report", tmp_path).code == 2


def test_the_estimates_of_tests_are_what_the_command_reads(call: Caller, tmp_path: Path) -> None:
    source = tmp_path / "e.json"
    source.write_bytes(msgspec.json.encode(estimates(3)))
    assert "qwen-old" in call("report", source).out


def test_estimate_writes_its_page_by_itself(call: Caller, tmp_path: Path) -> None:
    page = tmp_path / "estimate.html"
    options = ("estimate", EXAMPLES / "refused.json", "--as-of", "2024-04-15")
    answer = call(*options, "--html", page)
    assert answer.code == 1
    assert "refused  parameters.max_tokens" in answer.out
    assert "qwen-turbo refuses this request, by its documents." in page.read_text("utf-8")
    assert call(*options, "--html", tmp_path / "none" / "x.html").code == 2
    both = call("estimate", "-m", "hello", "--all-models", "--html", page, "--json")
    assert json.loads(both.out)["estimates"]
    assert "models can serve this request" in page.read_text("utf-8")


def test_check_writes_its_page_by_itself(call: Caller, tmp_path: Path) -> None:
    answer = call(
        "check", "-k", "temperature", "--edition", "qwen-dashscope@2024-04", "--out", tmp_path
    )
    assert answer.code == 0, answer
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "kept all" in page
    assert call("report", tmp_path / "run.db", "--html", "-").out == page
