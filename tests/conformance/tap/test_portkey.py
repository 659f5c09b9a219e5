"""Portkey's gateway, as npm has it, with the tap's upstream in place of DashScope."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.conformance.tap.gateways import OPENAI, aspect, passage
from tests.conformance.tap.packages import folder_for, free_port, install_from_npm, process
from tokenassay.conformance.tap.asks import UNKNOWN, asks
from tokenassay.conformance.tap.findings import Tap
from tokenassay.conformance.tap.tapping import Front, tap
from tokenassay.conformance.tap.upstream import listening
from tokenassay.contracts.store import Contract, load_edition

PACKAGE: Final = "@portkey-ai/gateway"
VERSION: Final = "1.15.2"
OVERRIDES: Final = {"@hono/node-server": "1.14.1"}
"""It takes any 1.x of its server, and with the one of today all its streams are answered 500."""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("portkey")]


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tap:
    """What a tap finds of it, asked for its provider ``dashscope``."""
    modules = install_from_npm(
        folder_for(request, f"{PACKAGE}-{VERSION}"), PACKAGE, VERSION, OVERRIDES
    )
    script = modules / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    log = tmp_path_factory.mktemp("portkey") / "log"
    port, edition = free_port(), load_edition(OPENAI)
    with (
        listening(Contract(edition), "127.0.0.1", 0) as (upstream, base_url),
        process(log, {"HOME": str(log.parent)}, "node", script, f"--port={port}", "--headless"),
    ):
        front = Front(
            url=f"http://127.0.0.1:{port}/v1",
            edition=edition,
            model="qwen-plus",
            headers={"x-portkey-provider": "dashscope", "x-portkey-custom-host": base_url},
            wait=120,
        )
        made = tap(front, upstream, edition, list(asks(edition, edition, "qwen-plus", 0)))
    assert made.verdict == "touched", f"{made.why}\n{_end(log)}"
    return made


def _end(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-2000:]


@pytest.mark.parametrize(
    ("parameter", "low", "high"),
    [
        ("temperature", 0, 2),
        ("top_p", 0, 1),
        ("max_tokens", 0, None),
        ("presence_penalty", -2, 2),
        ("frequency_penalty", None, 2),
    ],
)
def test_its_clamps_are_found_and_named(
    found: Tap, parameter: str, low: float | None, high: float | None
) -> None:
    seen = passage(found, parameter)
    assert set(seen.fates) == {"forwarded", "clamped"}
    assert (seen.at_least, seen.at_most) == (low, high)
    for case in seen.cases:
        if case.fate == "clamped":
            assert case.arrived == (low if case.sent < case.arrived else high)


def test_what_it_does_not_know_is_dropped(found: Tap) -> None:
    for parameter in (UNKNOWN, "skill", "search_options", "vl_high_resolution_images"):
        assert set(passage(found, parameter).fates) == {"dropped"}, parameter
    for parameter in ("top_k", "repetition_penalty", "enable_thinking", "tools", "stop"):
        assert set(passage(found, parameter).fates) == {"forwarded"}, parameter


def test_it_passes_the_key_on_and_keeps_headers_back(found: Tap) -> None:
    assert found.model_arrived == "qwen-plus"
    assert aspect(found, "prompt", "as sent")
    assert aspect(found, "key", "passed on")
    assert aspect(found, "headers", "kept back")
    assert aspect(found, "usage", "passed")
    assert aspect(found, "model", "made up")


def test_its_streams_are_passed_on(found: Tap) -> None:
    assert aspect(found, "stream", "passed")
    assert aspect(found, "stream", "passed on at once")
