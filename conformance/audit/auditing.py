"""An audit from its target to its verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from tokenassay.conformance import baseline
from tokenassay.conformance.audit.probes import Question, questions
from tokenassay.conformance.audit.readings import Gauge, Reading, can_stream, fault_of
from tokenassay.conformance.failures import Stopped
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.sessions import Session
from tokenassay.contracts.records import Record
from tokenassay.estimators.bills.explanations import Explained
from tokenassay.estimators.bills.findings import Finding, Verdict, worst
from tokenassay.estimators.bills.inputs import explain
from tokenassay.estimators.bills.lawless import inconsistent
from tokenassay.estimators.bills.laws import spare_of
from tokenassay.estimators.bills.metered import OWN
from tokenassay.estimators.bills.outputs import error_finding, output_findings, total_finding
from tokenassay.estimators.records import Basis

NAME = "audit"
"""Under which its exchanges stand in the run file."""

FEWEST = 10
"""Answers to whole requests below which nothing is said."""


class Cost(Record, frozen=True, kw_only=True):
    """What an audit can cost at most, told before it starts."""

    requests: int
    money: Decimal | None
    """None where no price is known."""
    currency: str | None
    tokens: int


class Audit(Record, frozen=True, kw_only=True):
    """The verdict on a meter, and what it rests on."""

    verdict: Verdict
    why: str
    """One sentence, or the reason why nothing can be told."""
    surplus: int | None
    """Tokens too many in each request; None where no one number says it."""
    factor: float | None
    """Billed by counted."""
    uncertainty: float | None
    """Half the width of the interval in which the factor lies."""
    findings: tuple[Finding, ...]
    template: str | None
    """The token template that fits: ``own`` for the model's own, or a profile's name."""
    offset: int
    basis: Basis
    basis_why: str
    notes: tuple[str, ...]
    readings: tuple[Reading, ...]
    stop_reason: str | None = None
    """Why the audit ended before its end."""


class Auditor:
    """One session's audit: its questions, their cost, and the verdict."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._gauge = Gauge(Probe(session, NAME))
        edition, model = session.edition, session.target.model
        asked = questions(
            session.seed,
            self._gauge.count,
            streams=can_stream(edition, model),
            fault=fault_of(edition, model),
        )
        self.questions: tuple[Question, ...] = tuple(filter(self._gauge.allowed, asked))

    def cost(self) -> Cost:
        """The most that the audit can cost."""
        pricing = self._session.pricing
        plain = Probe(self._session, NAME).body()
        bodies = [plain, *map(self._gauge.body, self.questions)]
        each = [pricing.at_most(body) for body in bodies]
        return Cost(
            requests=len(each),
            money=sum((money for money, _ in each), Decimal(0)) if pricing.known else None,
            currency=pricing.currency,
            tokens=sum(tokens for _, tokens in each),
        )

    def run(self, workers: int = 4, told: Callable[[int, int], None] | None = None) -> Audit:
        """Ask everything and judge; ``told`` hears how many of how many are answered."""
        try:
            unusable = baseline.unusable_because(Probe(self._session, "baseline"))
        except Stopped as stop:
            return self._inconclusive(stop.why, (), stop.why)
        if unusable is not None:
            return self._inconclusive(unusable, ())
        readings, stopped = self._ask_all(workers, told)
        self._note(readings)
        return self._judge(readings, stopped)

    def _ask_all(
        self, workers: int, told: Callable[[int, int], None] | None
    ) -> tuple[list[Reading], str | None]:
        stops: list[str] = []

        def ask(question: Question) -> Reading | None:
            try:
                return self._gauge.ask(question)
            except Stopped as stop:
                stops.append(stop.why)
                return None

        found: list[Reading] = []
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="audit") as pool:
            try:
                for number, reading in enumerate(pool.map(ask, self.questions), 1):
                    if reading is not None:
                        found.append(reading)
                    if told is not None:
                        told(number, len(self.questions))
            except BaseException:
                self._session.stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)
                self._session.wire.close()
                raise
        return found, stops[0] if stops else None

    def _note(self, readings: Sequence[Reading]) -> None:
        """Put each point of the meter into the run file, for reports."""
        probe = Probe(self._session, NAME)
        basis, _ = self._gauge.basis
        for number, reading in enumerate(readings):
            if reading.counted is not None and reading.billed_input is not None:
                if reading.question.purpose == "error":
                    continue
                probe.meter_point(
                    f"{number:03}",
                    counted=reading.counted,
                    billed=reading.billed_input,
                    basis=basis,
                    what=reading.question.what,
                )

    # ------------------------------------------------------------------ judging

    def _inconclusive(
        self, why: str, readings: Sequence[Reading], stop_reason: str | None = None
    ) -> Audit:
        basis, basis_why = self._gauge.basis
        return Audit(
            verdict="inconclusive",
            why=why,
            surplus=None,
            factor=None,
            uncertainty=None,
            findings=(),
            template=None,
            offset=0,
            basis=basis,
            basis_why=basis_why,
            notes=(),
            readings=tuple(readings),
            stop_reason=stop_reason,
        )

    def _judge(self, readings: Sequence[Reading], stopped: str | None) -> Audit:
        whole = [r for r in readings if r.answered and r.question.purpose not in _APART]
        metered = [r for r in whole if r.billed_input is not None]
        if len(metered) < FEWEST:
            return self._inconclusive(_too_little(readings, whole, metered), readings, stopped)
        basis, basis_why = self._gauge.basis
        explained = explain(metered, exact=basis == "exact")
        notes = list(_notes(readings, metered, explained))
        found = explained.finding
        unknown = basis == "approximate" and explained.template is None
        if found is not None and unknown and not inconsistent(metered):
            why = f"{basis_why}; no known template and vocabulary explains what is billed"
            return self._inconclusive(why, readings, stopped)
        rest = (total_finding(metered), error_finding(_refused(readings)), _unmetered(whole))
        swapped = found is not None and found.verdict == "swapped"
        outputs = () if swapped else tuple(output_findings(metered))
        findings = tuple(finding for finding in (found, *outputs, *rest) if finding is not None)
        head = worst(findings)
        longest = max(reading.billed_input or 0 for reading in metered)
        return Audit(
            verdict=head.verdict if head else "honest",
            why=head.said if head else "what is billed is what was counted",
            surplus=head.surplus if head else 0,
            factor=head.factor if head else 1.0,
            uncertainty=head.uncertainty if head else round(1 / max(1, longest), 6),
            findings=findings,
            template=explained.template,
            offset=explained.offset,
            basis=basis,
            basis_why=basis_why,
            notes=tuple(notes),
            readings=tuple(readings),
            stop_reason=stopped,
        )


_APART = ("markers", "error")
"""Purposes that are judged apart from the rest."""


def _too_little(
    readings: Sequence[Reading], whole: Sequence[Reading], metered: Sequence[Reading]
) -> str:
    if len(whole) >= FEWEST:
        return f"{len(whole) - len(metered)} of {len(whole)} answers tell no usage"
    problem = next((r.problem for r in readings if r.problem and r.question.fault is None), None)
    why = f": {problem}" if problem else ""
    return f"only {len(whole)} of {len(readings)} requests were answered{why}"


def _refused(readings: Sequence[Reading]) -> list[Reading]:
    return [r for r in readings if r.question.purpose == "error" and not r.answered]


def _unmetered(whole: Sequence[Reading]) -> Finding | None:
    """Plain answers without usage, where others have it."""
    plain = [reading for reading in whole if not reading.question.stream]
    silent = [reading for reading in plain if reading.billed_input is None]
    if len(silent) <= spare_of(len(plain)):
        return None
    said = f"input: {len(silent)} of {len(plain)} plain answers tell no usage"
    return Finding(side="input", verdict="erratic", said=said)


def _notes(
    readings: Sequence[Reading], metered: Sequence[Reading], explained: Explained
) -> list[str]:
    notes = []
    silent = [r for r in readings if r.question.stream and r.answered and r.billed_input is None]
    if silent:
        notes.append(f"{len(silent)} streams tell no usage")
    odd = [reading for reading in metered if reading.exchange in explained.odd]
    template = explained.template
    for reading in odd:
        counted = reading.counts.get(template or OWN)
        notes.append(
            f"one answer fits nothing and was left aside: {reading.question.what}, "
            f"{counted} counted, {reading.billed_input} billed"
        )
    failed = [r for r in readings if not r.answered and r.question.fault is None]
    if failed:
        notes.append(f"{len(failed)} requests were not answered: {failed[0].problem}")
    for reading in readings:
        if reading.question.purpose == "markers" and reading.answered:
            counted = reading.counts.get(template or OWN)
            if counted is None or reading.billed_input is None:
                continue
            if explained.finding is None and reading.billed_input != counted:
                more = reading.billed_input - counted
                notes.append(
                    f"markers in a text are taken for text ({more:+d} tokens)"
                    if more > 0
                    else f"a text with markers is billed {-more} tokens less than counted"
                )
    return notes
