"""The document of ``tokenassay batch --json`` as records."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from tokenassay.contracts.records import Level


class AmountRow(msgspec.Struct, frozen=True):
    """Money of lines as decimal strings; None: no upper end is known."""

    lines: int
    input: str
    output_max: str | None
    total_min: str
    total_max: str | None


class BillRow(msgspec.Struct, frozen=True):
    """What lines cost, by currency; those without a known price are in no amount."""

    amounts: dict[str, AmountRow]
    unpriced_lines: int
    unpriced: dict[str, int]
    """Number of lines by why their price is not known."""

    def most(self, currency: str) -> str | None:
        """The upper end of a sum; None where an end, or the price of a line, is not known."""
        return None if self.unpriced_lines else self.amounts[currency].total_max


class CostRow(msgspec.Struct, frozen=True):
    """The same lines in a batch, and sent one by one."""

    batch: BillRow
    live: BillRow


class OutputRow(msgspec.Struct, frozen=True):
    """Tokens of all answers; ``max`` None: no ceiling is known."""

    min: int
    max: int | None


class SpreadRow(msgspec.Struct, frozen=True):
    """Input tokens of lines: least, percentiles, most and mean."""

    min: int
    p1: int
    p25: int
    p50: int
    p75: int
    p90: int
    p95: int
    p99: int
    max: int
    mean: float


class SumRow(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of many lines."""

    lines: int
    input_tokens: int
    input_range: tuple[int, int | None]
    basis: dict[str, int]
    uncounted_lines: int
    output_tokens: OutputRow
    cost: CostRow
    distribution: SpreadRow | None


class GroupRow(SumRow, frozen=True, kw_only=True):
    """Those of one model, file or prefix."""

    group: str


class RefusedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A documented rule that a line breaks, with the answer to expect."""

    file: str
    line: int
    custom_id: str | None
    clause: str
    level: Level
    why: str
    status: int | None
    code: str | None
    message: str | None


class BadLineRow(msgspec.Struct, frozen=True):
    """A line that can't be counted."""

    file: str
    line: int
    why: str


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A documented rule that a file breaks as a whole; ``line`` None: no line of it does alone."""

    file: str
    clause: str
    level: Level
    why: str
    expect: str | None
    line: int | None


class DuplicateRow(msgspec.Struct, frozen=True):
    """A custom_id that stands on several lines of one file; the first of them."""

    file: str
    custom_id: str
    lines: tuple[int, ...]


class LongRow(msgspec.Struct, frozen=True):
    """One of the longest lines."""

    file: str
    line: int
    custom_id: str | None
    input_tokens: int


class FileRow(msgspec.Struct, frozen=True):
    """What was read of one file; ``fault`` says why it was not read to its end."""

    file: str
    lines: int
    bytes: int
    kinds: dict[str, int]
    fault: str | None


class CeilingRow(msgspec.Struct, frozen=True):
    """What the batch may cost, as a decimal string."""

    amount: str
    currency: str


class AskedRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was asked for, and how to ask for it again."""

    command: str
    by: Literal["model", "file", "custom-prefix"] | None
    as_of: str | None
    max_cost: CeilingRow | None


class BatchDocument(SumRow, frozen=True, kw_only=True):
    """Files of requests; lists of lines name the first of them, counts count all."""

    basis_why: dict[str, str]
    complete: bool
    refused: tuple[RefusedRow, ...]
    refused_lines: int
    refused_input_tokens: int
    doubtful: tuple[RefusedRow, ...]
    clauses: dict[str, int]
    bad_lines: tuple[BadLineRow, ...]
    bad_line_count: int
    batch_rules: tuple[RuleRow, ...]
    duplicates: tuple[DuplicateRow, ...]
    duplicate_ids: int
    longest: tuple[LongRow, ...]
    editions: dict[str, int]
    files: tuple[FileRow, ...]
    notes: tuple[str, ...]
    asked: AskedRow
    groups: tuple[GroupRow, ...] = ()

    @property
    def broken_rules(self) -> tuple[RuleRow, ...]:
        """Rules on a batch of level must that a file breaks."""
        return tuple(rule for rule in self.batch_rules if rule.level == "must")

    @property
    def faulty_files(self) -> tuple[FileRow, ...]:
        """Files that could not be read to their end; an interruption is no fault of theirs."""
        return tuple(file for file in self.files if file.fault not in (None, "interrupted"))

    @property
    def passes_ceiling(self) -> bool | None:
        """Whether the batch may cost more than was named; None: that can't be told."""
        ceiling, bill = self.asked.max_cost, self.cost.batch
        if ceiling is None or not self.lines:
            return False
        if ceiling.currency not in bill.amounts:
            return None
        most = bill.most(ceiling.currency)
        return None if most is None else Decimal(most) > Decimal(ceiling.amount)
