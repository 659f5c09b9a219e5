"""Each dishonest meter gets its verdict and its size; an honest one is never accused."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.audit.metering import audit, of_input, recounted, sides, smaller_vocabulary
from tokenassay.conformance.mock.call import Call, Usage
from tokenassay.conformance.mock.stages import Hooks
from tokenassay.contracts import store
from tokenassay.estimators.tokens import count_tokens

EDITIONS = [
    ("qwen-dashscope@2024-04", "qwen-turbo"),
    ("qwen-long@2024-10", "qwen-long"),
    ("computevault-gateway@2025", "qwen-turbo"),
    ("qwen-dashscope@2026", "qwen-plus"),
    ("qwen-openai@2026", "qwen-turbo"),
    ("baichuan-dashscope@2024", "baichuan2-7b-chat-v1"),
]


@pytest.mark.parametrize(("edition", "model"), EDITIONS)
def test_an_honest_meter_is_honest(edition: str, model: str, tmp_path: Path) -> None:
    found = audit(tmp_path, edition=edition, model=model)
    assert found.verdict == "honest", found.why
    assert (found.surplus, found.factor, found.findings) == (0, 1.0, ())


def verdicts(edition: str, folder: Path, seeds: range) -> set[str]:
    found = (audit(folder, edition=edition, model="qwen-turbo", seed=seed) for seed in seeds)
    return {audited.verdict for audited in found}


def test_it_is_honest_whatever_the_seed(tmp_path: Path) -> None:
    assert verdicts("qwen-dashscope@2024-04", tmp_path, range(10)) == {"honest"}


@pytest.mark.slow
@pytest.mark.parametrize("edition", ["qwen-dashscope@2024-04", "qwen-openai@2026"])
def test_it_is_honest_over_fifty_seeds(edition: str, tmp_path: Path) -> None:
    assert verdicts(edition, tmp_path, range(50)) == {"honest"}


@pytest.mark.parametrize("surplus", [-3, 1, 2, 14, 500])
def test_a_constant_surplus_is_found_with_its_size(surplus: int, tmp_path: Path) -> None:
    found = audit(tmp_path, of_input(lambda given: given + surplus))
    assert (found.verdict, found.surplus) == ("constant surplus", surplus)
    assert found.factor == 1.0


WAYS: dict[str, Callable[[float], int]] = {
    "up": math.ceil,
    "down": math.floor,
    "to the nearest": round,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("factor", [1.01, 1.02, 1.05, 1.1, 1.5, 2.5, 0.9])
def test_a_factor_is_found_with_its_size_and_its_rounding(
    factor: float, way: str, tmp_path: Path
) -> None:
    found = audit(tmp_path, of_input(lambda given: WAYS[way](given * factor)))
    assert found.verdict == ("inflated" if factor > 1 else "deflated"), found.why
    assert found.factor is not None
    assert found.uncertainty is not None
    assert abs(found.factor - factor) <= max(found.uncertainty, 1e-9)
    assert found.uncertainty < 0.001
    assert f"rounded {way}" in found.why


def test_a_hidden_prompt_beneath_a_factor_is_told(tmp_path: Path) -> None:
    found = audit(tmp_path, of_input(lambda given: math.ceil((given + 40) * 1.05)))
    assert (found.verdict, found.factor, found.surplus) == ("inflated", 1.05, 40)


def test_a_surplus_above_a_factor_is_told(tmp_path: Path) -> None:
    found = audit(tmp_path, of_input(lambda given: math.floor(given * 1.2) + 9))
    assert (found.verdict, found.factor, found.surplus) == ("inflated", 1.2, 9)


@pytest.mark.parametrize("size", [10, 16, 100])
def test_rounding_to_multiples_is_named(size: int, tmp_path: Path) -> None:
    found = audit(tmp_path, of_input(lambda given: -(-given // size) * size))
    assert found.verdict == "inflated"
    assert f"rounded up to multiples of {size}" in found.why
    assert found.factor is not None
    assert found.factor > 1


@pytest.mark.parametrize(
    "count",
    [
        lambda text: len(smaller_vocabulary(20_000).encode(text)),
        lambda text: len(smaller_vocabulary(100_000).encode(text)),
        len,
        lambda text: len(text.encode()),
        lambda text: -(-len(text) // 4),
        lambda text: count_tokens(text) if text.isascii() else len(text),
    ],
    ids=["20k", "100k", "characters", "bytes", "a quarter of the characters", "Chinese apart"],
)
@pytest.mark.parametrize("overhead", [0, 6])
def test_another_tokenizer_is_told(
    count: Callable[[str], int], overhead: int, tmp_path: Path
) -> None:
    found = audit(tmp_path, recounted(count, overhead))
    assert found.verdict == "other tokenizer", found.why


def test_noise_is_erratic(tmp_path: Path) -> None:
    dice = random.Random(1)
    found = audit(tmp_path, of_input(lambda given: given + dice.randint(-3, 3)))
    assert found.verdict == "erratic"
    assert "another time" in found.why


def test_noise_that_repeats_is_erratic_too(tmp_path: Path) -> None:
    found = audit(tmp_path, of_input(lambda given: given + given * 7919 % 97))
    assert found.verdict == "erratic"


@pytest.mark.parametrize("at", [3, 17, 28])
@pytest.mark.parametrize("surplus", [0, 14])
def test_one_odd_answer_changes_no_verdict(at: int, surplus: int, tmp_path: Path) -> None:
    answers = 0

    def meter(given: int) -> int:
        nonlocal answers
        answers += 1
        return given + surplus + (777 if answers == at else 0)

    found = audit(tmp_path, of_input(meter))
    wanted = "constant surplus" if surplus else "honest"
    assert (found.verdict, found.surplus) == (wanted, surplus)
    assert any("left aside" in note for note in found.notes)


@pytest.mark.parametrize(("plain", "streamed"), [(0, 5), (3, 0), (2, 9)])
def test_a_recount_by_stream_is_told(plain: int, streamed: int, tmp_path: Path) -> None:
    def meter(call: Call, usage: Usage) -> Usage:
        more = streamed if call.stream else plain
        given = usage.input_tokens + more
        return Usage(given, usage.output_tokens, given + usage.output_tokens)

    found = audit(tmp_path, Hooks(meter=meter))
    assert found.verdict == "recounted by stream"
    assert found.surplus == (streamed or plain)


def test_a_factor_by_stream_alone_is_told(tmp_path: Path) -> None:
    def meter(call: Call, usage: Usage) -> Usage:
        given = math.ceil(usage.input_tokens * (1.1 if call.stream else 1))
        return Usage(given, usage.output_tokens, given + usage.output_tokens)

    found = audit(tmp_path, Hooks(meter=meter))
    assert (found.verdict, found.factor) == ("recounted by stream", 1.1)


def test_a_prompt_that_is_added_where_none_is_sent_is_told(tmp_path: Path) -> None:
    def meter(call: Call, usage: Usage) -> Usage:
        messages = (call.request.messages if call.request else None) or ()
        own = bool(messages) and messages[0].role == "system"
        given = usage.input_tokens + (0 if own else 33)
        return Usage(given, usage.output_tokens, given + usage.output_tokens)

    found = audit(tmp_path, Hooks(meter=meter))
    assert (found.verdict, found.surplus) == ("constant surplus", 33)
    assert "default system prompt" in found.why


def test_tokens_for_each_message_are_told(tmp_path: Path) -> None:
    def meter(call: Call, usage: Usage) -> Usage:
        messages = (call.request.messages if call.request else None) or ()
        given = usage.input_tokens + 3 * len(messages)
        return Usage(given, usage.output_tokens, given + usage.output_tokens)

    found = audit(tmp_path, Hooks(meter=meter))
    assert found.verdict == "inflated"
    assert "+3 tokens for each message" in found.why


LIES = {
    "overcounts_input_by_one": ("constant surplus", 1, 1.0),
    "undercounts_input_by_one": ("constant surplus", -1, 1.0),
    "overcounts_output_by_one": ("constant surplus", 1, 1.0),
    "doubles_output": ("inflated", 0, 2.0),
    "inflates_usage_by_a_tenth": ("inflated", 0, 1.1),
    "bills_a_hidden_system_prompt": ("constant surplus", 19, 1.0),
    "bills_more_in_streams": ("recounted by stream", 3, 1.0),
    "bills_less_in_streams": ("recounted by stream", 2, 1.0),
    "total_does_not_add_up": ("constant surplus", 1, 1.0),
}
NAMED = {
    "rounds_usage_up_to_hundreds": ("inflated", "multiples of 100"),
    "bills_earlier_turns_twice": ("inflated", "earlier turns"),
    "bills_characters": ("other tokenizer", "characters"),
    "bills_max_tokens": ("inflated", "max_tokens"),
    "swaps_input_and_output": ("swapped", "each is billed as the other"),
    "usage_is_zero": ("deflated", "billed as 0"),
    "total_is_output_only": ("deflated", "leaves out the input"),
    "usage_missing": ("inconclusive", "tell no usage"),
    "usage_is_null": ("inconclusive", "tell no usage"),
    "bills_errors": ("errors billed", "refused requests"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_of_the_mock_gets_its_verdict_and_its_size(lie: str, tmp_path: Path) -> None:
    found = audit(tmp_path, lies=(lie,))
    assert (found.verdict, found.surplus, found.factor) == LIES[lie]


@pytest.mark.parametrize("lie", NAMED)
def test_a_lie_of_the_mock_gets_its_verdict_and_its_name(lie: str, tmp_path: Path) -> None:
    found = audit(tmp_path, lies=(lie,))
    verdict, said = NAMED[lie]
    assert found.verdict == verdict
    assert said in found.why


def test_input_and_output_are_told_apart(tmp_path: Path) -> None:
    found = audit(tmp_path, lies=("doubles_output",))
    assert sides(found) == {"output": "inflated"}


def test_a_known_template_is_no_lie_where_the_own_one_is_a_guess(tmp_path: Path) -> None:
    assert store.profiles()["chatml-think-block"].think_block_tokens == 4
    found = audit(tmp_path, of_input(lambda given: given - 4))
    assert (found.verdict, found.template, found.basis) == ("honest", "chatml", "modelled")
