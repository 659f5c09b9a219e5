"""Lies about files and batches, each seen by what a client hears: it takes several requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.mock.compat import OF_2024, OF_2026, ROLE, Compat, line, refer, user
from tests.conformance.mock.wires import Native
from tokenassay.conformance.mock import running
from tokenassay.conformance.mock.app import choose_editions, make_app
from tokenassay.conformance.mock.lies import batches, documents, files, registry
from tokenassay.contracts import store

ASKED = user("What does it say?")
NATIVE = "qwen-dashscope@2026"
LIMITS = [
    ("files.bytes", "file_bytes", 1000),
    ("files.image_bytes", "image_bytes", 100),
    ("files.number", "account_files", 2),
    ("files.total_bytes", "account_bytes", 1500),
    ("batches.lines", "batch_lines", 2),
    ("batches.file_bytes", "batch_file_bytes", 800),
]


def chat(client: Compat, id: str) -> tuple[int, Any]:
    """Status, and the tokens of the prompt or the error's message."""
    answer = client.ask([ROLE, refer(id), ASKED], model="qwen-long")
    body = answer.json()
    told = body["error"]["message"] if "error" in body else body["usage"]["prompt_tokens"]
    return answer.status_code, told


def deleted(client: Compat) -> str:
    id = client.keep("a.txt", b"Tea and rivers.")
    client.client.delete(f"/files/{id}")
    return id


def statuses(client: Compat, *paths: str) -> list[int]:
    return [client.client.get(path).status_code for path in paths]


def listed(client: Compat, query: str = "") -> Any:
    body = client.client.get(f"/files{query}").json()
    return body["has_more"], [file["id"] for file in body["data"]]


def described(client: Compat) -> Any:
    """A file's description as it comes from three operations, but for its time."""
    sent = client.upload("a.txt", b"Tea and rivers.").json()
    kept = client.client.get("/files").json()["data"][0]
    seen = client.client.get(f"/files/{kept['id']}").json()
    return [{**one, "created_at": type(one.get("created_at"))} for one in (sent, kept, seen)]


def confirmed(client: Compat) -> Any:
    return client.client.delete(f"/files/{client.keep('a.txt', b'Tea')}").json()


def content(client: Compat) -> bytes:
    id = client.keep("a.txt", b"Tea and rivers.")
    return bytes(client.client.get(f"/files/{id}/content").content)


def after_two_files(client: Compat, query: str) -> Any:
    client.keep("a.txt", b"Tea")
    client.keep("b.txt", b"Rivers")
    return listed(client, query)


def over_the_limits(client: Compat) -> list[int]:
    return [
        client.upload("a.txt", b"x" * 1001).status_code,
        client.upload("a.png", b"x" * 101).status_code,
    ]


def much_in_all(client: Compat) -> list[int]:
    return [client.upload(f"{n}.txt", b"x" * 900).status_code for n in range(2)]


def large_batch(client: Compat) -> int:
    return int(client.upload("a.jsonl", b"x" * 801, "batch").status_code)


def long_batch(client: Compat) -> Any:
    batch = client.batch([line(id) for id in "abc"])
    return client.look(batch)["status"]


def three_files(client: Compat) -> list[int]:
    return [client.upload(f"{n}.txt", b"x").status_code for n in range(3)]


def worked_off(client: Compat) -> Any:
    """The states, counts and results of a batch of three, one of which is refused."""
    lines = [line("a", "Hi"), line("b", "Hello"), line("c", "Hi", temperature=2)]
    batch = client.batch(lines, metadata={"ds_name": "x"})
    seen = [batch, *(client.look(batch) for _ in range(4))]
    end = seen[-1]
    ids = (end["output_file_id"], end["error_file_id"])
    results = [without_time(client.lines(id)) if id else None for id in ids]
    return [
        [
            (view["status"], view["request_counts"], view["metadata"], view["input_file_id"])
            for view in seen
        ],
        results,
    ]


def without_time(lines: list[dict[str, Any]]) -> Any:
    for result in lines:
        body = (result.get("response") or {}).get("body") or result.get("response") or {}
        body.pop("created", None)
    return lines


def bad_batch(client: Compat) -> Any:
    batch = client.batch([line("a", url="/v1/nothing")])
    return [client.look(batch)["status"] for _ in range(3)]


def empty_batch(client: Compat) -> str:
    return str(client.look(client.batch([]))["status"])


def cancelled(client: Compat) -> Any:
    batch = client.batch([line("a")])
    answer = client.client.post(f"/batches/{batch['id']}/cancel").json()
    return answer["status"], client.look(batch)["status"]


def two_batches(client: Compat, query: str) -> Any:
    made = [client.batch([line("a")])["id"] for _ in range(2)]
    client.look({"id": made[0]})
    return [made.index(b["id"]) for b in client.client.get(f"/batches{query}").json()["data"]]


BROKEN_PDF = b"this is no PDF"
LONG_PDF = b"%PDF-1.4\n" + b"<< /Type /Page >>\n" * 15_001

SEEN: dict[str, Callable[[Compat], Any]] = {
    "accepts_deleted_files": lambda c: chat(c, deleted(c)),
    "accepts_blank_files": lambda c: chat(c, c.keep("a.txt", b" ")),
    "accepts_unreadable_files": lambda c: chat(c, c.keep("a.pdf", BROKEN_PDF)),
    "accepts_files_of_too_many_pages": lambda c: chat(c, c.keep("a.pdf", LONG_PDF)),
    "never_finishes_parsing": lambda c: chat(c, c.keep("a.txt", b"Tea and rivers.")),
    "bills_no_documents": lambda c: chat(c, c.keep("a.txt", b"Tea and rivers.")),
    "bills_documents_twice": lambda c: chat(c, c.keep("a.txt", b"Tea and rivers.")),
    "deleted_files_still_readable": lambda c: statuses(
        c, f"/files/{(id := deleted(c))}", f"/files/{id}/content"
    ),
    "lists_deleted_files": lambda c: (deleted(c), listed(c)),
    "list_lacks_the_newest_file": lambda c: after_two_files(c, ""),
    "list_of_files_ignores_limit": lambda c: after_two_files(c, "?limit=1"),
    "list_of_files_never_has_more": lambda c: after_two_files(c, "?limit=1"),
    "hands_out_other_bytes": content,
    "cuts_file_content": content,
    "echoes_another_purpose": described,
    "wrong_file_id_prefix": lambda c: c.upload("a.txt", b"Tea").json()["id"],
    "wrong_file_size": described,
    "file_time_as_text": described,
    "file_without_status": described,
    "deletes_a_file_twice": lambda c: c.client.delete(f"/files/{deleted(c)}").status_code,
    "list_of_files_always_has_more": lambda c: after_two_files(c, "?limit=10"),
    "file_time_in_milliseconds": lambda c: (
        c.upload("a.txt", b"Tea").json()["created_at"] > 10_000_000_000
    ),
    "file_names_in_ascii": lambda c: c.upload("桥.txt", b"Tea").json()["filename"],
    "hands_out_other_line_ends": lambda c: bytes(
        c.client.get(f"/files/{c.keep('a.txt', b'a' + bytes([13, 10]))}/content").content
    ),
    "list_of_batches_always_has_more": lambda c: (
        c.batch([line("a")])["status"],
        c.client.get("/batches").json()["has_more"],
    ),
    "accepts_custom_ids_twice": lambda c: (
        (batch := c.batch([line("a"), line("a")])) and [c.look(batch)["status"] for _ in range(3)]
    ),
    "denies_deletion": confirmed,
    "accepts_any_file_format": lambda c: c.upload("a.exe", b"x").status_code,
    "refuses_markdown": lambda c: c.upload("a.md", b"x").status_code,
    "accepts_oversize_files": over_the_limits,
    "accepts_any_number_of_files": three_files,
    "accepts_any_amount_of_bytes": much_in_all,
    "accepts_batch_files_of_any_size": large_batch,
    "accepts_any_number_of_batch_lines": long_batch,
    "accepts_any_purpose": lambda c: c.upload("a.txt", b"x", "assistants").status_code,
    "reports_failed_batches_completed": empty_batch,
    "skips_batch_validation": bad_batch,
    "ignores_batch_cancellation": cancelled,
    "lists_batches_oldest_first": lambda c: two_batches(c, ""),
    "list_of_batches_ignores_status": lambda c: two_batches(c, "?status=validating"),
}
EVERY = [
    lie
    for family in (documents.LIES, files.LIES, batches.LIES)
    for lie in family
    if lie.probe is None and lie.surfaces != ("native",)
]
AT_A_LIMIT = (over_the_limits, three_files, much_in_all, large_batch, long_batch)


def server(
    edition: str, lies: tuple[str, ...], scene: Callable[[Compat], Any], folder: Path
) -> Compat:
    """The edition; for a scene at a large limit, with one that a test can reach."""
    if scene in AT_A_LIMIT:
        contract = folder / f"small-{edition}.yaml"
        contract.write_text(json.dumps(small(edition)))
        chosen = choose_editions(contract=contract)
    else:
        chosen = choose_editions([edition])
    return Compat(make_app(chosen, lies), edition, "qwen-long")


def small(edition: str) -> dict[str, Any]:
    known = store.load_edition(edition)
    clauses = []
    for id, quantity, maximum in LIMITS:
        clause = known.get(id)
        if clause is not None:
            clauses.append(
                {
                    "kind": "limit", "id": id, "level": "must", "text": "A limit.",
                    "family": "limits", "source": clause.source, "quantity": quantity,
                    "maximum": maximum, "error": clause.error,
                }
            )  # fmt: skip
    return {"edition": f"small-{edition}", "extends": edition, "clauses": clauses}


HONEST: dict[tuple[str, Callable[[Compat], Any]], Any] = {}


@pytest.mark.parametrize("lie", EVERY, ids=lambda lie: lie.name)
def test_a_lie_is_heard(lie: registry.Lie, tmp_path: Path) -> None:
    """What an honest server tells, the same twice, and what the lying one tells instead."""
    told_by = [id for id in (OF_2024, OF_2026) if lie.concerns(store.load_edition(id))]
    assert told_by
    scene = SEEN.get(lie.name, worked_off)
    for edition in told_by:
        if scene is worked_off and edition == OF_2024:
            continue  # its model is qwen-long; the same code answers
        if (edition, scene) not in HONEST:
            HONEST[edition, scene] = scene(server(edition, (), scene, tmp_path))
            assert scene(server(edition, (), scene, tmp_path)) == HONEST[edition, scene]
        lying = server(edition, (lie.name,), scene, tmp_path)
        assert scene(lying) != HONEST[edition, scene], edition


def test_every_lie_has_a_scene() -> None:
    assert set(SEEN) <= {lie.name for lie in EVERY}
    assert all(lie.name in SEEN or lie in batches.LIES for lie in EVERY)


def test_a_file_of_the_other_surface_is_denied() -> None:
    (lie,) = [lie for lie in files.LIES if lie.surfaces == ("native",)]
    heard = []
    for lies in ((), (lie.name,)):
        with running(editions=[OF_2026, NATIVE], lies=lies) as endpoint:
            compat, native = Compat(endpoint, OF_2026, "qwen-long"), Native(endpoint)
            id = compat.keep("a.txt", b"Tea")
            messages = [ROLE, refer(id), ASKED]
            answers = (compat.ask(messages), native.ask(messages, model="qwen-long"))
            heard.append([answer.status_code for answer in answers])
    assert heard == [[200, 200], [200, 400]]


def test_hand_named_lies_of_this_surface_are_enough() -> None:
    named = [lie for lie in registry.named_lies() if lie.surfaces == ("openai",)]
    assert len(named) >= 30
    for lie in named:
        for pattern in lie.clauses:
            assert any(
                pattern == clause.id
                for id in (OF_2024, OF_2026)
                for clause in store.load_edition(id).clauses
            ), (lie.name, pattern)
