"""The estimate as a whole: what it says of any body, and what it never does."""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenassay.contracts import store
from tokenassay.contracts.errors import ContractError, UnknownEdition, UnknownModel
from tokenassay.estimators.estimating import estimate
from tokenassay.estimators.records import Estimate
from tokenassay.estimators.requests import NotARequest, read_request
from tokenassay.estimators.tokens import count_tokens

SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
USER = {"role": "user", "content": "Who are you?"}
CHAT = {"model": "qwen-plus", "messages": [SYSTEM, USER]}
NATIVE = {"model": "qwen-plus", "input": {"messages": [SYSTEM, USER]}, "parameters": {}}

TEXT = st.text(max_size=12)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ROLES = st.sampled_from(["system", "user", "assistant", "tool", "developer", 3, None])
CONTENTS = JSON | st.lists(
    st.sampled_from(
        [
            {"type": "text", "text": "hi"},
            {"type": "image_url", "image_url": {"url": "https://a.example/b-tps-56-28.png"}},
            {"type": "image_url", "image_url": "data:image/png;base64,AAAA"},
            {"image": None},
            {"type": "video"},
        ]
    ),
    max_size=3,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": ROLES, "content": CONTENTS},
        optional={"tool_calls": JSON, "partial": JSON, "name": JSON, "reasoning_content": JSON},
    ),
    max_size=4,
)
NAMES = st.sampled_from(["qwen-turbo", "qwen-plus", "qwen-long", "baichuan-7b-v1", "qwen3.5-plus"])
PARAMETERS = st.dictionaries(
    st.sampled_from(
        [
            "max_tokens",
            "n",
            "tools",
            "enable_search",
            "enable_thinking",
            "thinking_budget",
            "response_format",
            "stop",
            "temperature",
            "max_completion_tokens",
        ]
    ),
    JSON,
    max_size=4,
)
BODIES = st.one_of(
    st.builds(
        lambda model, messages, rest: {"model": model, "messages": messages, **rest},
        NAMES | JSON,
        MESSAGES | JSON,
        PARAMETERS,
    ),
    st.builds(
        lambda model, given, parameters: {"model": model, "input": given, "parameters": parameters},
        NAMES | JSON,
        st.fixed_dictionaries(
            {}, optional={"messages": MESSAGES | JSON, "prompt": JSON, "history": JSON}
        )
        | JSON,
        PARAMETERS | JSON,
    ),
    JSON,
)


def parts(found: Estimate) -> dict[str, int]:
    return {part.part: part.tokens for part in found.breakdown}


# ------------------------------------------------------------------------------ any body


@given(BODIES, st.sampled_from([None, "qwen-openai@2026", "qwen-dashscope@2024-04"]))
@settings(max_examples=300, deadline=None)  # the first loads an edition
def test_any_json_is_estimated_or_refused_as_documented(body: Any, edition: str | None) -> None:
    try:
        found = estimate(body, edition=edition, as_of="2025-06")
    except (NotARequest, UnknownModel, UnknownEdition):
        return
    shown = json.loads(json.dumps(found.to_dict()))
    low, high = shown["input_range"]
    tokens = shown["input_tokens"]
    if tokens is None:
        assert low is None
        assert high is None
        assert shown["cost"] is None
        return
    assert sum(part["tokens"] for part in shown["breakdown"]) == tokens
    assert all(part["tokens"] >= 0 for part in shown["breakdown"])
    assert 0 <= low <= tokens
    assert high is None or tokens <= high
    if shown["basis"] == "exact":
        assert low == high
    if shown["cost"] and shown["cost"]["total_max"] is not None:
        assert Decimal(shown["cost"]["total_min"]) <= Decimal(shown["cost"]["total_max"])
    assert shown["cost"] or shown["cost_why"]
    assert shown["basis_why"]


@given(
    st.lists(
        st.fixed_dictionaries(
            {"role": st.sampled_from(["user", "assistant", "system"]), "content": TEXT}
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(deadline=None)
def test_both_dialects_of_a_conversation_count_alike(messages: list[dict[str, str]]) -> None:
    openai = estimate({"model": "qwen-plus", "messages": messages})
    native = estimate({"model": "qwen-plus", "input": {"messages": messages}, "parameters": {}})
    assert openai.input_tokens == native.input_tokens
    assert openai.breakdown == native.breakdown
    assert openai.basis == native.basis


@pytest.mark.parametrize("body", [None, [], "hi", 3, {}, {"model": "qwen-plus"}])
def test_what_is_no_request_is_said_to_be_none(body: Any) -> None:
    with pytest.raises(NotARequest):
        estimate(body)


# ------------------------------------------------------------------------------ the record


def test_the_json_has_the_documented_fields() -> None:
    shown = estimate({**CHAT, "temperature": 2.5}, output_tokens=100).to_dict()
    assert list(shown) == [
        "model",
        "edition",
        "input_tokens",
        "input_range",
        "basis",
        "basis_why",
        "output_tokens",
        "cost",
        "cost_why",
        "refusals",
        "notes",
        "breakdown",
    ]
    assert shown["input_tokens"] == 23
    assert shown["input_range"] == [23, 27]  # some snapshots add an empty think block
    assert shown["output_tokens"] == {"min": 100, "max": 100}
    assert shown["cost"] == {
        "currency": "CNY",
        "input": "0.0000184",
        "output_max": "0.0002",
        "total_min": "0.0002046",  # the input from the cache, at 0.0002
        "total_max": "0.0002216",
    }
    (refusal,) = shown["refusals"]
    assert list(refusal) == ["clause", "level", "status", "code", "message", "why"]
    assert (refusal["clause"], refusal["status"]) == ("temperature.range", 400)
    assert shown["breakdown"] == [
        {"part": "message 1 (system)", "tokens": 6},
        {"part": "message 2 (user)", "tokens": 4},
        {"part": "template", "tokens": 13},
    ]


def test_the_record_is_frozen_and_shows_itself_briefly() -> None:
    found = estimate(CHAT)
    with pytest.raises(AttributeError):
        found.input_tokens = 1  # type: ignore[misc]
    assert repr(found) == (
        "Estimate('qwen-plus', 'qwen-openai@2026', input_tokens=23, basis='modelled')"
    )


def test_a_request_that_was_read_before_gives_the_same() -> None:
    assert estimate(read_request(CHAT)).to_dict() == estimate(CHAT).to_dict()


def test_a_refusal_of_level_must_stands_against_the_call() -> None:
    assert not estimate(CHAT).refused
    assert estimate({**CHAT, "messages": []}).refused


def test_threads_share_what_was_worked_out() -> None:
    def one(number: int) -> int | None:
        return estimate(CHAT, as_of=f"2025-06-{number % 28 + 1:02}").input_tokens

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(200))) == {23}


# ------------------------------------------------------------------------------ whose words


@pytest.mark.parametrize(
    ("body", "as_of", "edition"),
    [
        (NATIVE, None, "qwen-dashscope@2026"),
        (NATIVE, "2024-06", "qwen-dashscope@2024-04"),
        (CHAT, None, "qwen-openai@2026"),
        ({**CHAT, "model": "qwen-long"}, "2024-12-31", "qwen-long@2024-10"),
        ({**NATIVE, "model": "baichuan2-7b-chat-v1"}, None, "baichuan-dashscope@2024"),
    ],
)
def test_the_edition_is_the_newest_in_force_of_the_models_own_provider(
    body: dict[str, Any], as_of: str | None, edition: str
) -> None:
    assert estimate(body, as_of=as_of).edition == edition


def test_before_the_oldest_edition_the_oldest_is_used_and_said_to_be() -> None:
    found = estimate(NATIVE, as_of="2023-12-24")
    assert found.edition == "qwen-dashscope@2024-04"
    assert any("as old as 2023-12-24" in note for note in found.notes)


def test_a_day_may_be_a_date_or_partial_text() -> None:
    days: list[dt.date | str] = [
        "2024-04",
        "2024-04-01",
        dt.date(2024, 4, 1),
        dt.datetime(2024, 4, 1),
    ]
    assert {estimate(NATIVE, as_of=day).input_tokens for day in days} == {23}
    for wrong in ("april", "2024-13", "2024-02-30", ""):
        with pytest.raises(ValueError, match="expected a date such as 2024-04-15"):
            estimate(NATIVE, as_of=wrong)


def test_a_named_edition_wins_and_brings_its_surface() -> None:
    found = estimate(NATIVE, edition="computevault-gateway@2025")
    assert found.edition == "computevault-gateway@2025"
    wrong_way = estimate(CHAT, edition="qwen-dashscope@2026")
    assert wrong_way.input_tokens is None
    assert any(refusal.level == "must" for refusal in wrong_way.refusals)


def test_another_providers_prices_and_evidence_do_not_hold_for_a_gateway() -> None:
    body = {**NATIVE, "model": "qwen-max"}
    assert estimate(body, as_of="2025-08").basis == "exact"
    found = estimate(body, as_of="2025-08", edition="computevault-gateway@2025")
    assert found.cost is None
    assert found.basis == "modelled"
    assert found.input_tokens == 23


def test_an_unknown_edition_is_named() -> None:
    with pytest.raises(UnknownEdition, match="qwen-dashscope@1999"):
        estimate(CHAT, edition="qwen-dashscope@1999")


def test_an_unknown_model_comes_with_near_names() -> None:
    with pytest.raises(UnknownModel, match=r"did you mean .*qwen-plus"):
        estimate({**CHAT, "model": "qwen-pluss"})
    with pytest.raises(UnknownModel):
        estimate({"model": 3, "messages": [USER]})


def test_a_model_that_only_the_other_surface_serves_is_said_to_be() -> None:
    with pytest.raises(UnknownEdition, match="baichuan-dashscope@2024"):
        estimate({**CHAT, "model": "baichuan2-7b-chat-v1"})


def test_a_named_edition_refuses_an_unknown_model_as_documented() -> None:
    found = estimate({**CHAT, "model": "nope"}, edition="qwen-openai@2026")
    assert [(r.status, r.code) for r in found.refusals] == [(404, "model_not_found")]
    assert found.cost is None
    assert found.basis == "approximate"


def test_the_model_may_be_given_in_place_of_the_bodys() -> None:
    found = estimate(CHAT, model="qwen-max")
    assert found.model == "qwen-max"
    assert found.to_dict() == estimate({**CHAT, "model": "qwen-max"}).to_dict()
    assert CHAT["model"] == "qwen-plus"


# ------------------------------------------------------------------------------ contracts

GATEWAY = """\
edition: my-gateway@2026
extends: qwen-openai@2026
title: My gateway
provider: mine
sources:
  mine: {provider: Mine, title: Price list, published: "2026", trust: document}
models: [my-model, qwen-plus]
---
clauses:
- kind: range
  id: temperature.range
  level: must
  text: The temperature is from 0 to 1.
  family: parameters
  source: mine
  parameter: temperature
  interval: "[0, 1]"
model_rows:
- id: my-model
  family: mine
  tokenizer: qwen
  prices:
  - source: mine
    since: "2026"
    region: moon
    currency: EUR
    tiers:
    - {input_per_1k: "0.5", output_per_1k: "1"}
  templates:
  - {profile: chatml, basis: modelled, source: mine, since: "2026"}
"""


@pytest.fixture
def gateway(tmp_path: Path) -> Path:
    path = tmp_path / "my-gateway.yaml"
    path.write_text(GATEWAY, encoding="utf-8")
    return path


def test_a_contract_file_adds_models_prices_and_rules(gateway: Path) -> None:
    body = {"model": "my-model", "messages": [SYSTEM, USER], "temperature": 1.5}
    for contract in (gateway, str(gateway), store.load_contract(gateway)):
        found = estimate(body, contract=contract, output_tokens=10)
        assert found.edition == "my-gateway@2026"
        assert found.input_tokens == 23
        assert found.cost is not None
        assert (found.cost.currency, found.cost.total_max) == ("EUR", Decimal("0.0215"))
        assert [refusal.clause for refusal in found.refusals] == ["temperature.range"]
    assert "Mine, Price list" in found.cost_why


def test_a_contract_file_that_changed_is_read_again(gateway: Path) -> None:
    body = {"model": "my-model", "messages": [USER], "temperature": 1.5}
    assert estimate(body, contract=gateway).refusals
    gateway.write_text(GATEWAY.replace("[0, 1]", "[0, 1.75]"), encoding="utf-8")
    assert not estimate(body, contract=gateway).refusals


def test_a_model_of_another_list_has_no_price_at_a_gateway(gateway: Path) -> None:
    assert estimate(CHAT, contract=gateway).cost is None


def test_evidence_of_another_day_makes_no_count_exact(gateway: Path) -> None:
    row = '{profile: chatml, basis: exact, source: mine, since: "2026", until: "2027"}'
    old = '{profile: chatml, basis: modelled, source: mine, since: "2026"}'
    gateway.write_text(GATEWAY.replace(old, row), encoding="utf-8")
    body = {"model": "my-model", "messages": [SYSTEM, USER]}
    found = {day: estimate(body, contract=gateway, as_of=day) for day in ("2025", "2026", "2027")}
    assert {day: e.basis for day, e in found.items()} == {
        "2025": "modelled",
        "2026": "exact",
        "2027": "modelled",
    }
    assert "nearest in time" in found["2027"].basis_why


def test_a_tokenizer_that_is_not_at_hand_leaves_a_range(gateway: Path) -> None:
    gateway.write_text(GATEWAY.replace("tokenizer: qwen", "tokenizer: mine"), encoding="utf-8")
    found = estimate({"model": "my-model", "messages": [SYSTEM, USER]}, contract=gateway)
    assert found.basis == "approximate"
    low, high = found.input_range
    assert low is not None
    assert high is not None
    assert low <= 23 <= high


def test_a_wrong_contract_file_says_where(gateway: Path) -> None:
    gateway.write_text(GATEWAY.replace("level: must", "level: perhaps"), encoding="utf-8")
    with pytest.raises(ContractError, match=r"my-gateway\.yaml:12: "):
        estimate(CHAT, contract=gateway)
    with pytest.raises(OSError, match="missing"):
        estimate(CHAT, contract=gateway.with_name("missing.yaml"))


# ------------------------------------------------------------------------------ features


def test_files_can_not_be_counted_and_the_least_is_told() -> None:
    files = {"role": "system", "content": "fileid://file-fe-a,fileid://file-fe-b"}
    body = {"model": "qwen-long", "messages": [SYSTEM, files, USER]}
    found = estimate(body, as_of="2024-10")
    without = {"model": "qwen-long", "messages": [SYSTEM, {**files, "content": ""}, USER]}
    assert found.input_tokens == estimate(without, as_of="2024-10").input_tokens
    assert found.input_range == (found.input_tokens, 10_000_000)
    assert found.basis == "approximate"
    assert any("lower bound" in note and "2 files" in note for note in found.notes)
    cost = found.cost
    assert cost is not None
    assert cost.total_max == Decimal("5.004")  # the limit of input, the default of output


@pytest.mark.parametrize(
    "content", ["A page of plain text.", json.dumps({"content": "文", "file_type": "pdf"})]
)
def test_text_and_json_documents_are_counted(content: str) -> None:
    document = {"role": "system", "content": content}
    body = {"model": "qwen-long", "messages": [SYSTEM, document, USER]}
    found = estimate(body, as_of="2024-10")
    assert found.basis == "modelled"
    assert parts(found)["message 2 (system)"] == count_tokens(content)


def test_a_model_without_vocabulary_has_a_range_and_names_its_rule() -> None:
    body = {"model": "baichuan2-7b-chat-v1", "input": {"prompt": "介紹下故宮"}}
    found = estimate(body)
    assert found.basis == "approximate"
    assert "text rule baichuan" in found.basis_why
    low, high = found.input_range
    assert low is not None
    assert high is not None
    assert low <= 5 <= high  # what the page says was billed


@pytest.mark.parametrize("model", ["qwen3.5-plus", "qwen3.8-max"])
def test_a_newer_vocabulary_makes_every_count_a_range(model: str) -> None:
    found = estimate({**CHAT, "model": model})
    assert found.basis == "approximate"
    low, high = found.input_range
    assert low is not None
    assert high is not None
    assert low < high


def test_a_tokenizer_of_ones_own_makes_it_modelled(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({"[UNK]": 0, "Who": 1}, unk_token="[UNK]")
    )
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    path = tmp_path / "tokenizer.json"
    words.save(str(path))
    body = {"model": "qwen3.5-plus", "messages": [{"role": "user", "content": "Who are you ?"}]}
    found = estimate(body, tokenizer=path)
    assert found.basis == "modelled"
    assert found.input_range == (found.input_tokens, found.input_tokens)
    assert parts(found)["message 1 (user)"] == 4  # words, as that tokenizer has them


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "json_object"),
        ({"n": 2}, "several answers"),
        ({"skill": "x"}, "skill"),
        ({"messages": [{"role": "user", "content": "a <|im_end|> b"}]}, "marker"),
        ({"messages": [{"role": "user", "content": "a <think> b"}]}, "tag"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]}, "plain"),
        ({"messages": [{"role": "user", "content": "a", "name": "b"}]}, "name"),
        ({"messages": [{"role": "developer", "content": "a"}]}, "role"),
        ({"messages": [USER, {"role": "assistant", "content": "a", "partial": True}]}, "partial"),
    ],
)
def test_what_no_published_case_backs_is_never_exact(changes: dict[str, Any], why: str) -> None:
    body = {**CHAT, "model": "qwen-max"}
    assert estimate(body, as_of="2025-08").basis == "exact"
    found = estimate({**body, **changes}, as_of="2025-08")
    assert found.basis == "modelled"
    assert why in found.basis_why


def test_a_template_may_be_proven_for_requests_with_a_system_message_alone() -> None:
    """Of June 2024 there are answers to "hi" with a system message added and without."""
    body = {"model": "qwen-turbo", "input": {"messages": [SYSTEM, USER]}}
    assert estimate(body, as_of="2024-06").basis == "exact"
    without = {"model": "qwen-turbo", "input": {"messages": [{"role": "user", "content": "hi"}]}}
    found = estimate(without, as_of="2024-06")
    assert (found.basis, found.input_tokens, found.input_range) == ("modelled", 20, (9, 20))


@pytest.mark.parametrize("name", ["temperature", "top_p", "seed", "stop", "max_tokens", "stream"])
def test_how_to_answer_does_not_touch_the_input(name: str) -> None:
    found = estimate({**CHAT, "model": "qwen-max", name: 1}, as_of="2025-08")
    assert (found.basis, found.input_tokens) == ("exact", 23)


def test_json_mode_adds_what_was_seen_to_be_added() -> None:
    found = estimate({**CHAT, "response_format": {"type": "json_object"}})
    assert parts(found)["JSON mode"] == 2
    assert found.input_tokens == 25
    assert "JSON mode" not in parts(estimate({**CHAT, "response_format": {"type": "text"}}))


def test_search_leaves_the_upper_end_open() -> None:
    found = estimate({**CHAT, "enable_search": True})
    assert found.input_range[0] == 23
    assert found.basis == "approximate"
    assert found.input_range[1] != 23
    assert estimate({**CHAT, "enable_search": False}).input_range == (23, 27)


def test_a_marker_in_a_text_is_flagged() -> None:
    found = estimate({**CHAT, "messages": [{"role": "user", "content": "<|im_start|>system"}]})
    assert any("message 1 holds a template marker" in note for note in found.notes)


def test_an_image_of_known_size_is_counted_and_another_bounded() -> None:
    def asked(url: str) -> Estimate:
        image = {"type": "image_url", "image_url": {"url": url}}
        content = [image, {"type": "text", "text": "What is this?"}]
        return estimate(
            {"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": content}]}
        )

    known = asked("https://example.com/a-tps-450-450.png")
    assert parts(known)["message 1, image 1"] == 16 * 16 + 2
    assert known.basis == "modelled"
    unknown = asked("https://example.com/a.png")
    assert unknown.basis == "approximate"
    assert unknown.input_range[1] is None
    assert parts(unknown)["message 1, image 1"] == 4 + 2


# ------------------------------------------------------------------------------ the answer


@pytest.mark.parametrize(
    ("parameters", "most"),
    [
        ({}, 32_768),
        ({"max_tokens": 100}, 100),
        ({"max_completion_tokens": 50, "max_tokens": 100}, 50),
        ({"max_tokens": "100"}, 32_768),
        ({"max_tokens": True}, 32_768),
        ({"n": 3, "max_tokens": 100}, 300),
        ({"enable_thinking": True, "max_tokens": 100, "thinking_budget": 50}, 155),
    ],
)
def test_the_ceiling_of_the_answer(parameters: dict[str, Any], most: int) -> None:
    assert estimate({**CHAT, **parameters}).output_tokens.max == most


def test_the_answer_has_no_more_room_than_the_context_leaves() -> None:
    found = estimate({"model": "baichuan2-7b-chat-v1", "input": {"prompt": "宮" * 3000}})
    low = found.input_range[0]
    assert low is not None
    assert found.output_tokens.max == 4096 - low


def test_the_ceiling_in_force_was_another_one_in_2024() -> None:
    body = {"model": "qwen-turbo", "input": {"messages": [USER]}, "parameters": {}}
    assert estimate(body, as_of="2024-04").output_tokens.max == 1500


def test_an_unknown_ceiling_is_none_and_leaves_the_cost_open() -> None:
    found = estimate({**CHAT, "model": "qwen3-vl-plus"})
    assert found.output_tokens.max is None
    assert found.cost is None
    assert found.cost_why == "no price of qwen3-vl-plus is known"


def test_a_given_length_fixes_both_ends_and_must_be_a_length() -> None:
    output = estimate({**CHAT, "max_tokens": 5}, output_tokens=7).output_tokens
    assert (output.min, output.max) == (7, 7)
    with pytest.raises(ValueError, match="output_tokens"):
        estimate(CHAT, output_tokens=-1)


def test_the_free_quota_is_a_note_and_not_a_discount() -> None:
    body = {"model": "qwen-long", "messages": [SYSTEM, USER]}
    live, batch = estimate(body), estimate(body, batch=True)
    assert any("1,000,000 tokens within 90 days" in note for note in live.notes)
    assert batch.notes == ()  # batches have no part in it
    assert live.cost is not None
    assert live.cost.input > 0


def test_an_input_that_may_pass_the_limit_is_told() -> None:
    body = {"model": "baichuan2-7b-chat-v1", "input": {"prompt": "宮" * 5000}}
    found = estimate(body)
    assert found.input_range[0] is not None
    assert found.input_range[0] < 4096
    assert any("may exceed the limit of 4,096 tokens" in note for note in found.notes)


def test_between_two_price_tiers_both_are_told() -> None:
    long = {**CHAT, "messages": [{"role": "user", "content": " hi" * 129_000}]}
    found = estimate(long, batch=True, output_tokens=0)
    assert any("1,000 or 1,024" in note for note in found.notes)
    assert found.cost is not None
    assert found.cost.total_min < found.cost.total_max  # type: ignore[operator]


def test_an_edition_named_outright_stands_for_its_own_time() -> None:
    """The page of April 2024 prints 25 tokens for this request; naming it must count so."""
    body = {
        "model": "qwen-turbo",
        "input": {
            "messages": [
                {"role": "system", "content": "You are a helpful assistant."},
                {"role": "user", "content": "如何做西红柿炒鸡蛋?"},
            ]
        },
        "parameters": {},
    }
    named = estimate(body, edition="qwen-dashscope@2024-04")
    assert (named.input_tokens, named.basis) == (25, "exact")
    (note,) = named.notes
    assert "as of 2024-04-01" in note
    assert {**named.to_dict(), "notes": []} == estimate(body, as_of="2024-04").to_dict()
    told = estimate(body, edition="qwen-dashscope@2024-04", as_of="2024-04-01")
    assert told.notes == ()
    newest = estimate(body, edition="qwen-dashscope@2026")
    assert newest.to_dict() == estimate(body).to_dict()


TOOLS = [{"type": "function", "function": {"name": "f"}}]
CALLS = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        for id in ("a", "b")
    ],
}
RESULTS = [{"role": "tool", "tool_call_id": id, "content": "1"} for id in ("a", "b")]


@pytest.mark.parametrize(
    ("changes", "above"),
    [
        ({"tools": TOOLS}, 0),
        ({"tools": TOOLS, "tool_choice": "auto"}, 0),
        ({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "f"}}}, 46),
        ({"tools": TOOLS, "parallel_tool_calls": True}, 83),
        ({"tools": TOOLS, "parallel_tool_calls": False}, 0),
        ({"tools": TOOLS, "messages": [USER, CALLS, *RESULTS]}, 26),
        ({"tools": TOOLS, "messages": [USER, CALLS, RESULTS[0]]}, 0),
        ({"response_format": {"type": "json_object"}}, 160),
    ],
)
def test_the_range_spans_what_was_billed_above_the_template(
    changes: dict[str, Any], above: int
) -> None:
    found = estimate({**CHAT, "model": "qwen-max", **changes}, as_of="2025-06")
    low, high = found.input_range
    assert low is not None
    assert high is not None
    assert low == found.input_tokens
    assert high - low == above


@pytest.mark.parametrize(("limit", "end"), [(8, None), (9, 9), (10, 10)])
def test_the_limit_itself_ends_a_range_without_an_end(
    tmp_path: Path, limit: int, end: int | None
) -> None:
    """What a search adds can't be counted; with it the input is at most what the model takes."""
    path = tmp_path / "mine.yaml"
    path.write_text(
        f"""
edition: mine@2026
extends: qwen-openai@2026
models: [small]
sources: {{own: {{provider: me, title: mine, published: "2026", trust: document}}}}
clauses: []
model_rows:
- id: small
  family: mine
  tokenizer: qwen
  sizes: [{{source: own, since: "2026", input_tokens: {limit}}}]
  templates: [{{profile: chatml, basis: modelled, source: own, since: "2026"}}]
"""
    )
    body = {"model": "small", "messages": [{"role": "user", "content": "hi"}]}
    assert estimate({**body, "enable_search": True}, contract=path).input_range == (9, end)
