"""English about files of requests."""

from __future__ import annotations

from typing import Final

from tokenassay.reports.batches import (
    BatchDocument,
    BillRow,
    DuplicateRow,
    FileRow,
    OutputRow,
    SumRow,
)
from tokenassay.reports.languages.speech import Language, plain_amount
from tokenassay.reports.languages.speech_batches import BatchTerms

_TERMS: Final = BatchTerms(
    batch="batch",
    lines="Lines",
    line="Line",
    file="File",
    bytes="Bytes",
    custom_id="custom_id",
    input_tokens="Input tokens",
    output_tokens="Output tokens",
    batch_cost="Cost in a batch",
    live_cost="Cost live",
    batch_most="in a batch, at most",
    live_most="live, at most",
    refused="would be refused",
    unreadable="can't be read",
    cost="Cost",
    bars="Upper bar: in a batch; lower bar: live",
    all="all",
    groups={"model": "Model", "file": "File", "custom-prefix": "Prefix", "": "Lines"},
    unpriced="Without a price",
    in_batch="Lines in a batch",
    sent_live="Lines sent live",
    spread="Tokens a line",
    percentile="So many lines have no more",
    per_line="Tokens",
    percentiles={
        "min": "the shortest",
        "p1": "1 of 100",
        "p25": "25 of 100",
        "p50": "50 of 100",
        "p75": "75 of 100",
        "p90": "90 of 100",
        "p95": "95 of 100",
        "p99": "99 of 100",
        "max": "the longest",
    },
    mean="mean",
    bases="Basis",
    refusals="Refused lines",
    clauses="Clauses broken",
    doubtful="Doubtful lines",
    rules="Batch rules",
    expected="Answer to expect",
    bad_lines="Bad lines",
    duplicates="Repeated ids",
    on_lines="Stands on lines",
    longest="Longest lines",
    files="Files",
    kinds="What its lines are",
    kind_names={"batch": "of a batch", "request": "bare requests", "text": "texts"},
    fault="Not read to its end",
    again="How to run this again",
    as_of="As of",
    latest="no day was named",
    held_to="Held to",
    about=(
        (
            "Nothing was sent. Each line is counted and judged as tokenassay estimate judges it "
            "alone. Sums take in lines that would be refused, for once mended they cost what they "
            "would have; lines that can't be read are in no sum."
        ),
        (
            "Counts are exact where a template is backed by published answers, calibrated where "
            "it is fitted to bills of one's own, modelled where it is known but not confirmed for "
            "this model or day, and approximate where no vocabulary is at hand."
        ),
        (
            "Costs go from least to most, as the length of the answers is not known beforehand. "
            "An unknown price is never nothing: lines without one are told beside the sum, which "
            "is then a lower bound, and its bar ends in an arrow."
        ),
        (
            "A percentile is exact: the least size that so many of a hundred lines do not exceed. "
            "Lists name the first lines of their kind; the counts beside them count all."
        ),
    ),
)


class EnglishBatches(Language):
    """What is said of files of requests in plain English."""

    batch_terms = _TERMS

    def batch_title(self, document: BatchDocument) -> str:
        files = document.files
        of = files[0].file if len(files) == 1 else _count(len(files), "file")
        return f"What {of} will use and cost: batch"

    def batch_verdict(self, document: BatchDocument) -> str:
        against = _joined(self._against(document))
        if not document.lines:
            return f"No line could be counted{f': {against}' if against else ''}."
        return (
            f"{_count(document.lines, 'line')} with {self.tokens_of(document)} input tokens "
            f"({self._bases(document)}) cost{'s' if document.lines == 1 else ''} "
            f"{self.bill_of(document.cost.batch)} in a batch and "
            f"{self.bill_of(document.cost.live)} live; "
            f"{against or 'nothing documented stands against it'}."
        )

    def _bases(self, document: BatchDocument) -> str:
        names = self.terms.bases
        if len(document.basis) == 1:
            return ", ".join(names[basis] for basis in document.basis)
        return ", ".join(f"{count:,} {names[basis]}" for basis, count in document.basis.items())

    def _against(self, document: BatchDocument) -> list[str]:
        said = []
        if document.refused_lines:
            said.append(f"{_count(document.refused_lines, 'line')} would be refused")
        rules = len(document.broken_rules)
        if rules:
            said.append(
                f"{_count(rules, 'rule')} on batches {'is' if rules == 1 else 'are'} broken"
            )
        ceiling = document.asked.max_cost
        passes = document.passes_ceiling
        if ceiling is not None and passes is not False:
            limit = self.money(ceiling.amount, ceiling.currency)
            said.append(f"it may pass {limit}" if passes else f"its cost can't be held to {limit}")
        if document.bad_line_count:
            said.append(f"{_count(document.bad_line_count, 'line')} can't be read")
        if document.faulty_files:
            said.append(f"{_count(len(document.faulty_files), 'file')} can't be read to the end")
        return said

    def batch_cut(self) -> str:
        return "Counting was interrupted: all figures are of what was read until then."

    def batch_fault(self, file: FileRow) -> str:
        return f"{file.fault}."

    def tokens_of(self, row: SumRow) -> str:
        low, high = row.input_range
        if high is None:
            return f"at least {low:,}"
        return f"{low:,}" if low == high else f"{low:,} to {high:,}"

    def answers_of(self, row: OutputRow) -> str:
        if row.max is None:
            return f"{row.min:,} or more" if row.min else "no known ceiling"
        return f"{row.max:,}" if row.min == row.max else f"{row.min:,} to {row.max:,}"

    def bill_of(self, bill: BillRow) -> str:
        said = []
        for currency, amount in bill.amounts.items():
            low, high = amount.total_min, bill.most(currency)
            if high is None:
                said.append(f"at least {self.money(low, currency)}")
            elif low == high:
                said.append(self.money(low, currency))
            else:
                said.append(f"{plain_amount(low)} to {self.money(high, currency)}")
        return " and ".join(said) or "an unknown amount"

    def refused_tokens(self, document: BatchDocument) -> str:
        lines = document.refused_lines
        return (
            f"{_count(lines, 'line')} would be refused, with "
            f"{_count(document.refused_input_tokens, 'input token')} "
            f"on {'it' if lines == 1 else 'them'}."
        )

    def repeated(self, count: int) -> str:
        verb = "stands" if count == 1 else "stand"
        return f"{_count(count, 'custom_id')} {verb} on more than one line of a file."

    def uncounted(self, count: int) -> str:
        return f"{_count(count, 'line')} {'holds' if count == 1 else 'hold'} nothing to count."

    def unnamed(self, count: int) -> str:
        return f"{count:,} more {'is' if count == 1 else 'are'} not listed here."

    def lines_of(self, duplicate: DuplicateRow) -> str:
        return ", ".join(map(str, duplicate.lines))


def _joined(said: list[str]) -> str:
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else "".join(said)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
