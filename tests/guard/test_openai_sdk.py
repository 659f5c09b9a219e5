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
from tokenassay.conformance.mock import Endpoint
from tokenassay.guard import Guard, OverBudget, Refused

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
