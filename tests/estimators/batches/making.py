"""Lines and files for the tests of batches."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tokenassay.estimators.batches import read_line
from tokenassay.estimators.batches.lines import Line

URL = "/v1/chat/completions"


def chat(id: str, text: str = "hi", model: str = "qwen-plus", url: str = URL, **more: Any) -> str:
    """A line of a batch."""
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    fields = {"custom_id": id, "method": "POST", "url": url, "body": body}
    return json.dumps(fields, ensure_ascii=False)


def write(path: Path, lines: Iterable[str]) -> str:
    """A file of lines; its path as text."""
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="")
    return str(path)


def parsed(text: str) -> Line:
    """A line that is known to be good."""
    return read_line(text)


_TEXTS = st.text(max_size=40) | st.sampled_from(["hi", "如何做西红柿炒鸡蛋?", "<think>", "\n\nx"])
_MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant", "tool", "x"]), "content": _TEXTS}
    ),
    max_size=4,
)
_PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0, 1, 1.5, 2, "1"]),
        "max_tokens": st.sampled_from([1, 100, 10**6]),
        "enable_thinking": st.booleans(),
        "stream": st.booleans(),
        "n": st.sampled_from([1, 2]),
        "tools": st.just([{"type": "function", "function": {"name": "f", "parameters": {}}}]),
        "response_format": st.just({"type": "json_object"}),
    },
)
_MODELS = st.sampled_from(["qwen-plus", "qwen-turbo", "qwen-max", "qwen-long", "qwen-flash"])
BODIES = st.builds(
    lambda model, messages, parameters: {"model": model, "messages": messages, **parameters},
    _MODELS,
    _MESSAGES,
    _PARAMETERS,
)
"""Bodies of the OpenAI-compatible dialect, good ones and others."""
NATIVE = st.builds(
    lambda model, messages, parameters: {
        "model": model,
        "input": {"messages": messages},
        "parameters": parameters,
    },
    st.sampled_from(["qwen-plus", "qwen-turbo", "qwen-max"]),
    _MESSAGES,
    _PARAMETERS,
)
