"""Pages as files: the same bytes each time, one policy, no number that is not in the document."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import msgspec
import pytest

from tests.reports import auditing, making
from tests.reports.estimating import estimates
from tokenassay import __version__
from tokenassay.conformance.audit.documents import AuditDocument
from tokenassay.conformance.measures import fit
from tokenassay.conformance.results import RunDocument
from tokenassay.reports.documents import Document, parse
from tokenassay.reports.html import html
from tokenassay.reports.languages import Code

DOCUMENTS: list[Document] = [
    making.document(),
    making.comparison(),
    auditing.audit(),
    auditing.honest(),
    estimates(1),
    estimates(3),
]
IDS = ["run", "comparison", "audit", "honest", "estimate", "estimates"]


def violating() -> RunDocument:
    """A run with something to say in every part of its page."""
    return making.document(
        [
            making.promise(exchange=making.exchange()),
            making.promise("b", "violated", exchange=making.exchange()),
            making.promise("c", "observed"),
            making.promise("d", "not-run"),
        ],
        points=[(11, 26), (31, 48), (73, 94)],
        bounds=[
            ("temperature", "[0, 2)", "[0, 2]"),
            ("seed", "[0, 18446744073709551615]", "[?, ?]"),
        ],
        seconds=(0.1234, 0.25, 1.75, 12.5),
    )


class Text(HTMLParser):
    """The text that a reader sees, without drawings' axes and what scripts are made of."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._skip: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "svg"):
            self._skip.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._skip and self._skip[-1] == tag:
            self._skip.pop()

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.parts.append(data)


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_the_same_bytes_every_time(document: Document, code: Code) -> None:
    again = parse(msgspec.json.encode(document))
    assert html(document, code) == html(again, code)


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_the_policy_lets_in_our_own_script_and_style_alone(document: Document) -> None:
    page = html(document)
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert found is not None
    policy = found[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        texts = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert len(texts) == 1
        digest = base64.b64encode(hashlib.sha256(texts[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert page.index("Content-Security-Policy") < page.index("<style>")


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_nothing_is_loaded_from_anywhere(document: Document) -> None:
    page = html(document)
    assert not re.search(r"<(link|img|iframe|object|embed|base|form)\b", page)
    assert not re.search(r"\s(src|srcset|action|style|on\w+)=", re.sub(r"<script.*", "", page))
    assert not re.search(r"url\(|@import", page)
    assert all(href.startswith("#") for href in re.findall(r'href="([^"]*)"', page))


@pytest.mark.parametrize("code", ["en", "zh"])
def test_every_number_on_the_page_is_in_the_document(code: Code) -> None:
    run = violating()
    counts = [p.outcome for p in run.promises]
    decided = sum(counts.count(outcome) for outcome in ("kept", "violated", "non-strict"))
    # Counted by the reader's own eye: promises decided, rows of the table, marks of sources.
    seen = {decided, len(run.promises), *range(len(run.promises) + 1)}
    seen |= {abs(p.billed - p.counted) for p in run.meter.points}
    assert not _foreign(run, code, seen)


@pytest.mark.parametrize("code", ["en", "zh"])
def test_every_number_of_a_comparison_is_in_its_document(code: Code) -> None:
    promised = [
        making.promise(exchange=making.exchange(), target="gateway-a"),
        making.promise(outcome="violated", exchange=making.exchange(), target="gateway-b"),
    ]
    for run in (making.comparison(), making.comparison(promises=promised)):
        # Counted by the eye: endpoints, differences in all and by kind, cells by outcome.
        assert not _foreign(run, code, set(range(6)))


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("document", [auditing.audit(), auditing.honest()], ids=["off", "honest"])
def test_every_number_of_an_audit_is_in_its_document(document: AuditDocument, code: Code) -> None:
    differences = {abs(p.billed - p.counted) for p in document.probes if p.billed and p.counted}
    sums = document.input
    assert not _foreign(document, code, differences | {sums.billed - sums.counted})


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_number_of_an_estimate_is_in_its_document(count: int, code: Code) -> None:
    # Counted by the eye: models, and those of them that serve the request.
    assert not _foreign(estimates(count), code, set(range(count + 1)))


def _foreign(document: Document, code: Code, counted: set[int]) -> list[str]:
    """Figures on the page of a document that are not in it, nor counted by the reader's eye."""
    reader = Text()
    reader.feed(html(document, code))
    known = set(_numbers(msgspec.json.encode(document).decode()))
    known |= {str(number) for number in counted}
    known |= {"50", "90", "99", "8", "64"}  # p50, p90, p99, UTF-8, base64
    known |= set(_numbers(__version__))  # at the foot of an estimate
    return [number for number in _numbers(" ".join(reader.parts)) if number not in known]


def _numbers(text: str) -> list[str]:
    """Figures as they count: no signs, separators or zeros at the end."""
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    return [
        re.sub(r"\.?0+$", "", number) if "." in number else number.lstrip("0") or "0"
        for number in re.findall(r"\d+(?:\.\d+)?", plain)
    ]


def test_a_partial_run_says_so() -> None:
    made = [making.promise(), making.promise("b", "not-run", why="the budget is reached")]
    row = making.target("gateway", made, complete=False, stop_reason="the budget is reached")
    run = making.document(made, targets=[row])
    english, chinese = html(run), html(run, "zh")
    assert "is partial: the budget is reached. 1 of 2 promises were tried." in english
    assert "不完整" in chinese
    assert 'class="hallmark"' not in english
    assert 'class="hallmark"' in html(making.document())


def test_an_unusable_endpoint_is_told_from_an_honest_one() -> None:
    made = [making.promise("a", "inconclusive", why="the key was refused")]
    row = making.target(
        "gateway", made, complete=False, stop_reason="the key was refused", unusable=True
    )
    page = html(making.document(made, targets=[row]))
    assert "Nothing could be established about qwen-turbo at gateway: the key was refused." in page
    assert 'class="hallmark"' not in page


def test_a_run_that_has_nothing_yet() -> None:
    run = making.document(
        [making.promise("a", "not-run", why="the run has not come to it")],
        points=(),
        bounds=(),
        seconds=(),
        suite=None,
        started=None,
        duration_s=None,
        command=None,
        examples=None,
    )
    for code in ("en", "zh"):
        assert "tokenassay" in html(run, "zh" if code == "zh" else "en")
    none = making.document([making.promise()], targets=[])
    assert "names no endpoint" in html(msgspec.structs.replace(none, promises=[]))


def test_data_of_the_page_is_json() -> None:
    page = html(violating())
    found = re.search(r'id="page-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    assert [row[0] for row in data["rows"]] == [p.id for p in violating().promises]


def test_the_fit_is_told_as_it_is() -> None:
    run = violating()
    assert run.meter.fits["gateway"] == fit([(11, 26), (31, 48), (73, 94)])
    assert "from +15 to +21 input tokens" in html(run)
