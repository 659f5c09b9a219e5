"""The lock files name versions and hashes for all that is asked for, and no address."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT

LOCKS = ("requirements-dev.lock", "benchmarks/requirements.lock")


def entries(path: Path) -> list[str]:
    """Requirements of a lock file, each with its hashes in one line."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [line.partition("#")[0] for line in joined.splitlines() if line[:1].strip()]


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    found = entries(ROOT / name)
    assert found
    for entry in found:
        assert re.match(r"[a-z0-9.-]+(\[[a-z,]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), (
            entry
        )


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host| @ ", text)


def test_the_lock_has_what_the_project_requires() -> None:
    locked: dict[str, list[str]] = {}
    for entry in entries(ROOT / LOCKS[0]):
        name, _, rest = entry.partition("==")
        locked.setdefault(canonicalize_name(name), []).append(rest.split()[0])
    required = [Requirement(line) for line in metadata.requires("tokenassay") or ()]
    assert required
    for requirement in required:
        versions = locked[canonicalize_name(requirement.name)]
        assert all(version in requirement.specifier for version in versions), requirement
