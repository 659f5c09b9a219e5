"""Each lie changes what goes over the wire, and nothing else does."""

from __future__ import annotations

import json

import pytest

from tests.conformance.mock.wires import Heard, call_app
from tokenassay.conformance.lowering import lowered
from tokenassay.conformance.mock.app import choose_editions, make_app, path_of
from tokenassay.conformance.mock.call import Call
from tokenassay.conformance.mock.lies import registry
from tokenassay.conformance.mock.lies.listing import markdown, rows
from tokenassay.conformance.mock.lies.probes import request_of
from tokenassay.conformance.mock.lies.registry import Lie, Probe, UnknownLie
from tokenassay.contracts import store
from tokenassay.estimators.refusals.refusal import Breach, refuse

EDITIONS = tuple(store.headers())
TELLABLE = [
    pytest.param(edition, lie, id=f"{edition}-{lie.name}")
    for edition in EDITIONS
    for lie in registry.lies_for(store.load_edition(edition))
    if lie.probe is not None
]
WITHOUT_PROBE = {
    "ignores_limit_of_input_tokens",  # of ten million tokens
    "ignores_limit_of_files_per_request",
    "ignores_limit_of_context_tokens",  # of a million in one edition
    "refuses_long_inputs_early",
    "answers_longer_than_documented",
}
"""Lies that one request cannot show; a test of their own shows each."""


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenassay.conformance.mock.call.time.time", lambda: 1_700_000_000.0)


def _heard(edition: str, probe: Probe | None, lies: tuple[str, ...] = ()) -> Heard:
    chosen = choose_editions([edition])
    asked = request_of(chosen[0].edition, probe or Probe())
    path = path_of(chosen[0].edition) + asked.path
    return call_app(make_app(chosen, lies), asked.method, path, asked.body, asked.headers)


def _refused(heard: Heard) -> bool:
    return heard.status != 200 or b"event:error" in heard.body


@pytest.mark.parametrize(("edition", "lie"), TELLABLE)
def test_a_lie_changes_the_answer_to_its_probe(edition: str, lie: Lie) -> None:
    honest = _heard(edition, lie.probe)
    lying = _heard(edition, lie.probe, (lie.name,))
    assert lying != honest
    if lie.name.startswith(("accepts_", "serves_", "ignores_limit", "clamps_")):
        assert _refused(honest)
        assert not _refused(lying)
    if lie.name.startswith("refuses_"):
        assert not _refused(honest)
        assert _refused(lying)


@pytest.mark.parametrize("edition", EDITIONS)
def test_without_lies_two_servers_answer_alike(edition: str) -> None:
    for probe in (Probe(), Probe(stream=True), Probe({"temperature": "warm"})):
        if probe.stream and not registry.has_streams(store.load_edition(edition)):
            continue
        assert _heard(edition, probe) == _heard(edition, probe)


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_lie_leaves_alone_what_it_is_not_about(edition: str) -> None:
    stop_lies = [
        lie.name
        for lie in registry.lies_for(store.load_edition(edition))
        if lie.name.startswith(("accepts_temperature", "ignores_stop", "leaks_stop"))
    ]
    assert _heard(edition, None) == _heard(edition, None, tuple(stop_lies))


def test_several_lies_are_told_at_once() -> None:
    lies = ("usage_missing", "finish_reason_missing")
    body = json.loads(_heard("qwen-dashscope@2024-04", None, lies).body)
    assert "usage" not in body
    assert "finish_reason" not in body["output"]


def test_every_lie_breaks_clauses_of_some_edition() -> None:
    told = {lie.name for id in EDITIONS for lie in registry.lies_for(store.load_edition(id))}
    assert {lie.name for lie in registry.named_lies()} <= told


def test_every_pattern_of_a_lie_names_a_clause() -> None:
    ids = {clause.id for id in EDITIONS for clause in store.load_edition(id).clauses}
    from fnmatch import filter as matching

    for lie in registry.named_lies():
        for pattern in lie.clauses:
            assert matching(ids, pattern), (lie.name, pattern)


def test_names_are_unique_and_enough() -> None:
    names = [lie.name for lie in registry.named_lies()]
    assert len(names) == len(set(names))
    assert len(names) >= 60
    assert all(lie.summary.endswith(".") for lie in registry.all_lies())


def test_lies_without_probe_are_known() -> None:
    for lie in registry.all_lies():
        if lie.family in ("limits", "ranges"):
            assert lie.probe is not None or lie.name in WITHOUT_PROBE, lie.name


def test_an_unknown_lie_is_named_with_near_ones() -> None:
    chosen = choose_editions(["qwen-dashscope@2024-04"])
    with pytest.raises(UnknownLie, match="did you mean ignores_stop"):
        make_app(chosen, ["ignore_stop"])


def test_a_lie_of_another_surface_is_refused() -> None:
    with pytest.raises(UnknownLie, match="no lie 'done_on_native'"):
        make_app(choose_editions(["qwen-long@2024-10"]), ["done_on_native"])


def test_an_answer_goes_on_beyond_the_longest_one_documented() -> None:
    small, _ = lowered(store.Contract(store.load_edition("qwen-long@2024-10")))
    longest = small.edition.limit("output_tokens")
    assert longest is not None
    assert longest.maximum is not None
    said = ({"role": "user", "content": f"Write {2 * longest.maximum} words."},)
    asked = request_of(small.edition, Probe(messages=said))
    path = path_of(small.edition) + asked.path
    made = []
    for lies in ((), ("answers_longer_than_documented",)):
        app = make_app([small], lies)
        body = json.loads(call_app(app, asked.method, path, asked.body, asked.headers).body)
        made.append(body["usage"]["completion_tokens"])
    assert made == [longest.maximum, 2 * longest.maximum]


def test_the_page_of_lies_is_current() -> None:
    from pathlib import Path

    page = Path(__file__).resolve().parents[3] / "docs" / "lies.md"
    assert page.read_text("utf-8") == markdown()


def test_the_list_counts_every_edition() -> None:
    listed = {row.name: row for row in rows()}
    assert set(listed["accepts_temperature_at_high"].editions) >= {
        "qwen-dashscope@2024-04",
        "qwen-openai@2026",
    }


def test_a_limit_too_high_to_write_out_is_overlooked_all_the_same() -> None:
    edition = store.load_edition("qwen-long@2024-10")
    for lie in registry.lies_for(edition):
        if lie.probe is None and lie.name.startswith("ignores_limit"):
            service = make_app(choose_editions([edition.id]), [lie.name]).mounts[0].services[0]
            (clause,) = lie.broken(edition)
            found = (refuse(edition, edition.clause(clause), Breach("", "too many")),)
            (judge,) = service.stages.judge
            assert judge(Call(service, {}), found) == ()
