"""Fixtures of the command line's tests."""

from __future__ import annotations

import pytest

from tests.cli.calling import Caller


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Caller:
    """Calls the command line in this process."""
    monkeypatch.delenv("COLUMNS", raising=False)
    return Caller(monkeypatch, capsys)
