"""Documents of audits for tests."""

from __future__ import annotations

from typing import Any

from tests.reports import making
from tokenassay.conformance.audit.documents import (
    AuditDocument,
    AuditedRow,
    AuditSpend,
    FindingRow,
    ProbeRow,
    SumRow,
)
from tokenassay.conformance.measures import fit

PAIRS = ((31, 50), (46, 65), (410, 429), (2205, 2224))
SPEND = AuditSpend(
    requests=55,
    tokens=12158,
    amount="0.02518",
    currency="CNY",
    at_most="0.03613",
    overcharge_per_million_tokens="0.177810",
    overcharge_per_million_requests="38.000000",
    tokens_per_request=213,
)
SURPLUS = FindingRow(
    side="input",
    verdict="constant surplus",
    said="input: exactly 19 tokens too many in each request",
    surplus=19,
    factor=1.0,
    uncertainty=0.0,
)


def finding(verdict: str, side: str = "input", **fields: Any) -> FindingRow:
    """One thing that a meter gets wrong."""
    defaults: dict[str, Any] = {"surplus": None, "factor": None, "uncertainty": None}
    named: dict[str, Any] = {"side": side, "verdict": verdict, "said": f"{side}: {verdict}"}
    return FindingRow(**(named | defaults | fields))


def probe(counted: int | None, billed: int | None, **fields: Any) -> ProbeRow:
    """One request of an audit."""
    defaults: dict[str, Any] = {
        "what": f"English, about {counted} tokens",
        "purpose": "input",
        "script": "English",
        "stream": False,
        "basis": "modelled",
        "template": "own",
        "output_counted": 1,
        "output_billed": 1,
        "problem": None,
        "exchange": 1,
    }
    return ProbeRow(counted=counted, billed=billed, **(defaults | fields))


def audit(pairs: tuple[tuple[int, int], ...] = PAIRS, **fields: Any) -> AuditDocument:
    """An audit that found a constant surplus of 19 tokens."""
    probes = [probe(counted, billed) for counted, billed in pairs]
    probes.append(
        probe(31, None, purpose="error", problem="400 InvalidParameter", output_counted=None)
    )
    counted, billed = sum(c for c, _ in pairs), sum(b for _, b in pairs)
    sums: dict[str, Any] = {"answers": len(pairs), "counted": counted, "billed": billed}
    line, outputs = fit(pairs), fit([(1, 1)] * len(pairs))
    assert line is not None
    assert outputs is not None
    defaults: dict[str, Any] = {
        "version": "0.1.0",
        "verdict": "constant surplus",
        "why": SURPLUS.said,
        "surplus": 19,
        "factor": 1.0,
        "uncertainty": 0.0,
        "findings": [SURPLUS],
        "template": "own",
        "offset": 0,
        "basis": "modelled",
        "basis_why": "a template of its kin",
        "notes": [],
        "stop_reason": None,
        "target": AuditedRow(
            name="gateway",
            base_url="http://host/api/v1",
            edition="qwen-dashscope@2024-04",
            edition_title="Qwen on DashScope",
            model="qwen-turbo",
            api_key_env="KEY",
        ),
        "seed": 7,
        "command": "tokenassay audit --target gateway",
        "started": "2026-11-21T06:39:20Z",
        "duration_s": 12.5,
        "probes": probes,
        "input": SumRow(name="input", **sums),
        "output": SumRow(name="output", answers=4, counted=4, billed=4),
        "scripts": [SumRow(name="English", **sums)],
        "fits": {"input": line, "output": outputs},
        "example": making.exchange('{"usage":{"input_tokens":50}}'),
        "spend": SPEND,
    }
    return AuditDocument(**(defaults | fields))


def honest(**fields: Any) -> AuditDocument:
    """An audit of a meter that bills what is counted."""
    spend: dict[str, Any] = {
        "overcharge_per_million_tokens": "0.000000",
        "overcharge_per_million_requests": "0.000000",
    }
    told = {name: getattr(SPEND, name) for name in SPEND.__struct_fields__}
    defaults: dict[str, Any] = {
        "verdict": "honest",
        "why": "what is billed is what was counted",
        "surplus": 0,
        "factor": 1.0,
        "uncertainty": 0.000454,
        "findings": [],
        "example": None,
        "spend": AuditSpend(**(told | spend)),
    }
    return audit(tuple((counted, counted) for counted, _ in PAIRS), **(defaults | fields))
