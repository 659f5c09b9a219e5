"""What tokenassay says of the requests in ``examples/``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import yaml

from examples.demo.endpoints import FOLDER
from examples.demo.running import Command, show
from tokenassay import estimate
from tokenassay.cli import sheet
from tokenassay.cli.output import console, pairs, put, table

EXAMPLES: Final = Path(__file__).resolve().parents[1]
ANSWER: Final = "300"
"""Tokens of the answer."""
FOR_EVERY_MODEL: Final = Command(
    (
        *("estimate", "examples/qwen-chat.json", "--all-models"),
        *("--output-tokens", ANSWER, "--html", f"{FOLDER}/estimate.html", "--json"),
    ),
    code=0,
)


def show_examples() -> None:
    """Every example on a line, then what the documents say against those that they refuse."""
    out = console()
    out.print("Requests as the documents print them, each held to the documents of its time:\n")
    shown_table = table("request", "model", "input tokens", "printed", "basis", "cost")
    refused = []
    for entry in listed():
        shown = estimated(entry)
        printed = str(entry.get("published", ""))
        shown_table.add_row(
            entry["request"].removesuffix(".json"),
            sheet.name(shown),
            sheet.counted(shown),
            printed,
            shown["basis"],
            sheet.cost(shown),
        )
        if shown["refusals"]:
            refused.append((entry["request"], sheet.refusals(shown)))
    put(shown_table, out)
    out.print(
        '\n"printed" is the usage that the document itself shows for the request. Where a count '
        "can't be exact,\nit is a range; an unknown price is unknown, never 0."
    )
    for request, lines in refused:
        out.print(f"\nWhat would be refused of {request}, and with which answer:\n")
        out.print(pairs(lines))


def listed() -> list[dict[str, Any]]:
    """The examples: request, edition, as_of and, where it is printed, published."""
    entries: list[dict[str, Any]] = yaml.safe_load((EXAMPLES / "requests.yaml").read_text("utf-8"))
    return entries


def estimated(entry: dict[str, Any]) -> dict[str, Any]:
    """The estimate of one example, as JSON data."""
    body = json.loads((EXAMPLES / entry["request"]).read_text("utf-8"))
    return estimate(body, edition=entry["edition"], as_of=entry["as_of"]).to_dict()


def show_models() -> None:
    """One request for every model that can serve it: the cheapest, the dearest, and the page."""
    listed = json.loads(show(FOR_EVERY_MODEL))["estimates"]
    priced = [shown for shown in listed if shown["cost"] is not None]
    out = console()
    out.print(
        f"{len(listed)} models can serve the first of these requests. With an answer of "
        f"{ANSWER} tokens, of those with a known price:"
    )
    ends = (("  cheapest", priced[0]), ("  dearest", priced[-1]))
    out.print(pairs((end, f"{sheet.name(shown)}, {sheet.cost(shown)}") for end, shown in ends))
