"""qwen-long: documents by id, by text and as JSON, and every rule on them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conformance.mock.compat import OF_2024, OF_2026, ROLE, Compat, refer, user
from tests.conformance.mock.wires import Native
from tokenassay.conformance.mock import file_store, running
from tokenassay.contracts import patterns, store
from tokenassay.estimators.tokens import count_tokens

RIVERS = b"Rivers run slower where the valley is wide.\n"
TEA = "泡茶的水不要太烫。\n".encode()
UNKNOWN = "file-fe-000000000000000000000000"


def text(words: str) -> dict[str, str]:
    return {"role": "system", "content": words}


def document(title: str, kind: str) -> dict[str, str]:
    fields = {"content": "Tea and rivers.", "file_type": kind, "filename": title, "title": title}
    return text(json.dumps(fields, ensure_ascii=False))


ASKED = user("What does the document say?")
AGAIN = user("And how do the two differ?")
SAID = {"role": "assistant", "content": "It is about rivers."}

SAMPLES: dict[str, Callable[[str, str], list[dict[str, str]]]] = {
    "one file": lambda a, b: [ROLE, refer(a), ASKED],
    "two files in one message": lambda a, b: [ROLE, refer(a, b), ASKED],
    "three references, one twice": lambda a, b: [ROLE, refer(a, b, a), ASKED],
    "two files in two messages": lambda a, b: [ROLE, refer(a), refer(b), ASKED],
    "a file added after an answer": lambda a, b: [ROLE, refer(a), ASKED, SAID, refer(b), AGAIN],
    "a file added without an answer": lambda a, b: [ROLE, refer(a), ASKED, refer(b), AGAIN],
    "one text": lambda a, b: [ROLE, text("Tea."), ASKED],
    "two texts": lambda a, b: [ROLE, text("Tea."), text("Rivers."), ASKED],
    "a text added": lambda a, b: [ROLE, text("Tea."), ASKED, SAID, text("Rivers."), AGAIN],
    "a text added without an answer": lambda a, b: [ROLE, text("T"), ASKED, text("R"), AGAIN],
    "one JSON": lambda a, b: [ROLE, document("one", "docx"), ASKED],
    "two JSON": lambda a, b: [ROLE, document("one", "pdf"), document("two", "pdf"), ASKED],
    "a JSON added": lambda a, b: [
        ROLE, document("one", "pdf"), ASKED, SAID, document("two", "pdf"), AGAIN,
    ],
    "a JSON added without an answer": lambda a, b: [
        ROLE, document("one", "pdf"), ASKED, document("two", "pdf"), AGAIN,
    ],
    "a file without a role setting": lambda a, b: [refer(a), ASKED],
    "no document": lambda a, b: [ROLE, ASKED],
}  # fmt: skip
"""The conversations that the two pages of 2024 show, with words of our own."""


@pytest.fixture(scope="module")
def files(long: Compat) -> tuple[str, str]:
    return long.keep("rivers.txt", RIVERS), long.keep("tea.md", TEA)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_answered_in_its_shape(
    long: Compat, files: tuple[str, str], name: str
) -> None:
    messages = SAMPLES[name](*files)
    whole = long.ask(messages)
    assert whole.status_code == 200, whole.text
    long.fits("response", whole.json())
    frames = long.stream(messages, stream_options={"include_usage": True})
    *chunks, usage, done = [frame.data for frame in frames]
    assert done == "[DONE]"
    for chunk in chunks:
        long.fits("chunk", chunk)
    long.fits("usage_chunk", usage)
    assert usage["usage"] == whole.json()["usage"]


def test_the_tokens_of_files_are_billed_on_each_call(long: Compat, files: tuple[str, str]) -> None:
    def billed(*ids: str) -> int:
        answer = long.ask([ROLE, refer(*ids), ASKED])
        tokens = answer.json()["usage"]["prompt_tokens"]
        assert isinstance(tokens, int)
        return tokens

    first, second = files
    rivers, tea = count_tokens(RIVERS.decode()), count_tokens(TEA.decode())
    assert billed(first, second) - billed(first) == tea
    assert billed(first, first) - billed(first) == rivers
    assert billed(first) == billed(first)


# --------------------------------------------------------------------- rules and error rows


def refused(client: Compat, row: str, messages: Any, **parameters: Any) -> None:
    """The request gets that row of the edition's table, in the documented shape."""
    answer = client.ask(messages, model="qwen-long", **parameters)
    expected = store.load_edition(client.edition).errors[row]
    assert answer.status_code == expected.status, answer.text
    client.fits("error", answer.json())
    error = answer.json()["error"]
    assert patterns.matches(expected.pattern, error["message"])
    assert "{" not in error["message"]


def test_an_unknown_file(either: Compat) -> None:
    refused(either, "error.invalid_file", [ROLE, refer(UNKNOWN), ASKED])


def test_a_file_of_a_batch_is_no_document(either: Compat) -> None:
    id = either.keep("in.jsonl", b"{}", "batch").replace("file-batch-", "file-fe-")
    refused(either, "error.invalid_file", [ROLE, refer(id), ASKED])


def test_a_deleted_file(long: Compat, compat: Compat) -> None:
    for client, row in ((long, "error.file_not_found"), (compat, "error.invalid_file")):
        id = client.keep("rivers.txt", RIVERS)
        assert client.ask([ROLE, refer(id), ASKED], model="qwen-long").status_code == 200
        client.client.delete(f"/files/{id}")
        refused(client, row, [ROLE, refer(id), ASKED])


@pytest.mark.parametrize("blank", [b"", b" \n\t\r\n", "\u3000\n".encode()])
def test_a_blank_file(either: Compat, blank: bytes) -> None:
    refused(either, "error.file_blank", [ROLE, refer(either.keep("blank.txt", blank)), ASKED])


def test_files_that_cannot_be_parsed(long: Compat) -> None:
    for name, data in (
        ("broken.docx", b"this is no archive"),
        ("broken.pdf", b"this is no PDF"),
        ("broken.txt", b"\xff\xfe\xff\xfe\x00\x81"),
    ):
        refused(long, "error.parsing_failed", [ROLE, refer(long.keep(name, data)), ASKED])


def test_a_file_with_too_many_pages(either: Compat) -> None:
    page = b"<< /Type /Page /Contents (page) >>\n"
    fits = either.keep("fits.pdf", b"%PDF-1.4\n" + page * 15_000)
    over = either.keep("over.pdf", b"%PDF-1.4\n" + page * 15_001)
    assert either.ask([ROLE, refer(fits), ASKED], model="qwen-long").status_code == 200
    refused(either, "error.file_pages", [ROLE, refer(over), ASKED])


def test_zipped_formats_are_read(long: Compat) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("word/document.xml", "<w:t>Tea</w:t> <w:t>and rivers</w:t>")
        archive.writestr("_rels/.rels", "<x>not text</x>")
    id = long.keep("tea.docx", packed.getvalue())
    other = long.keep("tea.txt", b"Tea and rivers")
    counts = [
        long.ask([ROLE, refer(name), ASKED]).json()["usage"]["prompt_tokens"]
        for name in (id, other)
    ]
    assert counts[0] == counts[1]
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    refused(long, "error.file_blank", [ROLE, refer(long.keep("e.docx", empty.getvalue())), ASKED])


def test_a_large_file_is_parsed_for_a_while(
    either: Compat, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(file_store, "monotonic", lambda: now[0])
    with running(either.edition) as endpoint:
        client = Compat(endpoint, either.edition, "qwen-long")
        id = client.keep("large.txt", b"Rivers are long.\n" * 100_000)
        refused(client, "error.file_parsing", [ROLE, refer(id), ASKED])
        assert client.client.get(f"/files/{id}").json()["status"] == "processed"
        now[0] += 1.0
        assert client.ask([ROLE, refer(id), ASKED], model="qwen-long").status_code == 200


def test_files_and_texts_are_not_mixed(either: Compat) -> None:
    id = either.keep("rivers.txt", RIVERS)
    for messages in (
        [ROLE, refer(id), text("Tea."), ASKED],
        [ROLE, text("Tea."), refer(id), ASKED],
        [ROLE, refer(id), ASKED, SAID, text("Tea."), AGAIN],
    ):
        refused(either, "error.mixed_documents", messages)


def test_the_number_of_files(either: Compat) -> None:
    id = either.keep("rivers.txt", RIVERS)
    assert either.ask([ROLE, refer(*[id] * 99), ASKED], model="qwen-long").status_code == 200
    refused(either, "error.too_many_files", [ROLE, refer(*[id] * 101), ASKED])
    refused(either, "error.too_many_files", [ROLE, refer(*[UNKNOWN] * 101), ASKED])
    two = [ROLE, refer(*[id] * 60), refer(*[id] * 41), ASKED]
    refused(either, "error.too_many_files", two)


def test_nine_thousand_tokens_in_a_message(long: Compat) -> None:
    most = "so" + " so" * 8_999
    assert count_tokens(most) == 9_000
    assert long.ask([ROLE, user(most)]).status_code == 200
    refused(long, "error.message_tokens", [ROLE, user(most + " so")])
    refused(long, "error.message_tokens", [text(most + " so"), ASKED])
    half = user("so" + " so" * 4_999)
    refused(long, "error.message_tokens", [ROLE, half, half])
    assert long.ask([ROLE, half, SAID, half]).status_code == 200
    assert long.ask([ROLE, text(most + " so" * 100), ASKED]).status_code == 200, "a document"


def test_nine_thousand_tokens_count_beside_documents_only_by_2026(compat: Compat) -> None:
    over = user("so" + " so" * 9_000)
    assert compat.ask([ROLE, over], model="qwen-long").status_code == 200
    refused(compat, "error.message_tokens", [ROLE, text("Tea."), over])


def test_ten_million_tokens_in_all(either: Compat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_store, "_READY_BELOW", 1 << 30)
    id = either.keep("long.txt", b"so so so so\n" * 52_000)
    assert either.ask([ROLE, refer(*[id] * 38), ASKED], model="qwen-long").status_code == 200
    refused(either, "error.total_tokens", [ROLE, refer(*[id] * 50), ASKED])


@pytest.mark.parametrize(
    "messages",
    [
        [ROLE, {"role": "tool", "content": "x"}, ASKED],
        [ROLE, {"role": "narrator", "content": "x"}, ASKED],
        [ROLE, ASKED, SAID],
        [ROLE, {"role": "user"}],
    ],
)
def test_messages_put_together_in_a_wrong_way(long: Compat, messages: Any) -> None:
    refused(long, "error.role_invalid", messages)


def test_the_edges_of_parameters(long: Compat) -> None:
    for good in ({"temperature": 0}, {"temperature": 1.9999}, {"top_p": 0.0001}, {"top_p": 0.9999}):
        assert long.ask([ASKED], **good).status_code == 200
    for bad in ({"temperature": 2}, {"temperature": -0.1}, {"top_p": 0}, {"top_p": 1}):
        answer = long.ask([ASKED], **bad)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "invalid_parameter_error"


# --------------------------------------------------------------------- both surfaces


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Compat, Native]]:
    with running(editions=[OF_2026, "qwen-dashscope@2026"]) as endpoint:
        yield Compat(endpoint, OF_2026, "qwen-long"), Native(endpoint)


def test_a_file_is_known_on_both_surfaces(both: tuple[Compat, Native]) -> None:
    compat, native = both
    id = compat.keep("rivers.txt", RIVERS)
    messages = [ROLE, refer(id), ASKED]
    answer = native.ask(messages, model="qwen-long")
    assert answer.status_code == 200, answer.text
    whole = compat.ask(messages).json()
    assert answer.json()["usage"]["input_tokens"] == whole["usage"]["prompt_tokens"]
    compat.client.delete(f"/files/{id}")
    gone = native.ask(messages, model="qwen-long")
    assert gone.status_code == 400
    assert id in gone.json()["message"]


def test_both_editions_live_under_one_path() -> None:
    with running(editions=[OF_2026, OF_2024]) as endpoint:
        client = Compat(endpoint, OF_2026, "qwen-plus")
        assert client.ask("Hi").status_code == 200
        id = client.keep("rivers.txt", RIVERS)
        assert client.ask([ROLE, refer(id), ASKED], model="qwen-long").status_code == 200
