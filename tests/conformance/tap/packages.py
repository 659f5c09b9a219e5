"""Gateways that others wrote, installed from their public packages for the slow tests.

They are kept in pytest's cache, so that they are installed once. Where there is no index to
install from, the tests fail and say so; TOKENASSAY_OFFLINE leaves them out.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tokenassay.conformance.mock.server import bind

_SECONDS = 500


def folder_for(request: pytest.FixtureRequest, package: str) -> Path:
    """Where a package is installed; the test is left out where TOKENASSAY_OFFLINE is set."""
    if os.environ.get("TOKENASSAY_OFFLINE"):
        pytest.skip(f"TOKENASSAY_OFFLINE is set: {package} is not installed, and nothing tried")
    cache = request.config.cache
    assert cache is not None
    return cache.mkdir(package.replace("/", "-").replace("@", "-").strip("-"))


def install_from_npm(
    folder: Path, package: str, version: str, overrides: Mapping[str, str]
) -> Path:
    """Install a package into a folder: the folder of its modules.

    ``overrides`` are versions of packages that it needs itself.
    """
    modules = folder / "node_modules"
    if not (folder / "installed").exists():
        shutil.rmtree(modules, ignore_errors=True)
        wanted = {"dependencies": {package: version}, "overrides": dict(overrides)}
        (folder / "package.json").write_text(json.dumps(wanted), "utf-8")
        _run("npm", "install", "--prefix", folder, "--no-audit", "--no-fund")
        (folder / "installed").touch()
    return modules


def install_from_pypi(folder: Path, package: str) -> Path:
    """Install a package at a version into an environment of its own: the folder of its commands.

    By uv, which takes a third of pip's time for a package with so many dependencies.
    """
    uv, made = folder / "uv", folder / "env"
    if not (folder / "installed").exists():
        for path in (uv, made):
            shutil.rmtree(path, ignore_errors=True)
        _run(sys.executable, "-m", "venv", uv)
        _run(uv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "uv")
        command = uv / "bin" / "uv"
        _run(command, "venv", "--quiet", "--python", sys.executable, made)
        python = made / "bin" / "python"
        _run(command, "pip", "install", "--quiet", "--python", python, package)
        (folder / "installed").touch()
    return made / "bin"


def _run(*command: str | Path) -> None:
    try:
        subprocess.run(
            list(map(str, command)),
            check=True,
            timeout=_SECONDS,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
    except FileNotFoundError:
        pytest.fail(f"{command[0]} is needed to install a gateway, and is not here")
    except subprocess.CalledProcessError as error:
        pytest.fail(f"{' '.join(map(str, command))}: exit code {error.returncode}\n{error.stdout}")


def free_port() -> int:
    """A port that nobody listens on."""
    with bind("127.0.0.1", 0) as bound:
        port: int = bound.getsockname()[1]
    return port


@contextlib.contextmanager
def process(log: Path, environment: Mapping[str, str], *command: str | Path) -> Iterator[None]:
    """A command that runs while the block does, what it prints in a file."""
    with log.open("wb") as file:
        started = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )
        try:
            yield
        finally:
            started.terminate()
            try:
                started.wait(timeout=20)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
