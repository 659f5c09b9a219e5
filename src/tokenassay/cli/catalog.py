"""Models as tables: all in one, or one with every row that is known of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

from tokenassay.cli.models import Entry, Row
from tokenassay.cli.output import number, pairs, put, table
from tokenassay.contracts.catalog import FreeQuota, Model, Price, Sizes, Template, Tier
from tokenassay.contracts.store import text_rules
from tokenassay.estimators.dates import first_day, holds


def in_force(rows: Iterable[Row], day: dt.date) -> list[Row]:
    """Rows that hold on ``day``, newest first."""
    held = [row for row in rows if holds(row.row, day)]
    return sorted(held, key=lambda row: first_day(row.row.since), reverse=True)


def overview(entries: list[Entry], day: dt.date) -> Table:
    """One line a model and region: what holds on ``day``."""
    limits = ("context", "max input", "max output")
    columns = ("model", *limits, "price per 1,000, in / out", "tokens")
    shown = table(*columns, right=limits, whole=columns[:-1])
    for entry in entries:
        size: Any = next((row.row for row in in_force(entry.of("sizes"), day)), None)
        held = in_force(entry.of("prices"), day)
        fields = ("context_tokens", "input_tokens", "output_tokens")
        shown.add_row(
            entry.model.id,
            *(number(getattr(size, field, None)) for field in fields),
            "\n".join(map(_price, held)) or "unknown",
            _counted(entry, day),
        )
    return shown


def describe(entry: Entry, console: Console) -> None:
    """Every row of one model, with its period, its trust, its day of check and its document."""
    model = entry.model
    facts = {
        "provider": f"{entry.provider}, family {model.family}",
        "name for": model.alias_of,
        "counted like": model.like,
        "served": _period(model.since, model.retired) if model.since or model.retired else None,
        "input": " or ".join(model.input_modes),
        "thinking": _thinking(model),
        "tokens": _tokenizer(model),
        "note": model.note,
    }
    console.print(model.id, style="bold")
    console.print(pairs((name, said) for name, said in facts.items() if said))
    for kind, (columns, cells) in _SECTIONS.items():
        console.print()
        rows = entry.of(kind)
        if not rows:
            console.print(f"{kind.replace('_', ' ')}: unknown")
            continue
        shown = table("period", *columns, "trust", "checked", "document", whole=("checked",))
        for row in rows:
            period = _period(row.row.since, row.row.until)
            shown.add_row(period, *cells(row.row), row.trust, str(row.seen), row.title)
        put(shown, console)
        for row in rows:
            if row.row.note:
                console.print(pairs([(f"  since {row.row.since}", row.row.note)]))


def _sizes_cells(row: Sizes) -> list[str]:
    limits = (row.context_tokens, row.input_tokens, row.output_tokens, row.thinking_tokens)
    return [number(limit) for limit in limits]


def _price_cells(row: Price) -> list[str]:
    return [row.region, row.currency, "\n".join(map(_tier, row.tiers))]


def _template_cells(row: Template) -> list[str]:
    conditions = [
        *row.surfaces,
        *([] if row.thinking is None else ["thinking" if row.thinking else "not thinking"]),
        *([] if row.system is None else [f"system message {row.system}"]),
    ]
    backed = [f"{row.basis}: {' or '.join((row.profile, *row.also))}", *row.evidence]
    return ["\n".join(backed), ", ".join(conditions) or "any request"]


def _quota_cells(row: FreeQuota) -> list[str]:
    return [f"{number(row.tokens)} tokens", f"for {number(row.days)} days"]


_SECTIONS: dict[str, tuple[tuple[str, ...], Callable[[Any], list[str]]]] = {
    "sizes": (("context", "max input", "max output", "max thinking"), _sizes_cells),
    "prices": (("region", "", "in / out per 1,000 tokens"), _price_cells),
    "templates": (("template and evidence", "holds for"), _template_cells),
    "free_quota": (("free quota", ""), _quota_cells),
}


def _price(dated: Row) -> str:
    row: Any = dated.row
    first = "from " if len(row.tiers) > 1 else ""
    first += f"{_tier(row.tiers[0], condition=False)} {row.currency}"
    return f"{first}\n  {row.region}, {row.since}, {dated.trust}"


def _tier(tier: Tier, condition: bool = True) -> str:
    written = f"{tier.input_per_1k.normalize():f} / {tier.output_per_1k.normalize():f}"
    if not condition:
        return written
    extras = {
        "thinking": tier.thinking_output_per_1k,
        "cache hit": tier.cache_hit_per_1k,
        "batch": tier.batch_input_per_1k,
    }
    for name, value in extras.items():
        if value is not None:
            written += f", {name} {value.normalize():f}"
    if tier.batch_output_per_1k is not None:
        written += f" / {tier.batch_output_per_1k.normalize():f}"
    if tier.up_to_input_tokens is not None:
        written = f"to {number(tier.up_to_input_tokens)}: {written}"
    return written


def _counted(entry: Entry, day: dt.date) -> str:
    if entry.model.tokenizer is None:
        return "approximate"
    held: list[Any] = [row.row for row in in_force(entry.of("templates"), day)]
    return " or ".join(dict.fromkeys(row.basis for row in held)) or "modelled"


def _tokenizer(model: Model) -> str:
    if model.tokenizer is not None:
        return f"counted with the vocabulary of {model.tokenizer}"
    rule = text_rules().get(model.text_rule or "")
    if rule is None:
        return "unknown"
    cjk, other = rule.cjk_chars_per_token, rule.other_chars_per_token
    return (
        f"approximate by the rule {rule.id}: {cjk[0]} to {cjk[1]} Chinese characters, "
        f"{other[0]} to {other[1]} others a token"
    )


def _thinking(model: Model) -> str:
    if model.thinking != "optional":
        return model.thinking
    return f"optional, {'on' if model.thinking_default else 'off'} by default"


def _period(since: str | None, until: str | None) -> str:
    return f"{since or 'unknown'} to {until}" if until else f"since {since or 'unknown'}"
