"""What the lines of one part of a file come to: small, and quick to send between processes."""

from __future__ import annotations

import gc
import heapq
from array import array
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple

import msgspec

from tokenassay.contracts.records import Level
from tokenassay.estimators.batches.judging import Judge, Kind, Verdict
from tokenassay.estimators.batches.lines import BadLine, Line, read_or_tell
from tokenassay.estimators.batches.sources import LONGEST_LINE, Part, lines_in
from tokenassay.estimators.batches.stores import SourceError
from tokenassay.estimators.records import Basis, Estimate

By = Literal["model", "file", "custom-prefix"]

NAMED: Final = 1000
"""Lines of a kind (refused, bad) that are named; all of them are counted."""
LONGEST: Final = 10
"""Lines that are named for their length."""
MOST_GROUPS: Final = 1000
OTHERS: Final = "(others)"
"""The group of what comes after ``MOST_GROUPS`` others."""
_MOST_NAMES: Final = 100
_LOT: Final = 1024
"""Lines that are judged together."""
_MOST_ALIKE: Final = 2048
"""Verdicts that are held before their lines are summed."""
_TOO_LONG: Final = BadLine(f"longer than {LONGEST_LINE:,} bytes")
_SEPARATORS: Final = "-_:/."


class Size(NamedTuple):
    """Tokens of a line and of its answer; equal ones are counted together."""

    tokens: int | None
    low: int | None
    high: int | None
    output_min: int
    output_max: int | None
    basis: Basis


SizeKey = tuple[int | None, int | None, int | None, int, int | None, Basis]
"""A :class:`Size` before it has names, which cost time on every line."""

Sizes = dict[Kind, dict[SizeKey, int]]
"""Number of lines by what they are priced by and by their size."""


class RefusedLine(NamedTuple):
    """A clause that a line breaks."""

    line: int
    custom_id: str | None
    clause: str
    level: Level
    why: str
    status: int | None
    code: str | None
    message: str | None


class BadLineAt(NamedTuple):
    """A line that can't be counted."""

    line: int
    why: str


class LongLine(NamedTuple):
    """A line with its tokens; the greatest sorts last, of equals the first."""

    tokens: int
    minus_line: int
    custom_id: str | None


Seen = list[int]
"""Number of lines that a value stands on, and the first of them."""


class Tally(msgspec.Struct):
    """Counts of some lines of one file; line numbers begin at 1 in the part."""

    lines: int = 0
    """All of them, blank ones too."""
    kinds: dict[str, int] = {}
    sizes: dict[str, Sizes] = {}
    """By group; one of no name where none are asked for."""
    whys: dict[str, str] = {}
    """For each basis, why the first count has it."""
    refused: list[RefusedLine] = []
    refused_lines: int = 0
    refused_tokens: int = 0
    clauses: dict[str, int] = {}
    """Lines that break it, by clause."""
    bad: list[BadLineAt] = []
    bad_lines: int = 0
    longest: list[LongLine] = []
    ids: array[int] = msgspec.field(default_factory=lambda: array("Q"))
    """Eight bytes of a hash of each custom_id in a batch's line."""
    id_lines: array[int] = msgspec.field(default_factory=lambda: array("I"))
    without_id: int = 0
    urls: dict[str, Seen] = {}
    models: dict[str, Seen] = {}
    editions: dict[str, int] = {}
    fault: str | None = None
    """Why the part was not read to its end."""


def tally(part: Part, judge: Judge, by: By | None = None) -> Tally:
    """Judge every line of a part, up to where the file can't be read."""
    collecting = gc.isenabled()
    gc.disable()  # lines leave no cycles behind, and looking for some takes a sixth of the time
    try:
        return _tally(part, judge, by)
    finally:
        if collecting:
            gc.enable()


def _tally(part: Part, judge: Judge, by: By | None) -> Tally:
    taking = _Taking(part.path, by)
    number = 0
    numbers: list[int] = []
    lines: list[Line | BadLine] = []
    fault = None
    try:
        for number, raw in lines_in(part):
            if raw is not None and raw.isspace():
                continue
            numbers.append(number)
            lines.append(_TOO_LONG if raw is None else read_or_tell(raw))
            if len(lines) == _LOT:
                taking.take(numbers, lines, judge.judge_all(lines))
                numbers, lines = [], []
    except SourceError as error:
        fault = str(error)
    taking.take(numbers, lines, judge.judge_all(lines))
    return taking.finish(number, fault)


class _Alike:
    """Lines of one group with one verdict."""

    __slots__ = ("group", "kind", "lines", "refusals", "verdict")

    def __init__(self, group: str, kind: str, verdict: Verdict) -> None:
        self.group, self.kind, self.verdict = group, kind, verdict
        self.refusals = () if verdict.estimate is None else verdict.estimate.refusals
        self.lines = 0


class _Taking:
    """Takes the lines of a part with their verdicts: alike ones are summed at the end."""

    def __init__(self, path: str, by: By | None) -> None:
        self._found = Tally()
        self._path, self._by = path, by
        self._alike: dict[tuple[int, str], _Alike] = {}

    def take(
        self, numbers: list[int], lines: list[Line | BadLine], verdicts: list[Verdict | BadLine]
    ) -> None:
        """The next lines, with their numbers in the part."""
        found, alike, by_prefix = self._found, self._alike, self._by == "custom-prefix"
        longest = found.longest
        for number, line, verdict in zip(numbers, lines, verdicts, strict=True):
            if isinstance(verdict, BadLine) or isinstance(line, BadLine):
                _bad(found, number, str(verdict))
                continue
            group = prefix_of(line.custom_id) if by_prefix else ""
            known = alike.get((id(verdict), group))
            if known is None:
                known = alike[id(verdict), group] = _Alike(group, line.kind, verdict)
            known.lines += 1
            if known.refusals and verdict.estimate is not None:
                _refuse(found, number, line, verdict.estimate)
            tokens = verdict.tokens
            if tokens is not None and (len(longest) < LONGEST or tokens > longest[0].tokens):
                long = LongLine(tokens, -number, line.custom_id)
                (heapq.heappush if len(longest) < LONGEST else heapq.heapreplace)(longest, long)
            if line.kind == "batch":
                _note_batch(found, number, line, verdict.kind)
        if len(alike) > _MOST_ALIKE:
            self._sum_all()

    def finish(self, lines: int, fault: str | None) -> Tally:
        """The tally of the part, of which so many lines were read."""
        self._found.lines, self._found.fault = lines, fault
        self._sum_all()
        return self._found

    def _sum_all(self) -> None:
        for alike in self._alike.values():
            self._sum(alike)
        self._alike.clear()

    def _sum(self, alike: _Alike) -> None:
        found = self._found
        estimate, tokens, kind = alike.verdict
        if estimate is None:
            size: SizeKey = (tokens, tokens, tokens, 0, 0, "exact")  # it has no answer
        else:
            low, high = estimate.input_range
            output, basis = estimate.output_tokens, estimate.basis
            size = (tokens, low, high, output.min, output.max, basis)
            found.whys.setdefault(basis, estimate.basis_why)
            _add(found.editions, estimate.edition, alike.lines)
        _add(found.kinds, alike.kind, alike.lines)
        group = alike.group
        if self._by == "file":
            group = self._path
        elif self._by == "model":
            group = kind.model or "(no model)"
        if group not in found.sizes and len(found.sizes) >= MOST_GROUPS:
            group = OTHERS
        _add(found.sizes.setdefault(group, {}).setdefault(kind, {}), size, alike.lines)


def _add(counts: dict[Any, int], key: Any, lines: int) -> None:
    counts[key] = counts.get(key, 0) + lines


def _bad(found: Tally, number: int, why: str) -> None:
    found.bad_lines += 1
    if len(found.bad) < NAMED:
        found.bad.append(BadLineAt(number, why))


def _note_batch(found: Tally, number: int, line: Line, kind: Kind) -> None:
    """What the rules on a batch as a whole are judged by."""
    if line.custom_id is None:
        found.without_id += 1
    else:
        found.ids.append(digest(line.custom_id))
        found.id_lines.append(number)
    url = line.url if isinstance(line.url, str) else ""
    for names, name in ((found.urls, url), (found.models, kind.model or "")):
        known = names.get(name)
        if known is not None:
            known[0] += 1
        elif len(names) < _MOST_NAMES:
            names[name] = [1, number]


def digest(custom_id: str) -> int:
    """Eight bytes of a hash: among a million, two differing ids share one once in 37 million."""
    encoded = custom_id.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(encoded, digest_size=8).digest(), "big")


def _refuse(found: Tally, number: int, line: Line, estimate: Estimate) -> None:
    if estimate.refused:
        found.refused_lines += 1
        found.refused_tokens += estimate.input_tokens or 0
    broken = {refusal.clause: refusal for refusal in reversed(estimate.refusals)}
    for refusal in reversed(broken.values()):
        found.clauses[refusal.clause] = found.clauses.get(refusal.clause, 0) + 1
        if len(found.refused) < NAMED:
            found.refused.append(
                RefusedLine(
                    number,
                    line.custom_id,
                    refusal.clause,
                    refusal.level,
                    refusal.why,
                    refusal.status,
                    refusal.code,
                    refusal.message,
                )
            )


def prefix_of(custom_id: str | None) -> str:
    """What stands before the first of ``- _ : / .`` in a custom_id; all of it where none does."""
    if custom_id is None:
        return "(no custom_id)"
    ends = [at for separator in _SEPARATORS if (at := custom_id.find(separator)) >= 0]
    return custom_id[: min(ends)] if ends else custom_id
