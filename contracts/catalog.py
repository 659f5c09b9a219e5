"""Models, their dated sizes and prices, and the token templates they are billed by."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal

from tokenassay.contracts.records import Record, Source, Surface, Trust

Thinking = Literal["never", "optional", "always", "unknown"]
"""Whether a model thinks before it answers, and who decides."""


class Sized(Record, frozen=True, kw_only=True):
    """What every dated row of a model has. ``since`` <= day < ``until``."""

    source: str
    since: str
    until: str | None = None
    seen: dt.date | None = None
    trust: Trust | None = None
    """Weaker or stronger than the source's own, where it differs."""
    note: str | None = None


class Sizes(Sized, frozen=True, kw_only=True):
    """Token limits of a model in a period; None is unknown, not unlimited."""

    context_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    thinking_tokens: int | None = None
    default_output_tokens: int | None = None


class Tier(Record, frozen=True, kw_only=True):
    """Prices that hold while the request's total input is at most ``up_to_input_tokens``."""

    up_to_input_tokens: int | None = None
    """None: no upper end."""
    boundary: Literal["exact", "k"] = "exact"
    """``k``: printed as "32K"; whether that is 32,000 or 32,768 is not settled."""
    input_per_1k: Decimal
    output_per_1k: Decimal
    thinking_output_per_1k: Decimal | None = None
    cache_hit_per_1k: Decimal | None = None
    batch_input_per_1k: Decimal | None = None
    batch_output_per_1k: Decimal | None = None


class Price(Sized, frozen=True, kw_only=True):
    """One price row: money per 1,000 tokens in ``currency``, by tier of total input."""

    region: str
    currency: str
    tiers: tuple[Tier, ...]


class Template(Sized, frozen=True, kw_only=True):
    """Which token template a model was billed by in a period, and how well that is backed.

    At most one row of a model holds for a day and a request; where no day is given, the
    newest row (the latest ``since``) whose conditions hold. ``exact`` and ``calibrated`` speak of
    plain text; tools, JSON mode and images are modelled under any row. ``calibrated``: fitted to
    bills of one's own, which the evidence names.
    """

    profile: str
    basis: Literal["exact", "calibrated", "modelled"]
    surfaces: tuple[Surface, ...] = ()
    thinking: bool | None = None
    """Holds only with thinking on or off; None: both."""
    system: Literal["explicit", "absent"] | None = None
    """Holds only where the request has a system message of its own, or none; None: both."""
    also: tuple[str, ...] = ()
    """Other profiles that may have been billed: the range of a count spans them too."""
    offset_tokens: int = 0
    """Tokens of each request beside the profile, as an audit measured them; may be negative."""
    evidence: tuple[str, ...] = ()
    """Published cases that it reproduces, in words a reader can check."""


class FreeQuota(Sized, frozen=True, kw_only=True):
    """Tokens free of charge after activation, for a number of days."""

    tokens: int
    days: int


class Model(Record, frozen=True, kw_only=True):
    """One model: its family, its tokenizer, and its dated rows."""

    id: str
    family: str
    tokenizer: str | None
    """Id of a vocabulary we have locally; None: a range by rule only."""
    text_rule: str | None = None
    """Characters-per-token rule for a model without local tokenizer."""
    alias_of: str | None = None
    """A moving name whose rows hold for this one where it has none of its own."""
    like: str | None = None
    """The model that it is counted like, where nothing is known of it but its name."""
    snapshot: str | None = None
    """Day that it was taken on: the template of that day holds for it, whenever it is asked."""
    sizes: tuple[Sizes, ...] = ()
    prices: tuple[Price, ...] = ()
    templates: tuple[Template, ...] = ()
    free_quota: tuple[FreeQuota, ...] = ()
    input_modes: tuple[Literal["prompt", "messages"], ...] = ("prompt", "messages")
    thinking: Thinking = "never"
    thinking_default: bool = False
    since: str | None = None
    retired: str | None = None
    note: str | None = None


class Version(Record, frozen=True, kw_only=True):
    """Models known by the form of their names alone: dated snapshots, open weights.

    They have the tokenizer of the model they are like, and its templates where none stand here;
    sizes and prices are unknown.
    """

    names: str
    """Regular expression that the whole name fits; its group ``date`` is a snapshot's day."""
    like: str | None = None
    """The model they are counted like; None: the group ``like`` of ``names`` is its name."""
    templates: tuple[Template, ...] = ()
    thinking: Thinking | None = None
    """None: as the model they are like."""
    thinking_default: bool | None = None
    note: str


class ModelList(Record, frozen=True, kw_only=True):
    """A provider's models: one YAML file."""

    provider: str
    sources: dict[str, Source]
    seen: dt.date
    models: tuple[Model, ...]
    versions: tuple[Version, ...] = ()
    """The first whose form a name fits tells of it, where no row of ``models`` does."""


class TextRule(Record, frozen=True, kw_only=True):
    """Tokens by characters, as documents put it in prose: a range."""

    id: str
    source: str
    cjk_chars_per_token: tuple[Decimal, Decimal]
    other_chars_per_token: tuple[Decimal, Decimal]
    note: str | None = None


class ToolTemplate(Record, frozen=True, kw_only=True):
    """The tool section of a system message, as token figures (its words are not ours)."""

    preamble_tokens: int
    closing_tokens: int
    separator: Literal["compact", "spaced"] = "spaced"
    """How each tool is written as JSON."""
    function_keys: tuple[str, ...] = ()
    """Keys of a tool's ``function`` that are written; empty: whatever it has."""
    empty_parameters: dict[str, Any] | None = None
    """What is written for ``parameters: {}``; None: as it stands."""


class TemplateProfile(Record, frozen=True, kw_only=True):
    """How a conversation becomes tokens."""

    id: str
    text: str
    source: str
    wrap: Literal["chatml", "bare"]
    """``chatml``: every message between markers; ``bare``: contents alone."""
    generation_prompt: bool = True
    default_system: str | None = None
    """System message that the server adds when the request has none."""
    think_block_tokens: int = 0
    """Tokens of an empty think block after the generation prompt."""
    tools: ToolTemplate | None = None


Feature = Literal["json_mode", "tool_choice", "parallel_tool_calls", "parallel_results"]
"""What a request may ask for whose tokens no template explains."""


class TemplateFile(Record, frozen=True, kw_only=True):
    """templates.yaml: the profiles and text rules that model rows name."""

    sources: dict[str, Source]
    seen: dt.date
    profiles: tuple[TemplateProfile, ...]
    text_rules: tuple[TextRule, ...]
    image_cell_pixels: int | None = None
    image_min_tokens: int | None = None
    image_marker_tokens: int | None = None
    json_mode_tokens: int | None = None
    """Seen above the template with ``response_format: json_object``; modelled, never exact."""
    most_above: dict[Feature, int] = {}
    """Tokens that published answers were at the most above the count of a request that asks for
    a feature: the range of its count spans them."""
    thinking_marker_tokens: int | None = None
    """The most seen in an output beside the tokens of the reasoning and of the answer."""
