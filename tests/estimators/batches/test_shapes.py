"""Lines that are judged together come to what each comes to alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from tests.estimators.batches.making import BODIES, NATIVE, chat
from tokenassay.estimators.batches import Asked, BadLine, Judge, Line
from tokenassay.estimators.batches import shapes as shapes_module
from tokenassay.estimators.batches.judging import Verdict
from tokenassay.estimators.batches.lines import read_or_tell

CONTRACTS = {
    "small": """
edition: small@2026
extends: qwen-openai@2026
title: A gateway with room for little
sources:
  page: {provider: me, title: Page for developers, published: "2026-11", trust: document}
clauses:
- kind: limit
  id: context_tokens.limit
  level: must
  text: The input has at most 30 tokens.
  family: limits
  source: page
  quantity: context_tokens
  maximum: 30
""",
    "bare": """
edition: bare@2026
extends: qwen-openai@2026
title: A gateway for a model without a template
models: [bare]
model_rows:
- {id: bare, family: qwen, tokenizer: qwen}
""",
    "files": """
edition: files@2026
extends: qwen-long@2024-10
title: A gateway for files, without limits on messages
drop: [messages.tokens, documents.text_tokens]
""",
    "short": """
edition: short@2026
extends: qwen-long@2024-10
title: A gateway for short messages
sources:
  page: {provider: me, title: Page for developers, published: "2026-11", trust: document}
clauses:
- kind: limit
  id: messages.length
  level: must
  text: A message has at most 6 tokens.
  family: limits
  source: page
  quantity: message_tokens
  maximum: 6
""",
}
"""Contracts by which the length of texts decides whether a line is refused."""

TERMS: list[dict[str, Any]] = [
    {},
    {"output_tokens": 7},
    {"as_of": "2024-12-01"},
    {"model": "qwen-turbo"},
    {"model": "baichuan2-7b-chat-v1"},
    {"edition": "qwen-long@2024-10"},
    {"edition": "qwen-dashscope@2024-04"},
    {"contract": "small"},
    {"contract": "bare", "model": "bare"},
    {"contract": "files"},
    {"contract": "short"},
    {"tokenizer": "words"},
]

_WORDS = st.sampled_from(
    ["hi", "ho", "JSON", "say json\n", "如何做西红柿炒鸡蛋?", "x y z " * 9, "\n", "你好"]
)
NOT_PLAIN = [
    *("", "<think>", "<|im_end|>", "a < b", "x</think>y", "<\u0338think>"),
    *("fileid://file-fe-1", "\ud800", 7, None),
]
_ODD = st.sampled_from(NOT_PLAIN)
_ROLES = st.sampled_from(
    [
        *(("user",), ("system", "user"), ("system", "user", "assistant", "user")),
        *(("user", "assistant", "user"), ("system", "system", "user"), ("user", "user")),
        *(("assistant",), ("tool",), (), ("system",), ("user", "x"), ("user", 1)),
    ]
)
_SETTINGS: dict[str, list[Any]] = {
    "top_k": [1, True, 1.0, "1", None, -1],
    "seed": [7, 7.0, True, 1],
    "temperature": [0, 0.0, 1, 1.5, 2],
    "max_tokens": [1, True, 20, 10**6],
    "enable_thinking": [True, False, 1, 0],
    "stream": [True, False],
    "stop": ["x", ["x"]],
    "response_format": [{"type": "json_object"}, {"type": "text"}, None],
    "tools": [
        [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        [{"type": "function", "function": {"name": "longer", "parameters": {"type": "object"}}}],
        [],
    ],
    "n": [2, 1, True],
    "stop_token_ids": [[1], [[1]]],
    "enable_search": [True, False],
    "unknown": [1, float("inf"), None, "\ud800", 10**30, {"messages": 1}, {"messages": 2}],
    "messages": [1],  # only a native body can have that among its parameters
}
_MODELS = st.sampled_from(["qwen-plus", "qwen-turbo", "qwen-long", "bare", "nope", 3, None])
_MORE = ("", "name", "prompt", "extra", "no settings", "no model")


class Talk(NamedTuple):
    """What a line is written from."""

    form: str
    model: Any
    roles: tuple[Any, ...]
    texts: tuple[Any, ...]
    settings: dict[str, Any]
    more: str = ""
    """One of ``_MORE``: what makes it less plain."""

    def line(self) -> str:
        """The line."""
        if self.form == "text":
            return json.dumps({"text": self.texts[0] if self.texts else ""})
        messages: list[Any] = [
            {"role": role, "content": text}
            for role, text in zip(self.roles, self.texts, strict=True)
        ]
        if self.more == "name" and messages:
            messages[-1]["name"] = "n"
        if self.form == "native":
            given: dict[str, Any] = {"messages": messages}
            body = {"model": self.model, "input": given, "parameters": self.settings}
            if self.more == "prompt":
                given["prompt"] = "hi"
            if self.more == "no settings":
                del body["parameters"]
        else:
            body = {"model": self.model, **self.settings, "messages": messages}
            if self.more == "prompt":
                body["prompt"] = "hi"
        if self.more == "no model":
            del body["model"]
        if self.more == "extra":
            body["resources"] = []
        line = json.dumps({"custom_id": "a", "body": body} if self.form == "batch" else body)
        return line.replace("Infinity", "1e400")  # which JSON allows, and Python takes for that


@st.composite
def _nearly_alike(draw: st.DrawFn) -> list[str]:
    """A plain line, and others that differ from it in one thing each."""
    roles = draw(_ROLES)
    names = draw(st.lists(st.sampled_from(list(_SETTINGS)[:-1]), max_size=2))
    settings = {name: draw(st.sampled_from(_SETTINGS[name][:1])) for name in names}
    if draw(st.booleans()):
        settings["result_format"] = "message"
    form = draw(st.sampled_from(["batch", "request", "native", "text"]))
    base = Talk(form, draw(_MODELS), roles, tuple(draw(_WORDS) for _ in roles), settings)
    found = [base]
    for _ in range(draw(st.integers(0, 9))):
        one = draw(st.sampled_from(["text", "text", "odd", "roles", "setting", "model", "more"]))
        if one in ("text", "odd") and roles:
            texts = list(base.texts)
            texts[draw(st.integers(0, len(texts) - 1))] = draw(_WORDS if one == "text" else _ODD)
            found.append(base._replace(texts=tuple(texts)))
        elif one == "roles":
            others = st.lists(
                st.sampled_from(["user", "system", "assistant"]),
                min_size=len(roles),
                max_size=len(roles),
            )
            found.append(base._replace(roles=tuple(draw(others))))
        elif one == "setting":
            name = draw(st.sampled_from([*settings, *_SETTINGS]))
            value = draw(st.sampled_from(_SETTINGS.get(name, ["text"])))
            found.append(base._replace(settings={**settings, name: value}))
        elif one == "model":
            found.append(base._replace(model=draw(_MODELS)))
        else:
            found.append(base._replace(more=draw(st.sampled_from(_MORE))))
    return [talk.line() for talk in found]


_ANY = st.lists((BODIES | NATIVE).map(json.dumps) | st.sampled_from(["{", "[]", "{}"]), max_size=6)


def alone(judge: Judge, line: Line | BadLine) -> Verdict | str:
    """The verdict on a line by itself, or why there is none."""
    if isinstance(line, BadLine):
        return str(line)
    try:
        return judge.judge(line)
    except BadLine as error:
        return str(error)


def told(verdict: Verdict | BadLine | str) -> Any:
    """All that holds of a line, its notes and breakdown aside."""
    if not isinstance(verdict, Verdict):
        return str(verdict)
    estimate, tokens, kind = verdict
    if estimate is None:
        return tokens, kind
    shown = estimate.to_dict()
    return tokens, kind, {k: v for k, v in shown.items() if k not in ("notes", "breakdown")}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the contracts, and with a tokenizer that knows two words."""
    folder = tmp_path_factory.mktemp("files")
    for name, text in CONTRACTS.items():
        (folder / name).write_text(text, "utf-8")
    Tokenizer(WordLevel({"user": 0, "hi": 1, "?": 2}, unk_token="?")).save(str(folder / "words"))
    return folder


def judge_by(terms: dict[str, Any], files: Path) -> Judge:
    """A judge on some terms, whose files are in a folder."""
    given = dict(terms)
    for name in terms.keys() & {"contract", "tokenizer"}:
        given[name] = str(files / terms[name])
    return Judge(Asked(**given))


@pytest.mark.parametrize("terms", TERMS, ids=str)
@settings(max_examples=200, deadline=None)  # the first of a model loads its edition
@given(lines=_nearly_alike() | _ANY)
def test_lines_are_judged_together_as_each_alone(
    terms: dict[str, Any], lines: list[str], files: Path
) -> None:
    judge = judge_by(terms, files)
    read = [read_or_tell(line) for line in lines]
    expected = [told(alone(judge, line)) for line in read]
    for _ in range(2):  # the second time by what is kept of the first
        assert [told(verdict) for verdict in judge.judge_all(read)] == expected


def talk(*texts: Any, form: str = "batch", more: str = "", **settings: Any) -> str:
    """A line of a user, or of a system and a user."""
    roles = ("system", "user")[-len(texts) :]
    return Talk(form, settings.pop("model", "qwen-plus"), roles, texts, settings, more).line()


TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
JSON = {"type": "json_object"}
LONG = "x y z " * 9
SEEMING: dict[str, tuple[dict[str, Any], list[str]]] = {
    "tools": ({}, [talk("hi", tools=[TOOL]), talk(LONG, tools=[TOOL])]),
    "tools after a system message": (
        {},
        [talk(f"say{end}", "hi", tools=[TOOL]) for end in ("", "\n", "\n\n", " ", "!", "!\n")],
    ),
    "a word asked for": ({}, [talk(text, response_format=JSON) for text in ("hi", "JSON", "hi")]),
    "kinds of one": ({}, [talk("hi", top_k=value) for value in (1, True, 1.0, "1", None)]),
    "null and infinite": ({}, [talk("hi", unknown=one) for one in (None, float("inf"), 1)]),
    "no parameters": ({}, [talk("hi", form="native", more=more) for more in _MORE]),
    "no model": (
        {"model": "qwen-turbo"},
        [talk("hi", form="request", more="no model", **one) for one in ({}, {"temperature": 2})],
    ),
    "files": (
        {"contract": "files"},
        [talk(text, "hi", model="qwen-long") for text in ("say", "fileid://file-fe-1")],
    ),
    "a limit of the input": ({"contract": "small"}, [talk("hi"), talk(LONG), talk("ho")]),
    "a limit of a message": (
        {"contract": "short"},
        [talk("say", text, model="qwen-long") for text in ("hi", LONG)],
    ),
    "no template": (
        {"contract": "bare"},
        [talk("say", text, model="bare") for text in ("hi", LONG, "\n")],
    ),
    "a model that nobody knows": ({"tokenizer": "words"}, [talk("hi", model="nope")] * 2),
    "a role that reads like parameters": (
        {},
        [
            talk("hi", stop=None),
            Talk("batch", "qwen-plus", ('{"stop": null}', "user"), ("hi", "hi"), {}).line(),
        ],
    ),
    "refused for its parameters": ({}, [talk(text, temperature=3) for text in ("hi", LONG)]),
}
"""Lines that look as if they shared a shape."""


@pytest.mark.parametrize("name", SEEMING)
def test_lines_that_seem_alike_are_told_apart(name: str, files: Path) -> None:
    terms, lines = SEEMING[name]
    for order in (lines, lines[::-1]):
        judge = judge_by(terms, files)
        read = [read_or_tell(line) for line in order]
        expected = [told(alone(judge, line)) for line in read]
        assert [told(verdict) for verdict in judge.judge_all(read)] == expected


@pytest.mark.parametrize("text", NOT_PLAIN, ids=repr)
@pytest.mark.parametrize("model", ["qwen-plus", "qwen-long", "qwen-turbo"])
def test_what_is_not_plain_is_judged_alone(model: str, text: Any) -> None:
    judge = Judge(Asked())
    lines = [read_or_tell(chat("a", said, model=model)) for said in ("hi", text)]
    expected = [told(alone(judge, line)) for line in lines]
    assert [told(verdict) for verdict in judge.judge_all(lines)] == expected


def test_a_limit_parts_lines_of_one_shape(files: Path) -> None:
    judge = judge_by({"contract": "small"}, files)
    texts = ["hi", "hi " * 40, "ho", "ho " * 40]
    lines = [read_or_tell(chat("a", text)) for text in texts]
    found = judge.judge_all(lines)
    refused = [
        [refusal.clause for refusal in verdict.estimate.refusals]
        for verdict in found
        if isinstance(verdict, Verdict) and verdict.estimate is not None
    ]
    assert refused == [[], ["context_tokens.limit"], [], ["context_tokens.limit"]]


def test_plain_lines_of_one_length_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Judge(Asked())
    monkeypatch.setattr(judge, "judge", None)  # nothing goes the long way
    native = {
        "model": "qwen-plus",
        "input": {"messages": [{"role": "user", "content": "hi"}]},
        "parameters": {"result_format": "message"},
    }
    lines = [
        read_or_tell(line)
        for word in ("hi", "ho")
        for line in (
            chat("a", word),
            chat("a", word, temperature=1, seed=7),
            json.dumps({"text": word}),
            json.dumps(native).replace("hi", word),
        )
    ]
    first, second = (judge.judge_all(half) for half in (lines[:4], lines[4:]))
    assert all(one is other for one, other in zip(first, second, strict=True))
    assert len(set(map(id, first))) == 4


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes_module, "MOST_SHAPES", 5)
    monkeypatch.setattr(shapes_module, "MOST_VERDICTS", 20)
    judge = Judge(Asked())
    for seed in range(20):
        lines = [read_or_tell(chat("a", "hi " * n, seed=seed)) for n in range(1, 5)]
        found = judge.judge_all(lines)
        assert [told(verdict) for verdict in found] == [told(alone(judge, line)) for line in lines]
        kept = judge._shapes._shapes
        assert len(kept) <= 6
        assert sum(len(shape.verdicts) for shape in kept.values() if shape is not None) <= 24
