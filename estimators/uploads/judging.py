"""Documents held to the limits of an edition, with the tokens that each would add to a call."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from tokenassay.contracts.clauses import ClauseBase, Quantity
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.records import Level
from tokenassay.estimators.batches.judging import Asked, Judge, Kind
from tokenassay.estimators.batches.tallies import Size
from tokenassay.estimators.batches.totals import Bill
from tokenassay.estimators.uploads.texts import Unreadable, kind_of, read_text

Way = Literal["file id", "text", "JSON"]

BASIS_WHY: Final = (
    "the text is taken out by libraries of our own choice and counted; the server's parser is not "
    "known, and no published answer checks a document. The range is what white space alone makes: "
    "from every run of it as one blank to the text as it was taken out. Headers, footnotes, tables "
    "and reading order may change it further"
)


class Fault(NamedTuple):
    """A clause that a document, or all of them together, break; no clause: our own reading."""

    clause: str | None
    level: Level | None
    why: str
    expect: str | None
    """The documented message, where there is one."""


class Document(NamedTuple):
    """One file. Tokens are None where its text can't be had."""

    path: str
    kind: str | None
    bytes: int | None
    pages: int | None
    tokens: int | None
    tokens_min: int | None
    way: Way | None
    """How to pass it; None where it can't be."""
    faults: tuple[Fault, ...]

    @property
    def refused(self) -> bool:
        """Whether the documents say that it is refused."""
        return any(fault.level == "must" for fault in self.faults)

    @property
    def unread(self) -> bool:
        """Whether its text can't be had here."""
        return self.tokens is None


class Folder(NamedTuple):
    """Everything told of some documents."""

    model: str
    edition: str
    documents: list[Document]
    tokens: int
    tokens_min: int
    bytes: int
    faults: list[Fault]
    calls: int | None
    """Calls that it takes to refer to each file once, by the files that one call may name."""
    batch: Bill
    live: Bill
    """Input of one call for each document, which holds nothing else; no answers."""


def judge_folder(
    paths: Iterable[str],
    model: str = "qwen-long",
    *,
    edition: str | None = None,
    as_of: str | None = None,
    told: Callable[[Document], None] | None = None,
) -> Folder:
    """Judge every file under some paths; folders are walked, hidden files in them left out.

    A file that can't be read is told in its :class:`Document` and the rest goes on. Raises
    UnknownModel and UnknownEdition where the model is not known, ValueError for a day that is none.
    """
    judge = Judge(Asked(model=model, edition=edition, as_of=as_of))
    plan = judge.plan("openai", model)
    held = plan.edition
    documents = []
    for path in _walk(paths):
        document = _document(path, held, model, plan.text_tokens)
        documents.append(document)
        if told is not None:
            told(document)
    kind = Kind("openai", model, plan.thinks({}))
    batch, live = Bill(), Bill()
    for one in documents:
        if one.tokens is not None and one.tokens_min is not None:
            size = Size(one.tokens, one.tokens_min, one.tokens, 0, 0, "modelled")
            batch.add(judge.pricing(kind, batch=True), size, 1)
            live.add(judge.pricing(kind, batch=False), size, 1)
    size_of_all = sum(one.bytes or 0 for one in documents)
    faults = [
        *_over(held, model, "account_files", len(documents), "files in the account"),
        *_over(held, model, "account_bytes", size_of_all, "bytes in the account"),
    ]
    limit = held.limit("files_per_request", model)
    most = min((limit.maximum, *limit.undecided)) if limit and limit.maximum else None
    if limit is not None and most is not None and most in limit.undecided:
        most -= 1  # the figure itself is open: what both readings allow
    return Folder(
        model,
        held.id,
        documents,
        sum(one.tokens or 0 for one in documents),
        sum(one.tokens_min or 0 for one in documents),
        size_of_all,
        faults,
        -(-len(documents) // most) if most else None,
        batch,
        live,
    )


def _walk(paths: Iterable[str]) -> Iterator[Path]:
    for name in paths:
        if not os.path.isdir(name):
            yield Path(name)
            continue
        for folder, folders, files in os.walk(name):
            folders[:] = sorted(one for one in folders if not one.startswith("."))
            yield from (Path(folder, one) for one in sorted(files) if not one.startswith("."))


def _document(path: Path, edition: Edition, model: str, count: Callable[[str], int]) -> Document:
    try:
        size = path.stat().st_size
        kind = kind_of(path)
    except (OSError, ValueError) as error:
        why = "no such file" if isinstance(error, FileNotFoundError) else _line(error)
        return _unread(path, None, None, [_own(f"can't be read: {why}")])
    faults = [*_formats(path, kind, edition, model)]
    quantity: Quantity = "file_bytes"
    faults += _over(edition, model, quantity, size, "bytes")
    if not size:
        return Document(str(path), kind, 0, None, 0, 0, None, (*faults, _blank(edition)))
    try:
        text = read_text(path)
    except (Unreadable, OSError) as error:
        return _unread(path, kind, size, [*faults, _own(_line(error))])
    if text.pages is not None:
        faults += _over(edition, model, "file_pages", text.pages, "pages")
    if not text.text.strip():
        fault = _blank(edition)
        if text.pages:
            fault = fault._replace(why=f"none of its {text.pages:,} pages has text: a scan?")
        return Document(str(path), kind, size, text.pages, 0, 0, None, (*faults, fault))
    if text.empty_pages:
        faults.append(_own(f"{text.empty_pages:,} of {text.pages:,} pages have no text: scans?"))
    tokens = count(text.text)
    least = min(tokens, count(" ".join(text.text.split())))
    refused = any(fault.level == "must" for fault in faults)
    way = None if refused else _way(kind, tokens, edition, model)
    return Document(str(path), kind, size, text.pages, tokens, least, way, tuple(faults))


def _unread(path: Path, kind: str | None, size: int | None, faults: Sequence[Fault]) -> Document:
    return Document(str(path), kind, size, None, None, None, None, tuple(faults))


def _formats(path: Path, kind: str, edition: Edition, model: str) -> Iterator[Fault]:
    """Whether the edition takes the format, by name and by content."""
    taken = edition.behaviour("file_formats", model)
    refused = edition.behaviour("file_formats_refused", model)
    named = path.suffix.lower().lstrip(".")
    if named != kind and not (named in ("jpeg", "jpg") and kind == "jpg"):
        told = f"named .{named}" if named else "without an extension"
        yield _own(f"is {told}, but its content is {kind}")
    for one in dict.fromkeys((named, kind)):
        if refused is not None and one in refused.args.get("formats", ()):
            yield _broken(edition, refused, f"is of the format {one}, which is refused")
            return
        if taken is not None and one not in taken.args.get("formats", ()):
            if one in taken.args.get("undecided", ()):
                yield _broken(edition, taken, f"is of the format {one}: open", "unspecified")
            else:
                yield _broken(edition, taken, f"is of the format {one or '(none)'}, not listed")
            return


def _over(
    edition: Edition, model: str, quantity: Quantity, amount: int, unit: str
) -> Iterator[Fault]:
    """Whether an amount is over a limit, by all readings of it or by one."""
    clause = edition.limit(quantity, model)
    if clause is None or clause.maximum is None:
        return
    least = min((clause.maximum, *clause.undecided))
    if amount > clause.maximum:
        why = f"{amount:,} {unit}, over the limit of {clause.maximum:,}"
        yield _broken(edition, clause, why)
    elif amount > least or amount in clause.undecided:
        why = f"{amount:,} {unit}: whether that is over the limit is read in two ways"
        yield _broken(edition, clause, why, "unspecified")


def _blank(edition: Edition) -> Fault:
    row = edition.errors.get("error.file_blank")
    if row is None:
        return _own("has no text")
    return Fault(row.id, row.level, "has no text", row.pattern)


def _broken(edition: Edition, clause: ClauseBase, why: str, level: Level | None = None) -> Fault:
    row = edition.error_for(clause)
    expect = row.pattern if row and level is None else None
    return Fault(clause.id, level or clause.level, why, expect)


def _own(why: str) -> Fault:
    return Fault(None, None, why, None)


def _way(kind: str, tokens: int, edition: Edition, model: str) -> Way:
    """By file id where it is large or its format asks for a parser; else in the messages."""
    limit = edition.limit("text_document_tokens", model)
    if limit is None or limit.maximum is None or tokens >= limit.maximum:
        return "file id"
    keys = edition.rule("json_document_keys", model)
    types: Any = keys.args.get("file_types", ()) if keys else ()
    if kind in types:
        return "JSON"
    return "text" if kind in ("txt", "md", "csv", "json") else "file id"


def _line(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    return " ".join(str(strerror or error).split())
