"""Templates that bills have shown, written as a contract file for ``estimate --contract``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import yaml

from tokenassay.contracts import store
from tokenassay.contracts.catalog import Model
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.store import Contract
from tokenassay.estimators.bills.judging import Judged
from tokenassay.estimators.bills.metered import OWN
from tokenassay.estimators.editions import choose

_LEFT_TO_THE_PACKAGE: Final = ("sizes", "prices", "templates", "free_quota")


class CannotSave(ValueError):
    """No template accounts for what was billed; the message says why."""


class Learnt(NamedTuple):
    """The template that a model's bills follow."""

    model: str
    profile: str
    offset: int
    """Tokens of each request beside the profile."""
    since: dt.date
    evidence: str


def calibrated(edition: Edition, title: str, source: str, learnt: Sequence[Learnt]) -> str:
    """A contract that extends an edition of the package by templates with the basis calibrated.

    ``title`` says where they come from, ``source`` is its key. CannotSave where the edition is
    none of the package's, which a contract file can't extend.
    """
    if edition.id not in store.headers():
        profiles = "; ".join(f"{one.profile} with offset_tokens {one.offset}" for one in learnt)
        raise CannotSave(
            f"{edition.id} is no edition of the package, so no file can extend it: put the "
            f"template into its own, profile {profiles}"
        )
    head = {
        "edition": f"{edition.id}+{source}",
        "extends": edition.id,
        "sources": {
            source: {
                "provider": "tokenassay",
                "title": title,
                "published": max(one.since for one in learnt).isoformat(),
                "trust": "recorded",
            }
        },
        "model_rows": [_model_row(one, edition, source) for one in learnt],
    }
    return yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=100)


def _model_row(one: Learnt, edition: Edition, source: str) -> dict[str, Any]:
    template: dict[str, Any] = {
        "profile": one.profile,
        "basis": "calibrated",
        "since": one.since.isoformat(),
        "source": source,
        "evidence": [one.evidence],
    }
    if one.offset:
        template["offset_tokens"] = one.offset
    return {**_plain_row(one.model, edition), "templates": [template]}


def _plain_row(model: str, edition: Edition) -> dict[str, Any]:
    """The model's row without what is dated; those rows stay the package's, by its name."""
    known = choose(edition.surface, model, None, edition=None, contract=Contract(edition)).model
    if known is None:
        return {"id": model, "family": "qwen", "tokenizer": "qwen"}
    plain: dict[str, Any] = msgspec.to_builtins(known)
    default = msgspec.to_builtins(Model(id="", family="", tokenizer=None))
    row = {
        name: value
        for name, value in plain.items()
        if name not in _LEFT_TO_THE_PACKAGE and (name not in default or value != default[name])
    }
    row |= {"id": model, "tokenizer": known.tokenizer or "qwen"}
    if known.prices and model in store.models():
        row["alias_of"] = model
    return row


def learnt_of(judged: Judged, today: dt.date) -> Learnt:
    """What one model's bills have shown; CannotSave where no template accounts for them."""
    tally = judged.tally
    finding = next((found for found in judged.findings if found.side == "input"), None)
    constant = finding is None or (finding.verdict == "constant surplus" and judged.offset)
    if judged.template is None or not constant or not judged.sample:
        raise CannotSave(f"{tally.model}: no template accounts for what is billed: {judged.why}")
    profile = judged.template
    if profile == OWN:
        profile = _same_as_own(judged)
    since = tally.first_day or today
    days = f" of {since}" if tally.last_day else ""
    days += f" to {tally.last_day}" if tally.last_day not in (None, since) else ""
    evidence = f"{tally.compared:,} calls{days}, reconciled with their bills"
    return Learnt(tally.model, profile, judged.offset, since, evidence)


def _same_as_own(judged: Judged) -> str:
    """The known profile whose counts are those of the model's own template."""
    for name in store.profiles():
        if all(one.counts.get(name) == one.counts.get(OWN) for one in judged.sample):
            return name
    raise CannotSave(f"{judged.tally.model}: its count follows no single template")


def contract_text(judged: Sequence[Judged], today: dt.date) -> tuple[str, list[str]]:
    """A contract of all models that a template accounts for, and why others are left out.

    CannotSave where there is none, or they are held to several editions.
    """
    found: list[tuple[str, Learnt]] = []
    left: list[str] = []
    for one in judged:
        try:
            found.append((one.tally.edition, learnt_of(one, today)))
        except CannotSave as error:
            left.append(str(error))
    editions = sorted({edition for edition, _ in found})
    if not found:
        raise CannotSave("; ".join(left) or "there are no calls")
    if len(editions) > 1:
        raise CannotSave(
            f"calls are held to {' and '.join(editions)}, and a contract file extends one: "
            "name it by --edition"
        )
    edition = store.load_edition(editions[0])
    title = "Calls reconciled with their bills"
    return calibrated(edition, title, "reconciled", [learnt for _, learnt in found]), left
