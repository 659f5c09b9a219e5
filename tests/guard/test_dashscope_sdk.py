"""The official dashscope SDK behind the guard, against the mock."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Any

import dashscope
import pytest
from dashscope import Generation
from dashscope.api_entities.aio_session import close_shared_aio_session

from tests.guard.conftest import kept
from tokenassay.conformance.mock import Endpoint
from tokenassay.guard import Guard, OverBudget, Refused

HI: Any = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "如何做西红柿炒鸡蛋?"},
]
MESSAGE: dict[str, Any] = {"messages": HI, "result_format": "message"}


@pytest.fixture
def sdk(native: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    """The SDK's module settings, pointed at the mock."""
    monkeypatch.setattr(dashscope, "base_http_api_url", native.surfaces["native"])
    monkeypatch.setattr(dashscope, "api_key", native.api_key)
    return native


def test_a_call_answers_as_without_the_guard(sdk: Endpoint, path: Path) -> None:
    guarded: Any = Guard(ledger=path).dashscope().Generation
    plain: Any = Generation.call("qwen-plus", **MESSAGE)
    answer = guarded.call("qwen-plus", **MESSAGE)
    assert answer.output == plain.output
    assert type(answer) is type(plain)
    (row,) = kept(path)
    assert (row["state"], row["request_id"]) == ("settled", answer.request_id)
    assert row["input_billed"] == answer.usage.input_tokens
    assert row["output_billed"] == answer.usage.output_tokens
    assert row["model"] == "qwen-plus"
    guarded.call("qwen-plus", prompt="你好", history=[])
    assert kept(path)[1]["state"] == "settled"


@pytest.mark.parametrize("incremental", [True, False])
def test_a_stream(sdk: Endpoint, path: Path, incremental: bool) -> None:
    guarded: Any = Guard(ledger=path).dashscope().Generation
    asked: Any = {**MESSAGE, "stream": True, "incremental_output": incremental}
    plain: Any = Generation.call("qwen-plus", **asked)
    heard = list(guarded.call("qwen-plus", **asked))
    assert [one.output for one in heard] == [one.output for one in plain]
    (row,) = kept(path)
    assert (row["state"], row["streaming"], row["why"]) == ("settled", 1, "")
    assert row["output_billed"] == heard[-1].usage.output_tokens


def test_a_stream_that_is_left(sdk: Endpoint, path: Path) -> None:
    guarded: Any = Guard(ledger=path).dashscope().Generation
    stream = guarded.call("qwen-plus", **MESSAGE, stream=True)
    first = next(stream)
    stream.close()
    del stream
    never = guarded.call("qwen-plus", **MESSAGE, stream=True)
    del never
    left, unsent = kept(path)
    # What was told is no bill yet: the model may have gone on.
    assert (left["state"], left["why"], left["cost_nano"]) == ("unmetered", "ended early", None)
    assert left["output_counted"] == first.usage.output_tokens
    assert 0 < left["counted_nano"] < left["reserved_nano"]
    assert unsent["state"] == "released"


def test_a_refused_call_raises_where_it_is_made(sdk: Endpoint, path: Path) -> None:
    guarded: Any = Guard(ledger=path).dashscope().Generation
    for stream in (False, True):
        with pytest.raises(Refused, match="temperature"):
            guarded.call("qwen-plus", **MESSAGE, temperature=2.0, stream=stream)
    poor: Any = Guard(ledger=path, budget="0.00001 CNY/day").dashscope().Generation
    with pytest.raises(OverBudget):
        poor.call("qwen-plus", **MESSAGE)
    assert [row["state"] for row in kept(path)] == ["refused"] * 3


def test_an_error_of_the_endpoint_costs_nothing(sdk: Endpoint, path: Path) -> None:
    guarded: Any = Guard(ledger=path).dashscope().Generation
    answer = guarded.call("qwen-plus", **MESSAGE, api_key="sk-wrong")
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    (answer,) = guarded.call("qwen-plus", **MESSAGE, api_key="sk-wrong", stream=True)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert [(row["state"], row["status"]) for row in kept(path)] == [("released", 401)] * 2


def test_an_endpoint_that_is_not_there(path: Path) -> None:
    guarded: Any = Guard(ledger=path).dashscope().Generation
    with pytest.raises(Exception, match="refused"):
        guarded.call("qwen-plus", **MESSAGE, api_key="k", base_address="http://127.0.0.1:9/api/v1")
    assert kept(path)[0]["state"] == "released"


def test_asynchronous(sdk: Endpoint, path: Path) -> None:
    async def main() -> None:
        guarded: Any = Guard(ledger=path).dashscope().AioGeneration
        answer = await guarded.call("qwen-plus", **MESSAGE)
        assert answer.status_code == HTTPStatus.OK
        stream = await guarded.call("qwen-plus", **MESSAGE, stream=True, incremental_output=True)
        assert len([one async for one in stream]) > 2
        with pytest.raises(Refused):
            await guarded.call("qwen-plus", **MESSAGE, temperature=2.0)
        await close_shared_aio_session()

    asyncio.run(main())
    assert [row["state"] for row in kept(path)] == ["settled", "settled", "refused"]
