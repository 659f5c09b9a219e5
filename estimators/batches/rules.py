"""What the documents ask of the input of a batch as a whole: one file, one clause at a time."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from tokenassay.contracts.clauses import EndpointClause, LimitClause
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.patterns import fill
from tokenassay.contracts.records import Level
from tokenassay.estimators.batches.tallies import Seen

MOST_IDS: Final = 4_000_000
"""custom_ids of one file that are compared: 48 MB of memory."""
_AT_ONCE: Final = 250_000


class Finding(NamedTuple):
    """A clause that a file breaks as a whole."""

    file: str
    clause: str
    level: Level
    why: str
    expect: str | None
    """The documented words of the fault, as far as the documents print them."""
    line: int | None


class FileFacts(NamedTuple):
    """What the rules on a batch are judged by, of one file."""

    path: str
    bytes: int
    """Decompressed, as it would be uploaded."""
    lines: int
    """Lines of a batch in it."""
    urls: dict[str, Seen]
    models: dict[str, Seen]


def judge_file(facts: FileFacts, edition: Edition) -> Iterator[Finding]:
    """Everything that a batch file breaks, but for its duplicates."""
    model = next(iter(facts.models), None)
    yield from _amounts(facts, edition, model)
    late = edition.behaviour("batch_validation_late", model)
    words: dict[str, str] = late.args.get("codes", {}) if late else {}
    yield from _urls(facts, edition, words)
    if late is not None and "mismatched_model" in words:
        for name, (lines, line) in list(facts.models.items())[1:]:
            yield Finding(
                facts.path,
                late.id,
                late.level,
                f"{on_lines(lines)} for {name or 'no model'}, the first for {model}",
                fill(words["mismatched_model"], model=name),
                line,
            )


def _amounts(facts: FileFacts, edition: Edition, model: str | None) -> Iterator[Finding]:
    measured = (("batch_lines", facts.lines, "lines"), ("batch_file_bytes", facts.bytes, "bytes"))
    for quantity, amount, unit in measured:
        clause = edition.limit(quantity, model)  # type: ignore[arg-type]
        if clause is None or clause.maximum is None or amount <= _least(clause):
            continue
        over = amount > clause.maximum and amount not in clause.undecided
        limit = clause.maximum if over else _least(clause)
        why = f"{amount:,} {unit}, over the limit of {limit:,}"
        if not over:
            why += ", if it is read so: the documents leave that open"
        row = edition.error_for(clause)
        level: Level = clause.level if over else "unspecified"
        yield Finding(facts.path, clause.id, level, why, row.pattern if row else None, None)


def _least(clause: LimitClause) -> int:
    """The least figure that the limit may mean."""
    return min((clause.maximum or 0, *clause.undecided))


def _urls(facts: FileFacts, edition: Edition, words: dict[str, str]) -> Iterator[Finding]:
    endpoint = next(
        (e for e in edition.of_kind(EndpointClause) if e.operation == "create_batch"), None
    )
    if endpoint is None:
        return
    listed: Any = endpoint.args.get("endpoints", ())
    first = next(iter(facts.urls), None)
    for url, (lines, line) in facts.urls.items():
        expect = fill(words["url_not_found"], url=url) if "url_not_found" in words else None
        many = on_lines(lines)
        if listed and url not in listed:
            why = f"{many} for the url {url!r}; documented are {', '.join(listed)}"
        elif url != first:
            why = f"{many} for the url {url!r}, the first for {first!r}: a batch has one"
        else:
            continue
        yield Finding(facts.path, endpoint.id, endpoint.level, why, expect, line)


def on_lines(count: int) -> str:
    """``1 line is`` or ``2 lines are``."""
    return "1 line is" if count == 1 else f"{count:,} lines are"


class Ids:
    """custom_ids of one file by their hashes, eight bytes each, with their lines."""

    def __init__(self) -> None:
        self._ids = array("Q")
        self._lines = array("I")
        self.complete = True
        """False where the file has more than are compared."""

    def add(self, ids: array[int], lines: array[int], offset: int) -> None:
        """Take in the hashes of a part whose first line is number ``offset`` + 1."""
        room = MOST_IDS - len(self._ids)
        if len(ids) > room:
            ids, lines = ids[:room], lines[:room]
            self.complete = False
        self._ids.extend(ids)
        self._lines.extend(array("I", [line + offset for line in lines]))

    def duplicates(self) -> list[list[int]]:
        """Lines of each id that stands on more than one, in the order of the second of them."""
        found: list[list[int]] = []
        passes = len(self._ids) // _AT_ONCE + 1
        for number in range(passes):  # a share of the hashes at a time: little memory
            first: dict[int, int] = {}
            more: dict[int, list[int]] = {}
            for id, line in zip(self._ids, self._lines, strict=True):
                if passes > 1 and id % passes != number:
                    continue
                if id in first:
                    more.setdefault(id, [first[id]]).append(line)
                else:
                    first[id] = line
            found += more.values()
        return sorted(found, key=lambda lines: lines[1])


def duplicate_clause(edition: Edition) -> tuple[str, Level, str] | None:
    """Clause, level and documented words about ids that stand twice; None: none of them."""
    late = edition.behaviour("batch_validation_late")
    words = late.args.get("codes", {}).get("duplicate_custom_id") if late else None
    return (late.id, late.level, words) if late and words else None
