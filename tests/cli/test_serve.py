"""``tokenassay serve`` and ``tokenassay lies``: ready lines, keys that work, clean ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.calling import Caller

HI: dict[str, Any] = {
    "model": "qwen-plus",
    "input": {"messages": [{"role": "user", "content": "Hi"}]},
    "parameters": {},
}
GENERATION = "/services/aigc/text-generation/generation"


@contextmanager
def serving(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, ended with the block."""
    command = [sys.executable, "-m", "tokenassay", "serve", "--port", "0", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, encoding="utf-8") as process:
        try:
            yield process
        finally:
            process.kill()


def ready(process: subprocess.Popen[str]) -> Any:
    """The line of JSON that says it is ready."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr and process.stderr.read()
    return json.loads(line)


def ask(endpoint: Any, body: Any = HI, surface: str = "native") -> httpx.Response:
    url = endpoint["surfaces"][surface] + GENERATION
    return httpx.post(url, json=body, headers={"Authorization": f"Bearer {endpoint['api_key']}"})


def test_one_line_of_json_and_every_surface() -> None:
    with serving("--json") as process:
        endpoint = ready(process)
        assert set(endpoint["surfaces"]) == {"native", "openai", "gateway"}
        assert endpoint["base_url"] in endpoint["surfaces"].values()
        assert ask(endpoint).status_code == 200
        assert ask(endpoint, surface="gateway").json()["code"] == ""
        chat = {"model": "qwen-plus", "messages": HI["input"]["messages"]}
        answer = httpx.post(
            endpoint["surfaces"]["openai"] + "/chat/completions",
            json=chat,
            headers={"Authorization": f"Bearer {endpoint['api_key']}"},
        )
        assert answer.json()["object"] == "chat.completion"


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)], ids=["interrupt", "terminate"]
)
def test_a_signal_ends_it_cleanly(sent: signal.Signals, code: int) -> None:
    with serving("--json", "--edition", "qwen-dashscope@2024-04") as process:
        ready(process)
        process.send_signal(sent)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (code, "", "")


def test_what_it_prints_for_people_works() -> None:
    with serving("--edition", "qwen-dashscope@2024-04") as process:
        assert process.stdout is not None
        lines = []
        while "Ctrl-C" not in (line := process.stdout.readline()):
            lines.append(line.rstrip("\n"))
        text = "\n".join(lines)
        assert "sk-assay" in text
        curl = text[text.index("curl ") :].strip()
        done = subprocess.run(
            ["bash", "-c", curl],  # noqa: S607 - whichever bash there is
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert json.loads(done.stdout)["usage"]


def test_lies_seed_latency_and_faults() -> None:
    told = ("--lie", "usage_missing", "--lie", "finish_reason_missing", "--seed", "7")
    with serving("--json", "--edition", "qwen-dashscope@2024-04", *told, "--no-faults") as process:
        endpoint = ready(process)
        body = ask(endpoint).json()
        assert "usage" not in body
        assert "finish_reason" not in body["output"]
        fault = {
            "Authorization": f"Bearer {endpoint['api_key']}",
            "X-Assay-Fault": "error.arrearage",
        }
        url = endpoint["surfaces"]["native"] + GENERATION
        assert httpx.post(url, json=HI, headers=fault).status_code == 200
    with serving("--json", "--edition", "qwen-dashscope@2024-04") as process:
        assert ask(ready(process)).json()["output"] != body["output"]


def test_a_contract_file_is_served_with_its_own_figures(tmp_path: Path) -> None:
    own = tmp_path / "gateway.yaml"
    own.write_text(
        "edition: my-gateway@2026\nextends: computevault-gateway@2025\nprovider: my-gateway\n"
        "clauses:\n"
        "- kind: range\n  id: temperature.range\n  level: must\n"
        "  text: The temperature is at most one.\n  family: parameters\n  source: page\n"
        "  parameter: temperature\n  interval: '[0, 1]'\n",
        "utf-8",
    )
    with serving("--json", "--contract", str(own)) as process:
        endpoint = ready(process)
        assert endpoint["editions"] == ["my-gateway@2026"]
        assert "/my-gateway/" in endpoint["base_url"]
        hot = {**HI, "parameters": {"temperature": 1.5}}
        assert ask(endpoint, hot, "gateway").status_code == 400
        assert ask(endpoint, HI, "gateway").status_code == 200
    with serving("--json", "--contract", str(own), "--lie", "accepts_temperature_above_high") as p:
        assert ask(ready(p), hot, "gateway").status_code == 200


def test_wrong_usage_is_told_in_one_line(call: Caller, tmp_path: Path) -> None:
    for arguments, words in (
        (["--edition", "nobody@2020"], "no edition 'nobody@2020'"),
        (["--lie", "ignores_stops"], "did you mean ignores_stop"),
        (["--contract", str(tmp_path / "none.yaml")], "No such file"),
    ):
        answer = call("serve", "--port", "0", *arguments)
        assert answer.code == 2
        assert words in answer.err
        assert answer.err.count("\n") == 1


def test_a_port_that_is_taken(call: Caller) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = call("serve", "--port", port, "--edition", "qwen-dashscope@2024-04")
    assert answer.code == 2
    assert "can't listen" in answer.err


def test_lies_are_listed(call: Caller) -> None:
    answer = call("lies", "--json")
    assert answer.code == 0
    listed = {lie["name"]: lie for lie in answer.json["lies"]}
    assert len(listed) > 100
    assert listed["ignores_stop"]["clauses"] == ["stop.ends_answer"]
    assert listed["accepts_temperature_at_high"]["by_hand"] is False
    of_one = call("lies", "--edition", "computevault-gateway@2025", "--json").json["lies"]
    assert 0 < len(of_one) < len(listed)
    assert "overcounts_input_by_one" in call("lies").out
    assert call("lies", "--edition", "nobody@2020").code == 2
