"""Calls to the mock in this process, and logs of them in each form that reconcile reads."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.conformance.mock.compat import ROLE, Compat, refer, user
from tokenassay.conformance.asgi_wire import AsgiWire
from tokenassay.conformance.exchanges import Exchange, Sent
from tokenassay.conformance.mock import make_app
from tokenassay.conformance.mock.app import App, path_of
from tokenassay.conformance.mock.stages import Hooks, Stages
from tokenassay.contracts.store import Contract, load_edition
from tokenassay.estimators.documents import file_syntax

NATIVE, OPENAI = "qwen-dashscope@2024-04", "qwen-openai@2026"
MODELS = {NATIVE: "qwen-turbo", OPENAI: "qwen-turbo", "qwen-dashscope@2026": "qwen-plus"}
MODELS["baichuan-dashscope@2024"] = "baichuan2-7b-chat-v1"  # the first one takes no messages
READS_DOCUMENTS = "qwen-long"


def model_of(edition: str) -> str:
    """The model that calls of an edition name: the first that is named in full."""
    listed = load_edition(edition).models
    return MODELS.get(edition) or next(model for model in listed if "*" not in model)


ENGLISH = [
    "river",
    "stone",
    "bridge",
    "winter",
    "market",
    "window",
    "garden",
    "letter",
    "music",
    "paper",
    "silver",
    "morning",
]
CHINESE = ["桥梁", "河水", "山谷", "图书馆", "老师", "花园", "，", "旁边的", "火车", "竹林", "。"]


class Talk(NamedTuple):
    """One call: what was sent, whether as a stream, and the exchange."""

    body: dict[str, Any]
    stream: bool
    exchange: Exchange


def messages(dice: random.Random) -> list[dict[str, Any]]:
    """A conversation of one to five messages, in English, Chinese or both."""

    def say(role: str) -> dict[str, Any]:
        size = dice.choice([2, 5, 9, 20, 60, 150])
        words = dice.choice([ENGLISH, CHINESE])
        joint = " " if words is ENGLISH else ""
        return {"role": role, "content": joint.join(dice.choices(words, k=size))}

    turns = [say(role) for _ in range(dice.choice([0, 0, 1, 2])) for role in ("user", "assistant")]
    system = [say("system")] if dice.random() < 0.4 else []
    return [*system, *turns, say("user")]


def bodies(edition: str, count: int, seed: int = 0, *, faults: bool = True) -> Iterator[Any]:
    """Bodies and whether each is sent as a stream; some are wrong, where ``faults``."""
    dice = random.Random(seed)
    native = load_edition(edition).surface == "native"
    model = model_of(edition)
    for number in range(count):
        stream = number % 3 == 2
        settings: dict[str, Any] = {}
        if number % 4 != 3:
            settings["max_tokens"] = dice.choice([1, 20, 60, 400])
        if faults and number % 17 == 5:
            settings["temperature"] = 2.5
        talk = messages(dice)
        if native:
            settings["result_format"] = dice.choice(["text", "message"])
            if stream and dice.random() < 0.5:
                settings["incremental_output"] = True
            yield {"model": model, "input": {"messages": talk}, "parameters": settings}, stream
            continue
        if not stream and number % 7 == 4:
            settings["n"] = 2
        if stream:
            settings |= {"stream": True, "stream_options": {"include_usage": True}}
        yield {"model": model, "messages": talk, **settings}, stream


TOOL = {
    "type": "function",
    "function": {
        "name": "tell_depth",
        "description": "Tells how deep a river is at a bridge, in metres, on a given day.",
        "parameters": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("river", "bridge", "day")},
            "required": ["river", "bridge"],
        },
    },
}


def features(edition: str) -> Iterator[Any]:
    """Bodies with emoji, stop texts, tools, several choices, or long texts."""
    native = load_edition(edition).surface == "native"
    model = model_of(edition)
    for number in range(40):
        text = f"Tell of river {number} and of its {'old ' * (number % 7)}bridges."
        more: dict[str, Any] = {"max_tokens": 3 + number}
        match number % 5:
            case 0:
                text += " 🎉🌉" * (number % 4 + 1)
            case 1:
                more["stop"] = ["Ω"]
            case 2:
                more["tools"] = [TOOL]
            case 3:
                text += " river" * (400 + 90 * number)
            case _ if not native:
                more["n"] = 2
        talk = [{"role": "user", "content": text}]
        body: dict[str, Any]
        if native:
            settings = {"result_format": "message", **more}
            body = {"model": model, "input": {"messages": talk}, "parameters": settings}
        else:
            body = {"model": model, "messages": talk, **more}
        yield body, False


def talks(
    edition: str,
    asked: Iterable[tuple[dict[str, Any], bool]],
    *hooks: Hooks,
    lies: tuple[str, ...] = (),
) -> list[Talk]:
    """The mock's answers, lies and all."""
    app = make_app([Contract(load_edition(edition))], lies)
    if hooks:
        for mount in app.mounts:
            for service in mount.services:
                service.stages = Stages.of(hooks)
    return talks_with(app, edition, asked)


def documents(edition: str, lies: tuple[str, ...] = (), count: int = 16) -> list[Talk]:
    """Calls about so many documents, and some without any; none where the edition has none."""
    loaded = load_edition(edition)
    if file_syntax(loaded, READS_DOCUMENTS) is None:
        return []
    native = loaded.surface == "native"
    # The native surface has no files to ask about of its own: they come by the other one.
    served = [edition, OPENAI] if native else [edition]
    app = make_app([Contract(load_edition(id)) for id in served], lies)
    store = Compat(app, served[-1], READS_DOCUMENTS)
    asked: list[tuple[dict[str, Any], bool]] = []
    for number in range(count + 6):
        talk = [ROLE, user(f"What does it say of river {number}?")]
        if number < count:
            text = f"River {number} is {number * 7} miles long. " + "It is calm. " * number
            talk.insert(1, refer(store.keep(f"{number}.txt", text.encode())))
        if native:
            body = {"input": {"messages": talk}, "parameters": {"result_format": "message"}}
        else:
            body = {"messages": talk}
        asked.append(({"model": READS_DOCUMENTS, **body}, False))
    return talks_with(app, edition, asked)


def talks_with(app: App, edition: str, asked: Iterable[tuple[dict[str, Any], bool]]) -> list[Talk]:
    """An application's answers, by an edition's own path."""
    loaded, settings = load_edition(edition), app.world.settings
    native = loaded.surface == "native"
    path = "/services/aigc/text-generation/generation" if native else "/chat/completions"
    url = "http://mock" + path_of(loaded) + path
    wire = AsgiWire(app)
    found = []
    try:
        for body, stream in asked:
            headers = [("authorization", f"Bearer {settings.api_key}")]
            headers.append(("content-type", "application/json"))
            if stream and native:
                headers.append(("x-dashscope-sse", "enable"))
            data = json.dumps(body, ensure_ascii=False).encode()
            sent = Sent(method="POST", url=url, headers=tuple(headers), body=data)
            found.append(Talk(body, stream, wire.exchange(sent, {})))
    finally:
        wire.close()
    return found


def _write(path: Path, lines: Iterable[Any]) -> str:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_text(text, "utf-8")
    return str(path)


def as_pairs(folder: Path, calls: list[Talk]) -> list[str]:
    """One file of JSON lines with request and response."""

    def line(call: Talk) -> dict[str, Any]:
        body: Any = call.exchange.text if call.exchange.is_stream else call.exchange.json
        return {
            "request": call.body,
            "stream": call.stream,
            "response": {"status_code": call.exchange.status, "body": body},
        }

    return [_write(folder / "pairs.jsonl", map(line, calls))]


def as_batch(folder: Path, calls: list[Talk]) -> list[str]:
    """A batch's input file, its output and its error file, in another order."""
    asked: list[Any] = []
    good: list[Any] = []
    bad: list[Any] = []
    for number, call in enumerate(calls):
        if call.stream:
            continue  # no line of a batch streams
        id = f"line-{number}"
        url = "/v1/chat/completions"
        asked.append({"custom_id": id, "method": "POST", "url": url, "body": call.body})
        status, body = call.exchange.status, call.exchange.json
        answer = {"status_code": status, "request_id": f"r-{number}", "body": body}
        line = {"id": f"b-{number}", "custom_id": id, "response": answer, "error": None}
        (good if status == 200 else bad).append(line)
    random.Random(1).shuffle(good)
    return [
        _write(folder / "input.jsonl", asked),
        _write(folder / "output.jsonl", good),
        _write(folder / "errors.jsonl", bad) if bad else _write(folder / "errors.jsonl", good[:0]),
    ][: 3 if bad else 2]


def as_order(folder: Path, calls: list[Talk]) -> list[str]:
    """A file of requests and a file of answers, line by line."""
    plain = [call for call in calls if not call.stream]
    return [
        _write(folder / "asked.jsonl", (call.body for call in plain)),
        _write(folder / "given.jsonl", (call.exchange.json for call in plain)),
    ]


def as_ids(folder: Path, calls: list[Talk]) -> list[str]:
    """Bodies and answers with an id among their fields, in another order."""
    plain = [(f"r-{number}", call) for number, call in enumerate(calls) if not call.stream]
    asked = [{"request_id": id, "time": "2026-05-21", **call.body} for id, call in plain]
    given = [{**call.exchange.json, "request_id": id} for id, call in plain]
    random.Random(2).shuffle(given)
    return [_write(folder / "asked.jsonl", asked), _write(folder / "given.jsonl", given)]


def as_har(folder: Path, calls: list[Talk]) -> list[str]:
    """A browser's log, its streams in base64, with an entry that is no call."""

    def entry(call: Talk) -> dict[str, Any]:
        received = call.exchange.received
        assert received is not None
        content: dict[str, Any] = {
            "size": len(received.body),
            "mimeType": call.exchange.content_type,
            "text": call.exchange.text,
        }
        if call.stream:
            content |= {"text": base64.b64encode(received.body).decode(), "encoding": "base64"}
        headers = [{"name": name, "value": value} for name, value in call.exchange.sent.headers]
        return {
            "startedDateTime": "2024-05-21T08:12:00.123Z",
            "time": 12.5,
            "request": {
                "method": "POST",
                "url": call.exchange.sent.url,
                "headers": headers[1:],
                "postData": {
                    "mimeType": "application/json",
                    "text": call.exchange.sent.body.decode(),
                },
            },
            "response": {
                "status": call.exchange.status,
                "headers": [{"name": n, "value": v} for n, v in received.headers],
                "content": content,
            },
        }

    picture = {
        "startedDateTime": "2024-05-21T08:11:59Z",
        "request": {"method": "GET", "url": "http://mock/favicon.ico", "headers": []},
        "response": {"status": 200, "headers": [], "content": {"mimeType": "image/png"}},
    }
    entries = [picture, *map(entry, calls)]
    log = {"version": "1.2", "creator": {"name": "t", "version": "1"}, "entries": entries}
    path = folder / "log.har"
    path.write_text(json.dumps({"log": log}, indent=2, ensure_ascii=False), "utf-8")
    return [str(path)]


def as_litellm(folder: Path, calls: list[Talk]) -> list[str]:
    """LiteLLM's standard logging payloads; of OpenAI-compatible calls alone."""

    def line(number: int, call: Talk) -> dict[str, Any]:
        parameters = {k: v for k, v in call.body.items() if k not in ("model", "messages")}
        good = call.exchange.status == 200
        body = call.exchange.json
        usage = (body.get("usage") if good else None) or {}
        return {
            "id": f"chatcmpl-{number}",
            "call_type": "acompletion",
            "stream": call.stream,
            "response_cost": 0.0001,
            "status": "success" if good else "failure",
            "custom_llm_provider": "dashscope",
            "total_tokens": usage.get("total_tokens", 0),
            "prompt_tokens": usage.get("prompt_tokens", 0),
            "completion_tokens": usage.get("completion_tokens", 0),
            "startTime": 1770000000.5 + number,
            "endTime": 1770000001.5 + number,
            "model": f"dashscope/{call.body['model']}",
            "messages": call.body["messages"],
            "response": body,
            "model_parameters": parameters,
            "cache_hit": None,
            "metadata": {},
            "hidden_params": {},
        }

    plain = [call for call in calls if not call.stream]
    return [_write(folder / "litellm.jsonl", (line(*pair) for pair in enumerate(plain)))]


def as_spend_log(folder: Path, calls: list[Talk]) -> list[str]:
    """Rows of LiteLLM's spend log as one array, with JSON inside of strings."""

    def row(number: int, call: Talk) -> dict[str, Any]:
        good = call.exchange.status == 200
        body = call.exchange.json
        usage = (body.get("usage") if good else None) or {}
        return {
            "request_id": f"chatcmpl-{number}",
            "call_type": "acompletion",
            "spend": 0.0001,
            "total_tokens": usage.get("total_tokens", 0),
            "prompt_tokens": usage.get("prompt_tokens", 0),
            "completion_tokens": usage.get("completion_tokens", 0),
            "startTime": "2026-05-21T08:12:00.123000Z",
            "endTime": "2026-05-21T08:12:01.123000Z",
            "model": f"dashscope/{call.body['model']}",
            "cache_hit": "False",
            "messages": "{}",
            "response": json.dumps(body),
            "proxy_server_request": json.dumps(call.body),
            "status": "success" if good else "failure",
            "metadata": "{}",
        }

    plain = [call for call in calls if not call.stream]
    path = folder / "spend.json"
    rows = [row(*pair) for pair in enumerate(plain)]
    path.write_text(json.dumps(rows, indent=1), "utf-8")
    return [str(path)]


Writer = Callable[[Path, list[Talk]], list[str]]
