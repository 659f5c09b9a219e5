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
from tokenassay.cli.output import console, pairs, table

HERE = Path(__file__).resolve().parent
COMPARED = "qwen-chat.json"
ANSWER_TOKENS = 300


def main() -> None:
    """Estimate every example, then one of them for every model that can serve it."""
    out = console()
    listed: list[dict[str, Any]] = yaml.safe_load((HERE / "requests.yaml").read_text("utf-8"))
    out.print("Requests as the documents print them, each held to its own edition:\n")
    shown_table = table("request", "model, edition", "input", "printed", "output", "cost")
    remarks = []
    for entry in listed:
        shown = estimated(entry["request"], entry["edition"])
        shown_table.add_row(
            f"{entry['request']}\n  {entry['what']}",
            f"{sheet.name(shown)}\n  {shown['edition']}",
            sheet.tokens(shown),
            str(entry.get("published", "")),
            sheet.output(shown),
            sheet.cost(shown),
        )
        lines = sheet.refusals(shown)
        if lines:
            remarks.append((entry["request"], lines))
    out.print(shown_table)
    out.print('\n"printed" is the usage that the document itself shows for this request.')
    for request, lines in remarks:
        out.print(f"\n{request} would be refused:")
        out.print(pairs(lines))
    out.print(f"\nOne in full: tokenassay estimate examples/{COMPARED} --as-of 2024-04-15\n")
    call("--as-of", "2024-04-15")
    out.print(
        f"\nFor every model that can serve it, with an answer of {ANSWER_TOKENS} tokens: "
        f"tokenassay estimate examples/{COMPARED} --all-models --output-tokens {ANSWER_TOKENS}\n"
    )
    call("--all-models", "--output-tokens", str(ANSWER_TOKENS))


def estimated(request: str, edition: str) -> dict[str, Any]:
    """The estimate of one example."""
    body = json.loads((HERE / request).read_text("utf-8"))
    return estimate(body, edition=edition).to_dict()


def call(*options: str) -> None:
    """The command line on the example that is shown in full."""
    sys.stdout.flush()
    app(["estimate", str(HERE / COMPARED), *options], standalone_mode=False)


if __name__ == "__main__":
    main()
