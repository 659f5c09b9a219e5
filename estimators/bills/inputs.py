"""Billed input against counted input: which law and which template explain it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from statistics import fmean, median
from typing import Final, get_args

from tokenassay.contracts.records import Record
from tokenassay.estimators.bills.findings import Finding, finding_of
from tokenassay.estimators.bills.laws import Law, constant, find_law, spare_of
from tokenassay.estimators.bills.metered import OWN, Metered, Unit

_PER_MESSAGE: Final = range(-8, 33)
"""Tokens that may come or go with each message."""

_LIKELY: Final = 0.5
"""Of the spread of billed against counted tokens, what is left at most within one script where
scripts explain it."""


class Explained(Record, frozen=True, kw_only=True):
    """How input is billed: by which template, and what is wrong with it."""

    template: str | None
    """``own``, or the known profile that fits; None where none does."""
    offset: int = 0
    """Tokens that a template of its own would add to it in each request."""
    finding: Finding | None
    odd: tuple[int, ...] = ()
    """Exchanges that fit nothing, few enough to leave aside."""


def explain(readings: Sequence[Metered], *, exact: bool) -> Explained:
    """The simplest explanation of the input that was billed.

    ``exact``: the model's template is backed by published counts, so that another known template
    is no excuse.
    """
    for way in (_one_law, _by_shape, _by_stream, _swapped, _by_unit):
        found = way(readings, exact)
        if found is not None:
            return found
    return Explained(template=None, finding=_lawless(readings))


def _billed(readings: Sequence[Metered]) -> list[int]:
    return [reading.billed_input or 0 for reading in readings]


def _odd(readings: Sequence[Metered], law: Law) -> tuple[int, ...]:
    return tuple(readings[at].exchange for at in law.odd)


def _templates(readings: Sequence[Metered]) -> Iterator[tuple[str, list[int]]]:
    """Counts by each template, the model's own first."""
    names = [name for name in readings[0].counts if name != OWN]
    for name in (OWN, *names):
        if all(name in reading.counts for reading in readings):
            yield name, [reading.counts[name] for reading in readings]


def _one_law(readings: Sequence[Metered], exact: bool) -> Explained | None:
    """One law for all: own template first, then what a known template explains to the token."""
    billed, spare = _billed(readings), spare_of(len(readings))
    laws = {name: find_law(counts, billed, spare) for name, counts in _templates(readings)}
    own = laws.get(OWN)
    if own is not None and (exact or own.kind == "equal"):
        return _explained(readings, own, OWN)
    fitting = {name: law for name, law in laws.items() if law is not None}
    for name, law in fitting.items():
        if law.kind == "equal" and not exact:
            return Explained(template=name, finding=None, odd=_odd(readings, law))
    if own is not None:
        return _explained(readings, own, OWN)
    if exact:
        return None
    constants = [(name, law) for name, law in fitting.items() if law.kind == "constant"]
    others = [(name, law) for name, law in fitting.items() if law.kind != "constant"]
    constants.sort(key=lambda pair: abs(pair[1].surplus))
    for name, law in constants + others:
        return _explained(readings, law, name)
    return None


def _explained(readings: Sequence[Metered], law: Law, template: str) -> Explained:
    odd = _odd(readings, law)
    found = finding_of(law, "input")
    offset = law.surplus if law.kind == "constant" else 0
    return Explained(template=template, offset=offset, finding=found, odd=odd)


def _by_shape(readings: Sequence[Metered], exact: bool) -> Explained | None:
    """A surplus that depends on the shape of the conversation."""
    billed, spare = _billed(readings), spare_of(len(readings))
    for name, counts in _templates(readings):
        for measure, said in _SHAPES:
            sizes = [measure(reading) for reading in readings]
            for each in (1,) if said is _TWICE else _PER_MESSAGE:
                if each == 0:
                    continue
                expected = [own + each * size for own, size in zip(counts, sizes, strict=True)]
                law = constant(expected, billed)
                if len(law.odd) > spare or (said is not _UNSYSTEMED and law.surplus):
                    continue
                factor = sum(billed) / max(1, sum(counts))
                return Explained(
                    template=name,
                    odd=_odd(readings, law),
                    finding=Finding(
                        side="input",
                        verdict="inflated" if factor > 1 else "deflated",
                        surplus=None if said is _TWICE else each,
                        factor=round(factor, 4),
                        uncertainty=0.0,
                        said=said.format(each=each),
                        odd=_odd(readings, law),
                    ),
                )
        hidden = _where_no_system(readings, counts, billed, spare, name)
        if hidden is not None:
            return hidden
    return None


_EACH: Final = "input: {each:+d} tokens for each message"
_TWICE: Final = "input: the earlier turns of a conversation are billed twice"
_UNSYSTEMED: Final = ""
_SHAPES: Final[tuple[tuple[Callable[[Metered], int], str], ...]] = (
    (lambda reading: reading.earlier, _TWICE),
    (lambda reading: reading.message_count, _EACH),
)


def _where_no_system(
    readings: Sequence[Metered], counts: list[int], billed: list[int], spare: int, name: str
) -> Explained | None:
    """A system message that the endpoint adds where the request has none."""
    bare = [not reading.has_system for reading in readings]
    offsets = [
        told - own for told, own, is_bare in zip(billed, counts, bare, strict=True) if is_bare
    ]
    if not offsets or all(bare):
        return None
    surplus = round(median(offsets))
    expected = [own + surplus * is_bare for own, is_bare in zip(counts, bare, strict=True)]
    odd = tuple(
        reading.exchange
        for reading, told, wanted in zip(readings, billed, expected, strict=True)
        if told != wanted
    )
    if len(odd) > spare or not surplus:
        return None
    return Explained(
        template=name,
        odd=odd,
        finding=Finding(
            side="input",
            verdict="constant surplus",
            surplus=surplus,
            factor=1.0,
            uncertainty=0.0,
            said=f"input: {surplus:,} tokens more in each request without a system message, as a "
            "default system prompt of that length would bring about",
            odd=odd,
        ),
    )


def _by_stream(readings: Sequence[Metered], exact: bool) -> Explained | None:
    """Plain answers by one law, streams by another."""
    plain = [reading for reading in readings if not reading.streamed]
    streamed = [reading for reading in readings if reading.streamed]
    if not plain or len(streamed) < 3:
        return None
    for name, _ in _templates(readings):
        laws = []
        for part in (plain, streamed):
            counts = [reading.counts[name] for reading in part]
            laws.append(find_law(counts, _billed(part), spare_of(len(part))))
        one, other = laws
        if one is not None and other is not None:
            return Explained(
                template=name,
                odd=_odd(plain, one) + _odd(streamed, other),
                finding=by_stream(one, other, "input"),
            )
    return None


def by_stream(plain: Law, streamed: Law, side: str) -> Finding:
    """The finding of two laws, one without and one by stream."""
    where = "input" if side == "input" else "output"
    parts = []
    for law, form in ((plain, "without a stream"), (streamed, "by stream")):
        found = finding_of(law, "input" if where == "input" else "output")
        said = found.said.partition(": ")[2] if found else "as counted"
        parts.append(
            f"{form} {said.removesuffix(', as a hidden prompt of that length would bring about')}"
        )
    wrong = streamed if streamed.kind != "equal" else plain
    found = finding_of(wrong, "input")
    return Finding(
        side="input" if where == "input" else "output",
        verdict="recounted by stream",
        surplus=found.surplus if found else None,
        factor=found.factor if found else None,
        uncertainty=found.uncertainty if found else None,
        said=f"{where}: {'; '.join(parts)}",
    )


def _swapped(readings: Sequence[Metered], exact: bool) -> Explained | None:
    told = [r for r in readings if r.output is not None and r.billed_output is not None]
    if len(told) < 4:
        return None
    for name, counts in _templates(told):
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
    billed, spare = _billed(readings), spare_of(len(readings))
    for unit in get_args(Unit):
        sizes = [reading.sizes[unit] for reading in readings]
        law = find_law(sizes, billed, spare)
        if law is None or law.factor == 0:
            continue
        times = "" if law.kind != "factor" else f", {law.factor:g} each"
        ratio, spread = _ratios(readings)
        finding = Finding(
            side="input",
            verdict="other tokenizer",
            factor=ratio,
            uncertainty=spread,
            said=f"input: it is {unit} that are billed{times}",
            odd=_odd(readings, law),
        )
        return Explained(template=None, finding=finding, odd=_odd(readings, law))
    return None


# ------------------------------------------------------------------------------- no law


def _lawless(readings: Sequence[Metered]) -> Finding:
    """No law holds: another tokenizer, where texts of one script agree, else erratic."""
    ratio, spread = _ratios(readings)
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
    return Finding(
        side="input",
        verdict="erratic",
        factor=ratio,
        uncertainty=spread,
        said=f"input: no law joins what is billed with what was counted ({told})",
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


def _ratios(readings: Sequence[Metered]) -> tuple[float, float]:
    """Billed to counted over all, and half of what lies between the scripts."""
    told = sum(_billed(readings))
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
