"""The official openai SDK behind the guard, against the mock."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.guard.conftest import kept
from tests.guard.sums import sums
from tokenassay.conformance.mock import Endpoint
from tokenassay.guard import Guard, Ledger, OverBudget, Refused

QUESTION: Any = [{"role": "user", "content": "What is the weather in Paris?"}]
CLIENTS: list[Any] = [httpx.Client, openai.DefaultHttpxClient]
TOLD: Any = {"include_usage": True}


@pytest.fixture(params=CLIENTS, ids=["httpx", "the SDK's own"])
def made(request: pytest.FixtureRequest) -> Any:
    return request.param


def client(endpoint: Endpoint, made: Any, guard: Guard) -> OpenAI:
    """The SDK with the guard between."""
    return OpenAI(
        api_key=endpoint.api_key,
        base_url=endpoint.surfaces["openai"],
        http_client=made(transport=guard.transport()),
    )


def spent(path: Path) -> int:
    """What all budgets of a ledger count, in 1e-9 of its currency."""
    with Ledger(path) as ledger:
        money = ledger.totals().money
        found = sums(ledger._store)["", "", "CNY"]
    assert sum(one.settled + one.unsettled for one in money) * 10**9 == found
    return found


def test_a_chat_and_a_stream(compatible: Endpoint, made: Any, path: Path) -> None:
    with client(compatible, made, Guard(ledger=path)) as sdk:
        whole = sdk.chat.completions.create(model="qwen-plus", messages=QUESTION)
        stream = sdk.chat.completions.create(
            model="qwen-plus", messages=QUESTION, stream=True, stream_options=TOLD
        )
        said = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
        assert said == whole.choices[0].message.content
        silent = sdk.chat.completions.create(model="qwen-plus", messages=QUESTION, stream=True)
        assert len(list(silent)) > 2
        assert sdk.models.list().data
    assert whole.usage is not None
    first, second, third = kept(path)
    for row in (first, second):
        assert (row["state"], row["why"]) == ("settled", "")
        assert row["input_billed"] == whole.usage.prompt_tokens
        assert row["output_billed"] == whole.usage.completion_tokens
    assert first["request_id"] == whole.id
    assert (third["state"], third["why"]) == ("unmetered", "the answer says no usage")
    assert (third["output_billed"], third["cost_nano"]) == (None, None)
    # What it says comes to what the others were billed, and the budget holds it at its highest.
    assert third["output_counted"] == first["output_billed"]
    assert third["counted_nano"] == first["cost_nano"]
    assert third["request_id"]
    assert spent(path) == 2 * first["cost_nano"] + third["reserved_nano"]


@pytest.mark.parametrize(
    "extra", [{"n": 3}, {"extra_body": {"enable_thinking": True}}, {"stop": "a"}]
)
def test_a_stream_without_a_usage_is_counted_as_it_would_have_been_billed(
    compatible: Endpoint, path: Path, extra: Any
) -> None:
    with client(compatible, httpx.Client, Guard(ledger=path)) as sdk:
        for options in ({"stream_options": TOLD}, {}):
            asked: Any = {"model": "qwen-plus", "messages": QUESTION, "stream": True}
            list(sdk.chat.completions.create(**asked, **extra, **options))
    told, silent = kept(path)
    assert silent["state"] == "unmetered"
    assert silent["output_counted"] == told["output_billed"] > 0
    assert silent["counted_nano"] == told["cost_nano"]


def test_what_an_answer_does_not_show_is_not_counted(compatible: Endpoint, path: Path) -> None:
    function = {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}
    tools: Any = [{"type": "function", "function": function}]
    with client(compatible, httpx.Client, Guard(ledger=path)) as sdk:
        stream = sdk.chat.completions.create(
            model="qwen-plus", messages=QUESTION, stream=True, tools=tools
        )
        choices = [choice for chunk in stream for choice in chunk.choices]
        assert any(choice.delta.tool_calls for choice in choices)
    (row,) = kept(path)
    assert (row["state"], row["output_counted"], row["counted_nano"]) == ("unmetered", None, None)


def test_the_guards_exceptions_reach_the_caller_at_once(
    compatible: Endpoint, made: Any, path: Path
) -> None:
    sdk = client(compatible, made, Guard(ledger=path))
    with sdk, pytest.raises(Refused, match=r"temperature\.range"):
        sdk.chat.completions.create(model="qwen-plus", messages=QUESTION, temperature=2)
    with client(compatible, made, Guard(ledger=path, budget="0.00001 CNY/day")) as sdk:
        for stream in (False, True):
            with pytest.raises(OverBudget) as told:
                sdk.chat.completions.create(model="qwen-plus", messages=QUESTION, stream=stream)
            assert told.value.estimate is not None
    assert [row["state"] for row in kept(path)] == ["refused"] * 3  # none was tried again


def test_each_try_of_the_sdk_is_a_call(path: Path) -> None:
    far = httpx2.MockTransport(
        lambda _: httpx2.Response(429, json={"error": {}}, headers={"retry-after-ms": "1"})
    )
    http = httpx2.Client(transport=Guard(ledger=path).transport(far))
    sdk = OpenAI(api_key="k", base_url="http://far/v1", http_client=http, max_retries=2)
    with pytest.raises(openai.RateLimitError):
        sdk.chat.completions.create(model="qwen-plus", messages=QUESTION)
    assert [(row["state"], row["status"]) for row in kept(path)] == [("released", 429)] * 3


def test_asynchronous(compatible: Endpoint, path: Path) -> None:
    async def main() -> None:
        guard = Guard(ledger=path)
        clients: list[Any] = [httpx.AsyncClient, openai.DefaultAsyncHttpxClient]
        for made in clients:
            sdk = AsyncOpenAI(
                api_key=compatible.api_key,
                base_url=compatible.surfaces["openai"],
                http_client=made(transport=guard.async_transport()),
            )
            async with sdk:
                chats = [
                    sdk.chat.completions.create(model="qwen-plus", messages=QUESTION)
                    for _ in range(8)
                ]
                await asyncio.gather(*chats)
                stream = await sdk.chat.completions.create(
                    model="qwen-plus", messages=QUESTION, stream=True, stream_options=TOLD
                )
                assert len([chunk async for chunk in stream]) > 2
                with pytest.raises(Refused):
                    await sdk.chat.completions.create(
                        model="qwen-plus", messages=QUESTION, temperature=2
                    )

    asyncio.run(main())
    assert [row["state"] for row in kept(path)].count("settled") == 18
    assert len(kept(path)) == 20
