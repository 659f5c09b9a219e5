"""What a report is made of: a run file, or the document that a command prints as JSON."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from tokenassay.conformance.audit.documents import SCHEMA as AUDIT_SCHEMA
from tokenassay.conformance.audit.documents import AuditDocument, read_audit
from tokenassay.conformance.results import SCHEMA, RunDocument, read_run
from tokenassay.conformance.rundb import RunFile, RunFileError
from tokenassay.reports.estimates import EstimateDocument
from tokenassay.reports.ledgers import LedgerDocument

Document = RunDocument | AuditDocument | EstimateDocument | LedgerDocument

_SQLITE: Final = b"SQLite format 3\0"


class NotADocument(ValueError):
    """Data that no report can be made of; the message says in one line what was expected."""


def load(path: Path) -> Document:
    """The document in a file: a run file (``run.db``), or what our commands print as JSON.

    NotADocument for anything else; OSError where it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(len(_SQLITE))
        if data != _SQLITE:
            return parse(data + file.read())
    return _read_run_file(path)


def parse(data: bytes) -> Document:
    """The document in JSON text; NotADocument where it is none."""
    if not data.strip():
        raise NotADocument(
            "is empty; expected a run file, or JSON of a run, an audit, an estimate or a ledger"
        )
    try:
        raw: Any = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotADocument(f"neither a run file nor JSON: {error}") from None
    except RecursionError:
        raise NotADocument("nested too deeply for a document of ours") from None
    schema = raw.get("schema") if isinstance(raw, dict) else None
    kind: type[Document]
    if schema == SCHEMA:
        kind, name = RunDocument, f"a run ({SCHEMA})"
    elif schema == AUDIT_SCHEMA:
        kind, name = AuditDocument, f"an audit ({AUDIT_SCHEMA})"
    elif isinstance(raw, dict) and "estimates" in raw:
        kind, name = EstimateDocument, "an estimate"
    elif isinstance(raw, dict) and "ledger" in raw:
        kind, name = LedgerDocument, "a ledger"
    elif schema is not None:
        raise NotADocument(f"has the schema {schema!r}, not {SCHEMA} or {AUDIT_SCHEMA}")
    else:
        raise NotADocument(
            "is neither a run nor what `tokenassay estimate`, `audit` or `ledger` prints by --json"
        )
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise NotADocument(f"is not {name}: {error}") from None


def _read_run_file(path: Path) -> RunDocument | AuditDocument:
    """The document of a run file, read from a copy: the run may still be going on.

    A copy, too, because opening a file as a run's makes tables in it where they are missing.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "run.db"
        try:
            with (
                closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                tables = source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                names = {name for (name,) in tables}
                if "tokenassay_ledger" in names:
                    raise NotADocument("is a ledger: `tokenassay ledger` reads it")
                if not {"meta", "promises", "outcomes"} <= names:
                    raise NotADocument("is an SQLite file, but no run of tokenassay's")
                source.backup(target)
            run = RunFile(copy)
        except sqlite3.Error as error:
            raise NotADocument(f"cannot be read as a run file: {error}") from None
        except RunFileError as error:
            raise NotADocument(str(error).partition(": ")[2]) from None
        with closing(run):
            return read_audit(run) or read_run(run)
