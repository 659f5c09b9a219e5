"""Names of models: patterns that cover several, and forms that tell of names no list has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec.structs import replace

from tokenassay.contracts.catalog import Model, Version
from tokenassay.contracts.partial import day


def covered(patterns: Iterable[str], model: str) -> bool:
    """Whether one of ``patterns`` is the model's name (``*`` at the end matches any rest)."""
    return any(
        model.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == model
        for pattern in patterns
    )


def read_name(name: str, versions: Iterable[Version], models: Mapping[str, Model]) -> Model | None:
    """What the form of a name alone tells of a model; None where no version has that form.

    What was billed by the model it is like proves nothing of this one: no template is exact.
    """
    for version in versions:
        match = _form(version.names).fullmatch(name)
        if match is None:
            continue
        groups = match.groupdict()
        base, date = models.get(version.like or groups.get("like") or ""), groups.get("date")
        if base is None or (date is not None and not _is_day(date)):
            continue
        default = version.thinking_default
        return replace(
            base,
            id=name,
            like=base.id,
            snapshot=date,
            alias_of=None,
            sizes=(),
            prices=(),
            free_quota=(),
            templates=tuple(
                replace(row, basis="modelled") for row in version.templates or base.templates
            ),
            thinking=version.thinking or base.thinking,
            thinking_default=base.thinking_default if default is None else default,
            since=None,
            retired=None,
            note=version.note,
        )
    return None


def _is_day(written: str) -> bool:
    try:
        day(written)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=256)
def _form(names: str) -> re.Pattern[str]:
    return re.compile(names)
