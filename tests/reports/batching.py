"""Documents of batches for tests."""

from __future__ import annotations

from typing import Any

import msgspec

from tokenassay.reports.batches import BatchDocument


def bill(low: str = "0.5", high: str | None = "2.25", unpriced: int = 0) -> dict[str, Any]:
    """What lines cost, in CNY."""
    amount = {
        "lines": 1200,
        "input": low,
        "output_max": high,
        "total_min": low,
        "total_max": high,
    }
    why = {"no price is known": unpriced} if unpriced else {}
    return {"amounts": {"CNY": amount}, "unpriced_lines": unpriced, "unpriced": why}


def figures(**other: Any) -> dict[str, Any]:
    """Sums as the command writes them."""
    spread = {"min": 11, "p1": 12, "p25": 13, "p50": 14, "p75": 15, "p90": 16}
    return {
        "lines": 1201,
        "input_tokens": 45001,
        "input_range": [45001, 46002],
        "basis": {"exact": 1, "modelled": 1200},
        "uncounted_lines": 0,
        "output_tokens": {"min": 0, "max": 99003},
        "cost": {"batch": bill(), "live": bill("0.75", "4.5")},
        "distribution": {**spread, "p95": 17, "p99": 18, "max": 3019, "mean": 37.5},
        **other,
    }


def quiet(**other: Any) -> dict[str, Any]:
    """What ``--json`` prints of files with nothing against them."""
    return {
        **figures(),
        "basis_why": {"modelled": "a template of its kin"},
        "complete": True,
        "refused": [],
        "refused_lines": 0,
        "refused_input_tokens": 0,
        "doubtful": [],
        "clauses": {},
        "bad_lines": [],
        "bad_line_count": 0,
        "batch_rules": [],
        "duplicates": [],
        "duplicate_ids": 0,
        "longest": [{"file": "a.jsonl", "line": 604, "custom_id": "a-1", "input_tokens": 3019}],
        "editions": {"qwen-openai@2026": 1201},
        "files": [
            {
                "file": "a.jsonl",
                "lines": 1201,
                "bytes": 5005,
                "kinds": {"batch": 1201},
                "fault": None,
            }
        ],
        "notes": [],
        "asked": {
            "command": "tokenassay batch -- a.jsonl",
            "by": None,
            "as_of": None,
            "max_cost": None,
        },
        **other,
    }


def troubled(text: str = "why", **other: Any) -> dict[str, Any]:
    """One with something of every kind against it; ``text`` stands wherever a file's may."""
    refused = {
        "file": text,
        "line": 706,
        "custom_id": text,
        "clause": "top_p.range",
        "level": "must",
        "why": text,
        "status": 400,
        "code": "InvalidParameter",
        "message": text,
    }
    rule = {"file": text, "clause": "batches.rule", "level": "must", "why": text, "line": None}
    file = {"lines": 1201, "bytes": 5005, "kinds": {"batch": 1201}, "fault": None}
    return quiet(
        uncounted_lines=2,
        cost={"batch": bill(high=None, unpriced=27), "live": bill(unpriced=28)},
        complete=False,
        refused=[refused],
        refused_lines=808,
        refused_input_tokens=909,
        doubtful=[{**refused, "level": "should", "line": 707, "custom_id": None, "message": None}],
        clauses={"top_p.range": 610, "other.range": 611},
        bad_lines=[{"file": text, "line": 512, "why": text}],
        bad_line_count=513,
        batch_rules=[{**rule, "expect": text}],
        duplicates=[{"file": text, "custom_id": text, "lines": [414, 415]}],
        duplicate_ids=316,
        longest=[{"file": text, "line": 217, "custom_id": text, "input_tokens": 3019}],
        files=[{"file": text, **file}, {"file": "b", **file, "fault": text}],
        notes=[text],
        asked={
            "command": text,
            "by": "custom-prefix",
            "as_of": "2026-01-02",
            "max_cost": {"amount": "0.25", "currency": "CNY"},
        },
        groups=[{"group": text, **figures()}, {"group": "b", **figures(lines=718)}],
        **other,
    )


def document(written: dict[str, Any]) -> BatchDocument:
    """The records of a document."""
    return msgspec.convert(written, BatchDocument)
