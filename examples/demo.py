"""What tokenassay says of the requests in this folder: no key, no network.

python examples/demo.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from tokenassay import estimate
from tokenassay.cli import sheet
from tokenassay.cli.app import app
from tokenassay.cli.output import console, pairs, put, table

HERE = Path(__file__).resolve().parent
COMPARED = "qwen-chat.json"
ANSWER_TOKENS = 300


def main() -> None:
    """Estimate every example, then one of them for every model that can serve it."""
    out = console()
    out.print("Requests as the documents print them, each held to its own edition:\n")
    columns = ("request", "held to", "input tokens", "output", "cost")
    shown_table = table(*columns, whole=columns[:-1])
    refused = []
    for entry in listed():
        shown = estimated(entry)
        printed = f", printed {entry['published']}" if "published" in entry else ""
        shown_table.add_row(
            f"{entry['request']}\n  {sheet.name(shown)}",
            f"{shown['edition']}\n  as of {entry['as_of']}",
            f"{sheet.counted(shown)}\n{shown['basis']}{printed}",
            sheet.output(shown),
            sheet.cost(shown),
        )
        if shown["refusals"]:
            refused.append((entry["request"], sheet.refusals(shown)))
    put(shown_table, out)
    out.print('\n"printed" is the usage that the document itself shows for the request.')
    for request, lines in refused:
        out.print(f"\n{request}: what the documents say against it")
        out.print(pairs(lines))
    out.print(f"\n$ tokenassay estimate examples/{COMPARED} --as-of 2024-04-15\n")
    call("--as-of", "2024-04-15")
    answer = str(ANSWER_TOKENS)
    out.print(
        "\nThe same request for every model that can serve it, cheapest first:\n"
        f"$ tokenassay estimate examples/{COMPARED} --all-models --output-tokens {answer}\n"
    )
    call("--all-models", "--output-tokens", answer)


def listed() -> list[dict[str, Any]]:
    """The examples: request, edition, as_of and, where it is printed, published."""
    entries: list[dict[str, Any]] = yaml.safe_load((HERE / "requests.yaml").read_text("utf-8"))
    return entries


def estimated(entry: dict[str, Any]) -> dict[str, Any]:
    """The estimate of one example, as JSON data."""
    body = json.loads((HERE / entry["request"]).read_text("utf-8"))
    return estimate(body, edition=entry["edition"], as_of=entry["as_of"]).to_dict()


def call(*options: str) -> None:
    """The command line on the example that is shown in full."""
    sys.stdout.flush()
    app(["estimate", str(HERE / COMPARED), *options], standalone_mode=False)


if __name__ == "__main__":
    main()
