"""Files and text documents in system messages, and how many of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.estimators.refusals.asking import (
    ASSISTANT,
    SYSTEM,
    USER,
    broken,
    notes,
    refused,
    request,
)
from tokenassay.estimators.refusals import Refusal
from tokenassay.estimators.requests import Message, Request

AT = "input.messages"


def system(text: str) -> dict[str, Any]:
    return {"role": "system", "content": text}


def files(first: int, number: int) -> str:
    return ",".join(f"fileid://file-fe-{index}" for index in range(first, first + number))


def ask(*messages: Any) -> Request:
    return request(*messages, model="files", extra=True)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([SYSTEM, system(files(0, 1)), USER], []),
        ([SYSTEM, system(files(0, 3)), USER], []),
        ([SYSTEM, system("fileid://file-fe-1, fileid://file-fe-2"), USER], []),
        ([SYSTEM, system(files(0, 1)), system(files(1, 1)), USER], []),
        ([SYSTEM, system("A long document."), USER], []),
        ([SYSTEM, system("fileid://file-fe-"), USER], [("f.reference", f"{AT}[1].content")]),
        ([SYSTEM, system("fileid://other-1"), USER], [("f.reference", f"{AT}[1].content")]),
        (
            [SYSTEM, system("fileid://file-fe-1,file-fe-2"), USER],
            [("f.reference", f"{AT}[1].content")],
        ),
        (
            [SYSTEM, system("fileid://file-fe-1,"), USER],
            [("f.reference", f"{AT}[1].content")],
        ),
        (
            [SYSTEM, system("fileid://file-fe-1 fileid://file-fe-2"), USER],
            [("f.reference", f"{AT}[1].content")],
        ),
        (
            [SYSTEM, system(files(0, 1)), system("A text."), USER],
            [("f.unmixed", f"{AT}[2].content")],
        ),
        (
            [SYSTEM, system("A text."), USER, ASSISTANT, system(files(0, 1)), USER],
            [("f.unmixed", f"{AT}[4].content")],
        ),
        ([system(files(0, 1)), USER], [("f.role", f"{AT}[0]")]),
        (
            [{"role": "user", "content": "fileid://file-fe-1"}],
            [("f.not_in_user", f"{AT}[0].content")],
        ),
        ([SYSTEM, system('{"content": "a", "title": "b"}'), USER], []),
        ([SYSTEM, system('{"content": "a"}'), USER], [("f.json_keys", f"{AT}[1].content")]),
        ([SYSTEM, system('{"content": '), USER], []),
        ([SYSTEM, system("[" * 100_000), USER], []),
    ],
)
def test_documents(messages: list[Any], expected: list[tuple[str, str]]) -> None:
    assert broken(ask(*messages)) == expected


@pytest.mark.parametrize(
    ("counts", "too_many", "noted"),
    [
        ([99], False, False),
        ([100], False, True),
        ([101], True, False),
        ([50, 50], False, True),
        ([50, 51], True, False),
    ],
)
def test_the_number_of_files(counts: list[int], too_many: bool, noted: bool) -> None:
    messages = [system(files(1000 * index, number)) for index, number in enumerate(counts)]
    asked = ask(SYSTEM, *messages, USER)
    assert broken(asked) == ([("f.count", f"{AT}[1].content")] if too_many else [])
    said = ("the number of files is 100, on which the documents contradict each other",)
    assert notes(asked) == (said if noted else ())


def tokens_of(message: Message) -> int:
    """A count that the text states itself."""
    return int(message.text.rsplit(" ", 1)[-1]) if message.text[-1:].isdigit() else 1


def counted(*messages: Any, model: str = "files") -> list[Refusal]:
    asked = request(*messages, model=model, extra=True, mode="message")
    found = refused(asked, message_tokens=tokens_of)
    return [refusal for refusal in found if refusal.clause.startswith("f.message")]


def say(role: str, tokens: int) -> dict[str, Any]:
    return {"role": role, "content": f"words {tokens}"}


@pytest.mark.parametrize(
    ("messages", "at"),
    [
        ([say("user", 9000)], None),
        ([say("user", 9001)], 0),
        ([say("user", 5000), say("user", 4000)], None),
        ([say("user", 5000), say("user", 4001)], 0),
        ([say("user", 5000), say("assistant", 9001), say("user", 4001)], None),
        ([say("user", 1), say("assistant", 1), say("user", 4500), say("user", 4501)], 2),
        ([say("system", 9000), say("user", 1)], None),
        ([say("system", 9001), say("user", 1)], 0),
        ([say("system", 1), say("system", 20000), say("user", 1)], None),
        ([say("system", 1), say("user", 5000), say("system", 1), say("user", 5000)], None),
    ],
)
def test_the_limit_on_a_message(messages: list[Any], at: int | None) -> None:
    found = [refusal.at for refusal in counted(*messages)]
    assert found == ([] if at is None else [f"{AT}[{at}].content"])


def test_the_limit_on_a_message_beside_documents_only() -> None:
    def large(*messages: Any) -> list[str]:
        return [refusal.clause for refusal in counted(*messages, model="large")]

    assert not large(say("system", 1), say("user", 9001))
    assert large(say("system", 1), say("system", 1), say("user", 9001)) == ["f.message_large"]
    assert not large(say("system", 1), say("system", 1), say("user", 9000))


def test_text_documents_above_the_soft_limit_are_noted() -> None:
    asked = ask(SYSTEM, system("words 1000001"), USER)
    (note,) = notes(asked, message_tokens=tokens_of)
    assert "1000001, more than the documented 1000000" in note
    assert not notes(ask(SYSTEM, system("words 1000000"), USER), message_tokens=tokens_of)
