"""The native editions say what their documents say; expectations were read off the documents."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tokenassay.contracts import clauses as c
from tokenassay.contracts import patterns, store
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.intervals import Interval
from tokenassay.estimators.tokens import count_tokens, encode, pieces

QWEN, BAICHUAN = "qwen-dashscope@2024-04", "baichuan-dashscope@2024"
GATEWAY, NOW = "computevault-gateway@2025", "qwen-dashscope@2026"
EDITIONS = (QWEN, BAICHUAN, GATEWAY, NOW)
SNAPSHOTS = ("qwen-max-0403", "qwen-max-0107", "qwen-max-1201")
SAMPLES = Path(__file__).parent / "samples"

CASES = [
    pytest.param(document["edition"], case, id=f"{document['edition']}: {case['name']}")
    for document in (json.loads(p.read_text(encoding="utf-8")) for p in SAMPLES.glob("*.json"))
    for case in document["cases"]
]


@pytest.fixture(params=EDITIONS)
def edition(request: pytest.FixtureRequest) -> Edition:
    return store.load_edition(request.param)


# --------------------------------------------------------------------------- provenance


def test_every_clause_can_be_cited(edition: Edition) -> None:
    for clause in edition.clauses:
        citation = edition.cite(clause)
        assert citation.source.title
        assert citation.seen.isoformat() == "2026-11-21"


def test_every_source_of_the_file_is_used(edition: Edition) -> None:
    own = store.headers()[edition.id].sources
    used = {clause.source.partition(" § ")[0] for clause in edition.clauses}
    # An answer that only lends its message to a clause of the document is named in a note.
    notes = re.sub(r"\s+", " ", " ".join(clause.note or "" for clause in edition.clauses))
    assert [key for key in own if key not in used and own[key].provider not in notes] == []


def test_an_open_question_has_readings(edition: Edition) -> None:
    for clause in edition.clauses:
        if clause.level == "unspecified":
            assert len(clause.readings) >= 2, clause.id


def test_what_only_traffic_or_third_parties_show_is_never_a_must(edition: Edition) -> None:
    for clause in edition.clauses:
        if edition.cite(clause).source.trust in ("recorded", "third-party"):
            assert clause.level != "must", clause.id


def test_baichuan_inherits_the_table_of_errors_and_nothing_else() -> None:
    edition = store.load_edition(BAICHUAN)
    inherited = [x for x in edition.clauses if not x.source.startswith("baichuan_page")]
    assert len(inherited) == 20
    assert all(isinstance(clause, c.ErrorClause) for clause in inherited)


@pytest.mark.parametrize("id", [QWEN, BAICHUAN, NOW])
def test_a_firm_rule_on_requests_names_the_error_to_expect(id: str) -> None:
    edition = store.load_edition(id)
    kinds = (
        c.RangeClause | c.ChoiceClause | c.FormsClause | c.TextClause | c.CombinationClause
        | c.MessageClause | c.LimitClause | c.ParameterClause
    )  # fmt: skip
    for clause in edition.clauses:
        if isinstance(clause, kinds) and clause.level == "must":
            assert edition.error_for(clause) is not None, clause.id


def test_the_gateway_documents_no_error() -> None:
    edition = store.load_edition(GATEWAY)
    assert edition.errors == {}
    assert not any(clause.error for clause in edition.clauses)


# ----------------------------------------------------------------------------- coverage


def rows(letter: str, count: int) -> list[str]:
    return [f"{letter}{number}" for number in range(1, count + 1)]


ROWS = rows("C", 58) + rows("C-E", 21) + rows("D", 17) + rows("E", 13) + rows("F", 10)


def uncovered() -> dict[str, str]:
    path = store.data_folder() / "uncovered.yaml"
    reasons = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(reasons, dict)
    return reasons


def test_every_row_is_a_clause_or_has_a_reason() -> None:
    covered = {row for id in EDITIONS for x in store.load_edition(id).clauses for row in x.rows}
    reasons = uncovered()
    assert [row for row in ROWS if row not in covered and not reasons.get(row)] == []
    assert [row for row in ROWS if row in covered and row in reasons] == []


def test_rows_are_rows() -> None:
    known = {*ROWS, *(f"II.{number}" for number in range(1, 7))}
    for id in EDITIONS:
        for clause in store.load_edition(id).clauses:
            assert set(clause.rows) <= known, clause.id


# ------------------------------------------------------------------------------- errors

# Row, status, code, message: the table of status codes of April 2024, slips of the pen and all.
TABLE = """
C-E1 400 InvalidParameter Required parameter(s) missing or invalid, please check the request parameters.
C-E2 429 Throttling Requests throttling triggered.
C-E3 429 Throttling.RateQuota Requests rate limit exceeded, please try again later.
C-E4 429 Throttling.AllocationQuota Allocated quota exceeded, please increase your quota limit.
C-E5 500 InternalError An internal error has occured, please try again later or contact service support.
C-E6 500 InternalError.Algo An internal error has occured during execution, please try again later or contact service support.
C-E7 400 DataInspectionFailed Input or output data may contain sensitive content.
C-E8 400 BadRequest.EmptyInput Required input parameter missing from request.
C-E9 400 BadRequest.EmptyParameters Required parameter "parameters" missing from request.
C-E10 400 BadRequest.EmptyModel Required parameter "model" missing from request.
C-E11 500 SystemError An system error has occured, please try again later.
C-E12 401 InvalidApiKey Invalid API-key provided.
C-E13 408 RequestTimeOut Request timed out, please try again later.
C-E14 400 InvalidURL Invalid URL provided in your request.
C-E15 400 AccessDenied Access denied.
C-E16 400 AccessDenied.Unpurchased Access to model denied. Please make sure you are eligible for using the model.
C-E17 400 Arrearage Access denied, plesase make sure your account is in good standing.
C-E18 413 BadRequest.TooLarge Payload Too Large
C-E19 500 InternalError.Timeout An internal timeout error has occured during execution, please try again later or contact service support.
C-E20 400 UnsupportedOperation The operation is unsupported on the referee object.
"""  # noqa: E501
PRINTED = [line.split(" ", 3) for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("id", [QWEN, BAICHUAN])
@pytest.mark.parametrize(("row", "status", "code", "message"), PRINTED)
def test_error_rows_of_2024_are_verbatim(
    id: str, row: str, status: str, code: str, message: str
) -> None:
    [clause] = [x for x in store.load_edition(id).errors.values() if row in x.rows]
    assert (clause.status, clause.code) == (int(status), code)
    assert clause.pattern == message
    assert patterns.matches(clause.pattern, message.replace(" ", "\u00a0"))


def test_the_table_has_twenty_rows_and_they_are_all() -> None:
    firm = [x for x in store.load_edition(QWEN).errors.values() if x.level == "must"]
    assert len(PRINTED) == len(firm) == 20


def test_messages_that_the_page_calls_adaptable_are_marked() -> None:
    varying = {x.code for x in store.load_edition(QWEN).errors.values() if x.varies}
    assert varying == {
        "InvalidParameter", "InternalError", "InternalError.Algo", "UnsupportedOperation"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "then", "now"),
    [
        ("RequestTimeOut", 408, 500),
        ("AccessDenied", 400, 403),
        ("AccessDenied.Unpurchased", 400, 403),
        ("BadRequest.TooLarge", 413, 400),
        ("InvalidApiKey", 401, 401),
        ("Arrearage", 400, 400),
    ],
)
def test_statuses_that_changed(code: str, then: int, now: int) -> None:
    for id, status in ((QWEN, then), (NOW, now)):
        found = {x.status for x in store.load_edition(id).errors.values() if x.code == code}
        assert found == {status}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "InvalidParameter.NotSupportEnableThinking"),
        (400, "BadRequest.IllegalInput"),
        (400, "ServiceUnavailableError"),
        (400, "BadRequestException"),
        (400, "CustomRoleBlocked"),
        (400, "FaqRuleBlocked"),
        (401, "NOT AUTHORIZED"),
        (403, "Model.AccessDenied"),
        (403, "App.AccessDenied"),
        (403, "Workspace.AccessDenied"),
        (403, "Endpoint.AccessDenied"),
        (403, "AllocationQuota.FreeTierOnly"),
        (404, "ModelNotFound"),
        (404, "WorkSpaceNotFound"),
        (404, "NotFound"),
        (409, "Conflict"),
        (429, "LimitRequests"),
        (429, "Throttling.BurstRate"),
        (429, "CommodityNotPurchased"),
        (429, "PrepaidBillOverdue"),
        (429, "PostpaidBillOverdue"),
        (500, "ModelServiceFailed"),
        (503, "ModelServingError"),
        (503, "ModelUnavailable"),
    ],
)
def test_rows_that_came_since(status: int, code: str) -> None:
    assert (status, code) in {(x.status, x.code) for x in store.load_edition(NOW).errors.values()}


def test_what_one_may_try_again() -> None:
    for id in (QWEN, NOW):
        for clause in store.load_edition(id).errors.values():
            if clause.code and clause.code.startswith(("Throttling", "SystemError", "RequestTime")):
                assert clause.retryable, clause.id
            if clause.induced_by == "account":
                assert not clause.retryable, clause.id


# Messages of answers that were published, and the clause that a request for them breaks.
RECORDED = [
    (QWEN, "max_tokens.range", "Range of max_tokens should be [1, 2000]"),
    (QWEN, "input_tokens.limit", "Range of input length should be [1, 6000]"),
    (QWEN, "input_tokens.limit", "Range of input length should be [1, 30000]"),
    (QWEN, "top_p.range", "Range of top_p should be (0.0, 1.0)"),
    (QWEN, "tools.name_reserved", "Tool names are not allowed to be [search]"),
    (
        QWEN,
        "messages.roles",
        "Role must be user or assistant and Content length must be greater than 0",
    ),
    (NOW, "max_tokens.range_reported", "Range of max_tokens should be [1, 8192]"),
    (NOW, "temperature.range", "Temperature should be in [0.0, 2.0)"),
    (
        NOW,
        "enable_thinking.needs_stream",
        "parameter.enable_thinking must be set to false for non-streaming calls",
    ),
    (
        NOW,
        "messages.tool_calls_answered",
        (
            'An assistant message with "tool_calls" must be followed by tool messages responding '
            'to each "tool_call_id". The following tool_call_ids did not have response messages: '
            "message[15].role"
        ),
    ),
    (
        NOW,
        "messages.tool_after_tool_calls",
        'messages with role "tool" must be a response to a preceeding message with "tool_calls"',
    ),
]


@pytest.mark.parametrize(("id", "clause", "message"), RECORDED)
def test_recorded_messages_match_their_clause(id: str, clause: str, message: str) -> None:
    edition = store.load_edition(id)
    found = edition.clause(clause)
    assert found.message is not None
    assert patterns.matches(found.message, message)
    assert not patterns.matches(found.message, "Oh: " + message)
    row = edition.error_for(found)
    assert row is not None
    assert row.status == 400


# ---------------------------------------------------------------------------- intervals

Rule = Callable[[float], bool]

INTERVALS: list[tuple[str, str, str | None, Rule]] = [
    (QWEN, "temperature", None, lambda v: 0 <= v < 2),
    (QWEN, "top_p", None, lambda v: 0 < v < 1),
    (QWEN, "max_tokens", "qwen-turbo", lambda v: 1 <= v <= 1500),
    (QWEN, "max_tokens", "qwen-plus", lambda v: 1 <= v <= 2000),
    (QWEN, "max_tokens", "qwen-max", lambda v: 1 <= v <= 2000),
    (QWEN, "max_tokens", "qwen-max-1201", lambda v: 1 <= v <= 2000),
    (QWEN, "max_tokens", "qwen-max-longcontext", lambda v: 1 <= v <= 2000),
    (QWEN, "seed", None, lambda v: 0 <= v <= 2**64 - 1),
    (NOW, "temperature", None, lambda v: 0 <= v < 2),
    (NOW, "top_p", None, lambda v: 0 < v <= 1),
    (NOW, "top_k", None, lambda v: v >= 0),
    (NOW, "repetition_penalty", None, lambda v: v > 0),
    (NOW, "presence_penalty", None, lambda v: -2 <= v <= 2),
    (NOW, "n", None, lambda v: 1 <= v <= 4),
    (NOW, "top_logprobs", None, lambda v: 0 <= v <= 5),
    (NOW, "thinking_budget", None, lambda v: v >= 1),
    (NOW, "max_tokens", "qwen-plus", lambda v: 1 <= v <= 32768),
    (NOW, "max_tokens", "qwen-max", lambda v: 1 <= v <= 8192),
]
ENDS = (-2, 0, 1, 2, 4, 5, 1500, 2000, 8192, 32768, 2**31 - 1, 2**63 - 1, 2**64 - 1)


def before(value: float) -> float:
    return math.nextafter(value, -math.inf)


def after(value: float) -> float:
    return math.nextafter(value, math.inf)


NEAR_ENDS = st.sampled_from(
    [near for end in ENDS for near in (end, end - 1, end + 1, before(end), after(end))]
)


@pytest.mark.parametrize(("id", "parameter", "model", "rule"), INTERVALS)
@given(value=NEAR_ENDS | st.floats(allow_nan=False) | st.integers())
@example(value=0)
@example(value=2**64)
def test_intervals_are_open_and_closed_as_printed(
    id: str, parameter: str, model: str | None, rule: Rule, value: float
) -> None:
    interval = store.load_edition(id).parameters(model)[parameter].interval
    assert interval is not None
    if math.isinf(value):
        return  # JSON cannot carry it
    assert (value in interval) == rule(value)


@pytest.mark.parametrize(
    ("id", "parameter", "model"),
    [(QWEN, "top_k", None), (QWEN, "repetition_penalty", None), (GATEWAY, "temperature", None),
     (NOW, "seed", None), (NOW, "max_tokens", "qwen3-max")],
)  # fmt: skip
def test_bounds_that_no_document_settles_are_open_questions(
    id: str, parameter: str, model: str | None
) -> None:
    ranged = store.load_edition(id).parameters(model)[parameter].range_clause
    assert ranged is not None
    assert ranged.level == "unspecified"


@pytest.mark.parametrize("model", ["qwen-max-0403", "qwen-max-0107"])
def test_two_snapshots_have_no_documented_max_tokens(model: str) -> None:
    stated = store.load_edition(QWEN).parameters(model)["max_tokens"]
    assert stated.interval is None
    assert stated.default is None


DEFAULTS: list[tuple[str, str | None, dict[str, Any]]] = [
    (
        QWEN,
        "qwen-turbo",
        {"result_format": "text", "seed": 1234, "max_tokens": 1500, "top_p": 0.8, "top_k": None,
         "repetition_penalty": 1.1, "temperature": 0.85, "stop": None, "enable_search": False,
         "incremental_output": False, "tools": None, "history": []},
    ),
    (QWEN, "qwen-plus", {"max_tokens": 2000}),
    (BAICHUAN, "baichuan2-7b-chat-v1", {"result_format": "text", "incremental_output": False}),
    (GATEWAY, None, {"result_format": "message"}),
    (NOW, "qwen-plus", {"result_format": "text", "incremental_output": False, "n": 1,
                        "tool_choice": "auto", "parallel_tool_calls": False, "logprobs": False,
                        "top_logprobs": 0, "enable_thinking": False, "temperature": 0.7}),
    (NOW, "qwen3-max", {"result_format": "message", "incremental_output": True}),
    (NOW, "qwen-long", {"result_format": "message", "temperature": 1.0, "max_tokens": 32768}),
    (NOW, "qwen3-next-80b-a3b-instruct", {"result_format": "text"}),
]  # fmt: skip


@pytest.mark.parametrize(("id", "model", "expected"), DEFAULTS)
def test_defaults(id: str, model: str | None, expected: dict[str, Any]) -> None:
    stated = store.load_edition(id).parameters(model)
    assert {name: stated[name].default for name in expected} == expected


def test_parameters_that_the_pages_know() -> None:
    def names(id: str) -> set[str]:
        frame = {"model", "input", "parameters", "prompt", "messages", "history"}
        return set(store.load_edition(id).parameters()) - frame

    qwen = {"result_format", "seed", "max_tokens", "top_p", "top_k", "repetition_penalty",
            "temperature", "stop", "enable_search", "incremental_output", "tools"}  # fmt: skip
    assert names(QWEN) == qwen
    assert names(BAICHUAN) == {"result_format", "incremental_output", "top_p"}
    assert names(GATEWAY) == {"result_format", "temperature", "top_p", "max_tokens", "stop"}
    assert names(NOW) > qwen


# ------------------------------------------------------------------------ models, limits


def test_models() -> None:
    assert set(store.load_edition(QWEN).models) == {
        "qwen-turbo", "qwen-plus", "qwen-max", "qwen-max-longcontext", *SNAPSHOTS
    }  # fmt: skip
    assert set(store.load_edition(BAICHUAN).models) == {
        "baichuan-7b-v1", "baichuan2-7b-chat-v1", "baichuan2-13b-chat-v1"
    }  # fmt: skip
    assert set(store.load_edition(GATEWAY).models) == {"qwen-turbo", "qwen-plus", "qwen-max"}
    for model in ("qwen-turbo", "qwen-plus-2025-07-28", "qwen3-max", "qwen-flash", "qwen-long"):
        assert store.load_edition(NOW).serves(model)


@pytest.mark.parametrize(
    ("id", "quantity", "model", "maximum"),
    [
        (QWEN, "input_tokens", "qwen-turbo", 6000),
        (QWEN, "input_tokens", "qwen-plus", 30000),
        (QWEN, "input_tokens", "qwen-max", 6000),
        *((QWEN, "input_tokens", model, 6000) for model in SNAPSHOTS),
        (QWEN, "input_tokens", "qwen-max-longcontext", 28000),
        (QWEN, "context_tokens", "qwen-turbo", 8000),
        (QWEN, "context_tokens", "qwen-plus", 32000),
        (QWEN, "context_tokens", "qwen-max-longcontext", 30000),
        (BAICHUAN, "context_tokens", "baichuan-7b-v1", 4096),
        (NOW, "input_tokens", "qwen-long", 10_000_000),
        (NOW, "files_per_request", "qwen-long", 100),
        (NOW, "context_tokens", "qwen-plus", 1_000_000),
    ],
)
def test_limits(id: str, quantity: c.Quantity, model: str, maximum: int) -> None:
    limit = store.load_edition(id).limit(quantity, model)
    assert limit is not None
    assert limit.by_model.get(model, limit.maximum) == maximum


def test_only_the_base_model_is_firmly_held_to_prompts() -> None:
    edition = store.load_edition(BAICHUAN)
    levels = {model: edition.rule("prompt_only", model) for model in edition.models}
    assert {model: rule.level for model, rule in levels.items() if rule} == {
        "baichuan-7b-v1": "must", "baichuan2-13b-chat-v1": "unspecified"
    }  # fmt: skip


def test_tools_and_increments_exclude_each_other_no_longer() -> None:
    def excluded(id: str) -> bool:
        return any(
            "tools" in x.when and "incremental_output" in x.then
            for x in store.load_edition(id).of_kind(c.CombinationClause)
        )

    assert excluded(QWEN)
    assert not excluded(NOW)


# --------------------------------------------------------------------- shapes and samples


def schemas(edition: Edition, of: str) -> list[dict[str, Any]]:
    shapes = edition.of_kind(c.ShapeClause)
    return [x.schema for x in shapes if x.of == of and x.level != "unspecified"]


def test_every_schema_is_one(edition: Edition) -> None:
    for clause in edition.of_kind(c.ShapeClause):
        jsonschema.Draft202012Validator.check_schema(clause.schema)


@pytest.mark.parametrize(("id", "case"), CASES)
def test_published_answers_fit_their_shape(id: str, case: dict[str, Any]) -> None:
    edition = store.load_edition(id)
    found = schemas(edition, case["shape"])
    assert found
    for schema in found:
        jsonschema.validate(case["body"], schema)
    usage = case["body"].get("usage")
    if usage is not None and "output_tokens" in usage:
        for schema in schemas(edition, "usage"):
            jsonschema.validate(usage, schema)
        assert usage.get("total_tokens") in (None, usage["input_tokens"] + usage["output_tokens"])


@pytest.mark.parametrize(("id", "case"), CASES)
def test_an_answer_without_a_required_field_does_not_fit(id: str, case: dict[str, Any]) -> None:
    edition = store.load_edition(id)
    required = {name for x in schemas(edition, case["shape"]) for name in x.get("required", ())}
    assert required
    for name in required:
        rest = {key: value for key, value in case["body"].items() if key != name}
        fits = [
            jsonschema.Draft202012Validator(schema).is_valid(rest)
            for schema in schemas(edition, case["shape"])
        ]
        assert not all(fits), name


@pytest.mark.parametrize(("id", "case"), CASES)
def test_every_answer_but_the_gateways_has_the_documented_kind_of_id(
    id: str, case: dict[str, Any]
) -> None:
    said = store.load_edition(id).behaviour("request_id")
    if said is None:
        assert id == GATEWAY
        assert case["body"]["request_id"] == ""
    else:
        assert re.fullmatch(said.args["pattern"], case["body"][said.args["field"]])


def test_all_documents_have_samples() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(EDITIONS)


# ------------------------------------------------------------------------------- examples


def test_printed_tokens_are_those_of_the_shipped_vocabulary() -> None:
    measured = {"tokens": count_tokens, "token_ids": encode, "pieces": cut}
    held = [
        clause
        for clause in store.load_edition(QWEN).of_kind(c.ExampleClause)
        if clause.of in measured
    ]
    found = {clause.id: measured[clause.of](clause.given) == clause.expected for clause in held}
    levels = {clause.id: clause.level for clause in held}
    assert len(held) >= 10
    assert [id for id, equal in found.items() if not equal] == ["tokens.my_friends"]
    assert [id for id, level in levels.items() if level != "must"] == ["tokens.my_friends"]


def cut(text: str) -> list[str]:
    return [piece.decode() for piece in pieces(text)]


# ------------------------------------------------------------------------------- streams


def test_a_stream_has_no_documented_end_mark() -> None:
    for id in (QWEN, BAICHUAN, NOW):
        said = store.load_edition(id).behaviour("stream_terminator")
        assert said is not None
        assert said.args["text"] is None


@pytest.mark.parametrize(
    ("id", "model", "mode"),
    [
        (QWEN, "qwen-turbo", "cumulative"),
        (BAICHUAN, "baichuan2-7b-chat-v1", "cumulative"),
        (NOW, "qwen-plus", "cumulative"),
        (NOW, "qwen3-max", "incremental"),
    ],
)
def test_what_a_stream_is_unasked(id: str, model: str, mode: str) -> None:
    said = store.load_edition(id).behaviour("stream_default_mode", model)
    assert said is not None
    assert said.args["mode"] == mode


def test_each_header_alone_asks_for_a_stream() -> None:
    for id in (QWEN, BAICHUAN, NOW):
        said = store.load_edition(id).behaviour("sse_by_header")
        assert said is not None
        assert said.args["headers"] == {"Accept": "text/event-stream", "X-DashScope-SSE": "enable"}


def test_a_message_of_2026_may_be_decorated() -> None:
    edition = store.load_edition("qwen-dashscope@2026")
    pattern = "Range of top_p should be (0.0, 1.0]"
    assert edition.says(pattern, pattern)
    assert edition.says(pattern, f"<400> InternalError.Algo.InvalidParameter: {pattern}")
    assert edition.says(pattern, f"{pattern} For details, see: https://example.org/codes#1")
    both = f"<400> InternalError.Algo.X: {pattern} For details, see: https://example.org/codes"
    assert edition.says(pattern, both)
    assert not edition.says(pattern, f"something else: {pattern}")
    assert not store.load_edition("qwen-dashscope@2024-04").says(pattern, f"<400> X: {pattern}")


@pytest.mark.parametrize("value", [True, False, "1", None, [1]])
def test_what_is_no_number_lies_in_no_interval(value: object) -> None:
    assert value not in Interval.parse("[0, 2]")
