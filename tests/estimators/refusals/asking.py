"""Requests to a made-up edition, and what it refuses of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tokenassay.contracts.edition import Edition
from tokenassay.contracts.store import load_contract
from tokenassay.estimators.refusals import Refusal, compile_rules
from tokenassay.estimators.requests import Message, Request, read_request

DATA = Path(__file__).parents[2] / "data"

MADE_UP: Edition = load_contract(DATA / "refusals.yaml").edition

USER = {"role": "user", "content": "hi"}
ASSISTANT = {"role": "assistant", "content": "hello"}
SYSTEM = {"role": "system", "content": "You are helpful."}


def call(name: str = "look", id: str | None = "c1", arguments: Any = "{}") -> dict[str, Any]:
    """One tool call of an assistant."""
    made = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return made if id is None else {"id": id, **made}


def calling(*calls: dict[str, Any]) -> dict[str, Any]:
    """An assistant message that calls tools."""
    return {"role": "assistant", "content": "", "tool_calls": list(calls or (call(),))}


def answer(name: Any = "look", id: Any = "c1") -> dict[str, Any]:
    """A tool message; None leaves the field out."""
    fields = {"role": "tool", "content": "found", "name": name, "tool_call_id": id}
    return {key: value for key, value in fields.items() if value is not None}


def request(
    *messages: Any, model: str = "small", streaming: bool | None = None, **parameters: Any
) -> Request:
    """A native request for the made-up edition."""
    body = {"model": model, "input": {"messages": list(messages)}, "parameters": parameters}
    return read_request(body, surface="native", streaming=streaming)


def refused(
    asked: Request,
    *,
    edition: Edition = MADE_UP,
    input_tokens: int | None = None,
    message_tokens: Callable[[Message], int] | None = None,
) -> list[Refusal]:
    """What the edition refuses, for the model that the request names."""
    rules = compile_rules(edition, asked.model if isinstance(asked.model, str) else None)
    return list(rules.check(asked, input_tokens=input_tokens, message_tokens=message_tokens))


def broken(asked: Request, **counts: Any) -> list[tuple[str, str]]:
    """Clause and place of each refusal."""
    return [(refusal.clause, refusal.at) for refusal in refused(asked, **counts)]


def notes(asked: Request, **counts: Any) -> tuple[str, ...]:
    """The notes of the made-up edition."""
    return compile_rules(MADE_UP, asked.model).notes(asked, **counts)
