"""Guarded calls against the mock endpoint, for their ledger: no key, no network.

python examples/guarded.py LEDGER.db
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import httpx

from tokenassay.conformance.mock import running
from tokenassay.guard import Guard, OverBudget, Refused

QUESTIONS = ("How are you?", "What is the weather in Paris?", "如何做西红柿炒鸡蛋?")


def ask(client: httpx.Client, model: str, question: str, **other: Any) -> None:
    """One call; what the guard says of it, where it is not sent."""
    body = {"model": model, "messages": [{"role": "user", "content": question}], **other}
    try:
        client.post("/chat/completions", json=body).raise_for_status()
    except (Refused, OverBudget) as denial:
        print(f"not sent: {denial}")


def main(path: Path) -> None:
    """Ask for two teams, one of which has little money."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()
    with running("qwen-openai@2026") as endpoint:
        for tag, budget in (("web", "1 CNY/tag"), ("batch", "0.0005 CNY/tag")):
            guard = Guard(ledger=path, budget=budget, tag=tag)
            with httpx.Client(
                base_url=endpoint.base_url,
                headers={"authorization": f"Bearer {endpoint.api_key}"},
                transport=guard.transport(),
            ) as client:
                for question in QUESTIONS:
                    ask(client, "qwen-plus", question, max_tokens=200)
                    ask(client, "qwen-turbo", question, max_tokens=200)
                ask(client, "qwen-plus", QUESTIONS[0], temperature=2)
                ask(client, "qwen-turbo", QUESTIONS[0], stream=True, max_tokens=200)
            guard.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
