"""Tool arguments fit the schema that was given, whatever schema was given."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tokenassay.conformance.mock.dice import Dice
from tokenassay.conformance.mock.fitting import fit
from tokenassay.conformance.mock.regexes import string_matching

KEYWORDS = [
    *("type", "properties", "required", "items", "enum", "const", "minimum", "maximum"),
    *("minLength", "maxLength", "pattern", "$ref", "allOf", "anyOf", "oneOf", "not", "format"),
    *("minItems", "maxItems", "uniqueItems", "multipleOf", "minProperties", "prefixItems"),
    *("additionalProperties", "dependentRequired", "exclusiveMinimum", "object", "array"),
]
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SEEDS = st.integers(0, 2**64 - 1)
NAMES = st.sampled_from(["location", "unit", "days", "note", "城市", "a b"])


def _bounded(draw: Any, low: str, high: str, values: st.SearchStrategy[Any]) -> dict[str, Any]:
    bounds = sorted([draw(values), draw(values)])
    given = draw(st.sets(st.sampled_from([low, high])))
    return {key: value for key, value in zip((low, high), bounds, strict=True) if key in given}


@st.composite
def leaves(draw: Any) -> dict[str, Any]:
    kind = draw(
        st.sampled_from(["string", "integer", "number", "boolean", "null", "enum", "const"])
    )
    if kind == "enum":
        return {"enum": draw(st.lists(st.integers() | st.text(), min_size=1, unique=True))}
    if kind == "const":
        return {"const": draw(st.none() | st.integers() | st.text())}
    schema: dict[str, Any] = {"type": kind}
    if kind == "string":
        schema |= _bounded(draw, "minLength", "maxLength", st.integers(0, 30))
        if draw(st.booleans()):
            schema = {"type": kind, "pattern": draw(st.sampled_from(PATTERNS))}
    if kind == "integer":
        schema |= _bounded(draw, "minimum", "maximum", st.integers(-(10**6), 10**6))
    if kind == "number":
        schema |= _bounded(draw, "minimum", "maximum", st.floats(-1e6, 1e6))
    if draw(st.booleans()):
        schema["type"] = [kind, "null"] if kind != "null" else "null"
    return schema


PATTERNS = [
    r"^[A-Z]{3}-\d{4}$",
    r"^\d{4}-\d{2}-\d{2}$",
    r"^(yes|no)$",
    r"^[a-z]+@[a-z]+\.(com|org)$",
    r"^[^\s]+$",
    r"[\w.-]{2,8}",
    r"^(?:ab)*c?$",
    r"^[\u4e00-\u9fff]{2}$",
]


def _objects(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(NAMES, children, max_size=4).flatmap(
        lambda properties: st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "properties": st.just(properties),
                "required": st.lists(st.sampled_from([*properties, "else"]), unique=True),
            },
            optional={"description": st.just("words")},
        )
    )


def _arrays(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"type": st.just("array"), "items": children},
        optional={"minItems": st.integers(0, 3), "maxItems": st.integers(3, 5)},
    )


def _either(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda key, branches: {key: branches},
        st.sampled_from(["anyOf", "allOf"]),
        st.lists(children, min_size=1, max_size=1),
    ) | st.builds(lambda branches: {"anyOf": branches}, st.lists(children, min_size=1, max_size=3))


SCHEMAS = st.recursive(leaves(), lambda c: _objects(c) | _arrays(c) | _either(c), max_leaves=10)


@given(SCHEMAS, SEEDS)
def test_value_fits_its_schema(schema: Any, seed: int) -> None:
    value = fit(schema, seed, ["Paris", "Lyon"])
    errors = list(Draft202012Validator(schema).iter_errors(value))
    assert not errors, (value, errors)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
        {"type": "integer", "minimum": 0.5, "maximum": 1.5},
        {"type": "integer", "multipleOf": 7, "minimum": 100, "maximum": 105},
        {"type": "integer", "multipleOf": 0.5},
        {"type": "number", "multipleOf": 0.25, "minimum": 1, "maximum": 2},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e-9},
        {"type": "integer", "maximum": -200},
        {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
        {"type": "array", "contains": {"const": 5}, "items": {"enum": [4, 5]}, "minItems": 2},
        {"type": "object", "minProperties": 2},
        {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
        {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "required": ["a"],
            "dependentRequired": {"a": ["b"]},
        },
        {"$defs": {"u": {"enum": ["c", "f"]}}, "properties": {"u": {"$ref": "#/$defs/u"}}},
        {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 3}]},
        {"allOf": [{"properties": {"a": {"type": "integer"}}}, {"required": ["a"]}]},
        {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 2.5}]},
        {"type": "integer", "minimum": 0, "maximum": 3, "not": {"enum": [0, 1, 3]}},
        {"type": "string", "format": "date-time"},
        {"type": "string", "minLength": 500, "maxLength": 500},
        {
            "$defs": {
                "node": {
                    "type": "object",
                    "properties": {"next": {"$ref": "#/$defs/node"}, "value": {"type": "integer"}},
                    "required": ["value"],
                }
            },
            "$ref": "#/$defs/node",
        },
        True,
        {},
    ],
)
def test_value_fits_schema_with(schema: Any) -> None:
    for seed in range(50):
        value = fit(schema, seed)
        Draft202012Validator(schema).validate(value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | FINITE | st.text(),
        lambda c: st.lists(c) | st.dictionaries(st.sampled_from(KEYWORDS) | st.text(), c),
        max_leaves=20,
    ),
    SEEDS,
)
def test_any_json_as_schema_ends_well(schema: Any, seed: int) -> None:
    json.dumps(fit(schema, seed), allow_nan=False)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 10**12},
        {"type": "string", "pattern": "a{999999}"},
        {"type": "string", "pattern": "((((a{99}){99}){99}){99}){99}"},
        {"type": "array", "minItems": 10**12},
        {"type": "array", "minItems": 10**5, "items": {"type": "array", "minItems": 10**5}},
        {"type": "object", "minProperties": 10**12},
        {"type": "number", "minimum": 1e308, "multipleOf": 1e-308},
        {"$defs": {"x": {"$ref": "#/$defs/x"}}, "$ref": "#/$defs/x"},
        {"$defs": {"x": {"anyOf": [{"$ref": "#/$defs/x"}] * 9}}, "$ref": "#/$defs/x"},
        {"$defs": {"x": {"allOf": [{"$ref": "#/$defs/x"}] * 9}}, "$ref": "#/$defs/x"},
    ],
)
def test_a_hostile_schema_costs_little(schema: Any) -> None:
    began = time.process_time()
    written = json.dumps(fit(schema, 1), allow_nan=False)
    assert time.process_time() - began < 1.0
    assert len(written) < 1_000_000


@given(st.sampled_from(PATTERNS), SEEDS)
def test_string_matches_its_pattern(pattern: str, seed: int) -> None:
    made = string_matching(pattern, Dice(seed))
    assert made is not None
    assert re.search(pattern, made)


@settings(max_examples=300)
@given(st.text(alphabet="ab01[](){}*+?|^$\\.-,dwsDWS<>P:=!", max_size=12), SEEDS)
def test_any_text_as_pattern_ends_well(pattern: str, seed: int) -> None:
    made = string_matching(pattern, Dice(seed))
    assert made is None or re.search(pattern, made)
