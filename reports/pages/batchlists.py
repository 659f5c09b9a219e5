"""The tables of a batch's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from tokenassay.reports.batches import BatchDocument, RefusedRow, SumRow
from tokenassay.reports.charts.bills import bill_picture, bill_scales
from tokenassay.reports.charts.costs import part_picture
from tokenassay.reports.charts.scales import Scale
from tokenassay.reports.languages.speech import Language
from tokenassay.reports.pages.listings import (
    Cell,
    Column,
    Listing,
    code,
    figure,
    label,
    said,
    text,
    whole,
)

_LISTED: Final = 200
"""Rows of a table; what is beyond stands in the JSON."""


def listings(document: BatchDocument, speech: Language) -> Iterator[Listing]:
    """Every table, in the order of the page; one without rows has nothing to say."""
    yield _costs(document, speech)
    yield _unpriced(document, speech)
    yield _rules(document, speech)
    yield _clauses(document, speech)
    yield _refusals("refused", document.refused, document, speech)
    yield _refusals("doubtful", document.doubtful, document, speech)
    yield _bad_lines(document, speech)
    yield _duplicates(document, speech)
    yield _spread(document, speech)
    yield _longest(document, speech)
    yield _bases(document, speech)
    yield _files(document, speech)


def _costs(document: BatchDocument, speech: Language) -> Listing:
    """Groups with their bars on one scale, and the whole below them."""
    b = speech.batch_terms
    groups = document.groups[:_LISTED]
    scales = bill_scales([group.cost for group in groups] or [document.cost])
    rows = [_cost(group.group, group, at, speech, scales) for at, group in enumerate(groups)]
    if not groups:
        rows.append(_cost(b.all, document, 0, speech, scales))
    elif len(document.groups) > 1:
        rows.append(_cost(b.all, document, len(groups), speech, {}))
    numbers = (b.batch_cost, b.live_cost, b.lines, b.input_tokens, b.output_tokens)
    return Listing(
        id="cost",
        title=b.cost,
        columns=(*_words(b.groups[document.asked.by or ""], ""), *_numbers(*numbers)),
        rows=tuple(rows) if document.lines else (),
        intro=b.bars,
        rest=_rest(document.groups, speech),
        bars=True,
    )


def _cost(
    name: str, row: SumRow, at: int, speech: Language, scales: Mapping[str, Scale]
) -> tuple[Cell, ...]:
    b = speech.batch_terms
    batch, live = speech.bill_of(row.cost.batch), speech.bill_of(row.cost.live)
    stop = speech.terms.comma
    picture = bill_picture(
        row.cost,
        scales,
        id=f"cost-{at}",
        title=name,
        says=f"{b.batch_cost}{speech.terms.colon}{batch}{stop}{b.live_cost}"
        f"{speech.terms.colon}{live}",
    )
    return (
        text(name),
        Cell(picture=picture),
        figure(batch),
        figure(live),
        figure(speech.number(row.lines)),
        figure(speech.tokens_of(row)),
        figure(speech.answers_of(row.output_tokens)),
    )


def _unpriced(document: BatchDocument, speech: Language) -> Listing:
    b = speech.batch_terms
    batch, live = document.cost.batch.unpriced, document.cost.live.unpriced
    return Listing(
        id="unpriced",
        title=b.unpriced,
        columns=(*_words(speech.terms.reason), *_numbers(b.in_batch, b.sent_live)),
        rows=tuple(
            (
                said(why),
                figure(speech.number(batch.get(why, 0))),
                figure(speech.number(live.get(why, 0))),
            )
            for why in {**batch, **live}
        ),
    )


def _spread(document: BatchDocument, speech: Language) -> Listing:
    b = speech.batch_terms
    spread = document.distribution
    rows: list[tuple[Cell, ...]] = []
    if spread is not None:
        for at, (name, words) in enumerate(b.percentiles.items()):
            tokens: int = getattr(spread, name)
            shown = speech.number(tokens)
            picture = part_picture(
                tokens,
                spread.max,
                id=f"spread-{at}",
                title=f"{words}{speech.terms.colon}{shown}",
            )
            rows.append((whole(words), Cell(picture=picture), figure(shown)))
        rows.append((text(b.mean), Cell(), figure(f"{spread.mean:,.1f}")))
    return Listing(
        id="spread",
        title=b.spread,
        columns=(*_words(b.percentile, ""), *_numbers(b.per_line)),
        rows=tuple(rows),
    )


def _bases(document: BatchDocument, speech: Language) -> Listing:
    b = speech.batch_terms
    return Listing(
        id="basis",
        title=b.bases,
        columns=(*_words(speech.terms.basis), *_numbers(b.lines), *_words(speech.terms.reason)),
        rows=tuple(
            (
                whole(speech.terms.bases[basis]),
                figure(speech.number(lines)),
                said(document.basis_why.get(basis, "")),
            )
            for basis, lines in document.basis.items()
        ),
    )


def _rules(document: BatchDocument, speech: Language) -> Listing:
    b, t = speech.batch_terms, speech.terms
    return Listing(
        id="rules",
        title=b.rules,
        columns=(
            *_words(t.reason),
            *_of_files(document, speech),
            *_numbers(b.line),
            *_words(t.clause, t.level, b.expected),
        ),
        rows=tuple(
            (
                said(rule.why),
                *_file(rule.file, document),
                figure("" if rule.line is None else str(rule.line)),
                code(rule.clause),
                whole(t.levels[rule.level]),
                said(rule.expect or ""),
            )
            for rule in document.batch_rules[:_LISTED]
        ),
        rest=_rest(document.batch_rules, speech),
    )


def _clauses(document: BatchDocument, speech: Language) -> Listing:
    """Where more than one clause is broken; one alone stands on every line below."""
    b = speech.batch_terms
    broken = document.clauses if len(document.clauses) > 1 else {}
    return Listing(
        id="clauses",
        title=b.clauses,
        columns=(*_words(speech.terms.clause, ""), *_numbers(b.lines)),
        rows=tuple(
            (
                code(clause),
                Cell(
                    picture=part_picture(
                        lines,
                        max(broken.values()),
                        id=f"clause-{at}",
                        title=f"{clause}{speech.terms.colon}{speech.number(lines)}",
                    )
                ),
                figure(speech.number(lines)),
            )
            for at, (clause, lines) in enumerate(broken.items())
        ),
    )


def _refusals(
    id: Literal["refused", "doubtful"],
    found: tuple[RefusedRow, ...],
    document: BatchDocument,
    speech: Language,
) -> Listing:
    b, t = speech.batch_terms, speech.terms
    must = id == "refused"
    return Listing(
        id=id,
        title=b.refusals if must else b.doubtful,
        columns=(
            *_numbers(b.line),
            *_of_files(document, speech),
            *_words(b.custom_id, t.reason, t.clause, t.level, b.expected),
        ),
        rows=tuple(
            (
                figure(str(one.line)),
                *_file(one.file, document),
                label(one.custom_id or ""),
                said(one.why),
                code(one.clause),
                whole(t.levels[one.level]),
                said(_answer(one)),
            )
            for one in found[:_LISTED]
        ),
        intro=speech.refused_tokens(document) if must else "",
        rest=_rest(found, speech),
    )


def _answer(one: RefusedRow) -> str:
    head = " ".join(str(part) for part in (one.status, one.code) if part)
    return ": ".join(part for part in (head, one.message) if part)


def _bad_lines(document: BatchDocument, speech: Language) -> Listing:
    b = speech.batch_terms
    named = document.bad_lines[:_LISTED]
    return Listing(
        id="bad",
        title=b.bad_lines,
        columns=(*_numbers(b.line), *_of_files(document, speech), *_words(speech.terms.reason)),
        rows=tuple(
            (figure(str(one.line)), *_file(one.file, document), said(one.why)) for one in named
        ),
        rest=_left(document.bad_line_count - len(named), speech),
    )


def _duplicates(document: BatchDocument, speech: Language) -> Listing:
    b = speech.batch_terms
    named = document.duplicates[:_LISTED]
    return Listing(
        id="duplicates",
        title=b.duplicates,
        columns=(*_words(b.custom_id), *_of_files(document, speech), *_words(b.on_lines)),
        rows=tuple(
            (label(one.custom_id), *_file(one.file, document), text(speech.lines_of(one)))
            for one in named
        ),
        intro=speech.repeated(document.duplicate_ids),
        rest=_left(document.duplicate_ids - len(named), speech),
    )


def _longest(document: BatchDocument, speech: Language) -> Listing:
    b = speech.batch_terms
    most = max((one.input_tokens for one in document.longest), default=0)
    return Listing(
        id="longest",
        title=b.longest,
        columns=(
            *_numbers(b.line),
            *_of_files(document, speech),
            *_words(b.custom_id, ""),
            *_numbers(b.input_tokens),
        ),
        rows=tuple(
            (
                figure(str(one.line)),
                *_file(one.file, document),
                label(one.custom_id or ""),
                Cell(
                    picture=part_picture(
                        one.input_tokens,
                        most,
                        id=f"long-{at}",
                        title=f"{b.line} {one.line}{speech.terms.colon}"
                        f"{speech.number(one.input_tokens)}",
                    )
                ),
                figure(speech.number(one.input_tokens)),
            )
            for at, one in enumerate(document.longest)
        ),
    )


def _files(document: BatchDocument, speech: Language) -> Listing:
    b = speech.batch_terms
    return Listing(
        id="files",
        title=b.files,
        columns=(*_words(b.file), *_numbers(b.lines, b.bytes), *_words(b.kinds, b.fault)),
        rows=tuple(
            (
                text(file.file),
                figure(speech.number(file.lines)),
                figure(speech.number(file.bytes)),
                text(
                    speech.terms.comma.join(
                        f"{b.kind_names[kind]} {speech.number(lines)}"
                        for kind, lines in file.kinds.items()
                    )
                ),
                said(file.fault or ""),
            )
            for file in document.files[:_LISTED]
        ),
        rest=_rest(document.files, speech),
    )


def _of_files(document: BatchDocument, speech: Language) -> tuple[Column, ...]:
    """The column of :func:`_file`."""
    return _words(speech.batch_terms.file) if len(document.files) > 1 else ()


def _file(name: str, document: BatchDocument) -> tuple[Cell, ...]:
    """In which file something stands, where there are several."""
    return (text(name),) if len(document.files) > 1 else ()


def _words(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=name) for name in names)


def _numbers(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=name, number=True) for name in names)


def _rest(rows: Sequence[object], speech: Language) -> str:
    return _left(len(rows) - _LISTED, speech)


def _left(count: int, speech: Language) -> str:
    return speech.unnamed(count) if count > 0 else ""
