"""English."""

from __future__ import annotations

from tokenassay.conformance.measures import Fit
from tokenassay.conformance.results import RunDocument, SpendRow, TimingRow
from tokenassay.reports.estimates import EstimateDocument, EstimateRow, RefusalRow
from tokenassay.reports.languages.english_audits import EnglishAudits
from tokenassay.reports.languages.english_batches import EnglishBatches
from tokenassay.reports.languages.english_comparisons import EnglishComparisons
from tokenassay.reports.languages.english_ledgers import EnglishLedgers
from tokenassay.reports.languages.english_terms import TERMS
from tokenassay.reports.languages.speech import Side, plain_amount
from tokenassay.reports.tallies import UNSELECTED, Bound, Tally, is_honest


class English(EnglishAudits, EnglishBatches, EnglishComparisons, EnglishLedgers):
    """Plain English."""

    code = "en"
    terms = TERMS

    # ---------------------------------------------------------------- runs

    def title(self, tallies: tuple[Tally, ...]) -> str:
        if len(tallies) == 1:
            target = tallies[0].target
            return f"{target.model} at {target.name}: assay report"
        return f"{_count(len(tallies), 'endpoint')} compared: assay report"

    def verdict(self, tallies: tuple[Tally, ...]) -> str:
        if not tallies:
            return "This run names no endpoint."
        if len(tallies) == 1:
            return self.standing(tallies[0])
        usable = [tally for tally in tallies if tally.decided]
        if not usable:
            return f"Nothing could be established about any of {len(tallies)} endpoints."
        clean = [tally for tally in usable if tally.kept == tally.decided]
        if len(clean) == len(tallies):
            return f"All {len(tallies)} endpoints kept every promise that could be decided."
        worst = min(usable, key=lambda tally: tally.kept / tally.decided)
        who = (
            f"{len(clean)} of {len(tallies)} endpoints kept every promise that could be decided"
            if clean
            else f"None of {len(tallies)} endpoints kept every promise"
        )
        return f"{who}; {worst.target.name} kept {worst.kept} of {worst.decided}."

    def standing(self, tally: Tally) -> str:
        target = tally.target
        name = f"{target.model} at {target.name}"
        if target.unusable:
            return f"Nothing could be established about {name}: {target.stop_reason}."
        if not tally.decided:
            return f"Nothing was decided about {name}."
        if tally.kept == tally.decided:
            all_of = "its only promise" if tally.kept == 1 else f"all {tally.kept} promises"
            return f"{name} kept {all_of}{'' if target.complete else ' tried so far'}."
        if tally.decided == 1:
            return f"{name} did not keep the one promise that was decided."
        return f"{name} kept {tally.kept or 'none'} of {_count(tally.decided, 'promise')}."

    def breaches(self, tally: Tally) -> str | None:
        said = []
        if tally.violated:
            said.append(f"broke {tally.violated}")
        if tally.non_strict:
            said.append(f"kept {tally.non_strict} less strictly than it should")
        return f"It {' and '.join(said)}." if said else None

    def undecided(self, tally: Tally) -> str | None:
        said = []
        if tally.observed:
            said.append(f"{tally.observed} only observed, for the documents leave them open")
        if tally.inconclusive:
            said.append(f"{tally.inconclusive} could not be told")
        if tally.not_run:
            said.append(f"{tally.not_run} not run")
        if tally.unselected:
            said.append(f"{tally.unselected} not asked for")
        return f"Beside these: {'; '.join(said)}." if said else None

    def partial(self, tally: Tally) -> str:
        done = tally.asked - tally.not_run
        why = tally.target.stop_reason or "it has not come to its end"
        tried = f" {done} of {tally.asked} promises were tried." if tally.asked else ""
        return f"The run of {tally.target.name} is partial: {why}.{tried}"

    def metering(self, fit: Fit, side: Side = "input") -> str:
        over = _count(fit.points, "request")
        if is_honest(fit):
            return f"It bills exactly the {side} tokens that were counted, in all of {over}."
        if fit.least == fit.most:
            way = "more" if fit.most > 0 else "fewer"
            tokens = _count(abs(fit.most), f"{side} token")
            return f"It bills {tokens} {way} than counted, in each of {over}."
        spread = f"from {self.signed(fit.least)} to {self.signed(fit.most)} {side} tokens"
        line = ""
        if fit.slope is not None and fit.offset is not None:
            line = (
                f"; the line through them is {self.ratio(fit.slope)} tokens billed for each one "
                f"counted, plus {self.ratio(fit.offset)}"
            )
        return f"It bills {spread} beside the count, over {over}{line}."

    def bounding(self, bound: Bound) -> str:
        row = bound.row
        if bound.agreement == "same":
            return f"It takes {row.parameter} in {row.documented}, as documented."
        if bound.agreement == "unknown":
            return f"The bounds of {row.parameter} were not found; documented is {row.documented}."
        return f"It takes {row.parameter} in {row.observed}; documented is {row.documented}."

    def timing(self, row: TimingRow) -> str:
        total = row.total_s
        said = (
            f"Half of {_count(row.answers, 'answer')} came within {self.seconds(total.p50)}, "
            f"nine in ten within {self.seconds(total.p90)}; the slowest took "
            f"{self.seconds(total.most)}."
        )
        if row.first_byte_s is not None:
            said += f" The first byte came within {self.seconds(row.first_byte_s.p50)} for half."
        return said

    def spent(self, spend: SpendRow) -> str:
        if spend.amount is None:
            return "unknown"
        if spend.ceiling is None:
            return self.money(spend.amount, spend.currency)
        ceiling = self.money(spend.ceiling, spend.currency)
        return f"{plain_amount(spend.amount)} of {ceiling}"

    def score(self, document: RunDocument) -> str:
        suite = document.suite
        if suite is None:
            return (
                "How many lies this suite catches is not on record for this version; "
                "`tokenassay selfcheck` measures it."
            )
        alarms = "no false alarm" if not suite.false_alarms else f"{suite.false_alarms} false"
        low = f" ({len(suite.lowered)} about limits lowered for the trial)" if suite.lowered else ""
        return (
            f"Measured on {suite.date} against a mock that lies on purpose, the suite caught "
            f"{suite.caught} of {suite.lies} lies{low}, with {alarms} where the mock was honest."
        )

    def more_findings(self, count: int) -> str:
        verb = "stands" if count == 1 else "stand"
        return f"{_count(count, 'more finding')} {verb} in the table of promises."

    def unrun(self, count: int, why: str) -> str:
        reason = "nobody asked for them" if why == UNSELECTED else why
        return f"{_count(count, 'promise')}: {reason}."

    def again(self, document: RunDocument) -> str:
        return (
            f"The same seed ({document.seed}) searches the same values. An endpoint may answer "
            "otherwise all the same."
        )

    # ---------------------------------------------------------------- estimates

    def estimate_title(self, document: EstimateDocument) -> str:
        return "What a request will use and cost: estimate"

    def estimate_verdict(self, document: EstimateDocument) -> str:
        rows = document.estimates
        if not rows:
            return "No model can serve this request."
        if len(rows) == 1:
            row = rows[0]
            if row.refused:
                return f"{_model(row)} refuses this request, by its documents."
            cost = self.cost_of(row)
            tokens = f"{_model(row)} reads {self.input_of(row)} tokens"
            if row.cost is None:
                return f"{tokens}; what it charges is unknown."
            return f"{tokens} and charges {cost}."
        fine = [row for row in rows if not row.refused]
        if not fine:
            return f"All {len(rows)} models refuse this request, by their documents."
        serve = (
            f"{len(fine)} of {len(rows)} models" if len(fine) < len(rows) else f"{len(rows)} models"
        )
        priced = [row for row in fine if row.cost is not None]
        if not priced:
            return f"{serve} can serve this request; no price is known for any."
        cost = self.cost_of(priced[0])
        return f"{serve} can serve this request; {_model(priced[0])} comes first, at {cost}."

    def estimate_details(self, document: EstimateDocument) -> tuple[str, ...]:
        if len(document.estimates) != 1:
            return ()
        row = document.estimates[0]
        said = [f"{refusal.why}." for refusal in row.refusals]
        said.append(
            f"The count is {self.terms.bases[row.basis]}. "
            f"The answer may have {self.output_of(row)} tokens."
        )
        return tuple(said)

    def input_of(self, row: EstimateRow) -> str:
        low, high = row.input_range
        if low is None:
            return "an unknown number of"
        if high is None:
            return f"at least {low:,}"
        return f"{low:,}" if low == high else f"{low:,} to {high:,}"

    def output_of(self, row: EstimateRow) -> str:
        low, high = row.output_tokens.min, row.output_tokens.max
        if high is None:
            return f"{low:,} or more" if low else "any number of"
        return f"{high:,}" if low == high else f"up to {high:,}"

    def cost_of(self, row: EstimateRow) -> str:
        cost = row.cost
        if cost is None:
            return "unknown"
        low = self.money(cost.total_min, cost.currency)
        if cost.total_max is None:
            return f"at least {low}"
        if cost.total_max == cost.total_min:
            return low
        return f"{plain_amount(cost.total_min)} to {self.money(cost.total_max, cost.currency)}"

    def expected_answer(self, refusal: RefusalRow) -> str:
        head = " ".join(str(part) for part in (refusal.status, refusal.code) if part)
        said = ": ".join(part for part in (head, refusal.message) if part)
        return said or "no document prints the answer"

    # ---------------------------------------------------------------- numbers

    def money(self, amount: str, currency: str | None) -> str:
        return f"{plain_amount(amount)} {currency or ''}".rstrip()


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _model(row: EstimateRow) -> str:
    return row.model or "The model"
