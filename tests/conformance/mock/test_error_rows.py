"""Every documented error row can be had, and says what the document prints."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.conformance.mock.wires import GENERATION, SSE, Heard, Native, call_app, events
from tokenassay.conformance.mock import running
from tokenassay.conformance.mock.app import choose_editions, make_app, path_of
from tokenassay.conformance.mock.service import Settings
from tokenassay.contracts import patterns, store
from tokenassay.contracts.clauses import EndpointClause, ErrorClause

OLD = "qwen-dashscope@2024-04"
ROWS = [
    pytest.param(id, row, id=f"{id}-{row.id}")
    for id in store.headers()
    for row in store.load_edition(id).errors.values()
]


def _body(edition: str) -> dict[str, Any]:
    model = store.load_edition(edition).models[0]
    messages = [{"role": "user", "content": "Hi"}]
    if store.load_edition(edition).surface == "openai":
        return {"model": model, "messages": messages}
    return {"model": model, "input": {"messages": messages}, "parameters": {}}


def _call(
    edition: str, headers: dict[str, str], key: str = "sk-assay", faults: bool = True
) -> Heard:
    chosen = choose_editions([edition])
    served = chosen[0].edition
    app = make_app(chosen, (), Settings(faults=faults))
    endpoint = next(
        c for c in served.of_kind(EndpointClause) if c.operation in ("chat", "generate")
    )
    path = path_of(served) + endpoint.path
    return call_app(app, "POST", path, _body(edition), headers, key)


@pytest.mark.parametrize(("edition", "row"), ROWS)
def test_a_row_by_header_and_by_key(edition: str, row: ErrorClause) -> None:
    for heard in (
        _call(edition, {"x-assay-fault": row.id}),
        _call(edition, {}, key=f"sk-assay-{row.id}"),
    ):
        assert heard.status == row.status
        assert heard.kind == "application/json"
        body = json.loads(heard.body)
        told = body.get("error", body)
        assert patterns.matches(row.pattern, told["message"])
        assert "{" not in told["message"]
        if row.code is not None:
            assert told["code"] == row.code
        if row.type is not None:
            assert told["type"] == row.type


def test_the_rows_of_2024_are_twenty_and_twenty_two() -> None:
    printed = [row for row in store.load_edition(OLD).errors.values() if row.level == "must"]
    assert len(printed) == 20
    long = store.load_edition("qwen-long@2024-10").errors.values()
    assert len([row for row in long if row.level == "must"]) == 22


def test_faults_can_be_switched_off() -> None:
    assert _call(OLD, {"x-assay-fault": "error.arrearage"}, faults=False).status == 200
    assert _call(OLD, {}, key="sk-assay-error.arrearage", faults=False).status == 401


def test_an_unknown_fault_is_named(old: Native) -> None:
    answer = old.ask("Hi", headers={"X-Assay-Fault": "error.weather"})
    assert answer.status_code == 400
    assert "error.weather" in answer.json()["message"]
    assert "error.arrearage" in answer.json()["message"]
    assert old.ask("Hi", headers={"Authorization": "Bearer sk-assay-nonsense"}).status_code == 401


def test_a_fault_in_a_stream_comes_in_its_first_frame_or_later(old: Native) -> None:
    at_once = old.ask("Hi", headers={**SSE, "X-Assay-Fault": "error.throttling"})
    assert at_once.status_code == 200
    (frame,) = events(at_once.text)
    assert (frame.event, frame.comment) == ("error", "HTTP_STATUS/429")
    later = old.ask(
        "Hi",
        headers={**SSE, "X-Assay-Fault": "error.throttling", "X-Assay-Fault-After": "3"},
    )
    frames = events(later.text)
    assert [frame.event for frame in frames] == ["result"] * 3 + ["error"]
    assert [frame.id for frame in frames] == ["1", "2", "3", "4"]
    assert frames[-1].data["code"] == "Throttling"


# --------------------------------------------------------- rows that a request brings about

HI = {"messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"input": HI, "parameters": {}}, "BadRequest.EmptyModel"),
        ({"model": "qwen-turbo", "parameters": {}}, "BadRequest.EmptyInput"),
        ({"model": "qwen-turbo", "messages": [], "parameters": {}}, "BadRequest.EmptyInput"),
        ({"model": "qwen-turbo", "input": HI}, "BadRequest.EmptyParameters"),
        ({"model": "qwen-turbo", "input": HI, "parameters": {"top_p": 1}}, "InvalidParameter"),
        ({"model": "qwen-turbo", "input": {}, "parameters": {}}, "InvalidParameter"),
        ({"model": "qwen-turbo", "input": {"messages": []}, "parameters": {}}, "InvalidParameter"),
    ],
)
def test_a_faulty_body_gets_its_row(old: Native, body: dict[str, Any], code: str) -> None:
    answer = old.post(body)
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert set(answer.json()) == {"code", "message", "request_id"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"top_p": 1.0}, "Range of top_p should be (0.0, 1.0)"),
        ({"max_tokens": 1501}, "Range of max_tokens should be [1, 1500]"),
        ({"tools": [{"type": "function", "function": {"name": "search"}}],
          "result_format": "message"}, "Tool names are not allowed to be [search]"),
    ],
)  # fmt: skip
def test_messages_are_those_that_were_recorded(
    old: Native, parameters: dict[str, Any], message: str
) -> None:
    assert old.ask("Hi", **parameters).json()["message"] == message


def test_too_long_an_input_is_refused_with_the_recorded_message(old: Native) -> None:
    answer = old.ask("so" + " so" * 6000)
    assert answer.status_code == 400
    assert answer.json()["message"] == "Range of input length should be [1, 6000]"


@pytest.mark.parametrize("header", ["", "sk-assay", "Basic sk-assay", "Bearer", "Bearer sk-other"])
def test_a_wrong_key_is_refused(old: Native, header: str) -> None:
    answer = old.ask("Hi", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["code"] == "InvalidApiKey"
    assert answer.json()["message"] == "Invalid API-key provided."


def test_the_word_bearer_may_be_in_any_case(old: Native) -> None:
    assert old.ask("Hi", headers={"Authorization": "bearer sk-assay"}).status_code == 200


def test_a_wrong_path_and_a_wrong_method(old: Native) -> None:
    native = old.endpoint.surfaces["native"]
    assert old.client.get(native + "/nowhere").json()["code"] == "InvalidURL"
    assert old.client.get(native + GENERATION).status_code == 405
    assert old.client.post(old.endpoint.url + "/").status_code == 400


def test_the_gateway_answers_with_the_rows_of_what_it_copies(gateway: Native) -> None:
    wrong = gateway.ask("Hi", headers={"Authorization": "Bearer x"})
    assert wrong.status_code == 401
    assert wrong.json()["code"]
    assert gateway.ask("Hi", model="qwen-plus", max_tokens="x").status_code == 400


def test_a_wrong_key_is_refused_by_every_edition() -> None:
    for edition in store.headers():
        with running(edition) as endpoint:
            served = store.load_edition(edition)
            for clause in served.of_kind(EndpointClause):
                url = endpoint.base_url + clause.path.replace("{id}", "file-1")
                headers = {"Authorization": "Bearer sk-wrong"}
                answer = httpx.request(clause.method, url, headers=headers)
                assert answer.status_code == 401, (edition, clause.id)
