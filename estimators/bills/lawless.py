"""Input that no law joins with its count: another tokenizer, or nothing that could be told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from statistics import fmean, median
from typing import Final

from tokenassay.estimators.bills.explanations import billed_of
from tokenassay.estimators.bills.findings import Finding
from tokenassay.estimators.bills.laws import spare_of
from tokenassay.estimators.bills.metered import OWN, Metered

_LIKELY: Final = 0.5
"""Of the spread of billed against counted tokens, what is left at most within one script where
scripts explain it."""


def lawless(readings: Sequence[Metered]) -> Finding:
    """No law holds: another tokenizer, where texts of one script agree, else erratic."""
    ratio, spread = ratios_of(readings)
    varying = inconsistent(readings)
    if varying:
        low, high = varying[0]
        return Finding(
            side="input",
            verdict="erratic",
            factor=ratio,
            uncertainty=spread,
            said=f"input: the same request is billed {low:,} tokens once and {high:,} another time",
        )
    same = {reading.billed_input for reading in readings}
    if len(same) == 1 and len({reading.counts.get(OWN) for reading in readings}) > 1:
        return Finding(
            side="input",
            verdict="erratic",
            factor=ratio,
            uncertainty=spread,
            said=f"input: {same.pop():,} tokens are billed, whatever is sent",
        )
    scripts = _script_ratios(readings)
    told = ", ".join(f"{script} {value:.2f}" for script, value in sorted(scripts.items()))
    if _explained_by_script(readings):
        return Finding(
            side="input",
            verdict="other tokenizer",
            factor=ratio,
            uncertainty=spread,
            said=f"input: billed against counted depends on the script ({told}), "
            "and the same request is always billed alike",
        )
    said = _now_and_then(readings) or f"no law joins what is billed with what was counted ({told})"
    return Finding(
        side="input",
        verdict="erratic",
        factor=ratio,
        uncertainty=spread,
        said=f"input: {said}",
    )


def _now_and_then(readings: Sequence[Metered]) -> str | None:
    """The same surplus in some requests, by nothing that they share; None where there is none."""
    offsets = Counter(
        reading.billed_input - reading.counts[OWN]
        for reading in readings
        if reading.billed_input is not None and OWN in reading.counts
    )
    wrong = [(times, more) for more, times in offsets.items() if more]
    if not offsets[0] or not wrong:
        return None
    times, more = max(wrong)
    if times < 3 or sum(offsets.values()) - offsets[0] - times > spare_of(len(readings)):
        return None
    tokens = f"{abs(more):,} tokens too {'many' if more > 0 else 'few'}"
    return (
        f"exactly {tokens} in {times:,} of {len(readings):,} requests, by nothing that they share"
    )


def inconsistent(readings: Sequence[Metered]) -> list[tuple[int, int]]:
    """Least and most billed for requests that are alike and were not billed alike."""
    alike: dict[tuple[Hashable, bool], list[int]] = defaultdict(list)
    for reading in readings:
        key = reading.alike, reading.streamed
        alike[key].append(reading.billed_input or 0)
    return [(min(told), max(told)) for told in alike.values() if min(told) != max(told)]


def _script_ratios(readings: Sequence[Metered]) -> dict[str, float]:
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for reading in readings:
        # The frame around the texts is not of their script: take the longer ones.
        if reading.said > 20:
            totals[reading.script][0] += reading.billed_input or 0
            totals[reading.script][1] += reading.counts.get(OWN, reading.said)
    return {script: told / max(1, own) for script, (told, own) in totals.items()}


def ratios_of(readings: Sequence[Metered]) -> tuple[float, float]:
    """Billed to counted over all, and half of what lies between the scripts."""
    told = sum(billed_of(readings))
    own = sum(reading.counts.get(OWN, reading.said) for reading in readings)
    by_script = list(_script_ratios(readings).values()) or [1.0]
    return round(told / max(1, own), 4), round((max(by_script) - min(by_script)) / 2, 4)


def _explained_by_script(readings: Sequence[Metered]) -> bool:
    """Whether ratios lie closer together within a script than over all."""
    ratios: dict[str, list[float]] = defaultdict(list)
    for reading in readings:
        if reading.said > 20:
            ratio = (reading.billed_input or 0) / max(1, reading.counts.get(OWN, reading.said))
            ratios[reading.script].append(ratio)
    everything = [value for values in ratios.values() for value in values]
    if len(everything) < 6:
        return False
    middle = median(everything)
    overall = _spread([abs(value - middle) for value in everything])
    within = _spread(
        [abs(value - median(values)) for values in ratios.values() for value in values]
    )
    return within < _LIKELY * overall


def _spread(distances: list[float]) -> float:
    """The mean distance, but for the longest, which may be a single odd answer's."""
    return fmean(sorted(distances)[:-1])
