"""The run file: nothing is paid for twice, no ceiling is passed, nothing is lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenassay.conformance.exchanges import Exchange, Failure, Received, Sent
from tokenassay.conformance.failures import Stopped
from tokenassay.conformance.outcomes import Verdict
from tokenassay.conformance.rundb import Ceilings, RunFile, RunFileError

SENT = Sent(method="POST", url="http://x/y", headers=(("a", "b"),), body=b"{}")
FREE = Ceilings()


def answered(status: int = 200, body: bytes = b"{}") -> Exchange:
    received = Received(status=status, headers=(("x", "y"),), body=body)
    return Exchange(SENT, received, first_byte_s=0.1, total_s=0.2, started=5.0)


def claim(
    run: RunFile,
    digest: str,
    cost: str = "0.1",
    tokens: int = 10,
    ceilings: Ceilings = FREE,
    promise: str = "p",
) -> Exchange | int:
    return run.claim(
        "t", digest, promise, SENT, price=lambda: (Decimal(cost), tokens), ceilings=ceilings
    )


def had(run: RunFile, digest: str, exchange: Exchange, **more: bool) -> Exchange:
    id = claim(run, digest)
    assert isinstance(id, int)
    return run.settle(id, exchange, cost=Decimal("0.02"), tokens=3, **more)


def test_an_exchange_comes_back_as_it_was(tmp_path: Path) -> None:
    run = RunFile(tmp_path / "run.db")
    had(run, "d", answered(body=b"\x00\xff"))
    again = claim(run, "d")
    assert isinstance(again, Exchange)
    assert again.received == answered(body=b"\x00\xff").received
    assert (again.sent, again.failure, again.total_s, again.started) == (SENT, None, 0.2, 5.0)
    spend = run.spend("t")
    assert (spend.requests, spend.money, spend.tokens) == (1, Decimal("0.02"), 3)
    run.close()
    reopened = RunFile(tmp_path / "run.db")
    assert isinstance(claim(reopened, "d"), Exchange)


def test_who_asks_for_what_is_under_way_waits_for_it(tmp_path: Path) -> None:
    run = RunFile(tmp_path / "run.db")
    id = claim(run, "d")
    assert isinstance(id, int)
    got: list[Exchange | int] = []
    asking = threading.Thread(target=lambda: got.append(claim(run, "d")))
    asking.start()
    asking.join(0.2)
    assert asking.is_alive()
    run.settle(id, answered(), cost=None, tokens=None)
    asking.join(5)
    (exchange,) = got
    assert isinstance(exchange, Exchange)
    assert run.spend("t").money == Decimal("0.1")  # what it was billed is not known


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.sampled_from(["0.01", "0.03", "0.07"]), min_size=1, max_size=40),
    st.sampled_from([Ceilings(requests=7), Ceilings(money=Decimal("0.2")), Ceilings(tokens=55)]),
)
def test_no_ceiling_is_passed_by_many_workers(costs: list[str], ceilings: Ceilings) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        run = RunFile(Path(folder) / "run.db")

        def work(number: int) -> None:
            try:
                id = claim(run, f"d{number}", costs[number], ceilings=ceilings)
            except Stopped:
                return
            assert isinstance(id, int)
            run.settle(id, answered(), cost=Decimal(costs[number]), tokens=10)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(len(costs))))
        spend = run.spend("t")
        assert ceilings.requests is None or spend.requests <= ceilings.requests
        assert ceilings.money is None or spend.money <= ceilings.money
        assert ceilings.tokens is None or spend.tokens <= ceilings.tokens
        run.close()


def test_what_stops_at_a_ceiling_reserves_nothing(tmp_path: Path) -> None:
    run = RunFile(tmp_path / "run.db")
    with pytest.raises(Stopped, match=r"the budget of 0\.05 is reached"):
        claim(run, "d", ceilings=Ceilings(money=Decimal("0.05")))
    assert run.spend("t").requests == 0
    assert isinstance(claim(run, "d", ceilings=Ceilings(money=Decimal("0.1"))), int)


def test_a_claim_that_was_never_sent_is_given_back(tmp_path: Path) -> None:
    run = RunFile(tmp_path / "run.db")
    id = claim(run, "d")
    assert isinstance(id, int)
    run.release(id)
    assert run.spend("t").requests == 0
    assert isinstance(claim(run, "d"), int)


def test_taking_over_counts_what_was_under_way_and_sends_it_anew(tmp_path: Path) -> None:
    first = RunFile(tmp_path / "run.db")
    had(first, "whole", answered())
    claim(first, "open")
    first.close()
    second = RunFile(tmp_path / "run.db")
    second.take_over()
    assert isinstance(claim(second, "whole"), Exchange)
    assert isinstance(claim(second, "open"), int)
    assert second.spend("t").requests == 3


def test_taking_over_asks_again_for_what_could_not_be_told(tmp_path: Path) -> None:
    run = RunFile(tmp_path / "run.db")
    failed = Exchange(SENT, None, Failure(kind="connect", detail="refused"))
    had(run, "failed", failed, usable=False)
    had(run, "fine", answered())
    run.keep("t", Verdict(promise="p", outcome="inconclusive"))
    run.keep("t", Verdict(promise="q", outcome="kept"))
    run.take_over()
    assert set(run.verdicts("t")) == {"q"}
    assert isinstance(claim(run, "failed"), int)
    assert isinstance(claim(run, "fine"), Exchange)


def test_another_process_that_died_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = RunFile(tmp_path / "run.db")
    monkeypatch.setattr(dead, "_owner", f"{2**22 + 7}/1")
    claim(dead, "d")
    alive = RunFile(tmp_path / "run.db")
    assert isinstance(claim(alive, "d"), int)
    assert alive.spend("t").requests == 2


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to look at" * 9, b""])
def test_other_files_are_refused_or_made_new(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.db"
    path.write_bytes(content)
    if content:
        with pytest.raises(RunFileError, match="not a run file of this version"):
            RunFile(path)
    else:
        assert RunFile(path).spend("t").requests == 0
