"""The official openai SDK, unmodified, against the mock by base URL alone."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import openai
import pytest
from dashscope import v2
from openai import OpenAI

from tests.conformance.mock.compat import OF_2026, line
from tokenassay.conformance.mock import running
from tokenassay.contracts import store
from tokenassay.estimators.tokens import count_tokens

QUESTION: Any = [{"role": "user", "content": "What is the weather in Paris?"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
DOCUMENT: Any = "file-extract"


@pytest.fixture(scope="module")
def client() -> Iterator[OpenAI]:
    with running(OF_2026) as endpoint:
        yield OpenAI(api_key=endpoint.api_key, base_url=endpoint.base_url, max_retries=0)


def test_chat(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="qwen-plus", messages=QUESTION)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.role == "assistant"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == count_tokens(answer.choices[0].message.content or "")
    assert answer.model == "qwen-plus"


def test_stream_with_usage(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="qwen-plus", messages=QUESTION)
    stream = client.chat.completions.create(
        model="qwen-plus", messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)


def test_the_streaming_helper_accumulates(client: OpenAI) -> None:
    with client.chat.completions.stream(model="qwen-plus", messages=QUESTION) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].finish_reason == "stop"
    assert final.choices[0].message.content


def test_tools_round_trip(client: OpenAI) -> None:
    first = client.chat.completions.create(model="qwen-plus", messages=QUESTION, tools=[WEATHER])
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls
    made = cast(Any, message.tool_calls[0])
    assert json.loads(made.function.arguments) == {"city": "Paris"}
    result = {"role": "tool", "content": "sunny", "tool_call_id": made.id}
    turns: Any = [*QUESTION, message.model_dump(exclude_none=True), result]
    second = client.chat.completions.create(model="qwen-plus", messages=turns, tools=[WEATHER])
    assert second.choices[0].finish_reason == "stop"


def test_tools_in_a_stream_are_put_together(client: OpenAI) -> None:
    with client.chat.completions.stream(
        model="qwen-plus", messages=QUESTION, tools=[WEATHER]
    ) as stream:
        final = stream.get_final_completion()
    calls = final.choices[0].message.tool_calls
    assert calls is not None
    assert (calls[0].function.name, calls[0].function.arguments) == (
        "get_weather",
        '{"city": "Paris"}',
    )
    assert final.choices[0].finish_reason == "tool_calls"


def test_thinking_in_a_stream(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="qwen-plus", messages=QUESTION, stream=True, extra_body={"enable_thinking": True}
    )
    thoughts = [getattr(c.choices[0].delta, "reasoning_content", None) for c in stream if c.choices]
    assert "".join(thought or "" for thought in thoughts)


def test_files(client: OpenAI, tmp_path: Path) -> None:
    path = tmp_path / "rivers.txt"
    path.write_text("Rivers run slower in wide valleys.", encoding="utf-8")
    file = client.files.create(file=path, purpose=DOCUMENT)
    assert file.id.startswith("file-fe-")
    assert (file.bytes, file.filename, file.status) == (34, "rivers.txt", "processed")
    assert client.files.retrieve(file.id) == file
    assert file.id in [one.id for one in client.files.list(limit=1)], "pages are followed"
    assert client.files.content(file.id).read() == path.read_bytes()
    answer = client.chat.completions.create(
        model="qwen-long",
        messages=[
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "system", "content": f"fileid://{file.id}"},
            {"role": "user", "content": "What does it say?"},
        ],
    )
    assert answer.choices[0].message.content
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)


def test_batches(client: OpenAI) -> None:
    lines = [line("a"), line("b", temperature=3)]
    data = io.BytesIO("\n".join(map(json.dumps, lines)).encode())
    file = client.files.create(file=("in.jsonl", data), purpose="batch")
    batch = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    assert batch.status == "validating"
    while batch.status not in ("completed", "failed"):
        batch = client.batches.retrieve(batch.id)
    assert batch.request_counts is not None
    assert (batch.request_counts.completed, batch.request_counts.failed) == (1, 1)
    assert batch.output_file_id is not None
    (result,) = client.files.content(batch.output_file_id).text.splitlines()
    assert json.loads(result)["custom_id"] == "a"
    assert batch.id in [one.id for one in client.batches.list(limit=1)]
    other = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    assert client.batches.cancel(other.id).status == "cancelling"


def test_models(client: OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert {"qwen-plus", "qwen-long", "qwen3-max"} <= set(names)
    assert len(names) == len(set(names))
    assert client.models.retrieve("qwen-plus").object == "model"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("qwen-of-nowhere")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("error.invalid_api_key", openai.AuthenticationError),
        ("error.access_denied", openai.PermissionDeniedError),
        ("error.arrearage", openai.BadRequestError),
        ("error.limit_requests", openai.RateLimitError),
        ("error.internal", openai.InternalServerError),
        ("error.unavailable", openai.InternalServerError),
    ],
)
def test_errors_are_typed(client: OpenAI, row: str, kind: type[openai.APIStatusError]) -> None:
    expected = store.load_edition(OF_2026).errors[row]
    for stream in (False, True):
        with pytest.raises(kind) as caught:
            client.chat.completions.create(
                model="qwen-plus",
                messages=QUESTION,
                stream=stream,
                extra_headers={"X-Assay-Fault": row},
            )
        assert (caught.value.code, caught.value.type) == (expected.code, expected.type)
        assert caught.value.request_id


def test_errors_of_requests_are_typed(client: OpenAI) -> None:
    wrong = client.with_options(api_key="sk-wrong")
    with pytest.raises(openai.AuthenticationError):
        wrong.models.list()
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="qwen-of-nowhere", messages=QUESTION)
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as bad:
        client.chat.completions.create(model="qwen-plus", messages=QUESTION, temperature=2)
    assert bad.value.type == "invalid_request_error"
    assert bad.value.code == "invalid_parameter_error"


def test_an_error_in_mid_stream_is_an_api_error(client: OpenAI) -> None:
    headers = {"X-Assay-Fault": "error.internal", "X-Assay-Fault-After": "4"}
    stream = client.chat.completions.create(
        model="qwen-plus", messages=QUESTION, stream=True, extra_headers=headers
    )
    heard = [next(stream) for _ in range(4)]
    with pytest.raises(openai.APIError) as caught:
        next(stream)
    assert all(chunk.choices for chunk in heard)
    assert caught.value.code == "internal_error"


def test_the_dashscope_2_client_speaks_this_surface_too(client: OpenAI) -> None:
    other = v2.Client(
        api_key=client.api_key, base_url=str(client.base_url), protocol="openai", max_retries=0
    )
    whole: Any = other.chat.completions.create(model="qwen-plus", messages=QUESTION)
    chunks: Any = other.chat.completions.create(model="qwen-plus", messages=QUESTION, stream=True)
    seen = list(chunks)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in seen if chunk.choices)
    assert said == whole.choices[0].message.content
    assert seen[-1].usage == whole.usage
    with pytest.raises(v2.errors.BadRequestError) as caught:
        other.chat.completions.create(model="qwen-plus", messages=QUESTION, temperature=2)
    assert caught.value.code == "invalid_parameter_error"
