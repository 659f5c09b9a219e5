"""What parts endpoints is found, each difference once, at a request that a person would send."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.conformance.compare.siding import compared, sessions
from tokenassay.conformance.compare.asking import asks
from tokenassay.conformance.compare.asks import Ask
from tokenassay.conformance.compare.comparing import Comparer
from tokenassay.conformance.compare.differences import undocumented
from tokenassay.conformance.compare.shrinking import simpler

EDITION = "qwen-openai@2026"
GATEWAY = "computevault-gateway@2025"
THREE = {"a": EDITION, "b": EDITION, "c": EDITION}


@pytest.mark.parametrize("edition", [EDITION, "qwen-dashscope@2024-04"])
def test_alike_endpoints_do_not_differ(edition: str, tmp_path: Path) -> None:
    found = compared(tmp_path, {"a": edition, "b": edition, "c": edition})
    assert found.differences == ()
    assert found.asked > 60
    assert set(found.not_run.values()) == {0}


LIES: list[dict[str, dict[str, object]]] = [
    {
        "overcounts_input_by_one": {},
        "accepts_temperature_at_high": {"temperature": 2},
        "refuses_top_p_at_high": {"top_p": 1},
    },
    {
        "refuses_n_at_high": {"n": 4},
        "usage_missing": {},
        "bills_less_in_streams": {},
    },
    {
        "ignores_stop": {"stop": ["a"]},
        "doubles_output": {},
        "accepts_seed_below_low": {"seed": -1},
    },
]


@pytest.mark.parametrize("lies", LIES, ids=[" ".join(lies) for lies in LIES])
def test_three_lies_are_three_differences(
    lies: dict[str, dict[str, object]], tmp_path: Path
) -> None:
    told = dict(zip("abc", lies, strict=True))
    found = compared(tmp_path, THREE, told)
    by_target = {difference.deviants: difference for difference in found.differences}
    assert len(found.differences) == 3
    assert set(by_target) == {("a",), ("b",), ("c",)}
    for name, lie in told.items():
        difference = by_target[(name,)]
        assert dict(difference.ask.parameters) == lies[lie]
        assert difference.ask.size <= (2, 2, 40)
        assert difference.documented is False
        assert set(difference.answers) == {"a", "b", "c"}


DEEPER: list[dict[str, str]] = [
    {
        "tool_arguments_lack_the_required": "answer.tools",
        "finish_reason_unknown": "answer.finish_reason",
        "names_another_input_file": "store.truth",
    },
    {
        "swaps_two_frames": "stream.order",
        "usage_chunk_always": "usage.presence",
        "answers_errors_with_422": "refusal.status",
    },
]
"""What only tools with deep arguments, files and batches, or the order of frames show."""


@pytest.mark.parametrize("lies", DEEPER, ids=[" ".join(lies) for lies in DEEPER])
def test_what_lies_deeper_is_a_difference_too(lies: dict[str, str], tmp_path: Path) -> None:
    told = dict(zip("abc", lies, strict=True))
    found = compared(tmp_path, THREE, told, examples=0)
    facets = {difference.deviants: difference.facets for difference in found.differences}
    assert len(found.differences) == 3
    assert set(facets) == {("a",), ("b",), ("c",)}
    for name, lie in told.items():
        assert lies[lie] in facets[(name,)]


@pytest.mark.parametrize("edition", [EDITION, "qwen-dashscope@2024-04", GATEWAY])
def test_each_request_is_a_row_that_its_own_documents_judge(edition: str, tmp_path: Path) -> None:
    told = {"b": "overcounts_input_by_one"}
    with sessions(tmp_path, {"a": edition, "b": edition}, told) as sides:
        comparer = Comparer(sides, seed=0, examples=5)
        comparer.run(workers=1)
        comparer.keep_rows()
        run = sides[0].run
        honest, lying = (
            Counter(verdict.outcome for verdict in run.verdicts(name).values()) for name in "ab"
        )
        points = [point for name in "ab" for _, _, point in run.notes(name, "meter")]
    assert not honest["violated"]
    assert not honest["non-strict"]
    assert lying["violated"] + lying["non-strict"] > 10
    assert honest.total() == lying.total() == len(comparer.asks)
    assert {point["billed"] - point["counted"] for point in points} == {0, 1}


def test_the_others_are_measured_by_the_baseline(tmp_path: Path) -> None:
    found = compared(tmp_path, THREE, {"a": "overcounts_input_by_one"}, against="a")
    (difference,) = found.differences
    assert (difference.reference, difference.deviants) == ("a", ("b", "c"))


def test_a_gateway_differs_from_the_original_as_its_documents_say(tmp_path: Path) -> None:
    editions = {"original": "qwen-dashscope@2024-04", "gateway": "computevault-gateway@2025"}
    found = compared(tmp_path, editions)
    assert undocumented(found.differences) == []
    assert {difference.reference for difference in found.differences} == {"original"}
    styles = [d for d in found.differences if "answer.style" in d.facets]
    assert [(d.ask.bare, d.answers) for d in styles] == [
        (True, {"original": "text", "gateway": "message"})
    ]
    refused = {name for d in found.differences for name in d.ask.parameters}
    assert {"temperature", "top_p", "max_tokens"} <= refused


def test_a_gateway_that_lies_differs_beyond_its_documents(tmp_path: Path) -> None:
    editions = {"original": "qwen-dashscope@2024-04", "gateway": "computevault-gateway@2025"}
    found = compared(tmp_path, editions, {"gateway": "overcounts_input_by_one"})
    (difference,) = undocumented(found.differences)
    assert difference.facets == ("usage.input",)


def test_an_unsupported_family_is_left_out_there_and_nowhere_else(tmp_path: Path) -> None:
    with sessions(tmp_path, {"a": EDITION, "b": EDITION}, {"b": "streams_as_json"}) as sides:
        sides[1].target = replace(sides[1].target, unsupported=("streams", "parameters"))
        found = Comparer(sides, seed=0, examples=0).run(workers=1)
    assert found.not_run["a"] == 0
    assert found.not_run["b"] > 0
    assert found.differences == ()


def test_requests_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    with sessions(tmp_path, {"a": EDITION, "b": "qwen-dashscope@2024-04"}, {}) as sides:
        first, again, other = (
            [ask.key for ask in Comparer(sides, seed=seed, examples=20).asks] for seed in (1, 1, 2)
        )
    assert first == again != other
    assert len(set(first)) == len(first)


def test_each_simpler_request_is_another_one(tmp_path: Path) -> None:
    with sessions(tmp_path, {"a": EDITION, "b": EDITION}, {}) as sides:
        made = Comparer(sides, seed=3, examples=20).asks
    assert made[0].key == Ask().key
    assert list(simpler(Ask())) == [Ask(messages=())]
    for ask in made:
        assert ask.key not in {candidate.key for candidate in simpler(ask)}
    assert asks([], 0, 0)
