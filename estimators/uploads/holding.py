"""What an edition's clauses say of a document: its format, its amounts, and how to pass it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from tokenassay.contracts.clauses import ClauseBase, Quantity
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.records import Level
from tokenassay.estimators.documents import file_syntax
from tokenassay.estimators.uploads.kinds import IMAGES, PLAIN, belies

Way = Literal["file id", "text", "JSON"]


_OF_FILES: Final = frozenset(
    {"file_bytes", "file_pages", "image_bytes", "account_files", "account_bytes"}
)


class Fault(NamedTuple):
    """A clause that a document, or all of them together, break; no clause: our own reading."""

    clause: str | None
    level: Level | None
    why: str
    expect: str | None
    """The documented message, where there is one."""


def formats(path: Path, kind: str, edition: Edition, model: str) -> Iterator[Fault]:
    """Whether the edition takes the format, by name and by content."""
    taken = edition.behaviour("file_formats", model)
    refused = edition.behaviour("file_formats_refused", model)
    named = path.suffix.lower().lstrip(".")
    if belies(named, kind):
        told = f"named .{named}" if named else "without an extension"
        yield own(f"is {told}, but its content is {kind}")
    if file_syntax(edition, model) is None:  # what goes into a message as text has no format
        return
    for one in dict.fromkeys((named, kind)):
        if refused is not None and one in refused.args.get("formats", ()):
            yield broken(edition, refused, f"is of the format {one}, which is refused")
            return
        if taken is not None and one not in taken.args.get("formats", ()):
            if one in taken.args.get("undecided", ()):
                yield broken(edition, taken, f"is of the format {one}: open", "unspecified")
            else:
                what = f"is of the format {one}, not listed" if one else "has no extension"
                yield broken(edition, taken, what)
            return


def over(
    edition: Edition, model: str, quantity: Quantity, amount: int, unit: str
) -> Iterator[Fault]:
    """Whether an amount is over a limit, by all readings of it or by one."""
    clause = edition.limit(quantity, model)
    if clause is None or clause.maximum is None:
        return
    if quantity in _OF_FILES and file_syntax(edition, model) is None:
        return
    least = min((clause.maximum, *clause.undecided))
    if amount > clause.maximum:
        why = f"{amount:,} {unit}, over the limit of {clause.maximum:,}"
        yield broken(edition, clause, why)
    elif amount > least or amount in clause.undecided:
        why = f"{amount:,} {unit}: whether that is over the limit is read in two ways"
        yield broken(edition, clause, why, "unspecified")


def blank(edition: Edition) -> Fault:
    """A file without text, by the row of the error that is documented for it."""
    row = edition.errors.get("error.file_blank")
    if row is None:
        return own("has no text")
    return Fault(row.id, row.level, "has no text", row.pattern)


def scanned(pages: int, edition: Edition, model: str) -> Fault:
    """Pages without any text: blank, unless the edition leaves open whether it reads pictures."""
    none = "its only page has no text" if pages == 1 else f"none of its {pages:,} pages has text"
    why = f"{none}: a scan?"
    taken = edition.behaviour("file_formats", model)
    if taken is not None and not IMAGES.isdisjoint(taken.args.get("undecided", ())):
        return broken(edition, taken, f"{why} Whether scans are taken is open", "unspecified")
    return blank(edition)._replace(why=why)


def broken(edition: Edition, clause: ClauseBase, why: str, level: Level | None = None) -> Fault:
    """A clause that is broken, or by the other ``level`` may be, with the message to expect."""
    row = edition.error_for(clause)
    expect = row.pattern if row and level is None else None
    return Fault(clause.id, level or clause.level, why, expect)


def own(why: str) -> Fault:
    """What no clause says."""
    return Fault(None, None, why, None)


def way(kind: str, tokens: int, edition: Edition, model: str) -> Way:
    """By file id where it is large or its format asks for a parser; else in the messages.

    Always as text where the model knows no file ids.
    """
    if file_syntax(edition, model) is None:
        return "text"
    limit = edition.limit("text_document_tokens", model)
    if limit is None or limit.maximum is None or tokens >= limit.maximum:
        return "file id"
    keys = edition.rule("json_document_keys", model)
    types: Any = keys.args.get("file_types", ()) if keys else ()
    if kind in types:
        return "JSON"
    return "text" if kind in PLAIN else "file id"


class Calls(NamedTuple):
    """How many calls it takes to refer to each file once."""

    least: int
    files: int | None
    """Files that one call may have by all readings; None: no limit is documented."""
    tokens: int | None
    """Tokens that one call may have; None: no limit is documented."""
    clauses: tuple[str, ...]


def calls(files: int, tokens: int, edition: Edition, model: str) -> Calls:
    """For so many files that can be passed, and so many tokens in them at least."""
    size = edition.limit("input_tokens", model)
    by_file = file_syntax(edition, model) is not None
    number = edition.limit("files_per_request", model) if by_file else None
    most = min((number.maximum, *number.undecided)) if number and number.maximum else None
    if number is not None and most is not None and most in number.undecided:
        most -= 1  # the figure itself is open: what both readings allow
    held = size.maximum if size else None
    least = max(-(-files // most) if most else min(files, 1), -(-tokens // held) if held else 0)
    clauses = (clause.id for clause in (number, size) if clause and clause.maximum)
    return Calls(least, most, held, tuple(clauses))
