"""Documents that nobody here can read: billed as nothing, or several times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.mock.compat import OF_2024
from tests.estimators.bills import traffic
from tokenassay.estimators.bills.judging import Judged
from tokenassay.estimators.bills.reconciling import reconcile
from tokenassay.estimators.bills.weighing import Terms


def judged(folder: Path, lies: tuple[str, ...], documents: int = 16) -> Judged:
    """The bills of questions about so many documents, and of some without any."""
    calls = traffic.documents(OF_2024, lies, documents)
    (name,) = traffic.as_pairs(folder, calls)
    (found,) = reconcile(name, terms=Terms(edition=OF_2024)).models
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
