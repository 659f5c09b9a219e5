"""The workflows of examples/ci do what they say, on the mock in place of a provider."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import yaml

from tests.house.tree import ROOT
from tokenassay.conformance.mock import running

CI: Final = ROOT / "examples" / "ci"
EDITION: Final = "qwen-openai@2026"
LIE: Final = "accepts_temperature_at_high"
ONLY: Final = "temperature_above"


class Ended(NamedTuple):
    """What a job came to."""

    code: int
    """Of the step that decides, as the system reads it: 0 green."""
    out: str
    summary: str


def read(name: str) -> Any:
    return yaml.safe_load((CI / name).read_text("utf-8"))


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read("github.yml")["jobs"]["check"]["steps"]
    return found


def bash(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A script as both systems run one: bash, ended by the first failure."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],  # noqa: S607 - whichever bash there is
        cwd=folder,
        env={**os.environ, "PATH": path, "DASHSCOPE_API_KEY": "sk-assay", **variables},
        capture_output=True,
        encoding="utf-8",
    )


def github(folder: Path) -> Ended:
    """The steps that are scripts of ours, one after another."""
    variables = {"GITHUB_OUTPUT": str(folder / "out"), "GITHUB_STEP_SUMMARY": str(folder / "sum")}
    said, code = "", 1
    for step in steps():
        if "run" not in step or "pip install" in step["run"]:
            continue
        given = {name: value for name, value in step.get("env", {}).items() if "${{" not in value}
        if step["name"] == "Verdict":
            given["CODE"] = re.findall(r"code=(\d+)", (folder / "out").read_text("utf-8"))[-1]
        done = bash(step["run"], folder, **variables, ONLY=ONLY, **given)
        said, code = said + done.stdout, done.returncode
        assert code == 0 or step["name"] == "Verdict", done.stderr
    return Ended(code, said, (folder / "sum").read_text("utf-8"))


def gitlab(folder: Path) -> Ended:
    """The script of the job, its lines in one shell; an exit code that is allowed is green."""
    job = read("gitlab.yml")["endpoint"]
    done = bash("\n".join(job["script"]), folder, **job["variables"] | {"ONLY": ONLY})
    code = 0 if done.returncode == job["allow_failure"]["exit_codes"] else done.returncode
    junit = folder / job["artifacts"]["reports"]["junit"]
    assert junit.is_file()
    return Ended(code, done.stdout, (folder / "assay/summary.md").read_text("utf-8"))


SYSTEMS = pytest.mark.parametrize("system", [github, gitlab], ids=["github", "gitlab"])


@contextmanager
def provider(folder: Path, *lies: str) -> Iterator[None]:
    """The configuration of the examples, its endpoint replaced by the mock."""
    with running(EDITION, lies=lies) as endpoint:
        configure(folder, endpoint.base_url)
        yield


def configure(folder: Path, url: str) -> None:
    text = (CI / "tokenassay.toml").read_text("utf-8")
    replaced, times = re.subn(r'base_url = ".*"', f'base_url = "{url}"', text)
    assert times == 1
    (folder / "tokenassay.toml").write_text(replaced.replace('rate = "120/min"\n', ""), "utf-8")


@SYSTEMS
def test_an_endpoint_that_keeps_its_word_is_green(system: Any, tmp_path: Path) -> None:
    with provider(tmp_path):
        ended = system(tmp_path)
    assert ended.code == 0
    assert "::error" not in ended.out
    assert ended.summary.startswith("#")
    kept = {"run.db", "results.json", "junit.xml", "report.html"}
    assert kept <= {path.name for path in (tmp_path / "assay").iterdir()}


@SYSTEMS
def test_a_violation_is_red(system: Any, tmp_path: Path) -> None:
    with provider(tmp_path, LIE):
        ended = system(tmp_path)
    assert ended.code == 1
    assert ("::error title=" in ended.out) == (system is github)
    assert "temperature" in ended.summary


@SYSTEMS
def test_what_could_not_be_judged_is_not_red(system: Any, tmp_path: Path) -> None:
    configure(tmp_path, "http://127.0.0.1:9/compatible-mode/v1")  # nothing listens there
    ended = system(tmp_path)
    assert ended.code == 0
    if system is github:
        assert "::warning::The endpoint could not be judged" in ended.out


def test_a_wrong_configuration_is_red(tmp_path: Path) -> None:
    verdict = next(step["run"] for step in steps() if step.get("name") == "Verdict")
    assert bash(verdict, tmp_path, CODE="2").returncode == 2
    assert read("gitlab.yml")["endpoint"]["allow_failure"]["exit_codes"] == 3


def test_the_report_is_kept_whatever_the_check_came_to() -> None:
    keeping = [step for step in steps() if "if" in step]
    assert [step["name"] for step in keeping] == ["Summary and annotations", "Keep the report"]
    assert all(step["if"].startswith("always()") for step in keeping)
    assert read("gitlab.yml")["endpoint"]["artifacts"]["when"] == "always"


def test_the_key_is_a_secret_and_the_money_bounded() -> None:
    (check,) = (step for step in steps() if step.get("id") == "check")
    assert check["env"]["DASHSCOPE_API_KEY"] == "${{ secrets.DASHSCOPE_API_KEY }}"
    scripts = [check["run"], *read("gitlab.yml")["endpoint"]["script"]]
    assert sum('--budget "$BUDGET"' in script for script in scripts) == 2
