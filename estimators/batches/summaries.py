"""A :class:`Batch` as plain JSON data, with its totals at the top."""

from __future__ import annotations

from typing import Any

from tokenassay.estimators.batches.gathering import Batch, InFile


def summary(batch: Batch, *, grouped: bool = False) -> dict[str, Any]:
    """Everything as plain JSON data; money as decimal strings, unknown as null.

    Lists that name lines hold the first of them in the order of the files; the counts beside
    them count all.
    """
    totals = batch.totals.to_dict()
    shown: dict[str, Any] = {
        **totals,
        "basis_why": batch.whys,
        "complete": batch.complete,
        "refused": [_refused(one) for one in batch.refused if one.what.level == "must"],
        "refused_lines": batch.refused_lines,
        "refused_input_tokens": batch.refused_tokens,
        "doubtful": [_refused(one) for one in batch.refused if one.what.level != "must"],
        "clauses": dict(batch.clauses.most_common()),
        "bad_lines": [{"file": b.file, "line": b.line, "why": b.what} for b in batch.bad],
        "bad_line_count": batch.bad_lines,
        "batch_rules": [finding._asdict() for finding in batch.findings],
        "duplicates": [duplicate._asdict() for duplicate in batch.duplicates],
        "duplicate_ids": batch.duplicate_ids,
        "longest": [
            {
                "file": file,
                "line": -long.minus_line,
                "custom_id": long.custom_id,
                "input_tokens": long.tokens,
            }
            for file, long in batch.longest
        ],
        "editions": dict(batch.editions.most_common()),
        "files": [file._asdict() for file in batch.files],
        "notes": batch.notes,
    }
    if grouped:
        groups = sorted(batch.groups.items(), key=lambda item: -item[1].input_tokens)
        shown["groups"] = [{"group": name, **totals.to_dict()} for name, totals in groups]
    return shown


def _refused(one: InFile) -> dict[str, Any]:
    told = one.what._asdict()
    return {"file": one.file, **told, "line": one.line}
