"""Bodies that no sane client sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -0.0, 1, 1.0, 2**63, 2**64, -(2**63) - 1, 10**400]),
)

TEXTS = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs"]), max_size=3),
    st.sampled_from(
        [
            "",
            " ",
            "system",
            "user",
            "assistant",
            "tool",
            "fileid://file-fe-1",
            "fileid://",
            "{",
            "[]",
        ]
    ),
)

JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)

_KEYS = ["role", "content", "name", "tool_calls", "tool_call_id", "partial", "type", "text"]
_CALLS = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON,
        "type": JSON,
        "function": JSON
        | st.fixed_dictionaries({}, optional={"name": JSON, "arguments": JSON | TEXTS}),
    },
)
_MESSAGES = st.one_of(
    JSON,
    st.dictionaries(st.sampled_from(_KEYS), JSON, max_size=4),
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant", "tool"]), "content": TEXTS},
        optional={"tool_calls": st.lists(_CALLS, max_size=3), "name": TEXTS, "partial": JSON},
    ),
)


def bodies(parameters: Iterator[str] | list[str]) -> st.SearchStrategy[Any]:
    """Objects that look more or less like a request in one dialect or the other."""
    names = sorted(parameters)
    settings = st.dictionaries(st.sampled_from(names) | TEXTS, JSON, max_size=5)
    tools = st.lists(
        JSON | st.fixed_dictionaries({}, optional={"type": JSON, "function": JSON}), max_size=3
    )
    conversation = {"messages": JSON | st.lists(_MESSAGES, max_size=5), "prompt": JSON}
    native = st.fixed_dictionaries(
        {},
        optional={
            "model": JSON | st.sampled_from(["qwen-turbo", "qwen-long", "qwen-plus"]),
            "input": JSON
            | st.fixed_dictionaries(
                {}, optional={**conversation, "history": JSON | st.lists(JSON)}
            ),
            "parameters": JSON | settings | st.fixed_dictionaries({"tools": tools}),
        },
    )
    openai = st.builds(
        lambda body, more: {**more, **body},
        st.fixed_dictionaries({}, optional={"model": JSON, "tools": JSON | tools, **conversation}),
        settings,
    )
    return st.one_of(st.dictionaries(TEXTS, JSON, max_size=4), native, openai)
