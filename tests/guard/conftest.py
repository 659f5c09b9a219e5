"""What the guard's tests share; those that need PostgreSQL are left out, and told so, without."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.guard import clusters
from tokenassay.conformance.mock import Endpoint, running
from tokenassay.guard.ledger import Ledger


@pytest.fixture(scope="session")
def compatible() -> Iterator[Endpoint]:
    """The OpenAI-compatible surface of 2026."""
    with running("qwen-openai@2026") as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def native() -> Iterator[Endpoint]:
    """The native surface of 2026."""
    with running("qwen-dashscope@2026") as endpoint:
        yield endpoint


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger may be made."""
    return tmp_path / "calls.db"


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The URL of a PostgreSQL of our own."""
    with clusters.cluster() as url:
        yield url


@pytest.fixture
def postgres(cluster: str) -> str:
    """The URL of an empty database there."""
    name = f"ledger_{uuid.uuid4().hex}"
    with psycopg.connect(cluster, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return cluster.replace("/postgres?", f"/{name}?")


def kept(where: Path | str) -> list[dict[str, Any]]:
    """All calls of a ledger, in their order."""
    with Ledger(where) as ledger:
        rows = ledger._store.read(
            lambda rows: rows(
                "SELECT state, why, status, model, input_estimated, input_billed, output_billed, "
                "cost_nano, reserved_nano, streaming, tag, day, request_id, output_counted, "
                "counted_nano "
                "FROM tokenassay_calls ORDER BY id"
            )
        )
    names = (
        "state why status model input_estimated input_billed output_billed cost_nano "
        "reserved_nano streaming tag day request_id output_counted counted_nano"
    )
    return [dict(zip(names.split(), row, strict=True)) for row in rows]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs PostgreSQL where there is none."""
    here = Path(__file__).parent
    ours = [
        item
        for item in items
        if here in item.path.parents and "postgres" in getattr(item, "fixturenames", ())
    ]
    for item in ours:
        item.add_marker(pytest.mark.xdist_group("postgres"))
    if ours and clusters.binaries() is None:
        if clusters.MUST:
            raise pytest.UsageError("no PostgreSQL was found, and TOKENASSAY_POSTGRES requires one")
        left = [item for item in items if item not in ours]
        config.hook.pytest_deselected(items=ours)
        items[:] = left


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say that the ledger was not tried on PostgreSQL."""
    if clusters.binaries() is None:
        terminalreporter.write_line(
            "The tests of a ledger on PostgreSQL were left out: no initdb was found."
        )
