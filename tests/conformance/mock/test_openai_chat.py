"""The OpenAI-compatible chat on the wire: whole answers, chunks, tools, thinking, choices."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.conformance.mock.compat import ROLE, Compat, text_in, user
from tests.conformance.mock.wires import Event, events
from tokenassay.conformance.mock.app import choose_editions, make_app
from tokenassay.conformance.mock.call import Call
from tokenassay.conformance.mock.generate import decide
from tokenassay.conformance.mock.openai import OPENAI
from tokenassay.estimators.tokens import count_tokens, encode

COUNTED = {"stream_options": {"include_usage": True}}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer", "minimum": 1, "maximum": 7},
                "unit": {"enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city", "unit"],
        },
    },
}


def chunks_of(frames: list[Event]) -> list[dict[str, Any]]:
    """The JSON chunks of a stream that ends as it should."""
    assert frames[-1].data == "[DONE]"
    assert all((f.id, f.event, f.comment) == (None, None, None) for f in frames)
    return [frame.data for frame in frames[:-1]]


# ----------------------------------------------------------------------------- whole answers


def test_a_whole_answer_has_the_documented_shape(either: Compat) -> None:
    answer = either.ask([ROLE, user("Tell me about rivers.")])
    body = answer.json()
    assert answer.status_code == 200
    either.fits("response", body)
    either.fits("usage", body["usage"])
    assert body["model"] == either.model
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["id"] == "chatcmpl-" + answer.headers["x-request-id"]


def test_usage_is_the_local_count(either: Compat) -> None:
    body = either.ask("Tell me about rivers.").json()
    usage = body["usage"]
    assert usage["completion_tokens"] == count_tokens(body["choices"][0]["message"]["content"])
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.parametrize("most", [1, 2, 7, 30])
def test_max_tokens_cuts(either: Compat, most: int) -> None:
    whole = either.ask("Tell me about rivers.").json()["choices"][0]
    short = either.ask("Tell me about rivers.", max_tokens=most).json()
    text = short["choices"][0]["message"]["content"]
    assert whole["message"]["content"].startswith(text)
    assert short["choices"][0]["finish_reason"] == "length"
    assert short["usage"]["completion_tokens"] == count_tokens(text) == most


def test_stop_in_its_forms(either: Compat) -> None:
    question = "请介绍一下河流。"
    whole = either.ask(question).json()["choices"][0]["message"]["content"]
    stop = whole[6:9]
    for form in (stop, [stop], ["不会出现的", stop]):
        choice = either.ask(question, stop=form).json()["choices"][0]
        assert choice["message"]["content"] == whole[: whole.index(stop)]
        assert choice["finish_reason"] == "stop"
    mixed = either.ask(question, stop=["你好", 104307])
    assert mixed.status_code == 400
    assert mixed.json()["error"]["message"].startswith('The "stop" parameter must be of type')


def test_a_flat_list_of_ids_stops_at_any_of_them(long: Compat) -> None:
    """The page of qwen-long says so; the native page of its time means the sequence."""
    whole = long.ask("Tell me about rivers.").json()["choices"][0]["message"]["content"]
    never, full_stop = encode("苹果")[0], encode(".")[0]
    stopped = long.ask("Tell me about rivers.", stop=[never, full_stop]).json()["choices"][0]
    assert stopped["message"]["content"] == whole[: whole.index(".")]
    sequence = long.ask("Tell me about rivers.", stop=[[never, full_stop]]).json()["choices"][0]
    assert sequence["message"]["content"] == whole


def test_the_seed_changes_the_words(compat: Compat) -> None:
    first, again, other = (compat.ask("Hi", seed=n).json() for n in (1, 1, 2))
    said = [body["choices"][0]["message"]["content"] for body in (first, again, other)]
    assert said[0] == said[1] != said[2]
    assert first["id"] != again["id"]


def test_several_answers(compat: Compat) -> None:
    body = compat.ask("Tell me about rivers.", model="qwen3-max", n=3).json()
    compat.fits("response", body)
    said = [choice["message"]["content"] for choice in body["choices"]]
    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2]
    assert len(set(said)) == 3
    assert body["usage"]["completion_tokens"] == sum(map(count_tokens, said))


def test_several_answers_in_a_stream(compat: Compat) -> None:
    whole = compat.ask("Tell me about rivers.", model="qwen3-max", n=2).json()["choices"]
    frames = compat.stream("Tell me about rivers.", model="qwen3-max", n=2)
    said = {0: "", 1: ""}
    roles = []
    for chunk in chunks_of(frames):
        (choice,) = chunk["choices"]
        said[choice["index"]] += choice["delta"].get("content") or ""
        roles += [choice["index"]] if "role" in choice["delta"] else []
    assert said == {c["index"]: c["message"]["content"] for c in whole}
    assert roles == [0, 1]


def test_json_mode_answers_json(compat: Compat) -> None:
    asked = "Say three words as json."
    body = compat.ask(asked, response_format={"type": "json_object"}).json()
    assert isinstance(json.loads(body["choices"][0]["message"]["content"]), dict)
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body = compat.ask(asked, response_format=wanted).json()
    Draft202012Validator(schema).validate(json.loads(body["choices"][0]["message"]["content"]))
    without = compat.ask("Say three words.", response_format={"type": "json_object"})
    assert "must contain the word 'json'" in without.json()["error"]["message"]


# ----------------------------------------------------------------------------- streams


def test_a_stream_has_the_documented_chunks(either: Compat) -> None:
    chunks = chunks_of(either.stream("Tell me about rivers."))
    for chunk in chunks:
        either.fits("chunk", chunk)
        assert chunk["usage"] is None
    for field in ("id", "created", "model", "object"):
        assert len({chunk[field] for chunk in chunks}) == 1
    choices = [chunk["choices"][0] for chunk in chunks]
    assert choices[0]["delta"] == {"content": "", "role": "assistant"}
    assert all("role" not in choice["delta"] for choice in choices[1:])
    assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + ["stop"]
    assert choices[-1]["delta"] == {"content": ""}


@pytest.mark.parametrize("parameters", [{}, {"max_tokens": 9}, {"stop": "."}])
def test_a_stream_says_what_the_whole_answer_says(
    either: Compat, parameters: dict[str, Any]
) -> None:
    for question in ("Tell me about rivers.", "请介绍一下河流。"):
        whole = either.ask(question, **parameters).json()
        frames = either.stream(question, **COUNTED, **parameters)
        assert text_in(frames) == whole["choices"][0]["message"]["content"]
        chunks = chunks_of(frames)
        assert chunks[-1]["usage"] == whole["usage"]
        assert chunks[-2]["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"]


def test_usage_comes_in_a_chunk_of_its_own_when_asked_for(either: Compat) -> None:
    chunks = chunks_of(either.stream("Hi", **COUNTED))
    either.fits("usage_chunk", chunks[-1])
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    without = chunks_of(either.stream("Hi", stream_options={"include_usage": False}))
    assert all(chunk["usage"] is None and chunk["choices"] for chunk in without)


def test_the_wire_has_a_space_after_data_and_ends_with_done(either: Compat) -> None:
    text = either.ask("Hi", stream=True).text
    blocks = text.split("\n\n")
    assert blocks[-1] == ""
    assert blocks[-2] == "data: [DONE]"
    assert all(block.startswith('data: {"choices":[') for block in blocks[:-2])


def test_no_character_is_torn(either: Compat) -> None:
    assert "\ufffd" not in text_in(either.stream("请写一篇300字的文章。"))


# ----------------------------------------------------------------------------- tools


def test_a_tool_call_fits_its_schema(compat: Compat) -> None:
    body = compat.ask("What is the weather in Paris?", tools=[WEATHER]).json()
    compat.fits("response", body)
    choice = body["choices"][0]
    (made,) = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert made["function"]["name"] == "get_weather"
    arguments = json.loads(made["function"]["arguments"])
    Draft202012Validator(WEATHER["function"]["parameters"]).validate(arguments)  # type: ignore[index]
    assert arguments["city"] == "Paris"


def test_a_streamed_tool_call_comes_in_fragments(compat: Compat) -> None:
    asked: dict[str, Any] = {"tools": [WEATHER], "parallel_tool_calls": True}
    whole = compat.ask("What is the weather in Paris?", **asked).json()
    chunks = chunks_of(compat.stream("What is the weather in Paris?", **asked))
    made: dict[int, dict[str, str]] = {}
    for chunk in chunks:
        compat.fits("chunk", chunk)
        for part in chunk["choices"][0]["delta"].get("tool_calls") or ():
            first = part["index"] not in made
            held = made.setdefault(part["index"], {"id": "", "name": "", "arguments": ""})
            assert bool(part["id"]) == first
            assert ("name" in part["function"]) == first
            held["id"] += part["id"]
            held["name"] += part["function"].get("name", "")
            held["arguments"] += part["function"]["arguments"]
    told = [
        {"id": call["id"], **call["function"]}
        for call in whole["choices"][0]["message"]["tool_calls"]
    ]
    assert list(made.values()) == told
    assert len(told) == 2
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert chunks[-1]["choices"][0]["delta"] == {}


def test_a_conversation_with_a_tool_goes_round(compat: Compat) -> None:
    messages: list[dict[str, Any]] = [user("What is the weather in Paris?")]
    first = compat.ask(messages, tools=[WEATHER]).json()
    message = first["choices"][0]["message"]
    result = {"role": "tool", "content": "sunny", "tool_call_id": message["tool_calls"][0]["id"]}
    second = compat.ask([*messages, message, result], tools=[WEATHER])
    assert second.status_code == 200, second.text
    assert second.json()["choices"][0]["finish_reason"] == "stop"
    assert second.json()["usage"]["prompt_tokens"] > first["usage"]["prompt_tokens"]


def test_a_choice_of_tools(compat: Compat) -> None:
    none = compat.ask("the weather", tools=[WEATHER], tool_choice="none").json()
    assert none["choices"][0]["message"]["content"]
    named = {"type": "function", "function": {"name": "get_weather"}}
    forced = compat.ask("Hi", tools=[WEATHER], tool_choice=named).json()
    assert forced["choices"][0]["message"]["tool_calls"]
    unknown = {"type": "function", "function": {"name": "get_time"}}
    assert compat.ask("Hi", tools=[WEATHER], tool_choice=unknown).status_code == 400
    assert compat.ask("Hi", tools=[WEATHER], tool_choice="required").status_code == 400


# ----------------------------------------------------------------------------- thinking


def test_thinking_stands_beside_the_answer(compat: Compat) -> None:
    frames = compat.stream("Tell me about rivers.", enable_thinking=True, **COUNTED)
    chunks = chunks_of(frames)
    for chunk in chunks[:-1]:
        compat.fits("chunk", chunk)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    thought = "".join(delta.get("reasoning_content") or "" for delta in deltas)
    usage = chunks[-1]["usage"]
    assert thought
    assert usage["completion_tokens"] == count_tokens(thought) + count_tokens(text_in(frames))
    assert usage["completion_tokens_details"] == {"reasoning_tokens": count_tokens(thought)}
    phases = ["reasoning" if delta.get("reasoning_content") else "text" for delta in deltas[1:]]
    assert sum(a != b for a, b in pairwise(phases)) == 1, "all thinking comes before the answer"


def test_thinking_needs_a_stream_and_a_model_that_can(compat: Compat) -> None:
    whole = compat.ask("Hi", enable_thinking=True)
    assert whole.status_code == 400
    assert "must be set to false for non-streaming calls" in whole.json()["error"]["message"]
    assert compat.ask("Hi", model="qwen-max", enable_thinking=True, stream=True).status_code == 400
    assert "reasoning_content" not in compat.ask("Hi", enable_thinking=False).text


def test_max_tokens_leaves_the_thinking_alone(compat: Compat) -> None:
    asked = {"enable_thinking": True, "max_tokens": 5}
    frames = compat.stream("Tell me about rivers.", **asked, **COUNTED)
    usage = chunks_of(frames)[-1]["usage"]
    thought = usage["completion_tokens_details"]["reasoning_tokens"]
    assert thought > 5
    assert usage["completion_tokens"] - thought == count_tokens(text_in(frames)) == 5


# ----------------------------------------------------------------------------- properties

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
MOUNT = make_app(choose_editions(["qwen-openai@2026"])).mounts[0]


@given(TEXTS, st.booleans(), st.integers(1, 60), st.one_of(st.none(), st.text(max_size=3)))
def test_any_question_is_billed_as_it_is_counted(
    text: str, stream: bool, most: int, stop: str | None
) -> None:
    """The chunks of a stream and the body of a whole answer show one usage: the local count."""
    asked = {"model": "qwen-max", "messages": [user(text)], "max_tokens": most, "stop": stop}
    body = {**asked, "stream": stream, **(COUNTED if stream else {})}
    call = Call(MOUNT.services[0], {"authorization": "Bearer sk-assay"})
    answers, usage = decide(OPENAI, MOUNT, call, json.dumps(body).encode())
    if stream:
        frames = [frame.data for frame in OPENAI.frames(call, answers, usage)]
        chunks = [data for data in frames if isinstance(data, dict)]
        said = "".join(c["choices"][0]["delta"].get("content", "") for c in chunks[:-1])
        counted = chunks[-1]["usage"]
    else:
        whole = OPENAI.whole(call, answers, usage)
        said, counted = whole["choices"][0]["message"]["content"], whole["usage"]
    assert counted["completion_tokens"] == count_tokens(said)
    assert counted["total_tokens"] == counted["prompt_tokens"] + counted["completion_tokens"]


# ----------------------------------------------------------------------------- errors


def test_a_wrong_method_is_told_in_the_documented_words(either: Compat) -> None:
    answer = either.client.get("/chat/completions")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "Request method 'GET' is not supported."


def test_error_bodies_are_those_of_their_year(long: Compat, compat: Compat) -> None:
    """In 2024 nothing stands beside the error; by 2026 the request's id does."""
    old = long.ask("Hi", temperature=2)
    assert set(old.json()) == {"error"}
    new = compat.ask("Hi", temperature=2)
    assert set(new.json()) == {"error", "request_id"}
    assert new.json()["request_id"] == new.headers["x-request-id"]
    for answer, client in ((old, long), (new, compat)):
        client.fits("error", answer.json())
        assert list(answer.json()["error"]) == ["message", "type", "param", "code"]


def test_an_error_before_the_stream_is_a_plain_answer(either: Compat) -> None:
    answer = either.ask("Hi", temperature=2, stream=True)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"


def test_an_error_in_the_stream_is_a_frame_of_data(compat: Compat) -> None:
    faults = {"X-Assay-Fault": "error.internal", "X-Assay-Fault-After": "2"}
    answer = compat.ask("Hi", stream=True, headers=faults)
    assert answer.status_code == 200
    *said, last = events(answer.text)
    assert len(said) == 2
    compat.fits("stream_error", last.data)
    assert last.data["error"]["code"] == "internal_error"
    assert (last.event, last.id) == (None, None)


def test_a_row_without_code_gets_the_usual_one_of_its_status(long: Compat) -> None:
    blank = long.ask("Hi", headers={"X-Assay-Fault": "error.file_blank"}).json()["error"]
    assert (blank["code"], blank["type"]) == ("invalid_parameter_error", "invalid_request_error")
    broken = long.ask("Hi", headers={"X-Assay-Fault": "error.preprocessor"}).json()["error"]
    assert (broken["code"], broken["type"]) == (None, None)
