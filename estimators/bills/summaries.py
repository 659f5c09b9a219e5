"""A reconciliation as plain JSON data: what ``tokenassay reconcile --json`` prints."""

from __future__ import annotations

from typing import Any

from tokenassay.estimators.bills.calls import Fault, Place
from tokenassay.estimators.bills.judging import Drift, Judged
from tokenassay.estimators.bills.reconciling import NAMED, Reconciled


def summary(found: Reconciled) -> dict[str, Any]:
    """All that is told; money as decimal strings, unknown as null."""
    return {
        "calls": found.calls,
        "compared": sum(one.tally.compared for one in found.models),
        "wrong": sum(one.wrong_calls for one in found.models),
        "forms": dict(found.forms),
        "joined_by": found.joined_by,
        "models": [_model(one) for one in found.models],
        "unmatched": {
            "requests": found.alone_counts["request"],
            "responses": found.alone_counts["response"],
            "responses_tokens": found.alone_tokens,
            "named": [
                {
                    **_place(one.place),
                    "key": one.key,
                    "side": one.side,
                    "why": one.why,
                }
                for one in found.alone
            ],
        },
        "bad_line_count": found.fault_count,
        "bad_lines": [_fault(fault) for fault in found.faults],
        "uncounted_count": found.uncounted_count,
        "uncounted": [_fault(fault) for fault in found.uncounted],
        "skipped": dict(found.skipped),
        "complete": found.complete,
    }


def _model(one: Judged) -> dict[str, Any]:
    tally = one.tally
    return {
        "model": tally.model,
        "edition": tally.edition,
        "verdict": one.verdict,
        "why": one.why,
        "calls": tally.calls,
        "compared": tally.compared,
        "streams": tally.streamed,
        "refused": tally.refused,
        "streams_without_usage": tally.silent,
        "doubtful": tally.doubtful,
        "basis": dict(sorted(tally.basis.items())),
        "basis_why": dict(sorted(tally.whys.items())),
        "first_day": tally.first_day.isoformat() if tally.first_day else None,
        "last_day": tally.last_day.isoformat() if tally.last_day else None,
        "input": {
            "counted": one.counted_input,
            "billed": tally.counted_billed_input,
            "billed_in_all": tally.billed_input,
            **_drift(one.drift.get("input")),
        },
        "output": {
            "counted": tally.counted_output,
            "billed": tally.told_output,
            "billed_in_all": tally.billed_output,
            "answers": tally.outputs,
            **_drift(one.drift.get("output")),
        },
        "cached": {"calls": tally.cached_calls, "tokens": tally.cached},
        "cache_created_tokens": tally.cache_created,
        "thinking": {
            "calls": tally.thinking_calls,
            "tokens": tally.reasoning,
            "shown": tally.thoughts,
            "shown_counted": tally.counted_thoughts,
            "shown_billed": tally.told_thoughts,
        },
        "findings": [
            {
                "side": finding.side,
                "verdict": finding.verdict,
                "said": finding.said,
                "constant": finding.surplus,
                "factor": finding.factor,
                "uncertainty": finding.uncertainty,
            }
            for finding in one.findings
        ],
        "template": one.template,
        "offset": one.offset,
        "wrong": one.wrong_calls,
        "wrong_calls": [
            {
                **_place(call.place),
                "key": call.key,
                "what": call.what,
                "counted": call.counted,
                "billed": call.billed,
                "why": call.why,
            }
            for call in one.wrong[:NAMED]
        ],
        "money": tally.bill.to_dict(one.kinds),
        "notes": list(one.notes),
    }


def _drift(drift: Drift | None) -> dict[str, Any]:
    if drift is None:
        return {"constant": None, "factor": None, "uncertainty": None}
    return drift._asdict()


def _fault(fault: Fault) -> dict[str, Any]:
    return {**_place(fault.place), "field": fault.field, "why": fault.why}


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "unit": place.unit}
