"""What holds for the refusals of every edition in the package."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.estimators.refusals.asking import DATA, MADE_UP, USER, request
from tests.estimators.refusals.bodies import bodies
from tokenassay.contracts import clauses as c
from tokenassay.contracts import patterns
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.intervals import Interval
from tokenassay.contracts.store import headers, load_contract, load_edition
from tokenassay.estimators.refusals import Refusal, Rules, compile_rules
from tokenassay.estimators.requests import NotARequest, Request, read_request

EDITIONS = {**{id: load_edition(id) for id in headers()}, MADE_UP.id: MADE_UP}
NAMES = sorted({name for edition in EDITIONS.values() for name in edition.parameters(None)})

every_edition = pytest.mark.parametrize("edition", EDITIONS.values(), ids=EDITIONS)


def models_of(edition: Edition) -> list[str]:
    """Models that an edition names outright, in its head or in a clause."""
    named = set(edition.models)
    for clause in edition.clauses:
        named.update(clause.models, getattr(clause, "by_model", ()))
    return sorted(name for name in named if "*" not in name)


def plain_request(
    edition: Edition, model: str, parameters: dict[str, Any], *, streaming: bool | None = None
) -> Request:
    """A short conversation, as a prompt where the model takes nothing else."""
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"}]
    rule = edition.rule("prompt_only", model)
    conversation = {"prompt": "hi"} if rule else {"messages": messages}
    body: dict[str, Any] = {"model": model, **conversation, **parameters}
    if edition.surface == "native":
        body = {"model": model, "input": conversation, "parameters": parameters}
    return read_request(body, surface=edition.surface, streaming=streaming)


def check_citation(edition: Edition, refusal: Refusal) -> None:
    """A refusal says what its clause and the clause's row say."""
    clause = edition.clause(refusal.clause)
    assert refusal.level == clause.level
    assert refusal.level in ("must", "should")
    assert refusal.why
    assert refusal.at
    row = edition.error_for(clause)
    expected = (row.status, row.code, row.type) if row else (None, None, None)
    assert (refusal.status, refusal.code, refusal.type) == expected
    pattern = clause.message or (row.pattern if row else None)
    above = clause.message_above if isinstance(clause, c.RangeClause) else None
    allowed = [one for one in (pattern, above) if one is not None]
    if not allowed:
        assert refusal.message is None
    else:
        assert refusal.message is not None
        assert any(patterns.matches(one, refusal.message) for one in allowed)
    refusal.why.encode()
    (refusal.message or "").encode()


@every_edition
def test_a_short_conversation_is_fine(edition: Edition) -> None:
    for model in models_of(edition):
        required = {"extra": True} if (edition, model) == (MADE_UP, "files") else {}
        asked = plain_request(edition, model, required)
        if edition.serves(model):
            assert not compile_rules(edition, model).check(asked)


# ---------------------------------------------------------------------------- intervals


def ranges(edition: Edition) -> Iterator[tuple[c.RangeClause, str, str, Interval, bool]]:
    """Each range in force, with a model, where the parameter stands, and if it is an integer."""
    for model in models_of(edition):
        for name, parameter in edition.parameters(model).items():
            if parameter.interval is None or parameter.range_clause is None:
                continue
            integer = "number" not in parameter.declared.types
            yield parameter.range_clause, model, name, parameter.interval, integer


def around(interval: Interval, integer: bool) -> Iterator[int | float]:
    """Values at, just inside and just outside of the bounds, in the middle and far away."""
    for bound in (interval.low, interval.high):
        if math.isinf(bound):
            continue
        yield bound
        if integer:
            yield from (int(bound) - 1, int(bound) + 1)
        else:
            yield from (math.nextafter(bound, -math.inf), math.nextafter(bound, math.inf))
            yield from (float(bound), int(bound))
    if not integer and not math.isinf(interval.low) and not math.isinf(interval.high):
        yield (interval.low + interval.high) / 2
    yield from (0, -(10**30), 10**30) if integer else (0.0, -1e300, 1e300)


def written_at(name: str, value: object) -> dict[str, Any]:
    """``a.b`` and a value as ``{a: {b: value}}``."""
    head, *rest = name.split(".")
    for step in reversed(rest):
        value = {step: value}
    return {head: value}


@every_edition
def test_intervals_are_exact_at_their_bounds(edition: Edition) -> None:
    for clause, model, name, interval, integer in ranges(edition):
        rules = compile_rules(edition, model)
        for value in around(interval, integer):
            asked = plain_request(edition, model, written_at(name, value))
            found = [r for r in rules.check(asked) if r.clause == clause.id]
            noted = [note for note in rules.notes(asked) if f"outside {interval}" in note]
            outside = value not in interval
            firm = clause.level != "unspecified"
            assert bool(found) == (outside and firm), (edition.id, model, name, value)
            assert bool(noted) == (outside and not firm), (edition.id, model, name, value)
            for refusal in found:
                check_citation(edition, refusal)
                assert "{" not in (refusal.message or "").replace("{max}", "")


@every_edition
def test_declared_types_are_exact(edition: Edition) -> None:
    samples = {
        "string": "text",
        "integer": 1,
        "number": 0.5,
        "boolean": True,
        "array": [],
        "object": {},
    }
    for model in models_of(edition)[:3]:
        rules = compile_rules(edition, model)
        for name, parameter in edition.parameters(model).items():
            declared = parameter.declared
            if declared.level == "unspecified" or name in ("model", "input", "parameters"):
                continue
            if name in ("messages", "prompt", "history"):
                continue
            allowed = set(declared.types) | ({"integer"} if "number" in declared.types else set())
            for kind, sample in samples.items():
                asked = plain_request(edition, model, written_at(name, sample))
                found = [r for r in rules.check(asked) if r.clause == declared.id]
                assert bool(found) == (kind not in allowed), (edition.id, name, kind)
                for refusal in found:
                    check_citation(edition, refusal)


@every_edition
def test_placeholders_of_messages_are_filled(edition: Edition) -> None:
    """Every message that a breakable clause expects can be written without a gap."""
    known = {"name", "path", "value", "type", "values", "min", "max", "interval", "model", "role"}
    known |= {"index", "ids", "id", "file_id"}
    breakable = (c.ParameterClause, c.RangeClause, c.ChoiceClause, c.FormsClause, c.TextClause)
    for clause in edition.of_kind(c.ClauseBase):
        if isinstance(clause, (*breakable, c.CombinationClause, c.MessageClause, c.LimitClause)):
            row = edition.error_for(clause)
            pattern = clause.message or (row.pattern if row else "")
            names = set(patterns.compile_pattern(pattern).groupindex)
            assert names <= known, (edition.id, clause.id)


# ------------------------------------------------------------------------------ anything


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(sorted(EDITIONS)),
    bodies(NAMES),
    st.sampled_from([None, True, False]),
    st.sampled_from([None, "qwen-turbo", "qwen-long", "qwen-plus", "small", "nobody"]),
    st.sampled_from([None, 0, 9001, 10**9]),
)
def test_nothing_that_is_json_raises(
    id: str, body: Any, streaming: bool | None, model: str | None, tokens: int | None
) -> None:
    edition = EDITIONS[id]
    for surface in ("native", "openai", None):
        try:
            asked = read_request(body, surface=surface, streaming=streaming)
        except NotARequest:
            continue
        rules = compile_rules(edition, model)
        counts: dict[str, Any] = {}
        if tokens is not None:
            counts = {"input_tokens": tokens, "message_tokens": lambda message: tokens}
        for refusal in rules.check(asked, **counts):
            check_citation(edition, refusal)
        for note in rules.notes(asked, **counts):
            assert note
            assert "\n" not in note


def nested(depth: int, kind: str) -> Any:
    value: Any = "end"
    for _ in range(depth):
        value = [value] if kind == "list" else {"type": value}
    return value


@every_edition
@pytest.mark.parametrize("kind", ["list", "object"])
def test_depth_and_size_are_survived(edition: Edition, kind: str) -> None:
    deep, huge = nested(20_000, kind), 10**5000
    rules = compile_rules(edition, None)
    for odd in (deep, huge, {"content": deep, "role": deep, "name": deep}):
        messages = [
            dict.fromkeys(("role", "content", "name", "tool_call_id", "partial"), odd),
            dict.fromkeys(("role", "content", "name", "tool_call_id", "partial"), odd),
            {"role": "assistant", "tool_calls": [odd, {"id": odd, "function": odd}]},
            {"role": "tool", "name": odd, "tool_call_id": odd},
        ]
        parameters = dict.fromkeys([*NAMES, "tools", "stop"], odd)
        tools = [odd, {"type": odd, "function": {"name": odd, "parameters": odd}}]
        for listed in ([odd], odd, messages):
            conversation = {"messages": listed, "prompt": odd, "history": [odd]}
            native = {"model": odd, "input": conversation, "parameters": parameters}
            openai = {**parameters, "model": odd, **conversation, "tools": tools}
            for asked in (read_request(native), read_request(openai, surface="openai")):
                for refusal in rules.check(asked):
                    check_citation(edition, refusal)
                rules.notes(asked)


# ------------------------------------------------------------------------------ the short way

_LINES = st.text(min_size=1, max_size=12) | st.sampled_from(["fileid://file-fe-1", "json", "{}"])


@given(
    st.sampled_from(sorted(EDITIONS)),
    st.lists(
        st.fixed_dictionaries(
            {"role": st.sampled_from(["user", "assistant", "system"]), "content": _LINES}
        ),
        max_size=6,
    ),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from([0, 1, True, "text", []]), max_size=2),
    st.integers(0, 20),
)
def test_the_short_way_and_the_long_way_agree(
    id: str, messages: list[dict[str, Any]], parameters: dict[str, Any], choice: int
) -> None:
    """A field that no clause knows sends a message the long way, and changes nothing else."""
    edition = EDITIONS[id]
    models = models_of(edition)
    model = models[choice % len(models)]
    rules = compile_rules(edition, model)

    def ask(listed: list[dict[str, Any]]) -> tuple[Refusal, ...]:
        body: dict[str, Any] = {**parameters, "model": model, "messages": listed}
        if edition.surface == "native":
            body = {"model": model, "input": {"messages": listed}, "parameters": parameters}
        return rules.check(read_request(body, surface=edition.surface))

    assert ask(messages) == ask([{**message, "unknown_field": 1} for message in messages])


@every_edition
def test_plain_conversations_take_the_short_way(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model in models_of(edition):
        prompt_only = edition.rule("prompt_only", model)
        if not edition.serves(model) or prompt_only or (edition, model) == (MADE_UP, "files"):
            continue
        rules, asked = compile_rules(edition, model), plain_request(edition, model, {})
        with monkeypatch.context() as patched:
            patched.delattr(type(rules), "_survey")
            assert rules.check(asked, input_tokens=1) == ()


@pytest.mark.parametrize(
    ("model", "accepted", "refused"),
    [
        ("small", {"seed": 1}, {"seed": True}),
        ("small", {"seed": 1}, {"seed": 1.5}),
        ("small", {"seed": 1}, {"seed": 1, "stop": "a"}),
        ("small", {"seed": 1, "input_tokens": 6000}, {"seed": 1, "input_tokens": 6001}),
        (
            "large",
            {"mode": "message", "max_tokens": 2000, "input_tokens": 6000},
            {"mode": "message", "max_tokens": 2000, "input_tokens": 6001},
        ),
        ("small", {"think": True, "streaming": True}, {"think": True, "streaming": False}),
        ("files", {"extra": True}, {"extra": True, "message_tokens": lambda _: 9001}),
        ("small", {"seed": 1}, {"seed": 1, "messages": [{**USER, "content": ""}]}),
    ],
)
def test_what_was_accepted_is_remembered_by_all_that_matters(
    model: str, accepted: dict[str, Any], refused: dict[str, Any]
) -> None:
    rules = Rules(MADE_UP, model)

    def ask(given: dict[str, Any]) -> tuple[Refusal, ...]:
        parameters = dict(given)
        known = {name: parameters.pop(name, None) for name in ("input_tokens", "message_tokens")}
        streaming, messages = parameters.pop("streaming", None), parameters.pop("messages", [USER])
        return rules.check(
            request(*messages, model=model, streaming=streaming, **parameters), **known
        )

    for _ in range(2):
        assert ask(accepted) == ()
        assert ask(refused) != ()


def test_what_reserves_context_is_not_remembered(tmp_path: Path) -> None:
    text = (DATA / "refusals.yaml").read_text("utf-8")
    before = "maximum: 8000, models: [large], args: {adds: max_tokens}"
    assert before in text
    file = tmp_path / "context.yaml"
    file.write_text(text.replace(before, before.replace("8000, models: [large]", "7000")))
    rules = Rules(load_contract(file).edition, "small")
    asked = request(USER, max_tokens=1500)
    for _ in range(2):
        assert rules.check(asked, input_tokens=5500) == ()
        assert [one.clause for one in rules.check(asked, input_tokens=5501)] == ["limit.context"]


@settings(max_examples=300)
@given(st.data(), st.sampled_from(sorted(EDITIONS)), st.integers(0, 20))
def test_rules_that_remember_judge_as_new_ones(data: st.DataObject, id: str, choice: int) -> None:
    edition = EDITIONS[id]
    models = models_of(edition)
    model = models[choice % len(models)]
    names = st.sampled_from(sorted(edition.parameters(model)))
    values = st.sampled_from([0, 1, 1.0, True, 2000, "text", "message", "json_object", ["a"]])
    parameters = data.draw(st.dictionaries(names, values, max_size=3))
    seasoned = Rules(edition, model)
    for _ in range(3):
        asked = plain_request(
            edition, model, parameters, streaming=data.draw(st.sampled_from([None, False, True]))
        )
        known = {
            "input_tokens": data.draw(st.none() | st.sampled_from([1, 2900, 6001, 10**7])),
            "message_tokens": data.draw(st.sampled_from([None, lambda _: 2, lambda _: 10**6])),
        }
        assert seasoned.check(asked, **known) == Rules(edition, model).check(asked, **known)


def test_rules_are_compiled_once_and_shared_by_threads() -> None:
    edition = next(iter(EDITIONS.values()))
    model = edition.models[0]
    assert compile_rules(edition, model) is compile_rules(edition, model)
    asked = plain_request(edition, model, {"top_p": "x", "nonsense": 1})
    alone = compile_rules(edition, model).check(asked)
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(lambda: compile_rules(edition, model).check(asked)) for _ in range(64)]
    assert {job.result() for job in jobs} == {alone}
