"""Billed input against counted input: which law and which template explain it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from tokenassay.estimators.bills.conditions import by_condition, by_stream
from tokenassay.estimators.bills.explanations import (
    Explained,
    billed_of,
    explained_by,
    odd_of,
    templates_of,
)
from tokenassay.estimators.bills.findings import Finding
from tokenassay.estimators.bills.lawless import lawless, ratios_of
from tokenassay.estimators.bills.laws import find_law, spare_of
from tokenassay.estimators.bills.metered import OWN, Metered, Unit
from tokenassay.estimators.bills.shapes import by_shape


def explain(readings: Sequence[Metered], *, exact: bool) -> Explained:
    """The simplest explanation of the input that was billed.

    ``exact``: the model's template is backed by published counts, so that another known template
    is no excuse.
    """
    for way in (_one_law, by_shape, by_stream, _swapped, _by_unit, by_condition):
        found = way(readings, exact)
        if found is not None:
            return found
    return Explained(template=None, finding=lawless(readings))


def _one_law(readings: Sequence[Metered], exact: bool) -> Explained | None:
    """One law for all: own template first, then what a known template explains to the token."""
    billed, spare = billed_of(readings), spare_of(len(readings))
    laws = {name: find_law(counts, billed, spare) for name, counts in templates_of(readings)}
    own = laws.get(OWN)
    if own is not None and (exact or own.kind == "equal"):
        return explained_by(readings, own, OWN)
    fitting = {name: law for name, law in laws.items() if law is not None}
    for name, law in fitting.items():
        if law.kind == "equal" and not exact:
            return Explained(template=name, finding=None, odd=odd_of(readings, law))
    if own is not None:
        return explained_by(readings, own, OWN)
    if exact:
        return None
    constants = [(name, law) for name, law in fitting.items() if law.kind == "constant"]
    others = [(name, law) for name, law in fitting.items() if law.kind != "constant"]
    constants.sort(key=lambda pair: abs(pair[1].surplus))
    for name, law in constants + others:
        return explained_by(readings, law, name)
    return None


def _swapped(readings: Sequence[Metered], exact: bool) -> Explained | None:
    told = [r for r in readings if r.output is not None and r.billed_output is not None]
    if len(told) < 4:
        return None
    for name, counts in templates_of(told):
        missed = sum(
            reading.billed_output != own or reading.billed_input != (reading.output or 0)
            for reading, own in zip(told, counts, strict=True)
        )
        if missed <= spare_of(len(told)):
            said = "input and output: each is billed as the other"
            finding = Finding(side="input", verdict="swapped", said=said)
            return Explained(template=name, finding=finding)
    return None


def _by_unit(readings: Sequence[Metered], exact: bool) -> Explained | None:
    """Something else than tokens, counted by a law."""
    billed, spare = billed_of(readings), spare_of(len(readings))
    for unit in get_args(Unit):
        sizes = [reading.sizes[unit] for reading in readings]
        law = find_law(sizes, billed, spare)
        if law is None or law.factor == 0:
            continue
        times = "" if law.kind != "factor" else f", {law.factor:g} each"
        ratio, spread = ratios_of(readings)
        finding = Finding(
            side="input",
            verdict="other tokenizer",
            factor=ratio,
            uncertainty=spread,
            said=f"input: it is {unit} that are billed{times}",
            odd=odd_of(readings, law),
        )
        return Explained(template=None, finding=finding, odd=odd_of(readings, law))
    return None
