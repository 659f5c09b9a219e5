"""The native store of files: its own ids and bodies, and the DashScope SDK's calls to it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dashscope
import httpx
import pytest
from jsonschema import Draft202012Validator

from tokenassay.conformance.mock import Endpoint, running
from tokenassay.contracts import store

FILES: Any = dashscope.Files
EDITION = "qwen-dashscope@2026"
LINES = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with running(EDITION) as found:
        monkeypatch.setattr(dashscope, "base_http_api_url", found.base_url)
        monkeypatch.setattr(dashscope, "api_key", found.api_key)
        yield found


@pytest.fixture
def client(endpoint: Endpoint) -> httpx.Client:
    headers = {"Authorization": f"Bearer {endpoint.api_key}"}
    return httpx.Client(base_url=endpoint.base_url, headers=headers)


def fits(clause: str, body: Any) -> None:
    shape: Any = store.load_edition(EDITION).clause(clause)
    Draft202012Validator(shape.schema).validate(body)


def upload(client: httpx.Client, *names: str, **fields: Any) -> Any:
    files = [("files", (name, name.encode())) for name in names]
    return client.post("/files", files=files, data=fields).json()


def test_the_dashscope_sdk_reads_all_of_it(endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(LINES)
    sent: Any = FILES.upload(str(path), description="for training")
    assert sent.status_code == 200
    (file,) = sent.output["uploaded_files"]
    assert (file["name"], sent.output["failed_uploads"]) == ("train.jsonl", [])
    got: Any = FILES.get(file["file_id"])
    assert got.output["description"] == "for training"
    assert got.output["size"] == len(LINES)
    digest = hashlib.md5(LINES, usedforsecurity=False).digest()
    assert got.output["md5"] == base64.b64encode(digest).decode()
    listed: Any = FILES.list(page=1, page_size=5)
    assert [one["file_id"] for one in listed.output["files"]] == [file["file_id"]]
    assert FILES.delete(file["file_id"]).status_code == 200
    gone: Any = FILES.get(file["file_id"])
    assert (gone.status_code, gone.code) == (404, "NotFound")


def test_several_files_at_once_and_their_descriptions(client: httpx.Client) -> None:
    body = upload(client, "a.txt", "b.txt", descriptions=["first", "second"])
    ids = [file["file_id"] for file in body["data"]["uploaded_files"]]
    seen = [client.get(f"/files/{id}").json() for id in ids]
    for one in seen:
        fits("files.native_file", one)
    assert [one["data"]["description"] for one in seen] == ["first", "second"]


def test_what_does_not_fit_is_told_inside_a_200(client: httpx.Client) -> None:
    upload(client, *[f"{n}.txt" for n in range(9)])
    body = upload(client, "tenth.txt", "eleventh.txt")
    assert [file["name"] for file in body["data"]["uploaded_files"]] == ["tenth.txt"]
    assert body["data"]["failed_uploads"] == [
        {
            "name": "eleventh.txt",
            "code": "BadRequest.TooMany",
            "message": "Out of number, <10> of <10> files has been uploaded.",
        }
    ]


def test_the_list_goes_by_pages(client: httpx.Client) -> None:
    body = upload(client, "a.txt", "b.txt", "c.txt")
    ids = [file["file_id"] for file in body["data"]["uploaded_files"]]

    def page(number: int, size: int) -> list[str]:
        answer = client.get(f"/files?page_no={number}&page_size={size}").json()
        fits("files.native_list", answer)
        assert answer["data"]["total"] == 3
        return [file["file_id"] for file in answer["data"]["files"]]

    assert page(1, 2) == [ids[2], ids[1]]
    assert page(2, 2) == [ids[0]]
    assert page(3, 2) == []
    for bad in ("page_no=0", "page_size=x", "page_no=-1"):
        assert client.get(f"/files?{bad}").status_code == 400


def test_no_form_is_no_upload(client: httpx.Client) -> None:
    answer = client.post("/files", json={})
    assert answer.status_code == 400
    assert answer.json()["code"] == "InvalidParameter"


def test_files_of_the_other_surface_are_known_here() -> None:
    with running(editions=[EDITION, "qwen-openai@2026"]) as endpoint:
        headers = {"Authorization": f"Bearer {endpoint.api_key}"}
        form = {"purpose": "file-extract"}
        upload_url = endpoint.surfaces["openai"] + "/files"
        sent = httpx.post(upload_url, files={"file": ("a.txt", b"x")}, data=form, headers=headers)
        url = f"{endpoint.surfaces['native']}/files/{sent.json()['id']}"
        seen = httpx.get(url, headers=headers).json()
        fits("files.native_file", seen)
        assert seen["data"]["purpose"] == "file-extract"
        assert list(httpx.delete(url, headers=headers).json()) == ["request_id"]
        assert httpx.get(url, headers=headers).status_code == 404
