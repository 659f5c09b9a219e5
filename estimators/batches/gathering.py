"""The tallies of all parts of all files, gathered in their order into one record."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from tokenassay.contracts.edition import Edition
from tokenassay.contracts.patterns import fill
from tokenassay.estimators.batches.judging import Judge
from tokenassay.estimators.batches.lines import BadLine, read_line
from tokenassay.estimators.batches.rules import (
    FileFacts,
    Finding,
    Ids,
    duplicate_clause,
    judge_file,
    on_lines,
)
from tokenassay.estimators.batches.sources import Part, lines_in, parts_of
from tokenassay.estimators.batches.stores import SourceError, is_stream
from tokenassay.estimators.batches.tallies import LONGEST, NAMED, LongLine, Seen, Tally
from tokenassay.estimators.batches.totals import Sum, Totals, combined

_NAMED_DUPLICATES: Final = 100
_NAMED_LINES: Final = 20
_MOST_NAMES: Final = 100


class InFile(NamedTuple):
    """Something on a line of a file."""

    file: str
    line: int
    what: Any


class Duplicate(NamedTuple):
    """A custom_id that stands on several lines of one file."""

    file: str
    custom_id: str
    lines: list[int]
    """The first of them."""


class FileSum(NamedTuple):
    """What was read of one file."""

    file: str
    lines: int
    bytes: int
    kinds: dict[str, int]
    fault: str | None
    """Why it was not read to its end."""


class Batch(NamedTuple):
    """Everything told of some files. Lists of lines name the first of them, counts count all."""

    totals: Totals
    groups: dict[str, Totals]
    files: list[FileSum]
    whys: dict[str, str]
    editions: Counter[str]
    refused: list[InFile]
    """Of :class:`~tokenassay.estimators.batches.tallies.RefusedLine`."""
    refused_lines: int
    refused_tokens: int
    clauses: Counter[str]
    bad: list[InFile]
    """Of the reasons."""
    bad_lines: int
    longest: list[tuple[str, LongLine]]
    findings: list[Finding]
    duplicates: list[Duplicate]
    duplicate_ids: int
    notes: list[str]
    stopped: str | None
    """Why not all was read: interrupted, or a worker that was lost. What was read is here."""

    @property
    def complete(self) -> bool:
        """Whether it came to the end of the last file."""
        return self.stopped is None


class Gatherer:
    """Takes the tallies of parts in the order of the parts."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._sum = Sum(judge)
        self._files: list[FileSum] = []
        self._whys: dict[str, str] = {}
        self._editions: Counter[str] = Counter()
        self._refused: list[InFile] = []
        self._bad: list[InFile] = []
        self._counts: Counter[str] = Counter()
        self._clauses: Counter[str] = Counter()
        self._longest: list[tuple[int, int, int, str | None]] = []
        self._findings: list[Finding] = []
        self._duplicates: list[Duplicate] = []
        self._notes: list[str] = []
        self._begin("")
        self._open = False

    @property
    def lines(self) -> int:
        """Lines that were read so far."""
        return self._counts["lines"]

    def _begin(self, path: str) -> None:
        self._path = path
        self._lines = self._bytes = self._without_id = 0
        self._kinds: Counter[str] = Counter()
        self._urls: dict[str, Seen] = {}
        self._models: dict[str, Seen] = {}
        self._ids = Ids()
        self._open = True
        """Its end has not been told."""

    def begin_file(self, path: str) -> None:
        """What comes next is of this file."""
        self._begin(path)

    def add(self, part: Part, tally: Tally) -> None:
        """Take in the next part of the file."""
        offset, path = self._lines, self._path
        self._lines += tally.lines
        self._bytes += part.end - part.start
        self._kinds.update(tally.kinds)
        self._sum.add(tally.sizes)
        for basis, why in tally.whys.items():
            self._whys.setdefault(basis, why)
        self._editions.update(tally.editions)
        self._clauses.update(tally.clauses)
        self._counts.update(
            lines=tally.lines,
            refused=tally.refused_lines,
            refused_tokens=tally.refused_tokens,
            bad=tally.bad_lines,
        )
        room = NAMED - len(self._refused)
        self._refused += [InFile(path, offset + x.line, x) for x in tally.refused[:room]]
        room = NAMED - len(self._bad)
        self._bad += [InFile(path, offset + x.line, x.why) for x in tally.bad[:room]]
        index = len(self._files)
        longest = [(x.tokens, -index, x.minus_line - offset, x.custom_id) for x in tally.longest]
        self._longest = heapq.nlargest(LONGEST, self._longest + longest, key=lambda x: x[:3])
        self._ids.add(tally.ids, tally.id_lines, offset)
        self._without_id += tally.without_id
        _merge(self._urls, tally.urls, offset)
        _merge(self._models, tally.models, offset)

    def end_file(self, fault: str | None = None) -> None:
        """Judge the file as a whole; ``fault``: why it was not read to its end."""
        self._open = False  # first of all: what interrupts the rest must not tell it twice
        kinds = dict(self._kinds)
        self._files.append(FileSum(self._path, self._lines, self._bytes, kinds, fault))
        lines = self._kinds["batch"]
        if not lines:
            return
        if self._without_id:
            many = f"{on_lines(self._without_id)} without a custom_id"
            self._notes.append(f"{self._path}: {many}: answers can't be told apart by it")
        model = next(iter(self._models), None)
        edition = self._judge.edition("openai", model) if model is not None else None
        if edition is None:
            return
        facts = FileFacts(self._path, self._bytes, lines, self._urls, self._models)
        self._findings += judge_file(facts, edition)
        self._find_duplicates(edition)

    def _find_duplicates(self, edition: Edition) -> None:
        found = self._ids.duplicates()
        self._counts["duplicates"] += len(found)
        if not self._ids.complete:
            self._notes.append(f"{self._path}: duplicates were looked for among its first ids only")
        if not found:
            return
        room = max(0, _NAMED_DUPLICATES - len(self._duplicates))
        named = []
        if is_stream(self._path):
            self._notes.append(f"{self._path}: a stream is read once, so no custom_id is named")
        else:
            named = _named(self._path, found[:room])
        self._duplicates += named
        clause = duplicate_clause(edition)
        if clause is not None:
            id, level, words = clause
            first = named[0].custom_id if named else None
            many = "1 custom_id stands" if len(found) == 1 else f"{len(found):,} custom_ids stand"
            why = f"{many} on more than one line"
            expect = fill(words, custom_id=first) if first is not None else words
            line = found[0][1]
            self._findings.append(Finding(self._path, id, level, why, expect, line))

    def batch(self, stopped: str | None = None) -> Batch:
        """All that was gathered; the file that it ``stopped`` in is told as far as it was read."""
        if self._open:
            self.end_file(stopped)
        groups = self._sum.groups()
        return Batch(
            combined(groups),
            groups,
            self._files,
            self._whys,
            self._editions,
            self._refused,
            self._counts["refused"],
            self._counts["refused_tokens"],
            self._clauses,
            self._bad,
            self._counts["bad"],
            [
                (self._files[-file].file, LongLine(tokens, line, id))
                for tokens, file, line, id in self._longest
            ],
            self._findings,
            self._duplicates,
            self._counts["duplicates"],
            self._notes,
            stopped,
        )


def _merge(names: dict[str, Seen], more: dict[str, Seen], offset: int) -> None:
    for name, (lines, first) in more.items():
        known = names.get(name)
        if known is not None:
            known[0] += lines
        elif len(names) < _MOST_NAMES:
            names[name] = [lines, first + offset]


def _named(path: str, found: list[list[int]]) -> list[Duplicate]:
    """The duplicates with their ids, read again from the file; equal hashes of two ids fall out."""
    found = [lines[:_NAMED_LINES] for lines in found]
    wanted = {line for lines in found for line in lines}
    ids = dict(_ids_on(path, wanted))
    named = []
    for lines in found:
        by_id: dict[str, list[int]] = {}
        for line in lines:
            if line in ids:
                by_id.setdefault(ids[line], []).append(line)
        named += [Duplicate(path, id, lines) for id, lines in by_id.items() if len(lines) > 1]
    return named


def _ids_on(path: str, wanted: set[int]) -> Iterator[tuple[int, str]]:
    last, before = max(wanted, default=0), 0
    try:
        for part in parts_of(path):
            number = 0
            for number, raw in lines_in(part):
                if before + number in wanted and raw is not None:
                    try:
                        id = read_line(raw).custom_id
                    except BadLine:  # the file has changed since
                        continue
                    if id is not None:
                        yield before + number, id
            before += number
            if before >= last:
                return
    except SourceError:
        return
