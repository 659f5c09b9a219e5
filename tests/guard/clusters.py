"""A PostgreSQL of one's own, from the machine's binaries, for as long as tests need it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

MUST: Final = os.environ.get("TOKENASSAY_POSTGRES") == "required"
"""Tests fail where there is no PostgreSQL, in place of being left out."""


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``; None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return debian[-1].parent if debian else None


@contextmanager
def cluster() -> Iterator[str]:
    """The URL of a fresh database, reached by a socket in its own folder and by no network."""
    tools = binaries()
    assert tools is not None
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        data = Path(folder) / "data"
        identity: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL}
        if os.getuid() == 0:  # the server does not run as root
            user = next(
                u for u in ("postgres", "nobody") if u in {p.pw_name for p in pwd.getpwall()}
            )
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
            identity["user"] = user
        subprocess.run(
            [str(tools / "initdb"), "-D", str(data), "-U", "assay", "-A", "trust", "-N"],
            check=True,
            **identity,
        )
        settings = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
        control = [str(tools / "pg_ctl"), "-D", str(data), "-w", "-s"]
        subprocess.run(
            [*control, "-l", f"{folder}/log", "-o", settings, "start"], check=True, **identity
        )
        try:
            yield f"postgresql://assay@/postgres?host={folder}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, **identity)
