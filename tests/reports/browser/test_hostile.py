"""Whatever an endpoint answers is shown, and nothing of it runs, loads, or breaks the page."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reports import auditing, making
from tests.reports.browser.conftest import Open
from tokenassay.conformance.audit.documents import AuditDocument
from tokenassay.conformance.results import RunDocument
from tokenassay.reports.documents import Document
from tokenassay.reports.html import html

MARKUP = (
    "<script>document.title='owned'</script>",
    "</script><script>document.title='owned'</script>",
    "<!--<script>",
    "</title></style></textarea></noscript>--><img src=x onerror=\"document.title='owned'\">",
    "\"><svg onload=document.title='owned'>",
    "' onmouseover='document.title=1' x='",
    "<iframe src=javascript:alert(1)></iframe><a href=javascript:alert(1)>x</a>",
    "{{ 7 * 7 }}{% for x in y %}${7*7}#{7*7}<%= 7*7 %>",
    "\\u003cscript\\u003e\\x3c&lt;script&gt;&#x3c;",
    "]]><![CDATA[",
    "__proto__",
)
UNSEEN = "a\x00b\x07c\x1b[31md\u202eevil\u2066\u200fe\ufeff\u2028f\ud800g"


def everywhere(text: str) -> RunDocument:
    """A run in which everything that an endpoint may have said says ``text``."""
    fitting = text.encode("utf-8", "replace").decode()
    found = making.promise(
        outcome="violated",
        expected=fitting,
        observed=fitting,
        observations=[fitting],
        exchange=making.exchange(
            fitting,
            status=200,
            headers=[("x-header", fitting), (fitting, "x")],
            failure=fitting,
            frames=[
                making.frame(
                    0.1, fitting, event=fitting, id=fitting, comments=[fitting], irregular=[fitting]
                )
            ],
            curl=f"curl {fitting}",
        ),
    )
    doubtful = making.promise(
        "second", "inconclusive", why=fitting, exchange=making.exchange(f'{{"{1}":[1,2]}}{fitting}')
    )
    gone = making.promise("third", "not-run", why=fitting)
    made = [found, doubtful, gone]
    return making.document(
        made, targets=[making.target("gateway", made, complete=False, stop_reason=fitting)]
    )


def compared(text: str) -> RunDocument:
    """A comparison in which everything that an endpoint may have said says ``text``."""
    fitting = text.encode("utf-8", "replace").decode()
    found = making.difference(
        said=fitting,
        answers={"gateway-a": fitting, "gateway-b": fitting + fitting},
        exchanges={
            name: making.exchange(
                fitting * times,
                headers=[(fitting, fitting)],
                frames=[making.frame(0.1, fitting * times, event=fitting)],
            )
            for times, name in enumerate(("gateway-a", "gateway-b"), 1)
        },
    )
    return making.comparison([found])


def audited(text: str) -> AuditDocument:
    """An audit in which everything that an endpoint may have said says ``text``."""
    fitting = text.encode("utf-8", "replace").decode()
    return auditing.audit(
        findings=[auditing.finding("erratic", said=fitting)],
        verdict="erratic",
        why=fitting,
        notes=[fitting],
        stop_reason=fitting,
        probes=[auditing.probe(3, None, problem=fitting)],
        example=making.exchange(fitting, curl=f"curl {fitting}"),
    )


@pytest.mark.parametrize("made", [compared, audited])
def test_nothing_runs_side_by_side(open_page: Open, made: Callable[[str], Document]) -> None:
    """All markup at once: of what runs, any one would show."""
    text = "\n".join((*MARKUP, UNSEEN))
    with open_page(made(text)) as opened:
        opened.settled()
        title = opened.page.title()
        opened.page.locator(".card summary").first.click()
        opened.page.locator(".card .exchange").first.wait_for()
        opened.js("dispatchEvent(new Event('beforeprint'))")
        assert opened.page.title() == title
        assert "owned" not in title
        assert opened.js("document.scripts.length") == 3, "data, one block, ours"
        assert opened.js("document.querySelectorAll('iframe, img, object, form').length") == 0
        shown = opened.page.locator("main").text_content() or ""
        assert MARKUP[1] in shown
        assert not set(shown) & set("\x00\x07\x1b\u202e\u2066\u200f\ufeff\u2028")


ALONE = ("\n".join(MARKUP), MARKUP[1], "<!--<script>", UNSEEN)
"""All at once, and what would swallow what comes after it."""


@pytest.mark.parametrize("text", ALONE, ids=range(len(ALONE)))
def test_nothing_runs(open_page: Open, text: str) -> None:
    with open_page(everywhere(text), permissions=["clipboard-read", "clipboard-write"]) as opened:
        opened.settled()
        title = opened.page.title()
        opened.page.locator(".card summary").first.click()
        opened.page.locator(".card .exchange").wait_for()
        opened.page.locator(".card .exchange summary").first.click()
        opened.page.locator(".card .tools button").click()
        opened.page.locator("td.inconclusive").click()
        opened.page.locator("dialog .exchange").wait_for()
        opened.page.keyboard.press("Escape")
        opened.page.locator("td.violated").hover()
        opened.js("dispatchEvent(new Event('beforeprint'))")
        assert opened.page.title() == title
        assert "owned" not in title
        assert opened.js("document.scripts.length") == 3, "data, one block, ours"
        assert (
            opened.js("document.querySelectorAll('iframe, img, object, embed, form').length") == 0
        )
        assert opened.js(
            "[...document.querySelectorAll('a')].every(a => a.getAttribute('href')[0] === '#')"
        )
        if text != UNSEEN:
            shown = opened.page.locator(".card dd").nth(1).text_content()
            assert shown == text


def test_the_unseen_is_shown_as_code_points(open_page: Open) -> None:
    with open_page(everywhere(UNSEEN)) as opened:
        opened.page.locator(".card summary").first.click()
        opened.page.locator(".card .exchange").wait_for()
        for part in (".card .pair", ".card .exchange"):
            shown = opened.page.locator(part).first.text_content() or ""
            for point in ("U+0000", "U+0007", "U+001B", "U+202E", "U+2066", "U+200F", "U+FEFF"):
                assert point in shown, (part, point)
            assert not set(shown) & set("\x00\x07\x1b\u202e\u2066\u200f\ufeff\u2028")


def test_bytes_that_are_no_text_are_hex(open_page: Open) -> None:
    raw = b'{"a":"\xff\xfe\x80"}' + bytes(range(256))
    run = making.document([making.promise(outcome="violated", exchange=making.exchange(raw))])
    with open_page(run) as opened:
        opened.page.locator(".card summary").first.click()
        opened.page.locator(".card .exchange").wait_for()
        shown = opened.page.locator(".card .exchange").text_content() or ""
        assert "Not UTF-8; shown as hex" in shown
        assert "000000  7b 22 61 22 3a 22 ff fe 80 22 7d" in shown


def test_a_body_of_five_megabytes_is_folded_with_its_size(open_page: Open) -> None:
    size = 5 * 1024 * 1024
    text = "\n".join(f"line {number} <b>" for number in range(size // 16))
    run = making.document(
        [
            making.promise(
                outcome="violated",
                observed=text[:20_000],
                exchange=making.exchange(text[:20_000], size=size),
            ),
            making.promise("whole", "violated", exchange=making.exchange(text[:size])),
        ]
    )
    with open_page(run) as opened:
        opened.settled()
        card = opened.page.locator(".card").first
        card.locator("summary").first.click()
        card.locator(".exchange").wait_for()
        shown = card.locator(".exchange").text_content() or ""
        assert "5,242,880 bytes" in shown
        assert "the run file has the whole" in shown
        assert "line 41" not in shown
        button = card.get_by_text("Show all:")
        assert "lines" in (button.text_content() or "")
        button.click()
        assert "line 900 <b>" in (card.locator(".exchange").text_content() or "")


@pytest.mark.parametrize(
    "answer",
    [
        "[" * 100_000,
        "[" * 20_000 + "]" * 20_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        "[" + "1," * 9_000 + "1]",
        '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1}',
        '{"a":1,"a":2}',
        "123456789012345678901234567890.10",
        '{"big":123456789012345678901234567890}',
        '"' + "z" * 20_000 + '"',
    ],
    ids=range(9),
)
def test_strange_json_is_shown(open_page: Open, answer: str) -> None:
    run = making.document([making.promise(outcome="violated", exchange=making.exchange(answer))])
    with open_page(run) as opened:
        opened.settled()
        opened.page.locator(".card summary").first.click()
        opened.page.locator(".card .exchange").wait_for()
        assert opened.js("({}).polluted === undefined")
        if "big" in answer:
            shown = opened.page.locator(".card .exchange").text_content() or ""
            assert "123456789012345678901234567890" in shown
        opened.js("dispatchEvent(new Event('beforeprint'))")


class _Attributes(HTMLParser):
    """Collects all attributes, and all tags."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.values += [value or name for name, value in attrs]


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=4), st.sampled_from(["en", "zh"]))
def test_no_text_of_an_endpoint_becomes_tag_or_attribute(text: str, code: str) -> None:
    marked = f"\u25b6{text}\u25b6"
    makers: tuple[Callable[[str], Document], ...] = (everywhere, compared, audited)
    for made in makers:
        plain, told = _Attributes(), _Attributes()
        plain.feed(html(made("plain"), "zh" if code == "zh" else "en"))
        told.feed(html(made(marked), "zh" if code == "zh" else "en"))
        assert told.tags == plain.tags
        assert len(told.values) == len(plain.values)
        assert not [value for value in told.values if "\u25b6" in value]
