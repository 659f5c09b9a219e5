"""The ledger counts each call once, and never lets a budget be passed."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.guard.sums import sums
from tokenassay.guard.ledger import (
    Call,
    Ending,
    Exceeded,
    Ledger,
    LedgerError,
    files,
    open_ledger,
    tables,
    tails,
)
from tokenassay.guard.ledger.files import Busy, FileStore
from tokenassay.guard.ledger.opening import Store
from tokenassay.guard.ledger.reading import Rows, groups, totals
from tokenassay.guard.ledger.records import Ceiling, State, new_id, scope_of

STATES: tuple[State, ...] = ("settled", "released", "unmetered")


def a_call(reserved: int | None = 100, **other: Any) -> Call:
    """A call that may cost so much."""
    known: dict[str, Any] = {
        "id": new_id(),
        "started_ms": 1,
        "day": "2026-11-21",
        "tag": "",
        "surface": "openai",
        "model": "qwen-plus",
        "edition": None,
        "streaming": 0,
        "basis": None,
        "input_estimated": 10,
        "output_most": 20,
        "currency": None if reserved is None else "CNY",
        "reserved_nano": reserved,
    }
    return Call(**{**known, **other})


ACTS = st.tuples(
    st.sampled_from([600, 900]) | st.integers(0, 1000) | st.none(),
    st.sampled_from(["2026-10-31", "2026-11-01", "2026-11-02"]),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(STATES) | st.none(),
    st.integers(0, 1500) | st.none(),
    st.booleans(),
    st.sampled_from([False, False, True]),
    st.sampled_from([False, False, True]),
)


def check_sums(store: Store, acts: list[Any]) -> None:
    """Whatever is written, the sums are those of the calls, and a second time changes nothing."""
    owed = dict(sums(store))
    under_way: list[tuple[Call, Ending]] = []

    def count(call: Call, nano: int) -> None:
        for scope in ("", scope_of(call.tag)):
            for period in ("", call.day[:7], call.day):
                owed[scope, period, "CNY"] = owed.get((scope, period, "CNY"), 0) + nano

    def end(call: Call, ending: Ending) -> None:
        assert store.end(call, ending)
        assert not store.end(call, Ending(state="released"))
        if call.reserved_nano is not None:
            count(call, tables.owed(call, ending) - call.reserved_nano)

    for reserved, day, tag, state, cost, at_once, is_old, is_twice in acts:
        # A clock that was set back gives an id that comes before those of calls that are counted.
        old = {"id": f"0000{new_id()[4:]}"} if is_old else {}
        call = a_call(reserved, day=day, tag=tag, **old)
        own = scope_of(tag)
        places = ("", "", 5000), (own, day, 1500), (own, day[:7], 1700), ("", day[:7], 2500)
        ceilings = [Ceiling(scope, period, "CNY", most) for scope, period, most in places]
        spent = [owed.get(ceiling[:3], 0) for ceiling in ceilings]
        passed = [n + (reserved or 0) > most for n, (*_, most) in zip(spent, places, strict=True)]
        exceeded = store.enter(call, ceilings)
        if any(passed):
            at = passed.index(True)
            assert exceeded == Exceeded(at, Decimal(spent[at]) / 10**9)
            continue
        assert exceeded is None
        if is_twice:
            assert store.enter(call, []) is None
        if reserved is not None:
            count(call, reserved)
        if state is not None:
            ending = Ending(state=state, cost_nano=cost if state == "settled" else None)
            if at_once:
                end(call, ending)
            else:
                under_way.append((call, ending))
    for call, ending in under_way:
        end(call, ending)
    assert {k: n for k, n in sums(store).items() if n} == {k: n for k, n in owed.items() if n}


@pytest.mark.parametrize("most", [0, 1, 3, tails.MOST])
def test_sums_are_those_of_the_calls(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(tails, "MOST", most)

    @given(st.lists(ACTS, max_size=16))
    def hold(acts: list[Any]) -> None:
        store = FileStore(Path(":memory:"))
        check_sums(store, acts)
        store.close()

    hold()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.lists(ACTS, max_size=4))
def test_on_postgresql_they_are_too(postgres: str, acts: list[Any]) -> None:
    store = open_ledger(postgres)
    check_sums(store, acts)
    store.close()


def compete(where: Path | str) -> None:
    """Of many threads that reserve at once, as many as the budget holds come through."""
    store = open_ledger(where)
    tag = new_id()
    ceiling = Ceiling(f"={tag}", "", "CNY", 1000)
    begin = threading.Barrier(8)

    def reserve(_: int) -> int:
        begin.wait()
        return sum(store.enter(a_call(70, tag=tag), [ceiling]) is None for _ in range(10))

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(reserve, range(8))) == 1000 // 70
    assert sums(store)[f"={tag}", "", "CNY"] == 70 * (1000 // 70)
    store.close()


def test_threads_cannot_pass_a_budget(path: Path) -> None:
    compete(path)


def test_on_postgresql_they_cannot_either(postgres: str) -> None:
    compete(postgres)


def test_what_does_not_want_to_wait_does_not(path: Path) -> None:
    store = FileStore(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy):
        store.enter(a_call(), [], patient=False)
    other.execute("ROLLBACK")
    assert store.enter(a_call(), [], patient=False) is None
    other.close()
    store.close()


def press_ctrl_c(work: Callable[[], object], after: int) -> bool:
    """Run ``work`` with Ctrl-C pressed in its so-and-so-manieth call of C; False: it has fewer."""
    left = after

    def watch(_: Any, event: str, __: Any) -> None:
        nonlocal left
        if event == "c_return":
            left -= 1
            if left < 0:
                sys.setprofile(None)
                raise KeyboardInterrupt

    sys.setprofile(watch)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


@pytest.mark.parametrize("most", [0, tails.MOST])
def test_a_write_may_be_interrupted_anywhere(
    path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """The next one neither waits for ever, nor is it part of one that was left half done."""
    monkeypatch.setattr(tails, "MOST", most)
    store = FileStore(path)
    ceiling = Ceiling("", "", "CNY", 10**9)
    for end in (False, True):
        at = 0
        while True:
            call = a_call()
            if end:
                store.enter(call, [])
            ending = Ending(state="settled", cost_nano=7)
            work = partial(store.end if end else store.enter, call, ending if end else [ceiling])  # type: ignore[arg-type]
            interrupted = press_ctrl_c(work, at)
            assert store._lock.acquire(timeout=0)
            store._lock.release()
            assert store._connection is not None
            assert not store._connection.in_transaction
            at += 1
            if not interrupted:
                break
        assert at > 2
    rows = store.read(
        lambda rows: rows("SELECT id, cost_nano, reserved_nano FROM tokenassay_calls")
    )
    owed = sum(reserved if cost is None else cost for _, cost, reserved in rows)
    assert sums(store)["", "", "CNY"] == owed
    store.close()


def test_many_processes_may_make_one_ledger(tmp_path: Path) -> None:
    code = f"""
import os, time
from pathlib import Path
from tokenassay.guard.ledger import open_ledger
for turn in range(40):
    begin, children = time.time() + 0.02, []
    for _ in range(8):
        children.append(os.fork())
        if not children[-1]:
            while time.time() < begin:
                time.sleep(0)
            open_ledger(Path({str(tmp_path)!r}) / str(turn)).close()
            os._exit(0)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def check_one_moment(where: Path | str) -> None:
    """What is read together is of one moment, whatever is written between."""
    store, reader = open_ledger(where), open_ledger(where, create=False)
    store.enter(a_call(), [])

    def read(rows: Rows) -> tuple[int, int]:
        before = totals(rows, None).calls
        store.enter(a_call(), [])
        return before, sum(group.totals.calls for group in groups(rows, "tag", None))

    assert reader.read(read) == (1, 1)
    assert reader.read(lambda rows: totals(rows, None)).calls == 2
    reader.close()
    store.close()
    with Ledger(where) as ledger:
        summary = ledger.summary("day")
        assert summary.totals == ledger.totals()
        assert (summary.groups, summary.reasons) == (ledger.groups("day"), ledger.reasons())


def test_what_is_read_together_is_of_one_moment(path: Path) -> None:
    check_one_moment(path)


def test_on_postgresql_it_is_too(postgres: str) -> None:
    check_one_moment(postgres)


def test_a_ledger_that_may_only_be_read_is_read(path: Path) -> None:
    store = open_ledger(path)
    store.enter(a_call(), [])
    store.close()
    code = f"""
import os, shutil, sys, tempfile
from pathlib import Path
from tokenassay.guard import Ledger
folder = Path(tempfile.mkdtemp())
file = shutil.copy({str(path)!r}, folder / "a ledger#1?.db")
file.chmod(0o444)
folder.chmod(0o555)
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    with Ledger(file) as ledger:
        print(ledger.name == str(file), ledger.totals().calls)
finally:
    os.seteuid(os.getuid())
    folder.chmod(0o755)
    shutil.rmtree(folder)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True 1\n", "")


def test_a_ledger_that_is_locked_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_READERS_PATIENCE_S", 0.1)
    open_ledger(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerError, match="database is locked"):
        Ledger(path)
    other.close()
    Ledger(path).close()


def check_figures(where: Path | str) -> None:
    """Sums by day, model and tag, and reasons."""
    store = open_ledger(where)
    first = a_call(10**9, tag="a", day="2026-11-20")
    second = a_call(2 * 10**9, model=None, currency="USD")
    third = a_call(None, model="other")
    for call in (first, second, third):
        store.enter(call, [])
    store.enter(a_call(5, state="refused", why="max_tokens.range"), [])
    store.end(
        first, Ending(state="settled", input_billed=12, output_billed=3, cost_nano=250_000_000)
    )
    store.end(second, Ending(state="unmetered", output_counted=9, counted_nano=10**9))
    store.close()
    with Ledger(where) as ledger:
        totals = ledger.totals()
        assert (totals.calls, totals.refused, totals.unsettled, totals.unpriced) == (3, 1, 2, 1)
        assert (totals.input_estimated, totals.input_billed) == (30, 12)
        assert (totals.output_most, totals.output_billed) == (60, 3)
        assert (totals.drift.calls, totals.drift.estimated, totals.drift.billed) == (1, 10, 12)
        assert (totals.counted, totals.output_counted) == (1, 9)
        money = [(m.currency, m.settled, m.unsettled, m.counted) for m in totals.money]
        assert money == [
            ("CNY", Decimal("0.25"), Decimal(0), Decimal(0)),
            ("USD", Decimal(0), Decimal(2), Decimal(1)),
        ]
        assert [group.name for group in ledger.groups("day")] == ["2026-11-20", "2026-11-21"]
        assert [group.name for group in ledger.groups("model")] == ["other", "qwen-plus", None]
        assert [group.totals.calls for group in ledger.groups("tag")] == [1, 2]
        assert ledger.totals(dt.date(2026, 11, 21)).calls == 2
        (reason,) = (r for r in ledger.reasons() if r.state == "refused")
        assert (reason.why, reason.calls) == ("max_tokens.range", 1)


def test_figures(path: Path) -> None:
    check_figures(path)


def test_figures_on_postgresql(postgres: str) -> None:
    check_figures(postgres)


def test_what_is_no_ledger_is_told(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE mine (a)")
    other.close()
    (tmp_path / "empty.db").touch()
    (tmp_path / "text.db").write_text("no database at all, but some text" * 100)
    for name, why in (
        ("none.db", "no such file"),
        (".", "it is a directory"),
        ("other.db", "its tables are others"),
        ("empty.db", "it is empty"),
        ("text.db", "file is not a database"),
    ):
        with pytest.raises(LedgerError, match=why):
            Ledger(tmp_path / name)
    with pytest.raises(LedgerError, match="its tables are others"):
        open_ledger(tmp_path / "other.db")
    assert not (tmp_path / "none.db").exists()
    open_ledger(tmp_path / "empty.db").close()


def test_a_ledger_of_another_version_is_told(path: Path) -> None:
    open_ledger(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE tokenassay_ledger SET version = 7")
    connection.close()
    with pytest.raises(LedgerError, match=f"it is of version 7, not {tables.VERSION}"):
        Ledger(path)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://me:secret@host/db", "not mysql"),
        ("postgresql://me:secret@127.0.0.1:1/db", "connection"),
        ("://", "expected a file or a URL"),
        ("postgresql://me:secret@host:port/db", "expected a file or a URL"),
        ("postgres://me:secret@127.0.0.1:1/db", "connection"),
        ("postgresql+nothing://me:secret@127.0.0.1/db", "nothing"),
    ],
)
def test_a_url_that_leads_nowhere_is_told_without_its_password(url: str, why: str) -> None:
    with pytest.raises(LedgerError, match=why) as told:
        open_ledger(url)
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_role_that_may_only_read_reads(postgres: str) -> None:
    store = open_ledger(postgres)
    store.enter(a_call(), [])
    store.close()
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN")
    reader = postgres.replace("assay@", "reader@")
    with pytest.raises(LedgerError, match="permission denied"):
        Ledger(reader)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    with Ledger(reader) as ledger:
        assert ledger.totals().calls == 1
    with pytest.raises(LedgerError, match="permission denied") as told:
        open_ledger(reader).enter(a_call(), [])
    assert "\n" not in str(told.value)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP OWNED BY reader")
        connection.execute("DROP ROLE reader")


def test_a_database_without_a_ledger_is_told_and_left_alone(postgres: str) -> None:
    for _ in range(2):
        with pytest.raises(LedgerError, match="holds no ledger"):
            Ledger(postgres)
    open_ledger(postgres).close()
    Ledger(postgres).close()
