"""Documents of estimates for tests."""

from __future__ import annotations

from tokenassay.reports.estimates import (
    CostRow,
    EstimateDocument,
    EstimateRow,
    LeftOutRow,
    OutputRow,
    PartRow,
    RefusalRow,
)


def estimates(count: int = 1) -> EstimateDocument:
    """A plain estimate; a refused one; one that knows little."""
    plain = EstimateRow(
        model="qwen-turbo",
        edition="qwen-dashscope@2024-04",
        input_tokens=25,
        input_range=(25, 25),
        basis="exact",
        basis_why="a template backed by published answers",
        output_tokens=OutputRow(min=1, max=1500),
        cost=CostRow(
            currency="CNY",
            input="0.0002",
            output_max="0.0120",
            total_min="0.0002",
            total_max="0.0122",
        ),
        cost_why="prices of April",
        refusals=(),
        notes=("a note",),
        breakdown=(
            PartRow(part="message 1 (user)", tokens=12),
            PartRow(part="template", tokens=13),
        ),
    )
    refused = EstimateRow(
        model="qwen-max",
        edition="qwen-dashscope@2024-04",
        input_tokens=25,
        input_range=(20, 30),
        basis="modelled",
        basis_why="a template of its kin",
        output_tokens=OutputRow(min=0, max=None),
        cost=CostRow(
            currency="CNY", input="0.001", output_max=None, total_min="0.001", total_max=None
        ),
        cost_why="prices of May",
        refusals=(
            RefusalRow(
                clause="top_p.range",
                level="must",
                status=400,
                code="InvalidParameter",
                message="Range of top_p should be (0.0, 1.0)",
                why="parameters.top_p is 0, outside (0, 1.0)",
            ),
        ),
        notes=(),
        breakdown=(),
    )
    vague = EstimateRow(
        model=None,
        edition="qwen-long@2024-10",
        input_tokens=None,
        input_range=(None, None),
        basis="approximate",
        basis_why="no vocabulary at hand",
        output_tokens=OutputRow(min=5, max=None),
        cost=None,
        cost_why="",
        refusals=(),
        notes=(),
        breakdown=(PartRow(part="file", tokens=None),),
    )
    return EstimateDocument(
        estimates=(plain, refused, vague)[:count],
        left_out=(LeftOutRow(model="qwen-old", why="gone"),) if count > 1 else (),
    )
