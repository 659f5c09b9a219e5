"""What the runs of the demo found, in a few lines each, and whether that is what they should.

Everything is read from the documents that the commands leave behind (``results.json``).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from examples.demo.endpoints import COMPARE, EDITION, FOLDER, LIES, check
from examples.demo.running import ROOT, Fault, show
from tokenassay.cli.output import console, pairs, visible
from tokenassay.conformance.mock.lies.registry import Lie
from tokenassay.contracts.store import load_edition

BROKEN: Final = ("violated", "non-strict")
_LONGEST: Final = 420
"""Characters of a request that are shown whole."""


def show_honest(key: Mapping[str, str]) -> None:
    """The verdict on the honest endpoint; Fault where anything is held against it."""
    show(check("honest"), key)
    document = results("honest")
    _summarize(document)
    alarms = [row["id"] for row in document["promises"] if row["outcome"] in BROKEN]
    if alarms:
        raise Fault(f"false alarms at the honest endpoint: {', '.join(alarms)}")


def show_lying(key: Mapping[str, str]) -> None:
    """Each lie with the finding that tells of it; Fault for those that were missed."""
    show(check("lying"), key)
    document = results("lying")
    _summarize(document)
    found = {lie.name: finding(lie, document) for lie in LIES}
    out = console()
    for name, row in found.items():
        if row is not None:
            out.print(f"\nfound: {name}")
            out.print(pairs(_evidence(row)))
    broken = sum(row["outcome"] in BROKEN for row in document["promises"])
    out.print(f"\nA lie may break several promises: the page has all {broken} findings.")
    missed = [name for name, row in found.items() if row is None]
    if missed:
        raise Fault(f"missed: {', '.join(missed)}")


def show_compared(key: Mapping[str, str]) -> None:
    """What parts the two endpoints; Fault where that is less than the lies."""
    show(COMPARE, key)
    document = results("compared")
    differences = document["differences"]
    out = console()
    out.print(
        f"{document['requests']} requests, {len(differences)} differences, each with the smallest "
        "request that shows it."
    )
    for difference in differences:
        out.print(f"\nnot so: {visible(difference['promise'].replace('_', ' '))}")
        answers = [(f"  {name}", said) for name, said in difference["answers"].items()]
        out.print(pairs([*answers, ("  request", shortened(difference["request"] or ""))]))
    if len(differences) < len(LIES):
        raise Fault("a lie was not found by the comparison")


def _evidence(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("  promised", f"{row['statement']} ({row['clause']})"),
        ("  expected", row["expected"]),
        ("  observed", row["observed"]),
        ("  request", sent(row)),
    ]


def results(name: str) -> dict[str, Any]:
    """The document of a run of the demo; Fault where the command left none."""
    path = ROOT / FOLDER / name / "results.json"
    if not path.is_file():
        raise Fault(f"{path.relative_to(ROOT)} was not written")
    read: dict[str, Any] = json.loads(path.read_bytes())
    return read


def finding(lie: Lie, document: dict[str, Any]) -> dict[str, Any] | None:
    """The worst finding, with the shortest request, on a clause that a lie breaks."""
    broken = lie.broken(load_edition(EDITION))
    rows = [
        row
        for row in document["promises"]
        if row["outcome"] in BROKEN and row["clause"] in broken and row["exchange"] is not None
    ]
    return min(rows, key=lambda row: (BROKEN.index(row["outcome"]), len(sent(row))), default=None)


def sent(row: dict[str, Any]) -> str:
    """The body of the request that a finding came down to."""
    return shortened(row["exchange"]["request"]["body"]["text"] or "")


def shortened(text: str) -> str:
    """A request as one line of bounded length, with what was left out said."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}... ({len(text):,} characters)"


def _summarize(document: dict[str, Any]) -> None:
    (target,) = document["targets"]
    counts = Counter(row["outcome"] for row in document["promises"])
    outcomes = ("kept", "violated", "non-strict", "observed", "inconclusive", "not-run")
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in outcomes if counts[outcome])
    spend = target["spend"]
    print(
        f"{sum(counts.values())} promises of {target['edition']}: {said}.\n"
        f"{target['requests']} requests, {spend['tokens']:,} tokens; a provider would have asked "
        f"{spend['amount']} {spend['currency']}."
    )
