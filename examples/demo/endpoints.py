"""The mock endpoint of the demo, honest and lying, and the commands that are run on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from examples.demo.running import ROOT, Command
from tokenassay.conformance.mock import Endpoint, running
from tokenassay.conformance.mock.lies.registry import Lie, lies_for
from tokenassay.contracts.store import load_edition

EDITION: Final = "qwen-dashscope@2024-04"
MODEL: Final = "qwen-turbo"
TOLD: Final = ("overcounts_input_by_one", "accepts_temperature_at_high", "ignores_stop")
LIES: Final[tuple[Lie, ...]] = tuple(
    lie for name in TOLD for lie in lies_for(load_edition(EDITION)) if lie.name == name
)

FOLDER: Final = "build/demo"
TARGETS: Final = f"{FOLDER}/targets.toml"
KEY: Final = "MOCK_KEY"
"""The environment variable that holds the mock's key."""


def check(target: str) -> Command:
    """The check of one of the two endpoints: the honest one has no violations, the other has."""
    options = ("--config", TARGETS, "--target", target, "--yes", "--out", f"{FOLDER}/{target}")
    return Command(("check", *options), code=int(target == "lying"))


COMPARE: Final = Command(
    ("compare", TARGETS, "--baseline", "honest", "--yes", "--out", f"{FOLDER}/compared"), code=1
)


@contextmanager
def serving() -> Iterator[dict[str, str]]:
    """Both endpoints while the block runs, described in the targets file; variables with the key.

    They listen on free ports of this machine and end with the block.
    """
    with running(EDITION) as honest, running(EDITION, lies=TOLD) as lying:
        tables = (_table("honest", honest), _table("lying", lying))
        (ROOT / TARGETS).write_text("\n".join(tables), "utf-8")
        yield {KEY: honest.api_key}


def _table(name: str, endpoint: Endpoint) -> str:
    """A table of ``tokenassay.toml``; the mock brings about errors that no request can."""
    return f"""\
[targets.{name}]
base_url = "{endpoint.base_url}"
edition = "{EDITION}"
model = "{MODEL}"
api_key_env = "{KEY}"
faults = true
"""
