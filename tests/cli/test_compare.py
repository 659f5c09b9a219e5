"""``tokenassay compare``: what it prints and writes, its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.cli.calling import Caller, one_line
from tokenassay.conformance import mock
from tokenassay.conformance.results import json_schema

EDITION = "qwen-openai@2026"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The mock's key in its variable, and a working folder of our own."""
    monkeypatch.setenv("ASSAY_KEY", "sk-assay")
    monkeypatch.chdir(tmp_path)


def targets(folder: Path, urls: dict[str, str]) -> Path:
    path = folder / "targets.toml"
    path.write_text(
        "".join(
            f'[targets.{name}]\nbase_url = "{url}"\nedition = "{EDITION}"\n'
            'model = "qwen-turbo"\napi_key_env = "ASSAY_KEY"\n'
            for name, url in urls.items()
        )
    )
    return path


def test_a_lie_is_the_only_difference(call: Caller, tmp_path: Path) -> None:
    with mock.running(EDITION) as one, mock.running(EDITION, lies=["refuses_n_at_high"]) as other:
        path = targets(tmp_path, {"one": one.base_url, "other": other.base_url})
        answer = call("compare", path, "--yes", "--examples", "2", "--out", tmp_path / "kept")
        again = call("compare", path, "--yes", "--examples", "2", "--json", "--baseline", "one")
    assert answer.code == 1
    assert "other unlike one" in answer.out
    assert '{"n": 4}' in answer.out
    document = json.loads((tmp_path / "kept" / "results.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(json_schema()).validate(document)
    assert document["kind"] == "compare"
    (difference,) = document["differences"]
    assert difference["promise"] == "the_same_requests_are_accepted"
    assert json.loads(difference["request"])["n"] == 4
    assert set(difference["exchanges"]) == {"one", "other"}
    assert difference["said"] == '{"n": 4}'
    assert difference["answers"]["one"] == "accepted"
    assert difference["answers"]["other"].startswith("refused: 400")
    assert [row["name"] for row in document["targets"]] == ["one", "other"]
    assert again.json["differences"][0]["reference"] == "one"


def test_promises_fill_the_matrix_where_they_are_asked_for(call: Caller, tmp_path: Path) -> None:
    with mock.running(EDITION) as one, mock.running(EDITION, lies=["usage_missing"]) as other:
        path = targets(tmp_path, {"one": one.base_url, "other": other.base_url})
        answer = call("compare", path, "--yes", "--examples", "0", "--promises", "--json")
    assert answer.code == 1
    promises = {(row["target"], row["id"]): row["outcome"] for row in answer.json["promises"]}
    assert promises["one", "usage_is_there"] == "kept"
    assert promises["other", "usage_is_there"] == "violated"
    assert answer.json["differences"][0]["deviants"] == ["other"]


def test_alike_endpoints_end_with_0(call: Caller, tmp_path: Path) -> None:
    with mock.running(EDITION) as endpoint:
        path = targets(tmp_path, {"one": endpoint.base_url, "other": endpoint.base_url})
        answer = call("compare", path, "--yes", "--examples", "0")
    assert answer.code == 0
    assert "0 differences" in answer.out
    assert "never more than" in answer.err


def test_one_endpoint_of_no_use_leaves_nothing_to_compare(call: Caller, tmp_path: Path) -> None:
    with mock.running(EDITION) as endpoint:
        urls = {"one": endpoint.base_url, "dead": "http://127.0.0.1:9"}
        answer = call("compare", targets(tmp_path, urls), "--yes", "--examples", "0")
    assert answer.code == 3
    assert "nothing can be compared" in answer.err
    assert "dead: http://127.0.0.1:9" in answer.out


def test_wrong_words_are_told_in_one_line(call: Caller, tmp_path: Path) -> None:
    path = targets(tmp_path, {"one": "http://127.0.0.1:9"})
    assert "two targets or more" in one_line(call("compare", path))
    assert "no target 'x'" in one_line(call("compare", path, "--baseline", "x"))
    assert "absent.toml" in one_line(call("compare", tmp_path / "absent.toml"))
