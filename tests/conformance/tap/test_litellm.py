"""LiteLLM's proxy, as PyPI has it, with the tap's upstream in place of DashScope."""

from __future__ import annotations

from typing import Final

import pytest
import yaml

from tests.conformance.tap.gateways import OPENAI, aspect, passage
from tests.conformance.tap.packages import folder_for, free_port, install_from_pypi, process
from tokenassay.conformance.tap.asks import UNKNOWN, asks
from tokenassay.conformance.tap.findings import Tap
from tokenassay.conformance.tap.tapping import Front, tap
from tokenassay.conformance.tap.upstream import UPSTREAM_KEY, listening
from tokenassay.contracts.store import Contract, load_edition

PACKAGE: Final = "litellm[proxy]==1.106.2"
KEY: Final = "sk-litellm-master"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("litellm")]


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tap:
    """What a tap finds of it, with its provider ``dashscope`` behind."""
    commands = install_from_pypi(folder_for(request, "litellm"), PACKAGE)
    folder = tmp_path_factory.mktemp("litellm")
    port, edition = free_port(), load_edition(OPENAI)
    with listening(Contract(edition), "127.0.0.1", 0) as (upstream, base_url):
        behind = {"model": "dashscope/qwen-plus", "api_base": base_url, "api_key": UPSTREAM_KEY}
        config = {
            "model_list": [{"model_name": "ours", "litellm_params": behind}],
            "general_settings": {"master_key": KEY},
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
        command = ["--config", str(folder / "config.yaml"), "--host", "127.0.0.1"]
        alone = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
        with process(folder / "log", alone, commands / "litellm", *command, "--port", str(port)):
            front = Front(
                url=f"http://127.0.0.1:{port}/v1",
                edition=edition,
                model="ours",
                key=KEY,
                wait=300,  # it takes its time to start
            )
            made = tap(front, upstream, edition, list(asks(edition, edition, "ours", 0)))
    log = (folder / "log").read_text("utf-8", "replace")
    assert made.verdict == "touched", f"{made.why}\n{log[-2000:]}"
    return made


def test_it_clamps_nothing_and_drops_nothing(found: Tap) -> None:
    fates = {p.parameter: set(p.fates) for p in found.parameters}
    assert fates.pop("stream_options") == {"forwarded", "converted", "defaulted"}
    assert fates.pop(UNKNOWN) == {"forwarded"}
    assert {fate for seen in fates.values() for fate in seen} == {"forwarded"}


def test_it_asks_for_usage_in_streams_on_its_own_account(found: Tap) -> None:
    added = [c for c in passage(found, "stream_options").cases if c.fate == "defaulted"]
    assert [case.arrived for case in added] == [{"include_usage": True}]
    assert aspect(found, "usage", "passed")
    assert aspect(found, "stream", "passed on at once")


def test_it_maps_the_model_and_shows_its_own_key(found: Tap) -> None:
    assert found.model_arrived == "qwen-plus"
    assert aspect(found, "key", "replaced")
    assert not [a for a in found.aspects if a.verdict == "leaked"]
    assert aspect(found, "prompt", "as sent")


def test_it_tells_errors_in_words_of_its_own(found: Tap) -> None:
    assert any("400" in told for told in aspect(found, "errors", "reworded").details["errors"])
