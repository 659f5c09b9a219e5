"""The verdict on one model's bills, from the calls that were summed up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from tokenassay.estimators.bills.explanations import Explained
from tokenassay.estimators.bills.findings import Finding, Side, worst
from tokenassay.estimators.bills.findings import Verdict as Breach
from tokenassay.estimators.bills.inputs import explain
from tokenassay.estimators.bills.lawless import inconsistent
from tokenassay.estimators.bills.laws import theil_sen
from tokenassay.estimators.bills.metered import OWN
from tokenassay.estimators.bills.outputs import error_finding, output_findings, total_finding
from tokenassay.estimators.bills.parts import (
    bound_finding,
    choice_finding,
    document_finding,
    feature_finding,
    thinking_finding,
)
from tokenassay.estimators.bills.tallies import UNACCOUNTED, Tally, WrongCall, input_by
from tokenassay.estimators.bills.weighing import Observation

Verdict = Literal[Breach, "agrees", "unmetered"]
"""``agrees``: what was billed is what is counted. ``unmetered``: no usage where there must be."""

FEWEST: Final = 4
"""Calls below which no law is looked for."""


class Drift(NamedTuple):
    """How what is billed follows from what is counted."""

    constant: int | None
    """Tokens too many in each call; None where no one number says it."""
    factor: float | None
    """Billed by counted, beside the constant."""
    uncertainty: float | None
    """Half the width of the interval in which the factor lies; None where no law holds."""


class Judged(NamedTuple):
    """What is to be said of one model's bills."""

    tally: Tally
    verdict: Verdict
    why: str
    drift: dict[Side, Drift]
    """Of input and of output; one that can't be told is not in it."""
    findings: tuple[Finding, ...]
    template: str | None
    """The template that accounts for the input: ``own``, or a profile's name."""
    offset: int
    """Tokens of each call beside that template."""
    kinds: tuple[str, ...]
    """Names under which the tally holds the calls that are billed wrongly."""
    notes: tuple[str, ...]
    sample: tuple[Observation, ...]

    @property
    def wrong_calls(self) -> int:
        """Faults of calls; a call that has two is counted twice."""
        return sum(self.tally.wrong_counts[kind] for kind in self.kinds)

    @property
    def counted_input(self) -> int:
        """Input of the calls that could be counted, in tokens, by what :attr:`kinds` goes by."""
        own = input_by(OWN) in self.kinds
        return self.tally.own_input if own else self.tally.counted_input

    @property
    def wrong(self) -> list[WrongCall]:
        """The first calls of each kind, by file and line."""
        found = [call for kind in self.kinds for call in self.tally.wrong.get(kind, ())]
        return sorted(found, key=lambda call: call.place)


def judge(tally: Tally) -> Judged:
    """The verdict on a model's bills."""
    sample = (*tally.plain[False].taken, *tally.plain[True].taken)
    others = (*tally.others[False].taken, *tally.others[True].taken)
    if len(sample) < FEWEST and len(others) > len(sample):
        sample, others = others, sample
    exact = set(tally.basis) <= {"exact", "calibrated"}
    notes: list[str] = []
    explained = _explained(tally, sample, exact, notes)
    found = explained.finding
    swapped = found is not None and found.verdict == "swapped"
    outputs = () if swapped or len(sample) < FEWEST else _outputs(sample, others)
    total = total_finding(sample) if sample else None
    rest = (
        document_finding(tally),
        feature_finding(tally),
        thinking_finding(tally),
        total,
        error_finding(tally.errors.taken),
    )
    findings = tuple(one for one in (found, *outputs, *rest) if one is not None)
    head = worst(findings)
    verdict: Verdict = head.verdict if head else "agrees"
    kinds = _kinds(explained, findings, swapped)
    odd = any(tally.wrong_counts[kind] for kind in kinds)
    why = head.said if head else _agreement(explained, odd)
    if head is None and tally.wrong_counts["unmetered"]:
        many = tally.wrong_counts["unmetered"]
        verdict = "unmetered"
        why = f"{many:,} of {tally.calls - tally.refused:,} answers tell no usage, which must"
        fault = next((call.why for call in tally.wrong["unmetered"] if call.why), None)
        why += f"; {fault}" if fault else ""
    elif head is None and tally.refused == tally.calls:
        why = "every call was refused, and nothing was billed"
    elif head is None and not tally.compared:
        verdict, why = "inconclusive", "no answer tells usage"
    elif head is None and explained.template is None:
        verdict, why = "inconclusive", notes[-1] if notes else "nothing explains what is billed"
    return Judged(
        tally,
        verdict,
        why,
        dict(_drifts(sample, explained, findings)),
        findings,
        explained.template,
        explained.offset,
        kinds,
        tuple(notes),
        sample,
    )


def _outputs(sample: Sequence[Observation], others: Sequence[Observation]) -> tuple[Finding, ...]:
    found = tuple(output_findings(sample))
    every = (*sample, *others)
    return found or tuple(filter(None, (choice_finding(every) or bound_finding(every),)))


def _explained(
    tally: Tally, sample: Sequence[Observation], exact: bool, notes: list[str]
) -> Explained:
    """How the input is billed; no template and no finding where nothing can be told."""
    if not sample:
        return Explained(template=OWN if tally.compared else None, finding=None)
    if all(one.counts.get(OWN) == one.billed_input for one in sample):
        return Explained(template=OWN, finding=None)
    if len(sample) < FEWEST:
        for name in sample[0].counts if not exact else ():
            if all(one.counts.get(name) == one.billed_input for one in sample):
                return Explained(template=name, finding=None)
        many = "1 call" if len(sample) == 1 else f"{len(sample)} calls"
        notes.append(f"only {many} can be held to a count: too few for a law")
        accounted = not tally.wrong_counts["input"] and not tally.doubtful
        return Explained(template=OWN if accounted else None, finding=None)
    approximate = tally.basis["approximate"] > tally.compared // 2
    found = explain(sample, exact=exact)
    if found.finding is None:
        return found
    lawless = found.template is None
    accounted = not tally.doubtful if approximate else not tally.wrong_counts["input"]
    if accounted and (lawless or not approximate):
        # One of the templates that may hold accounts for each call, if not the same for all.
        if not lawless:
            notes.append(f"{found.finding.said}: the model's templates have both")
        return Explained(template=OWN, finding=None)
    if approximate and lawless and not inconsistent(sample):
        notes.append("no vocabulary is at hand, and no known template explains what is billed")
        return Explained(template=None, finding=None)
    return found


def _agreement(explained: Explained, odd: bool) -> str:
    """That bills agree; ``odd``: some do not, too few to speak against the meter."""
    own = explained.template in (OWN, None)
    said = "what is counted" if own else f"what the template {explained.template} gives"
    return f"what is billed is {said}{', but for single calls' if odd else ''}"


def _drifts(
    sample: Sequence[Observation], explained: Explained, findings: Sequence[Finding]
) -> Iterator[tuple[Side, Drift]]:
    """The drift of input and output: by their law, else the line through most points."""
    if len(sample) < FEWEST:
        return
    by_side = {finding.side: finding for finding in reversed(findings)}
    honest = Drift(0, 1.0, 0.0)
    found = by_side.get("input")
    counts = [(one.counts.get(OWN), one.billed_input) for one in sample]
    if explained.template is not None or found is not None:
        yield "input", _drift(found, counts) if found else honest
    outputs = [(one.output, one.billed_output) for one in sample if one.output is not None]
    if len(outputs) >= FEWEST:
        found = by_side.get("output")
        yield "output", _drift(found, outputs) if found else honest


def _drift(found: Finding, points: Sequence[tuple[int | None, int | None]]) -> Drift:
    if found.factor is not None and (found.surplus is not None or found.uncertainty is not None):
        return Drift(found.surplus, found.factor, found.uncertainty)
    told = [(own, bill) for own, bill in points if own is not None and bill is not None]
    slope, offset = theil_sen([own for own, _ in told], [bill for _, bill in told])
    return Drift(round(offset), round(slope, 4), None)


def _kinds(explained: Explained, findings: Sequence[Finding], swapped: bool) -> tuple[str, ...]:
    """What of the tally is wrong. An output that differs now and then is no proof."""
    # A law speaks of one template: what another accounts for there is so by chance.
    own = explained.template in (None, OWN) and explained.finding is None
    by = UNACCOUNTED if own or explained.template is None else input_by(explained.template)
    kinds = [by, "documents", "total", "details", "unmetered", "errors"]
    if swapped or any(finding.side == "output" for finding in findings):
        kinds.append("output")
    return tuple(kinds)
