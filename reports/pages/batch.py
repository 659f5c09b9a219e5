"""The page of files of requests: what they use and cost, and what stands against sending them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tokenassay import __version__
from tokenassay.contracts.records import Record
from tokenassay.reports.batches import BatchDocument, BillRow
from tokenassay.reports.languages import Code, language
from tokenassay.reports.languages.speech import Language
from tokenassay.reports.pages.batchlists import listings
from tokenassay.reports.pages.facts import Fact, Figure
from tokenassay.reports.pages.listings import Listing
from tokenassay.reports.rendering import render


class BatchPage(Record, frozen=True, kw_only=True):
    """Everything on the page of a batch."""

    title: str
    kind: str
    verdict: str
    partial: tuple[str, ...]
    remarks: tuple[str, ...]
    figures: tuple[Figure, ...]
    facts: tuple[Fact, ...]
    listings: tuple[Listing, ...]
    notes: tuple[str, ...]
    again: str
    command: str
    about: tuple[str, ...]


def batch_html(document: BatchDocument, code: Code = "en") -> str:
    """The page as one HTML file; the same document gives the same bytes."""
    speech = language(code)
    return render(
        "batch.html.j2",
        ("data", "text", "copying", "theme"),
        code,
        version=__version__,
        page=build_batch_page(document, speech),
        data={"words": msgspec.to_builtins(speech.terms)},
    )


def build_batch_page(document: BatchDocument, speech: Language) -> BatchPage:
    """The page of files of requests in a language."""
    b = speech.batch_terms
    return BatchPage(
        title=speech.batch_title(document),
        kind=b.batch,
        verdict=speech.batch_verdict(document),
        partial=() if document.complete else (speech.batch_cut(),),
        remarks=tuple(_remarks(document, speech)),
        figures=tuple(_figures(document, speech)),
        facts=tuple(_facts(document, speech)),
        listings=tuple(listing for listing in listings(document, speech) if listing.rows),
        notes=document.notes,
        again=b.again,
        command=document.asked.command,
        about=b.about,
    )


def _remarks(document: BatchDocument, speech: Language) -> Iterator[str]:
    if document.uncounted_lines:
        yield speech.uncounted(document.uncounted_lines)
    for file in document.faulty_files:
        yield speech.batch_fault(file)


def _figures(document: BatchDocument, speech: Language) -> Iterator[Figure]:
    b = speech.batch_terms
    yield Figure(value=speech.number(document.lines), label=b.lines)
    yield Figure(value=speech.tokens_of(document), label=b.input_tokens)
    yield Figure(value=_most(document.cost.batch, speech), label=b.batch_most)
    yield Figure(value=_most(document.cost.live, speech), label=b.live_most)
    bad = ((document.refused_lines, b.refused), (document.bad_line_count, b.unreadable))
    for count, label in bad:
        yield Figure(value=speech.number(count), label=label, tone="violated" if count else "")


def _most(bill: BillRow, speech: Language) -> str:
    ends = [(bill.most(currency), currency) for currency in bill.amounts]
    if not ends or any(end is None for end, _ in ends):
        return speech.terms.unknown
    return ", ".join(speech.money(end, currency) for end, currency in ends if end is not None)


def _facts(document: BatchDocument, speech: Language) -> Iterator[Fact]:
    b = speech.batch_terms
    if document.editions:
        yield Fact(label=b.held_to, value=speech.terms.comma.join(document.editions))
    yield Fact(label=b.output_tokens, value=speech.answers_of(document.output_tokens))
    yield Fact(label=b.as_of, value=document.asked.as_of or b.latest)
