"""Bodies of either dialect become one record, whatever their fields hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.estimators.requests import NotARequest, content_text, read_request

TEXT = st.text(max_size=20)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant", "tool"]), "content": TEXT}
    ),
    max_size=5,
)


@given(MESSAGES, st.dictionaries(st.sampled_from(["top_p", "seed", "stop"]), JSON))
def test_both_dialects_read_alike(messages: list[Any], parameters: dict[str, Any]) -> None:
    native = read_request({"model": "m", "input": {"messages": messages}, "parameters": parameters})
    openai = read_request({"model": "m", "messages": messages, **parameters})
    assert (native.surface, openai.surface) == ("native", "openai")
    assert native.messages == openai.messages
    assert native.parameters == openai.parameters == parameters


@given(JSON, JSON, JSON, JSON)
def test_a_wrong_field_is_kept_and_never_raises(a: Any, b: Any, c: Any, d: Any) -> None:
    native = read_request({"model": a, "input": b, "parameters": c})
    assert native.body["input"] is b
    assert native.model is a
    inner = read_request({"input": {"messages": a, "prompt": b, "history": c}, "parameters": d})
    assert (inner.prompt, inner.history) == (b, c)
    openai = read_request({"model": a, "messages": b, "tools": c, "stream": d})
    assert openai.streaming is (d is True)
    assert openai.parameters == {"tools": c, "stream": d}


@given(JSON.filter(lambda v: not isinstance(v, dict)))
def test_no_object_is_no_request(value: Any) -> None:
    with pytest.raises(NotARequest, match="expected a JSON object"):
        read_request(value)


def test_an_unknown_shape_is_no_request_unless_the_surface_is_said() -> None:
    with pytest.raises(NotARequest, match="native"):
        read_request({"model": "qwen-turbo"})
    assert read_request({"model": "qwen-turbo"}, surface="openai").messages is None


@pytest.mark.parametrize("messages", [None, "hi", 3, {"role": "user"}, ["hi"], [{}, None]])
def test_messages_that_are_no_list_of_objects_are_none(messages: Any) -> None:
    assert read_request({"messages": messages}).messages is None


def test_text_parts_of_both_dialects_are_joined_and_others_left_out() -> None:
    parts = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}},
        {"text": "b"},
        {"image": "https://example.com/x.png"},
        "c",
        None,
        7,
    ]
    assert content_text(parts) == "abc"
    assert content_text(None) == content_text(3) == content_text({}) == ""


def test_tool_turns_and_partial_mode_are_read() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    request = read_request(
        {
            "model": "m",
            "tools": [{"type": "function", "function": {"name": "f"}}],
            "messages": [
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "content": "ok", "tool_call_id": "c1", "name": "f"},
                {"role": "assistant", "content": "so", "partial": True},
            ],
        }
    )
    assert request.messages is not None
    asked, answered, open_end = request.messages
    assert asked.tool_calls == (call,)
    assert (answered.tool_call_id, answered.name) == ("c1", "f")
    assert open_end.partial
    assert not asked.partial
    assert len(request.tools) == 1


def test_streaming_is_taken_from_the_caller_where_headers_say_it() -> None:
    body = {"model": "m", "input": {"messages": []}}
    assert not read_request(body).streaming
    assert read_request(body, streaming=True).streaming
    assert read_request({"messages": [], "stream": True}).streaming
