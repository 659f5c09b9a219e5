"""Documents that nobody here can read: billed as nothing, or several times."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.mock.compat import OF_2024, ROLE, Compat, refer, user
from tokenassay.conformance.mock import make_app
from tokenassay.contracts.store import Contract, load_edition
from tokenassay.estimators.bills.judging import Judged
from tokenassay.estimators.bills.reconciling import reconcile
from tokenassay.estimators.bills.weighing import Terms


def judged(folder: Path, lies: tuple[str, ...], documents: int = 16) -> Judged:
    """The bills of questions about so many documents, and of some without any."""
    client = Compat(make_app([Contract(load_edition(OF_2024))], lies), OF_2024, "qwen-long")
    lines = []
    for number in range(documents + 6):
        messages = [ROLE, user(f"What does it say of river {number}?")]
        if number < documents:
            text = f"River {number} is {number * 7} miles long. " + "It is calm. " * number
            messages.insert(1, refer(client.keep(f"{number}.txt", text.encode())))
        body = {"model": "qwen-long", "messages": messages}
        lines.append({"request": body, "response": client.ask(messages).json()})
    path = folder / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    (found,) = reconcile(str(path), terms=Terms(edition=OF_2024)).models
    return found


def test_documents_of_an_honest_endpoint_are_no_finding(tmp_path: Path) -> None:
    found = judged(tmp_path, ())
    assert (found.verdict, found.wrong_calls) == ("agrees", 0), found.why
    assert found.tally.document_calls == 16


@pytest.mark.parametrize(
    ("lie", "verdict", "said"),
    [
        ("bills_no_documents", "deflated", "billed as without them"),
        ("bills_documents_twice", "inflated", "counted 2 times"),
    ],
)
def test_lies_about_documents_are_found(lie: str, verdict: str, said: str, tmp_path: Path) -> None:
    found = judged(tmp_path, (lie,))
    assert found.verdict == verdict
    assert said in found.why


def test_a_few_documents_prove_nothing(tmp_path: Path) -> None:
    assert judged(tmp_path, ("bills_documents_twice",), documents=6).verdict == "agrees"
