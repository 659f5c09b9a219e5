"""Documents are read from run files and from JSON; anything else is told in one line."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.reports import auditing, making
from tests.reports.estimating import estimates
from tokenassay.conformance.audit.documents import keep_audit
from tokenassay.conformance.exchanges import Exchange, Received, Sent
from tokenassay.conformance.outcomes import Verdict
from tokenassay.conformance.results import RunDocument
from tokenassay.conformance.rundb import Planned, RunFile
from tokenassay.reports.documents import NotADocument, load, parse


def run_file(path: Path) -> RunFile:
    """A run under way: one promise decided, one waiting."""
    run = RunFile(path)
    entry = {
        "name": "gateway",
        "base_url": "http://host",
        "edition": "qwen-dashscope@2024-04",
        "edition_title": "Qwen",
        "model": "qwen-turbo",
        "api_key_env": "KEY",
        "currency": "CNY",
        "budget": None,
        "seed": 3,
        "examples": 10,
    }
    run.set_meta("targets", [entry])
    run.set_meta("seed", 3)
    planned = [
        Planned(
            id=name,
            family="parameters",
            clause="c",
            level="must",
            title=name,
            statement="A statement.",
            source="A source",
        )
        for name in ("first", "second")
    ]
    run.plan("gateway", planned)
    run.keep("gateway", Verdict(promise="first", outcome="kept"))
    return run


def test_a_run_under_way_is_partial(tmp_path: Path) -> None:
    with closing(run_file(tmp_path / "run.db")):
        document = load(tmp_path / "run.db")
    assert isinstance(document, RunDocument)
    assert not document.complete
    assert [p.outcome for p in document.promises] == ["kept", "not-run"]


def test_an_audit_is_read_from_its_json_and_from_its_run_file(tmp_path: Path) -> None:
    made = auditing.audit()
    assert parse(msgspec.json.encode(made)) == made
    with closing(run_file(tmp_path / "run.db")) as run:
        keep_audit(run, made)
    assert load(tmp_path / "run.db") == made


def test_a_run_file_is_only_read(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    run_file(path).close()
    before = hashlib.sha256(path.read_bytes()).digest()
    path.chmod(0o444)
    load(path)
    assert hashlib.sha256(path.read_bytes()).digest() == before


def test_a_foreign_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    before = path.read_bytes()
    with pytest.raises(NotADocument, match=r"an SQLite file, but no run"):
        load(path)
    assert path.read_bytes() == before


def test_a_run_file_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    run_file(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(NotADocument, match="version"):
        load(path)


def test_a_broken_database(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    path.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(NotADocument, match="cannot be read as a run file"):
        load(path)


def test_json_of_a_run_and_of_an_estimate() -> None:
    run = making.document()
    assert parse(b"\xef\xbb\xbf" + msgspec.json.encode(run)) == run
    assert parse(msgspec.json.encode(estimates(3))) == estimates(3)


def test_json_and_run_file_give_the_same(tmp_path: Path) -> None:
    run_file(tmp_path / "run.db").close()
    document = load(tmp_path / "run.db")
    (tmp_path / "results.json").write_bytes(msgspec.json.encode(document))
    assert load(tmp_path / "results.json") == document


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"hello", "neither a run file nor JSON"),
        (b"\xff\xfe", "neither a run file nor JSON"),
        (b"[]", "neither a run nor what"),
        (b"7", "neither a run nor what"),
        (b"[" * 100_000, "neither a run file nor JSON|nested"),
        (b'{"schema": "tokenassay.run/2"}', "has the schema 'tokenassay.run/2'"),
        (b'{"schema": "tokenassay.run/1"}', "is not a run .*missing required field"),
        (b'{"estimates": [{"model": 7}]}', r"is not an estimate.*estimates\[0\]"),
    ],
)
def test_what_is_no_document(data: bytes, told: str) -> None:
    with pytest.raises(NotADocument, match=told) as caught:
        parse(data)
    assert "\n" not in str(caught.value)


def test_an_exchange_of_a_run_file_is_evidence(tmp_path: Path) -> None:
    with closing(run_file(tmp_path / "run.db")) as run:
        sent = Sent(method="POST", url="http://host/x", headers=(), body=b"{}")
        answer = b'data:{"a":1}\n\n'
        from tokenassay.conformance.exchanges import Chunk

        received = Received(
            status=200,
            headers=(("content-type", "text/event-stream"),),
            body=answer,
            chunks=(Chunk(at=0.5, end=len(answer)),),
        )
        from decimal import Decimal

        from tokenassay.conformance.rundb import Ceilings

        claimed = run.claim(
            "gateway",
            "digest",
            "second",
            sent,
            price=lambda: (Decimal(0), 0),
            ceilings=Ceilings(),
        )
        assert isinstance(claimed, int)
        run.settle(claimed, Exchange(sent, received, total_s=0.7), cost=None, tokens=None)
        run.keep(
            "gateway",
            Verdict(
                promise="second", outcome="violated", expected="a", observed="b", exchange=claimed
            ),
        )
    document = load(tmp_path / "run.db")
    assert isinstance(document, RunDocument)
    found = document.promises[1].exchange
    assert found is not None
    assert found.response.frames is not None
    assert [(frame.at, frame.data) for frame in found.response.frames] == [(0.5, '{"a":1}')]
    assert json.loads(msgspec.json.encode(document))["promises"][1]["statement"] == "A statement."
