"""The token-count API: ids, pieces and numbers, of texts in every script."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.judging import first_fault
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise, slug
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.sdks import load
from tokenassay.conformance.promises.texts import HELLO, SCRIPTS, written
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.tokens import encode

ODD = ("a", " ", "\n\n", "  two  spaces ", "e\u0301", "0000000000", "��", "👩‍👩‍👧‍👦", "مرحبا")
"""Texts that tokenizers stumble over."""


def has_api(edition: Edition, model: str) -> bool:
    """Whether the edition documents an operation that counts tokens."""
    return any(x.operation == "count_tokens" for x in edition.of_kind(c.EndpointClause, model))


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def count(probe: Probe, text: str) -> tuple[list[Any], list[Any], Any, Exchange]:
    """Ids, pieces and number that the API gives for a text."""
    body: dict[str, Any] = {"model": probe.model, "input": {"prompt": text}, "parameters": {}}
    exchange = probe.accepted(probe.call("count_tokens", json=body))
    output, usage = (_object(_object(exchange.json).get(key)) for key in ("output", "usage"))
    ids, pieces = output.get("token_ids"), output.get("tokens")
    return (
        ids if isinstance(ids, list) else [],
        pieces if isinstance(pieces, list) else [],
        usage.get("input_tokens"),
        exchange,
    )


@builder("endpoint:count_tokens")
def answer_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The operation answers."""
    yield promise(clause, "count_of_tokens_is_answered", _answered, cost=2)


def _answered(probe: Probe, *, clause: c.EndpointClause) -> None:
    for text in (HELLO, SCRIPTS[1][1]):
        _, _, _, exchange = count(probe, text)
        if exchange.content_type != "application/json":
            raise probe.violation(
                "content type application/json", exchange.content_type or "none", exchange
            )


@builder("shape:token_count")
def shape_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The answer has the documented form."""
    yield promise(clause, "token_count_has_the_documented_shape", _shape, cost=10)


def _shape(probe: Probe, *, clause: c.ShapeClause) -> None:
    for _, text in SCRIPTS:
        *_, exchange = count(probe, text)
        fault = first_fault(clause, exchange.json)
        if fault:
            raise probe.violation(f"a body as documented: {clause.text}", fault, exchange)


@builder("behaviour:token_api")
def api_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Number, ids and pieces agree with one another, and with the vocabulary."""
    if not has_api(edition, model):
        return
    yield promise(clause, "count_is_that_of_its_ids_and_pieces", _agree, cost=19)
    yield promise(clause, "pieces_join_to_the_text", _joined, cost=10)
    yield promise(clause, "ids_are_those_of_the_vocabulary", _vocabulary, cost=19)
    yield promise(clause, "any_text_is_counted_alike", _any_text, cost=8)


def _agree(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for text in [*(text for _, text in SCRIPTS), *ODD]:
        ids, pieces, told, exchange = count(probe, text)
        if told != len(ids) or len(pieces) != len(ids):
            raise probe.violation(
                "as many ids and pieces as are counted",
                f"{told} counted, {len(ids)} ids and {len(pieces)} pieces of {written(text)}",
                exchange,
            )


def _joined(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for _, text in SCRIPTS:
        _, pieces, _, exchange = count(probe, text)
        joined = "".join(map(str, pieces))
        # A piece that is a part of a character can't be shown: it comes as U+FFFD.
        if "\ufffd" not in joined and joined != text:
            raise probe.violation(written(text), written(joined), exchange)


def _vocabulary(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for text in [*(text for _, text in SCRIPTS), *ODD]:
        _hold_ids(probe, text)


def _hold_ids(probe: Probe, text: str) -> None:
    if probe.estimate(probe.body()).basis == "approximate":
        raise NotRun(f"there is no local vocabulary for {probe.model}")
    ids, _, told, exchange = count(probe, text)
    wanted = encode(text)
    if ids != wanted or told != len(wanted):
        raise probe.violation(
            f"the {len(wanted)} ids {written(wanted)} of {written(text)}",
            f"{told}: {written(ids)}",
            exchange,
        )


def _any_text(probe: Probe, *, clause: c.BehaviourClause) -> None:
    letters = st.sampled_from("abc XYZ 0123 ,.;\n\t你好世界桥梁🎉éжß")
    texts = st.text(letters, min_size=1, max_size=40)
    probe.search(texts, lambda text: _hold_ids(probe, text), examples=6)


@builder("behaviour:local_tokenizer")
def local_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The tokenizer in the SDK gives the ids of the API."""
    if has_api(edition, model):
        yield promise(
            clause,
            "tokenizer_of_the_sdk_agrees_with_the_api",
            _sdk_tokenizer,
            needs=frozenset({"sdk:dashscope"}),
            cost=4,
        )


def _sdk_tokenizer(probe: Probe, *, clause: c.BehaviourClause) -> None:
    sdk = load(clause.args["sdk"])
    tokenizer = getattr(sdk, clause.args["call"])(clause.args["model"])
    for _, text in (*SCRIPTS[:4], SCRIPTS[6]):
        ids, _, _, exchange = count(probe, text)
        local = list(tokenizer.encode(text))
        if ids != local:
            raise probe.violation(
                f"the SDK's ids {written(local)} of {written(text)}", written(ids), exchange
            )


# ------------------------------------------------------------------------------- examples


@builder("example:tokens", "example:pieces", "example:token_ids")
def example_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The worked figures of the page come out of the API."""
    if has_api(edition, model):
        yield promise(
            clause,
            f"{slug(clause.id)}_comes_out_of_the_api",
            _example,
            title=f"the API counts as the page does: {clause.text}",
        )


def _example(probe: Probe, *, clause: c.ExampleClause) -> None:
    ids, pieces, told, exchange = count(probe, clause.given)
    found = {"tokens": told, "pieces": pieces, "token_ids": ids}[clause.of]
    if found != clause.expected:
        raise probe.violation(
            f"{written(clause.expected)} for {written(clause.given)}", written(found), exchange
        )


@builder("example:prose")
def prose_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """What a rule of thumb comes to with this vocabulary is noted."""
    assert isinstance(clause, c.ExampleClause)
    if has_api(edition, model) and isinstance(clause.given, dict) and "script" in clause.given:
        script = clause.given["script"]
        yield promise(clause, f"{script}_characters_per_token_are_noted", _prose)


def _prose(probe: Probe, *, clause: c.ExampleClause) -> None:
    texts = {"chinese": SCRIPTS[8][1], "latin": SCRIPTS[9][1]}
    text = texts.get(clause.given["script"], HELLO)
    _, _, told, _ = count(probe, text)
    if type(told) is int and told:
        per_token = math.floor(len(text) / told * 100) / 100
        probe.observe(f"{per_token} characters a token, by a text of {len(text)}")
