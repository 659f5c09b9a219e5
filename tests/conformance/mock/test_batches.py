"""Batches: from a file of requests to the files of their results, in every way it can go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.mock.compat import OF_2026, Compat, line
from tokenassay.conformance.mock import batch_store, running
from tokenassay.conformance.mock.service import Settings
from tokenassay.contracts import patterns, store

WORDS = store.load_edition(OF_2026).clause("batches.validation").args["codes"]  # type: ignore[union-attr]


HEATS = st.sampled_from([0.5, 2, "x", None])


@pytest.fixture
def alone() -> Iterator[Compat]:
    with running(OF_2026) as endpoint:
        yield Compat(endpoint, OF_2026, "qwen-plus")


def test_a_batch_goes_through_its_states(compat: Compat) -> None:
    batch = compat.batch([line("a"), line("b")], metadata={"ds_name": "rivers"})
    seen = [batch, *(compat.look(batch) for _ in range(4))]
    for view in seen:
        compat.fits("batch", view)
        assert view["metadata"] == {"ds_name": "rivers"}
        assert view["request_counts"]["total"] in (0, 2)
    states = [view["status"] for view in seen]
    assert states == ["validating", "in_progress", "finalizing", "completed", "completed"]
    end = seen[-1]
    assert end["request_counts"] == {"total": 2, "completed": 2, "failed": 0}
    assert end["created_at"] <= end["in_progress_at"] <= end["finalizing_at"]
    assert end["finalizing_at"] <= end["completed_at"]
    assert end["failed_at"] is end["cancelled_at"] is end["errors"] is None


def test_results_are_those_of_single_calls(compat: Compat) -> None:
    lines = [line("one", "Tell me about rivers."), line("two", "请介绍一下河流。", max_tokens=9)]
    end = compat.finished(compat.batch(lines))
    assert end["error_file_id"] is None
    assert end["output_file_id"].startswith("file-batch_output-")
    results = compat.lines(end["output_file_id"])
    assert [result["custom_id"] for result in results] == ["one", "two"]
    for asked, result in zip(lines, results, strict=True):
        compat.fits("batch_output_line", result)
        body = result["response"]["body"]
        compat.fits("response", body)
        single = compat.client.post("/chat/completions", json=asked["body"]).json()
        assert (body["choices"], body["usage"]) == (single["choices"], single["usage"])
        assert result["error"] is None


def test_a_refused_line_stands_in_the_error_file(compat: Compat) -> None:
    lines = [line("good"), line("bad", temperature=2), line("worse", top_p="x")]
    end = compat.finished(compat.batch(lines))
    assert end["status"] == "completed"
    assert end["request_counts"] == {"total": 3, "completed": 1, "failed": 2}
    (good,) = compat.lines(end["output_file_id"])
    assert good["custom_id"] == "good"
    refused = compat.lines(end["error_file_id"])
    assert [result["custom_id"] for result in refused] == ["bad", "worse"]
    for result in refused:
        compat.fits("batch_output_line", result)
        assert result["response"]["status_code"] == 400
        assert result["error"]["message"] == result["response"]["body"]["error"]["message"]


def fault(code: str, param: str, number: int, **values: str) -> dict[str, Any]:
    message = patterns.fill(WORDS[code], **values)
    return {"code": code, "message": message, "param": param, "line": number}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            [line("1", url="/v1/chat/completion")],
            fault("url_not_found", "url", 1, url="/v1/chat/completion"),
        ),
        (
            [line("1"), line("1")],
            fault("duplicate_custom_id", "custom_id", 2, custom_id="1"),
        ),
        (
            [line("1"), line("2"), line("3", model="qwen-max")],
            fault("mismatched_model", "body.model", 3, model="qwen-max"),
        ),
        (
            [line("1", model="qwen-of-nowhere")],
            fault("model_not_found", "body.model", 1, model="qwen-of-nowhere"),
        ),
    ],
)
def test_a_bad_file_fails_after_it_was_taken(
    compat: Compat, lines: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    batch = compat.batch(lines)
    assert batch["status"] == "validating"
    end = compat.look(batch)
    compat.fits("batch", end)
    assert end["status"] == "failed"
    assert end["errors"]["data"] == [expected]
    for told in end["errors"]["data"]:
        compat.fits("batch_error", told)
    assert end["failed_at"] is not None
    assert end["output_file_id"] is end["error_file_id"] is None
    assert compat.look(batch) == end


def test_an_empty_file_fails(compat: Compat) -> None:
    assert compat.look(compat.batch([]))["status"] == "failed"


def test_lines_that_are_no_requests_fail_alone(compat: Compat) -> None:
    data = b"\n".join([json.dumps(line("1")).encode(), b"", b"not json", b"[1]", b'{"body": 3}'])
    id = compat.keep("in.jsonl", data, "batch")
    given = {"input_file_id": id, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    end = compat.finished(compat.client.post("/batches", json=given).json())
    assert end["request_counts"] == {"total": 4, "completed": 1, "failed": 3}
    for result in compat.lines(end["error_file_id"]):
        compat.fits("batch_output_line", result)


def test_a_trial_batch_is_answered_without_inference(compat: Compat) -> None:
    url = "/v1/chat/ds-test"
    lines = [line(str(n), model="batch-test-model", url=url) for n in range(100)]
    end = compat.finished(compat.batch(lines, endpoint=url))
    assert end["request_counts"] == {"total": 100, "completed": 100, "failed": 0}
    for result in compat.lines(end["output_file_id"]):
        compat.fits("batch_output_line", result)
        assert "usage" not in result["response"]["body"]
    over = compat.batch([*lines, line("100", model="batch-test-model", url=url)], endpoint=url)
    assert compat.look(over)["status"] == "failed"
    padded = [line("0", "x" * (1 << 20), model="batch-test-model", url=url)]
    assert compat.look(compat.batch(padded, endpoint=url))["status"] == "failed"


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_a_batch_is_cancelled(compat: Compat, looks: int) -> None:
    batch = compat.batch([line("1")])
    for _ in range(looks):
        compat.look(batch)
    answer = compat.client.post(f"/batches/{batch['id']}/cancel")
    assert answer.status_code == 200
    compat.fits("batch", answer.json())
    assert answer.json()["status"] == "cancelling"
    end = compat.look(batch)
    assert end["status"] == "cancelled"
    assert end["output_file_id"] is None
    assert compat.look(batch)["status"] == "cancelled"


def test_what_has_ended_is_not_cancelled(compat: Compat) -> None:
    batch = compat.finished(compat.batch([line("1")]))
    answer = compat.client.post(f"/batches/{batch['id']}/cancel")
    assert answer.status_code == 400
    compat.fits("error", answer.json())
    assert compat.look(batch)["status"] == "completed"


@pytest.mark.parametrize(
    "fields",
    [
        {"input_file_id": None},
        {"input_file_id": "file-batch-0"},
        {"endpoint": None},
        {"endpoint": "/v1/nothing"},
        {"completion_window": None},
        {"completion_window": "23h"},
        {"completion_window": "24"},
        {"completion_window": "337h"},
        {"completion_window": "15d"},
    ],
)
def test_a_batch_put_together_in_a_wrong_way_is_refused(
    compat: Compat, fields: dict[str, Any]
) -> None:
    given = {
        "input_file_id": compat.keep("in.jsonl", b"{}", "batch"),
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
    }
    assert compat.client.post("/batches", json=given).status_code == 200
    given |= fields
    answer = compat.client.post("/batches", json={k: v for k, v in given.items() if v is not None})
    assert answer.status_code == 400
    compat.fits("error", answer.json())
    assert answer.json()["error"]["code"] == "invalid_parameter_error"
    assert "{" not in answer.json()["error"]["message"]


@pytest.mark.parametrize("window", ["24h", "336h", "1d", "14d"])
def test_windows_that_are_documented(compat: Compat, window: str) -> None:
    assert compat.batch([line("1")], completion_window=window)["completion_window"] == window


def test_a_document_is_no_input(compat: Compat) -> None:
    id = compat.keep("in.txt", json.dumps(line("1")).encode())
    given = {"input_file_id": id, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    assert compat.client.post("/batches", json=given).status_code == 400


@pytest.mark.parametrize("path", ["/batches/batch_0", "/batches/batch_0/cancel"])
def test_a_batch_that_is_not_there(compat: Compat, path: str) -> None:
    method = "POST" if path.endswith("cancel") else "GET"
    answer = compat.client.request(method, path)
    assert answer.status_code == 404
    compat.fits("error", answer.json())


def test_the_list_is_filtered_and_paged(alone: Compat) -> None:
    made = [alone.batch([line(str(n))], metadata={"ds_name": f"run {n}"}) for n in range(3)]
    alone.finished(made[0])

    def listed(query: str = "") -> tuple[list[int], bool]:
        body = alone.client.get(f"/batches{query}").json()
        alone.fits("batch_list", body)
        ids = [batch["id"] for batch in body["data"]]
        assert body["first_id"] == (ids[0] if ids else None)
        assert body["last_id"] == (ids[-1] if ids else None)
        places = [batch["id"] for batch in made]
        return [places.index(id) for id in ids], body["has_more"]

    assert listed() == ([2, 1, 0], False)
    assert listed("?limit=2") == ([2, 1], True)
    assert listed(f"?after={made[1]['id']}") == ([0], False)
    assert listed("?status=completed") == ([0], False)
    assert listed("?status=validating,completed") == ([2, 1, 0], False)
    assert listed("?status=failed") == ([], False)
    assert listed("?ds_name=run 1") == ([1], False)
    assert listed(f"?input_file_ids={made[2]['input_file_id']}") == ([2], False)
    assert listed("?create_before=20200101000000") == ([], False)
    for bad in ("0", "101", "x"):
        assert alone.client.get(f"/batches?limit={bad}").status_code == 400


def test_by_the_clock_a_batch_needs_no_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [50.0]
    monkeypatch.setattr(batch_store, "monotonic", lambda: now[0])
    with running(OF_2026, settings=Settings(batch_pace=10.0)) as endpoint:
        client = Compat(endpoint, OF_2026, "qwen-plus")
        batch = client.batch([line("1")])
        states = []
        for _ in range(4):
            states += [client.look(batch)["status"], client.look(batch)["status"]]
            now[0] += 10.0
        assert (
            states[::2] == states[1::2] == ["validating", "in_progress", "finalizing", "completed"]
        )


def test_the_surface_of_2024_takes_batches_too(long: Compat) -> None:
    lines = [line("1", model="qwen-long"), line("2", model="qwen-long", temperature=9)]
    end = long.finished(long.batch(lines))
    long.fits("batch", end)
    assert end["request_counts"] == {"total": 2, "completed": 1, "failed": 1}
    for id in (end["output_file_id"], end["error_file_id"]):
        for result in long.lines(id):
            long.fits("batch_output_line", result)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.tuples(st.text(max_size=8), HEATS), min_size=1, max_size=12))
def test_counts_are_those_of_the_lines(compat: Compat, asked: list[tuple[str, Any]]) -> None:
    """Every line of the input has one line in one of the two files, in its order."""
    lines = [
        line(str(n), text or "Hi", **({} if heat is None else {"temperature": heat}))
        for n, (text, heat) in enumerate(asked)
    ]
    end = compat.finished(compat.batch(lines))
    good = [str(n) for n, (_, heat) in enumerate(asked) if heat in (0.5, None)]
    bad = [str(n) for n, (_, heat) in enumerate(asked) if heat in (2, "x")]
    counts = end["request_counts"]
    assert (counts["completed"], counts["failed"]) == (len(good), len(bad))
    assert counts["total"] == len(lines)
    for id, expected in ((end["output_file_id"], good), (end["error_file_id"], bad)):
        found = [result["custom_id"] for result in compat.lines(id)] if id else []
        assert found == expected


def test_two_looks_at_once_do_the_work_once(alone: Compat) -> None:
    batch = alone.batch([line(str(n)) for n in range(300)])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: alone.look(batch), range(40)))
    end = alone.finished(batch)
    assert end["request_counts"] == {"total": 300, "completed": 300, "failed": 0}
    made = alone.client.get("/files?purpose=batch_output").json()["data"]
    assert [file["id"] for file in made] == [end["output_file_id"]]
