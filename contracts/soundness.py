"""What the record types alone cannot see of models: names that must lead somewhere, and order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from tokenassay.contracts.catalog import Model, Price, Sized, Template
from tokenassay.contracts.partial import day

Problem = tuple[str, str]
"""Path from the list of models on, such as ``[3].prices[0].source``, and what was expected."""


def first_problem(
    models: Sequence[Model],
    *,
    sources: Collection[str],
    profiles: Collection[str],
    rules: Collection[str],
    others: Collection[str] = (),
) -> Problem | None:
    """The first thing wrong with ``models``, whose aliases may also lead to ``others``."""
    known = {model.id for model in models} | set(others)
    seen: set[str] = set()
    for index, model in enumerate(models):
        for path, expected in _problems(model, seen, known, sources, profiles, rules):
            return f"[{index}]{path}", expected
        seen.add(model.id)
    return None


def _problems(
    model: Model,
    seen: Collection[str],
    known: Collection[str],
    sources: Collection[str],
    profiles: Collection[str],
    rules: Collection[str],
) -> Iterator[Problem]:
    if model.id in seen:
        yield ".id", f"expected an id of its own; {model.id!r} stands twice"
    if model.alias_of is not None and model.alias_of not in known:
        yield ".alias_of", f"expected the id of a model, got {model.alias_of!r}"
    if model.text_rule is not None and model.text_rule not in rules:
        yield ".text_rule", f"expected one of {_list(rules)}, got {model.text_rule!r}"
    for field in ("since", "retired"):
        yield from _date_problems(f".{field}", getattr(model, field))
    for name in ("sizes", "prices", "templates", "free_quota"):
        for number, row in enumerate(getattr(model, name)):
            yield from _row_problems(f".{name}[{number}]", row, sources)
    yield from _template_problems(model.templates, profiles)
    for number, price in enumerate(model.prices):
        yield from _tier_problems(f".prices[{number}].tiers", price)


def _template_problems(
    templates: Sequence[Template], profiles: Collection[str]
) -> Iterator[Problem]:
    for number, template in enumerate(templates):
        for field, names in (("profile", (template.profile,)), ("also", template.also)):
            for name in names:
                if name not in profiles:
                    path = f".templates[{number}].{field}"
                    yield path, f"expected one of {_list(profiles)}, got {name!r}"
        if template.also and template.basis == "exact":
            yield f".templates[{number}].also", "expected none beside the basis 'exact'"


def _row_problems(path: str, row: Sized, sources: Collection[str]) -> Iterator[Problem]:
    key = row.source.partition(" § ")[0]
    if key not in sources:
        yield f"{path}.source", f"expected a key of 'sources' ({_list(sources)}), got {key!r}"
    since = list(_date_problems(f"{path}.since", row.since))
    until = list(_date_problems(f"{path}.until", row.until))
    yield from (*since, *until)
    both_dates = row.until is not None and not since and not until
    if both_dates and day(row.until or "") <= day(row.since):
        yield f"{path}.until", f"expected a day after {row.since}, got {row.until}"


def _date_problems(path: str, written: str | None) -> Iterator[Problem]:
    try:
        day(written) if written is not None else None
    except ValueError as error:
        yield path, str(error)


def _tier_problems(path: str, price: Price) -> Iterator[Problem]:
    if not price.tiers:
        yield path, "expected at least one tier"
    below = 0
    for number, tier in enumerate(price.tiers):
        top = tier.up_to_input_tokens
        if top is None and number + 1 < len(price.tiers):
            yield f"{path}[{number}]", "expected 'up_to_input_tokens' in every tier but the last"
        if top is not None and top <= below:
            yield f"{path}[{number}].up_to_input_tokens", f"expected more than {below}, got {top}"
        for field in tier.__struct_fields__:
            if field.endswith("_per_1k") and (getattr(tier, field) or 0) < 0:
                yield f"{path}[{number}].{field}", "expected a price of 0 or more"
        below = top if top is not None else below


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
