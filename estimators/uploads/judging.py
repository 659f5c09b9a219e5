"""Documents held to the limits of an edition, with the tokens that each would add to a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tokenassay.contracts.edition import Edition
from tokenassay.estimators.batches.judging import Asked, Judge, Kind
from tokenassay.estimators.batches.tallies import Size
from tokenassay.estimators.batches.totals import Bill
from tokenassay.estimators.uploads.apart import Apart
from tokenassay.estimators.uploads.holding import (
    Calls,
    Fault,
    Way,
    blank,
    calls,
    formats,
    over,
    own,
    scanned,
    way,
)
from tokenassay.estimators.uploads.kinds import IMAGES
from tokenassay.estimators.uploads.texts import Unreadable, without_runs
from tokenassay.estimators.uploads.walking import Found, LeftOut, walk

BASIS_WHY: Final = (
    "the text is taken out by libraries of our own choice and counted; the server's parser is not "
    "known, and no published answer checks a document. The range goes from the body alone, every "
    "run of white space as one blank, to all text as it was taken out, with notes, comments, "
    "headers and footers where the format tells them apart. Tables, hyphens and reading order may "
    "change it further: other programs came to at most 8 % more on a long report, and to a third "
    "more on single pages of tables and notes"
)


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
    tokens: int | None
    """Of those that can be counted; None where there are documents, and none can."""
    tokens_min: int | None
    bytes: int
    faults: list[Fault]
    calls: Calls
    """For the documents that can be passed."""
    batch: Bill
    live: Bill
    """Input of one call for each document, which holds nothing else; no answers."""
    left_out: LeftOut
    complete: bool
    """False: interrupted, and of the documents until then."""


def judge_folder(
    paths: Iterable[str],
    model: str = "qwen-long",
    *,
    edition: str | None = None,
    as_of: str | None = None,
    seconds: float | None = None,
    told: Callable[[Document], None] | None = None,
) -> Folder:
    """Judge every file under some paths; folders are walked, hidden files in them left out.

    A file that can't be read is told in its :class:`Document` and the rest goes on; so is one that
    takes more than ``seconds`` (None: a minute, and more for its bytes and pages). A
    KeyboardInterrupt ends it early: what was judged until then comes back, not complete. Raises
    UnknownModel and UnknownEdition where the model is not known, ValueError for a day that is none.
    """
    judge = Judge(Asked(model=model, edition=edition, as_of=as_of))
    plan = judge.plan("openai", model)
    held = plan.edition
    documents: list[Document] = []
    left_out = LeftOut()
    complete = True
    with Apart(seconds) as reader:
        try:
            for found in walk(paths, left_out):
                document = _document(found, held, model, plan.text_tokens, reader)
                documents.append(document)
                if told is not None:
                    told(document)
        except KeyboardInterrupt:
            complete = False
    kind = Kind("openai", model, plan.thinks({}))
    batch, live = Bill(), Bill()
    for one in documents:
        if one.tokens is not None and one.tokens_min is not None:
            size = Size(one.tokens, one.tokens_min, one.tokens, 0, 0, "modelled")
            batch.add(judge.pricing(kind, batch=True), size, 1)
            live.add(judge.pricing(kind, batch=False), size, 1)
    files = [one for one in documents if one.bytes is not None]
    size_of_all = sum(one.bytes or 0 for one in files)
    faults = [
        *over(held, model, "account_files", len(files), "files in the account"),
        *over(held, model, "account_bytes", size_of_all, "bytes in the account"),
    ]
    passed = [one for one in documents if one.way is not None]
    unknown = bool(documents) and all(one.unread for one in documents)
    return Folder(
        model,
        held.id,
        documents,
        None if unknown else sum(one.tokens or 0 for one in documents),
        None if unknown else sum(one.tokens_min or 0 for one in documents),
        size_of_all,
        faults,
        calls(len(passed), sum(one.tokens_min or 0 for one in passed), held, model),
        batch,
        live,
        left_out,
        complete,
    )


def _document(
    found: Found, edition: Edition, model: str, count: Callable[[str], int], reader: Apart
) -> Document:
    path, size = found.path, found.bytes
    if size is None:
        return _unread(path, None, None, [own(f"can't be read: {found.why}")])
    try:
        kind = reader.kind(path)
    except (Unreadable, OSError) as error:
        return _unread(path, None, size, [own(f"can't be read: {_line(error)}")])
    faults = list(formats(path, kind, edition, model))
    of_image = kind in IMAGES and edition.limit("image_bytes", model) is not None
    large = [*over(edition, model, "image_bytes" if of_image else "file_bytes", size, "bytes")]
    faults += large
    if any(fault.level == "must" for fault in large):  # nobody takes it: time and memory are saved
        return _unread(path, kind, size, faults)
    if not size:
        return Document(str(path), kind, 0, None, 0, 0, None, (*faults, blank(edition)))
    try:
        text = reader.read(path)
    except (Unreadable, OSError) as error:
        return _unread(path, kind, size, [*faults, own(_line(error))])
    faults += map(own, text.notes)
    if text.pages is not None:
        faults += over(edition, model, "file_pages", text.pages, "pages")
    if not text.text.strip():
        fault = scanned(text.pages, edition, model) if text.pages else blank(edition)
        none = 0 if fault.level == "must" else None  # what is read in pictures is unknown
        return Document(str(path), kind, size, text.pages, none, none, None, (*faults, fault))
    if text.empty_pages:
        faults.append(own(f"{text.empty_pages:,} of {text.pages:,} pages have no text: scans?"))
    tokens = count(text.text)
    least = min(tokens, count(without_runs(text.text[: text.body])))
    faults += over(edition, model, "input_tokens", least, "tokens")
    refused = any(fault.level == "must" for fault in faults)
    passed_as = None if refused else way(kind, tokens, edition, model)
    return Document(str(path), kind, size, text.pages, tokens, least, passed_as, tuple(faults))


def _unread(path: Path, kind: str | None, size: int | None, faults: Sequence[Fault]) -> Document:
    return Document(str(path), kind, size, None, None, None, None, tuple(faults))


def _line(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    return " ".join(str(strerror or error).split())
