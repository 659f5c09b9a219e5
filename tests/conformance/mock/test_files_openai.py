"""Files of the OpenAI-compatible surface: upload, list, look up, read, delete, and their limits."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.mock.compat import OF_2024, OF_2026, Compat, user
from tokenassay.conformance.mock import file_store, running
from tokenassay.conformance.mock.app import choose_editions, make_app
from tokenassay.conformance.mock.extracts import Extract, extract
from tokenassay.conformance.mock.file_store import FileStore
from tokenassay.conformance.mock.server import bind, endpoint_at, serving
from tokenassay.conformance.mock.service import Settings, World
from tokenassay.contracts import patterns, store

RIVERS = b"Rivers run slower where the valley is wide.\n"


@pytest.fixture(params=[OF_2024, OF_2026])
def alone(request: pytest.FixtureRequest) -> Iterator[Compat]:
    """A server of its own, where no other test has left a file."""
    with running(request.param) as endpoint:
        yield Compat(endpoint, request.param, "qwen-long")


def error_of(client: Compat, answer: Any, row: str) -> dict[str, Any]:
    """The error object, once it is that of the row."""
    expected = store.load_edition(client.edition).errors[row]
    assert answer.status_code == expected.status, answer.text
    client.fits("error", answer.json())
    error: dict[str, Any] = answer.json()["error"]
    assert patterns.matches(expected.pattern, error["message"])
    return error


def test_a_file_and_its_life(either: Compat) -> None:
    answer = either.upload("rivers.txt", RIVERS)
    file = answer.json()
    assert answer.status_code == 200
    either.fits("file", file)
    assert file["id"].startswith("file-fe-")
    assert (file["bytes"], file["filename"]) == (len(RIVERS), "rivers.txt")
    assert (file["purpose"], file["status"]) == ("file-extract", "processed")
    assert either.client.get(f"/files/{file['id']}").json() == file
    assert either.client.get(f"/files/{file['id']}/content").content == RIVERS
    deleted = either.client.delete(f"/files/{file['id']}")
    either.fits("file_deleted", deleted.json())
    assert deleted.json()["id"] == file["id"]
    ids = [f["id"] for f in either.client.get("/files").json()["data"]]
    assert file["id"] not in ids


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_file_that_is_not_there(long: Compat, compat: Compat, method: str) -> None:
    for client, unknown, gone in (
        (long, "error.invalid_file", "error.file_not_found"),
        (compat, "error.not_found", "error.not_found"),
    ):
        id = client.keep("rivers.txt", RIVERS)
        client.client.delete(f"/files/{id}")
        error_of(client, client.client.request(method, f"/files/{id}"), gone)
        error_of(client, client.client.request(method, "/files/file-fe-0"), unknown)
        error_of(client, client.client.get(f"/files/{id}/content"), gone)


def test_the_list_goes_by_pages_newest_first(alone: Compat) -> None:
    ids = [alone.keep(f"{n}.txt", b"x") for n in range(5)]
    batch = alone.keep("in.jsonl", b"{}", "batch")

    def listed(query: str = "") -> tuple[list[str], bool]:
        body = alone.client.get(f"/files{query}").json()
        alone.fits("file_list", body)
        return [file["id"] for file in body["data"]], body["has_more"]

    assert listed() == ([batch, *reversed(ids)], False)
    assert listed("?purpose=file-extract") == (ids[::-1], False)
    assert listed("?purpose=batch") == ([batch], False)
    assert listed("?limit=2") == ([batch, ids[4]], True)
    assert listed(f"?limit=2&after={ids[4]}") == ([ids[3], ids[2]], True)
    assert listed(f"?limit=5&after={ids[1]}") == ([ids[0]], False)
    assert listed("?after=file-fe-0") == ([], False)
    assert listed("?create_after=20200101000000&create_before=20200102000000") == ([], False)
    for bad in ("0", "-1", "x", "1000000000000"):
        error = error_of(alone, alone.client.get(f"/files?limit={bad}"), "error.invalid_parameter")
        assert "{" not in error["message"]


@pytest.mark.parametrize("purpose", [None, "", "assistants", "file_extract"])
def test_another_purpose_is_refused(either: Compat, purpose: str | None) -> None:
    error = error_of(either, either.upload("a.txt", RIVERS, purpose), "error.purpose")
    assert (error["param"], error["type"]) == ("purpose", "invalid_request_error")


@pytest.mark.parametrize(
    "name", ["a.txt", "a.MD", "a.docx", "a.pdf", "a.epub", "a.mobi", "a.b.txt"]
)
def test_documented_formats_are_taken(either: Compat, name: str) -> None:
    assert either.upload(name, RIVERS).status_code == 200


@pytest.mark.parametrize("name", ["a.exe", "a", "txt", "a.", "a.txt.zip"])
def test_other_formats_are_refused(either: Compat, name: str) -> None:
    error_of(either, either.upload(name, RIVERS), "error.file_format")


def test_images_were_refused_in_2024(long: Compat, compat: Compat) -> None:
    error_of(long, long.upload("a.png", b"\x89PNG"), "error.file_format")
    assert compat.upload("a.png", b"\x89PNG").status_code == 200, "the pages disagree"


def test_what_is_no_form_is_refused(either: Compat) -> None:
    post = either.client.post
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nx\r\n'
    for answer in (
        post("/files", json={"purpose": "file-extract"}),
        post("/files", content=b"", headers=boundary),
        post("/files", content=part, headers=boundary),
        post("/files", content=b"--b\r\n\r\nx\r\n--b--", headers=boundary),
        post("/files", content=part + b"--b--", headers={"Content-Type": "multipart/form-data"}),
        post("/files", data={"purpose": "file-extract"}, files={"other": ("a.txt", b"x")}),
        post("/files", files={f"f{n}": b"" for n in range(200)}),
    ):
        assert answer.status_code == 400, answer.text
        either.fits("error", answer.json())
        assert "{" not in answer.json()["error"]["message"]


# ------------------------------------------------------------------------------- limits


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Compat]:
    """An edition whose limits are so small that tests can reach them."""
    contract = tmp_path / "small.yaml"
    contract.write_text(
        json.dumps(
            {
                "edition": "small@2026",
                "extends": OF_2026,
                "clauses": [
                    limit("files.bytes", "file_bytes", 3_000_000, "error.too_large"),
                    limit("files.image_bytes", "image_bytes", 1_000, "error.too_large"),
                    limit("batches.file_bytes", "batch_file_bytes", 2_000, "error.too_large"),
                    limit("files.number", "account_files", 4, "error.file_number"),
                    limit("files.total_bytes", "account_bytes", 4_000_000, "error.file_capacity"),
                ],
            }
        )
    )
    with running(contract=contract) as endpoint:
        yield Compat(endpoint, OF_2026, "qwen-long")


def limit(id: str, quantity: str, maximum: int, error: str) -> dict[str, Any]:
    return {
        "kind": "limit", "id": id, "level": "must", "text": "A limit.", "family": "limits",
        "source": "files", "quantity": quantity, "maximum": maximum, "error": error,
    }  # fmt: skip


def test_files_up_to_the_limit_and_one_byte_over(small: Compat) -> None:
    data = b"so\n" * 1_000_000
    assert small.upload("fits.txt", data).json()["bytes"] == len(data)
    error_of(small, small.upload("over.txt", data + b"x"), "error.too_large")
    assert small.upload("fits.jsonl", b"x" * 2_000, "batch").status_code == 200
    error_of(small, small.upload("over.jsonl", b"x" * 2_001, "batch"), "error.too_large")


def test_by_the_page_of_2024_a_large_file_is_refused_by_its_id(tmp_path: Path) -> None:
    contract = tmp_path / "small.yaml"
    most = limit("files.bytes", "file_bytes", 1_000, "error.file_size") | {"source": "guide"}
    contract.write_text(
        json.dumps({"edition": "small@2024", "extends": OF_2024, "clauses": [most]})
    )
    with running(contract=contract) as endpoint:
        client = Compat(endpoint, OF_2024, "qwen-long")
        error = error_of(client, client.upload("over.txt", b"x" * 1_001), "error.file_size")
        assert "[id:file-fe-" in error["message"]


def test_images_have_a_limit_of_their_own(small: Compat) -> None:
    assert small.upload("fits.png", b"x" * 1_000).status_code == 200
    error_of(small, small.upload("over.png", b"x" * 1_001), "error.too_large")


def test_the_account_is_full_at_some_number(small: Compat) -> None:
    ids = [small.keep(f"{n}.txt", b"x") for n in range(4)]
    error_of(small, small.upload("5.txt", b"x"), "error.file_number")
    small.client.delete(f"/files/{ids[0]}")
    assert small.upload("5.txt", b"x").status_code == 200


def test_the_account_is_full_at_some_bytes(small: Compat) -> None:
    id = small.keep("large.txt", b"so\n" * 1_000_000)
    error_of(small, small.upload("more.txt", b"so\n" * 400_000), "error.file_capacity")
    small.client.delete(f"/files/{id}")
    assert small.upload("more.txt", b"so\n" * 400_000).status_code == 200


def test_far_too_much_is_read_and_thrown_away(small: Compat) -> None:
    over = b"x" * 9_000_000
    error_of(small, small.upload("over.txt", over), "error.too_large")
    assert small.client.get("/files").json()["data"] == []


def test_ten_thousand_files_are_the_most() -> None:
    app = make_app(choose_editions([OF_2024]))
    files = app.world.keep(FileStore)
    for n in range(10_000):
        files.add(f"file-fe-{n}", "a.txt", "file-extract", b"", 0, Extract("blank"))
    bound = bind("127.0.0.1", 0)
    with serving(app, bound) as url:
        endpoint = endpoint_at(url, [store.load_edition(OF_2024)], "sk-assay")
        client = Compat(endpoint, OF_2024, "qwen-long")
        error_of(client, client.upload("a.txt", b"x"), "error.file_number")
        client.client.delete("/files/file-fe-1")
        assert client.upload("a.txt", b"x").status_code == 200


# ------------------------------------------------------------------------------- properties


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.binary(max_size=3000), name=st.text(st.characters(codec="ascii"), max_size=20))
def test_any_bytes_come_back_as_they_went(compat: Compat, data: bytes, name: str) -> None:
    filename = "".join(c for c in name if c.isalnum() or c in " -_") + ".txt"
    answer = compat.upload(filename, data)
    assert answer.status_code == 200
    file = answer.json()
    assert (file["filename"], file["bytes"]) == (filename, len(data))
    assert compat.client.get(f"/files/{file['id']}/content").content == data
    compat.client.delete(f"/files/{file['id']}")


@given(
    st.binary(max_size=400), st.sampled_from(["txt", "md", "docx", "pdf", "epub", "mobi", "png"])
)
def test_any_bytes_are_read_without_a_fault(data: bytes, kind: str) -> None:
    found = extract(f"a.{kind}", io.BytesIO(data))
    assert found.tokens >= 0
    assert found.state in ("processed", "blank", "failed")


@given(st.lists(st.sampled_from(["add", "delete", "again"]), max_size=40))
def test_the_store_counts_what_it_keeps(steps: list[str]) -> None:
    files = FileStore(World(Settings()))
    kept: dict[str, int] = {}
    for number, step in enumerate(steps):
        if step == "add":
            id = files.new_id("file-fe-")
            assert files.state(id) == "unknown"
            files.add(id, "a.txt", "file-extract", b"x" * number, number, Extract("processed"))
            kept[id] = number
        elif kept:
            id = next(iter(kept))
            assert files.delete(id)
            assert not files.delete(id)
            del kept[id]
            assert files.state(id) == "deleted"
        assert files.bytes == sum(kept.values())
        assert [file.id for file in files] == list(kept)


def test_deleted_ids_are_forgotten_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_store, "_REMEMBERED", 3)
    files = FileStore(World(Settings()))
    ids = [files.new_id("file-fe-") for _ in range(5)]
    for id in ids:
        files.add(id, "a.txt", "file-extract", b"", 0, Extract("blank"))
        files.delete(id)
    assert [files.state(id) for id in ids] == ["unknown", "unknown", *["deleted"] * 3]


def test_chats_go_on_while_a_file_is_uploaded(compat: Compat) -> None:
    """A large upload is read to its end and counted without holding up others."""
    done = threading.Event()
    answered: list[int] = []

    def chat() -> None:
        while not done.is_set():
            answered.append(compat.ask([user("Hi")]).status_code)

    other = threading.Thread(target=chat)
    other.start()
    compat.keep("large.txt", b"Rivers are long.\n" * 1_000_000)
    meanwhile = len(answered)
    done.set()
    other.join()
    # One may have been answered before the upload began, one may have waited for its end.
    assert meanwhile > 2
    assert set(answered) == {200}
