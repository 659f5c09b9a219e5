"""The page of an estimate: verdict, cost by model, tokens by part, refusals, notes."""

from __future__ import annotations

from tokenassay.contracts.records import Record
from tokenassay.reports.charts.costs import cost_picture, cost_scale, part_picture
from tokenassay.reports.charts.marks import Picture
from tokenassay.reports.estimates import EstimateDocument, EstimateRow, LeftOutRow
from tokenassay.reports.languages.speech import Language


class CostView(Record, frozen=True, kw_only=True):
    """One model's cost."""

    model: str
    edition: str
    input: str
    output: str
    basis: str
    cost: str
    refused: bool
    picture: Picture


class PartView(Record, frozen=True, kw_only=True):
    """Tokens of one part of the input."""

    part: str
    tokens: str
    picture: Picture | None


class RefusalView(Record, frozen=True, kw_only=True):
    """A documented rule that the request breaks."""

    clause: str
    level: str
    why: str
    answer: str


class ModelView(Record, frozen=True, kw_only=True):
    """What is said of one model."""

    model: str
    edition: str
    total: str
    basis: str
    basis_why: str
    cost_why: str
    parts: tuple[PartView, ...]
    refusals: tuple[RefusalView, ...]
    notes: tuple[str, ...]


class EstimatePage(Record, frozen=True, kw_only=True):
    """Everything on the page of an estimate."""

    title: str
    verdict: str
    tone: str
    remarks: tuple[str, ...]
    costs: tuple[CostView, ...]
    models: tuple[ModelView, ...]
    left_out: tuple[LeftOutRow, ...]
    about: tuple[str, ...]


def build_estimate_page(document: EstimateDocument, speech: Language) -> EstimatePage:
    """The page of an estimate in a language."""
    rows = document.estimates
    refused = bool(rows) and all(row.refused for row in rows)
    return EstimatePage(
        title=speech.estimate_title(document),
        verdict=speech.estimate_verdict(document),
        tone="violated" if refused else "kept",
        remarks=speech.estimate_details(document),
        costs=_costs(rows, speech),
        models=tuple(_model(row, at, speech) for at, row in enumerate(rows)),
        left_out=document.left_out,
        about=speech.terms.about_estimate,
    )


def _costs(rows: tuple[EstimateRow, ...], speech: Language) -> tuple[CostView, ...]:
    """Bars on one scale for each currency: amounts in different ones do not compare."""
    known: dict[str, list[EstimateRow]] = {}
    for row in rows:
        if row.cost is not None:
            known.setdefault(row.cost.currency, []).append(row)
    scales = {
        currency: cost_scale([row.cost for row in group if row.cost is not None])
        for currency, group in known.items()
    }
    none = cost_scale([])
    return tuple(
        CostView(
            model=row.model or speech.terms.unknown,
            edition=row.edition,
            input=speech.input_of(row),
            output=speech.output_of(row),
            basis=row.basis,
            cost=speech.cost_of(row),
            refused=row.refused,
            picture=cost_picture(
                row, scales[row.cost.currency] if row.cost else none, speech, id=f"cost-{at}"
            ),
        )
        for at, row in enumerate(rows)
    )


def _model(row: EstimateRow, at: int, speech: Language) -> ModelView:
    whole = sum(part.tokens or 0 for part in row.breakdown)
    return ModelView(
        model=row.model or speech.terms.unknown,
        edition=row.edition,
        total=speech.input_of(row),
        basis=row.basis,
        basis_why=row.basis_why,
        cost_why=row.cost_why,
        parts=tuple(
            PartView(
                part=part.part,
                tokens=speech.terms.unknown if part.tokens is None else speech.number(part.tokens),
                picture=None
                if part.tokens is None
                else part_picture(
                    part.tokens,
                    whole,
                    id=f"part-{at}-{number}",
                    title=f"{part.part}: {speech.number(part.tokens)}",
                ),
            )
            for number, part in enumerate(row.breakdown)
        ),
        refusals=tuple(
            RefusalView(
                clause=refusal.clause,
                level=refusal.level,
                why=refusal.why,
                answer=speech.expected_answer(refusal),
            )
            for refusal in row.refusals
        ),
        notes=row.notes,
    )
