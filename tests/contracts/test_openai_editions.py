"""The OpenAI-compatible editions say what their documents say; expectations were read off those."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tokenassay.contracts import clauses as c
from tokenassay.contracts import patterns, store
from tokenassay.contracts.behaviours import BEHAVIOURS
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.tokens import encode

LONG, NOW = "qwen-long@2024-10", "qwen-openai@2026"
EDITIONS = (LONG, NOW)
SAMPLES = Path(__file__).parent / "samples" / "openai"


def load(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


ANSWERS = [
    pytest.param(id, case["shape"], case["body"], id=f"{id}: {case['name']}")
    for id in EDITIONS
    for case in load(id)["cases"]
]
ERRORS = [pytest.param(case, id=case["source"]) for case in load("recorded-errors")["cases"]]


@pytest.fixture(params=EDITIONS)
def edition(request: pytest.FixtureRequest) -> Edition:
    return store.load_edition(request.param)


# --------------------------------------------------------------------------- provenance


def test_every_clause_can_be_cited(edition: Edition) -> None:
    for clause in edition.clauses:
        citation = edition.cite(clause)
        assert citation.source.title
        assert citation.seen.isoformat() == "2026-11-21"


def test_every_source_is_used(edition: Edition) -> None:
    used = {clause.source.partition(" § ")[0] for clause in edition.clauses}
    assert set(edition.sources) == used


def test_what_only_traffic_or_third_parties_show_is_never_a_must(edition: Edition) -> None:
    for clause in edition.clauses:
        if edition.cite(clause).source.trust in ("recorded", "third-party", "inferred"):
            assert clause.level != "must", clause.id


def test_an_open_question_has_readings(edition: Edition) -> None:
    for clause in edition.clauses:
        if clause.level == "unspecified":
            assert len(clause.readings) >= 2, clause.id


def test_a_statement_is_a_sentence(edition: Edition) -> None:
    for clause in edition.clauses:
        assert clause.text.endswith("."), clause.id
        assert re.search(r"[\u4e00-\u9fff]", clause.text) is None, clause.id


def test_a_rule_that_a_request_can_break_names_the_error_to_expect(edition: Edition) -> None:
    kinds = (
        c.RangeClause | c.ChoiceClause | c.FormsClause | c.TextClause | c.CombinationClause
        | c.ParameterClause
    )  # fmt: skip
    for clause in edition.clauses:
        if isinstance(clause, kinds) and clause.level == "must":
            assert edition.error_for(clause) is not None, clause.id


def test_models() -> None:
    assert store.load_edition(LONG).models == ("qwen-long",)
    now = store.load_edition(NOW)
    listed = {name for name in now.models if not name.endswith("*")} - {"batch-test-model"}
    assert all(map(store.look_up, listed))
    assert {"qwen-long", "qwen-long-latest", "qwen-long-2025-01-25", "qwen-plus"} <= listed


# ------------------------------------------------------------------------------- errors

# Row, status, message: the table of both pages, slips of the pen and all.
TABLE = """
A-E1 400 Invalid file [id:xxx].
A-E2 400 Too many files provided.
A-E3 400 File [id:xxx] cannot be found.
A-E4 400 File [id:xxx] exceeds size limit.
A-E5 400 File [id:xxx] exceeds page limits (15000 pages).
A-E6 400 Multiple types of file system prompt detected, please do not mix file-id and text content in one request.
A-E7 400 File [id:xxx] format is not supported.
A-E8 400 File [id:xxx] content blank.
A-E9 400 Total message token length exceed model limit (10000000 tokens).
A-E10 400 Single round file-content exceeds token limit, please use fileid to supply lengthy input.
A-E11 400 Role specification invalid, please refer to API documentation for usage.
A-E12 400 File parsing in progress, please try again later.
A-E13 400 Input data may contain inappropriate content.
A-E14 429 You exceeded your current requests list.
A-E15 500 File [id:xxx] parsing error.
A-E16 500 File [id:xxx] prasing timeout.
A-E17 500 Preprocessor error.
A-E18 500 Postprocessor error.
A-E19 500 File content conversion error.
A-E20 500 An unspecified internal error has occured.
A-E21 500 Response timeout.
A-E22 503 The engine is currently overloaded, please try again later.
"""  # noqa: E501
PRINTED = [line.split(" ", 2) for line in TABLE.strip().splitlines()]
RETRYABLE = {"A-E12", "A-E14", "A-E21", "A-E22"}


@pytest.mark.parametrize(("row", "status", "message"), PRINTED)
def test_error_rows_of_2024_are_verbatim(row: str, status: str, message: str) -> None:
    edition = store.load_edition(LONG)
    [clause] = [x for x in edition.errors.values() if row in x.rows and x.level == "must"]
    assert clause.status == int(status)
    assert patterns.fill(clause.pattern, file_id="xxx") == message
    assert patterns.matches(clause.pattern, message.replace("xxx", "file-fe-123"))
    assert patterns.matches(clause.pattern, message.replace("] ", "]\u00a0"))
    assert not patterns.matches(clause.pattern, "x" + message)
    assert (clause.code, clause.type) == (None, None)
    assert clause.retryable == (row in RETRYABLE)


def test_the_table_has_twenty_two_rows_and_they_are_all() -> None:
    firm = [x for x in store.load_edition(LONG).errors.values() if x.level == "must"]
    assert len(PRINTED) == len(firm) == 22


CODES_NOW = [
    (400, "invalid_parameter_error"), (400, "invalid_value"), (400, "invalid_request_error"),
    (400, "InvalidParameter.NotSupportEnableThinking"), (400, "Arrearage"),
    (400, "data_inspection_failed"), (400, "BadRequest.EmptyInput"),
    (400, "BadRequest.IllegalInput"), (400, "BadRequest.TooLarge"), (400, "BadRequestException"),
    (400, "ServiceUnavailableError"), (400, "UnsupportedOperation"), (400, "CustomRoleBlocked"),
    (400, "FaqRuleBlocked"), (401, "invalid_api_key"), (401, "NOT AUTHORIZED"),
    (403, "AccessDenied.Unpurchased"), (403, "Model.AccessDenied"), (403, "App.AccessDenied"),
    (403, "Workspace.AccessDenied"), (403, "Endpoint.AccessDenied"),
    (403, "AllocationQuota.FreeTierOnly"), (404, "model_not_found"), (404, "model_not_supported"),
    (404, "WorkSpaceNotFound"), (404, "NotFound"), (409, "Conflict"), (429, "Throttling"),
    (429, "limit_requests"), (429, "limit_burst_rate"), (429, "insufficient_quota"),
    (429, "CommodityNotPurchased"), (429, "PrepaidBillOverdue"), (429, "PostpaidBillOverdue"),
    (500, "internal_error"), (500, "InternalError.Algo"), (500, "InternalError.Timeout"),
    (500, "SystemError"), (500, "ModelServiceFailed"), (500, "RequestTimeOut"),
    (503, "ModelServingError"), (503, "ModelUnavailable"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code"), CODES_NOW)
def test_rows_of_today(status: int, code: str) -> None:
    assert (status, code) in {(x.status, x.code) for x in store.load_edition(NOW).errors.values()}


def test_the_type_equals_the_code_where_that_was_seen() -> None:
    rows = {x.code: x for x in store.load_edition(NOW).errors.values()}
    for code in ("Arrearage", "data_inspection_failed", "insufficient_quota", "limit_requests",
                 "AllocationQuota.FreeTierOnly"):  # fmt: skip
        assert rows[code].type == code
    for code in ("invalid_parameter_error", "invalid_value", "invalid_api_key"):
        assert rows[code].type == "invalid_request_error"


def test_what_one_may_try_again(edition: Edition) -> None:
    for row in edition.errors.values():
        if row.induced_by == "account":
            assert not row.retryable, row.id
        if row.status in (503,):
            assert row.retryable, row.id


@pytest.mark.parametrize("case", ERRORS)
def test_recorded_errors_fit_their_shape_and_their_clause(case: dict[str, Any]) -> None:
    edition = store.load_edition(case["edition"])
    for id in EDITIONS:
        [shape] = [s for s in store.load_edition(id).of_kind(c.ShapeClause) if s.of == "error"]
        jsonschema.Draft202012Validator(shape.schema).validate(case["body"])
    if case["clause"] is None:
        return
    clause = edition.clause(case["clause"])
    row = clause if isinstance(clause, c.ErrorClause) else edition.error_for(clause)
    assert row is not None
    error = case["body"]["error"]
    assert (error["code"], error["type"]) == (row.code, row.type)
    assert case["status"] in (None, row.status)
    pattern = clause.message or row.pattern
    assert edition.says(pattern, error["message"]) or row.varies


MODEL_LAYER = "<400> InternalError.Algo.InvalidParameter: "
HELP = " For details, see: https://help.aliyun.com/zh/model-studio/error-code"

# What was read of an answer without its body, and the clause that a request for it breaks.
MESSAGES = [
    ("temperature.range", "Temperature should be in [0.0, 2.0)"),
    ("max_tokens.range", MODEL_LAYER + "Range of max_tokens should be [1, 8192]"),
    ("context_tokens.limit", MODEL_LAYER + "Range of input length should be [1, 204800]"),
    (
        "messages.tool_calls_answered",
        MODEL_LAYER + 'An assistant message with "tool_calls" must be followed by tool messages '
        'responding to each "tool_call_id". The following tool_call_ids did not have response '
        "messages: message[15].role",
    ),
    (
        "tool_choice.not_forced_when_thinking",
        MODEL_LAYER + "The tool_choice parameter does not support being set to required or "
        "object in thinking mode",
    ),
    (
        "messages.tool_arguments",
        MODEL_LAYER
        + 'The "function.arguments" parameter of the code model must be in JSON format.',
    ),
    (
        "error.inspection",
        MODEL_LAYER.replace("InvalidParameter", "DataInspectionFailed")
        + "Input text data may contain inappropriate content.",
    ),
    (
        "error.inspection",
        "Output data may contain inappropriate content." + HELP + "#inappropriate-content",
    ),
    ("error.invalid_api_key", "Incorrect API key provided." + HELP + "#apikey-error"),
    (
        "error.limit_burst_rate",
        (
            "Request rate increased too quickly. To ensure system stability, please adjust your "
            "client logic to scale requests more smoothly over time."
        ),
    ),
    (
        "error.model_not_found",
        "The model `Qwen-Plus` does not exist or you do not have access to it.",
    ),
    (
        "error.part_value",
        "Invalid value: file. Supported values are: 'text','image_url','video_url' and 'video'.",
    ),
]


@pytest.mark.parametrize(("id", "message"), MESSAGES)
def test_recorded_messages_match_their_clause(id: str, message: str) -> None:
    edition = store.load_edition(NOW)
    clause = edition.clause(id)
    row = clause if isinstance(clause, c.ErrorClause) else edition.error_for(clause)
    assert row is not None
    pattern = clause.message or row.pattern
    assert edition.says(pattern, message)
    assert not edition.says(pattern, "Something else went wrong.")


@given(st.text(max_size=40), st.text(max_size=40))
def test_only_the_documented_decoration_is_seen_through(before: str, after: str) -> None:
    edition, pattern = store.load_edition(NOW), "Range of n should be [1, 4]"
    said = edition.says(pattern, f"{before}{pattern}{after}")
    bare = not before.strip() and not after.strip()
    if not bare and "InternalError" not in before and "For details" not in after:
        assert not said
    if bare:
        assert said


# ---------------------------------------------------------------------------- intervals

Rule = Callable[[float], bool]

INTERVALS: list[tuple[str, str, str | None, Rule]] = [
    (LONG, "top_p", None, lambda v: 0 < v < 1),
    (LONG, "temperature", None, lambda v: 0 <= v < 2),
    (NOW, "temperature", None, lambda v: 0 <= v < 2),
    (NOW, "top_p", None, lambda v: 0 < v <= 1),
    (NOW, "top_k", None, lambda v: v >= 0),
    (NOW, "repetition_penalty", None, lambda v: v > 0),
    (NOW, "presence_penalty", None, lambda v: -2 <= v <= 2),
    (NOW, "seed", None, lambda v: 0 <= v <= 2**31 - 1),
    (NOW, "n", None, lambda v: 1 <= v <= 4),
    (NOW, "top_logprobs", None, lambda v: 0 <= v <= 5),
    (NOW, "thinking_budget", None, lambda v: v >= 1),
    (NOW, "thinking_budget", "qwen3.8-max", lambda v: 1 <= v <= 131072),
    (NOW, "max_tokens", None, lambda v: v >= 1),
    (NOW, "max_tokens", "qwen-plus", lambda v: 1 <= v <= 32768),
    (NOW, "max_tokens", "qwen-long", lambda v: 1 <= v <= 32768),
    (NOW, "max_tokens", "qwen-long-latest", lambda v: 1 <= v <= 32768),
    (NOW, "max_tokens", "qwen-max", lambda v: 1 <= v <= 8192),
    (NOW, "max_tokens", "qwen3.8-max", lambda v: 1 <= v <= 131072),
]
ENDS = (-2, 0, 1, 2, 4, 5, 6000, 8192, 32768, 131072, 2**31 - 1)
NEAR_ENDS = st.sampled_from(
    [
        near
        for end in ENDS
        for near in (
            end, end - 1, end + 1, math.nextafter(end, -math.inf), math.nextafter(end, math.inf)
        )
    ]
)  # fmt: skip


@pytest.mark.parametrize(("id", "parameter", "model", "rule"), INTERVALS)
@given(value=NEAR_ENDS | st.floats(allow_nan=False, allow_infinity=False) | st.integers())
@example(value=0)
@example(value=2**31)
def test_intervals_are_open_and_closed_as_printed(
    id: str, parameter: str, model: str | None, rule: Rule, value: float
) -> None:
    stated = store.load_edition(id).parameters(model)[parameter]
    assert stated.interval is not None
    assert stated.range_clause is not None
    assert stated.range_clause.level == "must"
    assert (value in stated.interval) == rule(value)


OPEN_QUESTIONS = [
    (LONG, "max_tokens.range"), (LONG, "max_tokens.default"), (LONG, "messages.alternate"),
    (LONG, "messages.role_setting_required"), (LONG, "stream.unfinished"),
    (LONG, "stream.space"), (LONG, "stream.terminator"), (LONG, "stream.first_chunk"),
    (LONG, "files.parsing"), (LONG, "files.by_openai_sdk"), (LONG, "documents.text_tokens"),
    (NOW, "max_tokens.range_qwen3_max"), (NOW, "presence_penalty.default"),
    (NOW, "frequency_penalty.type"), (NOW, "endpoint.models"), (NOW, "errors.request_id"),
]  # fmt: skip


@pytest.mark.parametrize(("id", "clause"), OPEN_QUESTIONS)
def test_what_the_documents_leave_open_stays_open(id: str, clause: str) -> None:
    assert store.load_edition(id).clause(clause).level == "unspecified"


@pytest.mark.parametrize("id", EDITIONS)
@pytest.mark.parametrize(("files", "verdict"), [(99, "fine"), (100, "open"), (101, "refused")])
def test_ninety_nine_files_are_fine_a_hundred_open_and_more_refused(
    id: str, files: int, verdict: str
) -> None:
    edition = store.load_edition(id)
    limit = edition.limit("files_per_request", "qwen-long")
    assert limit is not None
    assert limit.maximum is not None
    decided = "fine" if files <= limit.maximum else "refused"
    assert ("open" if files in limit.undecided else decided) == verdict
    row = edition.error_for(limit)
    assert row is not None
    assert row.pattern == "Too many files provided."


LIMITS = [
    (LONG, "input_tokens", "qwen-long", 10_000_000),
    (LONG, "output_tokens", "qwen-long", 6_000),
    (LONG, "message_tokens", "qwen-long", 9_000),
    (LONG, "file_pages", None, 15_000),
    (LONG, "account_files", None, 10_000),
    (LONG, "file_bytes", None, 150 * 2**20),
    (LONG, "account_bytes", None, 100 * 2**30),
    (NOW, "input_tokens", "qwen-long-latest", 10_000_000),
    (NOW, "message_tokens", "qwen-long", 9_000),
    (NOW, "message_tokens", "qwen-plus", None),
    (NOW, "image_bytes", None, 20 * 2**20),
    (NOW, "batch_file_bytes", "qwen-plus", 500 * 2**20),
    (NOW, "batch_file_bytes", "batch-test-model", 2**20),
    (NOW, "batch_lines", "qwen-plus", 50_000),
    (NOW, "batch_lines", "batch-test-model", 100),
    (NOW, "batch_hours", None, 336),
]


@pytest.mark.parametrize(("id", "quantity", "model", "maximum"), LIMITS)
def test_limits(id: str, quantity: c.Quantity, model: str | None, maximum: int | None) -> None:
    limit = store.load_edition(id).limit(quantity, model)
    assert (limit.maximum if limit else None) == maximum


def test_megabytes_are_held_by_what_both_readings_refuse(edition: Edition) -> None:
    for limit in edition.of_kind(c.LimitClause):
        if limit.quantity.endswith("_bytes"):
            assert limit.maximum is not None
            assert limit.maximum in limit.undecided
            decimal = min(limit.undecided)
            assert decimal < limit.maximum < decimal * 1.08


def test_nine_thousand_tokens_are_counted_over_merged_user_messages() -> None:
    then = store.load_edition(LONG).limit("message_tokens", "qwen-long")
    now = store.load_edition(NOW).limit("message_tokens", "qwen-long")
    assert then is not None
    assert now is not None
    assert then.args == {"roles": ["system", "user"], "merged": ["user"]}
    assert now.args == {**then.args, "when": "documents"}


def test_defaults() -> None:
    long, now = store.load_edition(LONG), store.load_edition(NOW)
    stated = long.parameters("qwen-long")
    assert stated["max_tokens"].default == 2000
    assert stated["stream"].default is False
    assert stated["top_p"].default is None
    assert stated["temperature"].default is None
    stated = now.parameters("qwen-plus")
    expected = {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "repetition_penalty": 1.05,
                "seed": 1234, "n": 1, "logprobs": False, "top_logprobs": 0, "max_tokens": 32768,
                "stream": False, "tool_choice": "auto", "parallel_tool_calls": False,
                "enable_thinking": False, "presence_penalty": None}  # fmt: skip
    assert {name: stated[name].default for name in expected} == expected
    assert now.parameters("qwen-long")["temperature"].default == 1.0
    assert now.parameters("qwen3-vl-plus")["seed"].default == 3407
    assert now.parameters("qwen3.8-max")["reasoning_effort"].default == "xhigh"
    assert "reasoning_effort" not in now.parameters("qwen-plus")
    assert now.parameters("qwen3-max")["max_tokens"].default is None


def test_parameters_of_the_page_of_2024() -> None:
    stated = set(store.load_edition(LONG).parameters("qwen-long"))
    assert stated == {
        "model", "messages", "top_p", "temperature", "max_tokens", "stream", "stop",
        "stream_options", "stream_options.include_usage",
    }  # fmt: skip


def test_parameters_of_today() -> None:
    stated = set(store.load_edition(NOW).parameters("qwen3.8-max"))
    assert stated >= {
        "temperature", "top_p", "top_k", "repetition_penalty", "presence_penalty",
        "frequency_penalty", "seed", "n", "logprobs", "top_logprobs", "max_tokens",
        "max_completion_tokens", "stop", "response_format", "tool_choice", "parallel_tool_calls",
        "enable_thinking", "thinking_budget", "reasoning_effort", "preserve_thinking",
        "tool_stream", "enable_code_interpreter", "search_options", "skill", "stream_options",
        "vl_high_resolution_images",
    }  # fmt: skip


def test_rules_of_qwen_long_speak_of_qwen_long_only() -> None:
    now = store.load_edition(NOW)
    for rule in ("file_reference_syntax", "no_mixing_files_and_text", "later_system_is_document"):
        assert now.rule(rule, "qwen-long-2025-01-25") is not None
        assert now.rule(rule, "qwen-plus") is None
    for id in EDITIONS:
        syntax = store.load_edition(id).rule("file_reference_syntax", "qwen-long")
        assert syntax is not None
        assert syntax.args == {"prefix": "fileid://", "separator": ",", "id_prefix": "file-fe-"}


def test_endpoints() -> None:
    expected = {
        "chat": ("POST", "/chat/completions"),
        "upload_file": ("POST", "/files"),
        "list_files": ("GET", "/files"),
        "retrieve_file": ("GET", "/files/{id}"),
        "delete_file": ("DELETE", "/files/{id}"),
        "file_content": ("GET", "/files/{id}/content"),
        "create_batch": ("POST", "/batches"),
        "retrieve_batch": ("GET", "/batches/{id}"),
        "list_batches": ("GET", "/batches"),
        "cancel_batch": ("POST", "/batches/{id}/cancel"),
    }
    models = {"list_models": ("GET", "/models"), "retrieve_model": ("GET", "/models/{id}")}
    for id, paths in ((LONG, expected), (NOW, {**expected, **models})):
        edition = store.load_edition(id)
        assert edition.endpoint.base_url == "https://dashscope.aliyuncs.com/compatible-mode/v1"
        found = {x.operation: (x.method, x.path) for x in edition.of_kind(c.EndpointClause)}
        assert found == paths


def test_behaviours_are_known_and_say_one_thing_each(edition: Edition) -> None:
    for clause in edition.of_kind(c.BehaviourClause):
        assert clause.behaviour in BEHAVIOURS
    assert {BEHAVIOURS[name] for name in ("message_decoration", "batch_dry_run")}
    lone = ("stream_terminator", "stream_default_mode", "stream_usage_chunk", "auth_bearer")
    for name in lone:
        found = [x for x in edition.of_kind(c.BehaviourClause) if x.behaviour == name]
        assert len(found) == 1, name


def test_a_batch_costs_half() -> None:
    for id in EDITIONS:
        discount = store.load_edition(id).behaviour("batch_discount")
        assert discount is not None
        assert discount.args == {"factor": "0.5"}


@pytest.mark.parametrize(
    "clause", store.load_edition(LONG).of_kind(c.ExampleClause), ids=lambda clause: clause.id
)
def test_worked_figures_of_the_page(clause: c.ExampleClause) -> None:
    if clause.of == "token_ids":
        assert list(encode(clause.given)) == clause.expected
    elif clause.of == "usage":
        assert sum(clause.given.values()) == clause.expected["total_tokens"]
    elif clause.of == "prose":
        assert clause.expected["characters"] / clause.given["tokens"] == 1.5
    else:
        assert clause.of == "cost"  # reckoned in test_models.py


# ------------------------------------------------------------------------------- shapes


def shape(id: str, of: str) -> jsonschema.Draft202012Validator:
    [clause] = [s for s in store.load_edition(id).of_kind(c.ShapeClause) if s.of == of]
    return jsonschema.Draft202012Validator(clause.schema)


@pytest.mark.parametrize(("id", "of", "body"), ANSWERS)
def test_printed_answers_fit_their_shape(id: str, of: str, body: Any) -> None:
    shape(id, of).validate(body)


@pytest.mark.parametrize(("id", "of", "body"), ANSWERS)
def test_a_required_field_left_out_does_not_fit(id: str, of: str, body: Any) -> None:
    [clause] = [s for s in store.load_edition(id).of_kind(c.ShapeClause) if s.of == of]
    for name in clause.schema["required"]:
        changed = {key: value for key, value in body.items() if key != name}
        assert not shape(id, of).is_valid(changed), name


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list) and inner:
            yield from leaves(inner, (*path, key))
        else:
            yield (*path, key)


FREE = {"function_call", "refusal", "cached_tokens", "audio_tokens"}
"""Fields that stand in samples and that no document describes."""
DUMPED = {"service_tier", "tool_calls"}
"""Fields that an SDK of 2024 added to what it printed."""


@pytest.mark.parametrize(("id", "of", "body"), ANSWERS)
def test_a_value_of_another_type_does_not_fit(id: str, of: str, body: Any) -> None:
    validator = shape(id, of)
    for path in leaves(body):
        changed = copy.deepcopy(body)
        parent = changed
        for step in path[:-1]:
            parent = parent[step]
        was = parent[path[-1]]
        parent[path[-1]] = ["a list"] if not isinstance(was, list) else "a text"
        if not FREE & set(path) and not (id == LONG and DUMPED & set(path)):
            assert not validator.is_valid(changed), path


@pytest.mark.parametrize("id", EDITIONS)
def test_every_shape_is_a_schema(id: str) -> None:
    for clause in store.load_edition(id).of_kind(c.ShapeClause):
        jsonschema.Draft202012Validator.check_schema(clause.schema)


@pytest.mark.parametrize("id", EDITIONS)
def test_a_native_answer_does_not_fit(id: str) -> None:
    native = {
        "output": {"text": "hi", "finish_reason": "stop"},
        "usage": {"input_tokens": 1, "output_tokens": 1},
        "request_id": "5d768057-2820-91ba-8c99-31cd520e7628",
    }
    for of in ("response", "chunk", "usage_chunk", "error", "file", "batch"):
        assert not shape(id, of).is_valid(native)


def batch(**changes: Any) -> dict[str, Any]:
    whole = {
        "id": "batch_0f2c1f8e-5ad0-4b9f-9e57-0e7a2b1a9b51",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "errors": None,
        "input_file_id": "file-batch-0123456789abcdef",
        "completion_window": "24h",
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": 1764499365,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "metadata": {"ds_name": "nightly"},
    }
    return {**whole, **changes}


@pytest.mark.parametrize("id", EDITIONS)
def test_batches(id: str) -> None:
    validator = shape(id, "batch")
    for status in ("validating", "in_progress", "finalizing", "completed", "failed", "expired",
                   "cancelling", "cancelled"):  # fmt: skip
        assert validator.is_valid(batch(status=status))
    assert not validator.is_valid(batch(status="done"))
    assert not validator.is_valid(batch(id="file-1"))
    assert not validator.is_valid(batch(request_counts={"total": -1}))
    assert shape(id, "batch_list").is_valid(
        {"object": "list", "data": [batch()], "first_id": None, "last_id": None, "has_more": False}
    )


def test_the_faults_of_a_batch_stand_in_its_errors() -> None:
    line = load(NOW)["cases"][-1]["body"]
    failed = batch(status="failed", errors={"object": "list", "data": [line]})
    assert shape(NOW, "batch").is_valid(failed)
    broken = batch(status="failed", errors={"object": "list", "data": [{"line": 1}]})
    assert not shape(NOW, "batch").is_valid(broken)
    late = store.load_edition(NOW).behaviour("batch_validation_late")
    assert late is not None
    assert patterns.matches(late.args["codes"][line["code"]], line["message"])
