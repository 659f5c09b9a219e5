"""The document of ``tokenassay estimate --json`` as records."""

from __future__ import annotations

from typing import Literal

import msgspec

from tokenassay.contracts.records import Level


class OutputRow(msgspec.Struct, frozen=True):
    """Tokens of the answer; ``max`` None: no ceiling is known."""

    min: int
    max: int | None


class CostRow(msgspec.Struct, frozen=True):
    """Money as decimal strings; None: no upper end is known."""

    currency: str
    input: str
    output_max: str | None
    total_min: str
    total_max: str | None


class RefusalRow(msgspec.Struct, frozen=True):
    """A documented rule that the request breaks, with the answer to expect."""

    clause: str
    level: Level
    status: int | None
    code: str | None
    message: str | None
    why: str


class PartRow(msgspec.Struct, frozen=True):
    """Tokens of one part of the input; None: they cannot be counted."""

    part: str
    tokens: int | None


class EstimateRow(msgspec.Struct, frozen=True):
    """One request at one model."""

    model: str | None
    edition: str
    input_tokens: int | None
    input_range: tuple[int | None, int | None]
    basis: Literal["exact", "calibrated", "modelled", "approximate"]
    basis_why: str
    output_tokens: OutputRow
    cost: CostRow | None
    cost_why: str
    refusals: tuple[RefusalRow, ...]
    notes: tuple[str, ...]
    breakdown: tuple[PartRow, ...]

    @property
    def refused(self) -> bool:
        """Whether a refusal of level must stands against the call."""
        return any(refusal.level == "must" for refusal in self.refusals)


class LeftOutRow(msgspec.Struct, frozen=True):
    """A model that cannot serve the request, and why."""

    model: str
    why: str


class EstimateDocument(msgspec.Struct, frozen=True):
    """Estimates of one request, and the models that were left out."""

    estimates: tuple[EstimateRow, ...]
    left_out: tuple[LeftOutRow, ...] = ()
