"""Contract files of one's own: what they may say, and how a mistake in one is told."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tokenassay.contracts import clauses as c
from tokenassay.contracts import store
from tokenassay.contracts.errors import ContractError, UnknownEdition, UnknownModel

OWN = """\
edition: my-gateway@2026
extends: qwen-openai@2026
title: My gateway
date: "2026-03"
endpoint:
  base_url: https://gateway.example.com/v1
  key_env: MY_KEY
drop: [documents.*, stop.token_ids]
sources:
  mine:
    provider: Example
    title: Notes of the gateway
    published: "2026-03"
    trust: document
models: [qwen-plus, my-model]
---
clauses:
- kind: range
  id: top_p.range
  level: must
  text: top_p is above 0 and at most 0.9 here.
  family: parameters
  source: mine § Limits
  error: error.invalid_parameter
  parameter: top_p
  interval: (0, 0.9]
- kind: behaviour
  id: mine.quiet
  level: unspecified
  text: Whether usage is sent is not said.
  family: metering
  source: mine
  readings: [It is sent., It is not.]
  behaviour: usage_present
model_rows:
- id: my-model
  family: mine
  tokenizer: null
  text_rule: qwen-2024
  alias_of: qwen-plus
  prices:
  - source: mine § Prices
    since: "2026-03"
    region: example
    currency: CNY
    tiers:
    - {up_to_input_tokens: 1000, input_per_1k: "0.001", output_per_1k: "0.002"}
    - {input_per_1k: "0.003", output_per_1k: "0.004"}
  templates:
  - {profile: chatml, basis: modelled, source: mine, since: "2026"}
"""


@dataclasses.dataclass(frozen=True)
class Mistake:
    """One change to a good file, and where the complaint must point."""

    what: str
    old: str
    new: str
    field: str
    says: str
    at: str | None = None
    """A piece of the line that must be named; the new text where absent."""


MISTAKES = [
    Mistake("an unknown field of a clause", "interval: (0, 0.9]", "intervall: (0, 0.9]",
            "clauses[0].intervall", "expected a known field"),
    Mistake("an interval that is none", "interval: (0, 0.9]", "interval: 0 to 0.9",
            "clauses[0].interval", "expected an interval such as '[0, 2)'"),
    Mistake("an interval that holds nothing", "interval: (0, 0.9]", "interval: (0.9, 0)",
            "clauses[0].interval", "expected an interval that holds something"),
    Mistake("a range without an interval", "  interval: (0, 0.9]\n", "",
            "clauses[0].interval", "expected 'interval' or 'by_model'", at="- kind: range"),
    Mistake("a number for an interval", "interval: (0, 0.9]", "interval: 0.9",
            "clauses[0].interval", "Expected `str | null`, got `float`"),
    Mistake("an unknown kind", "- kind: range", "- kind: rang",
            "clauses[0].kind", "Invalid value 'rang'"),
    Mistake("an unknown level", "level: must", "level: maybe",
            "clauses[0].level", "Invalid enum value 'maybe'"),
    Mistake("a source that is none", "source: mine § Limits", "source: theirs § Limits",
            "clauses[0].source", "got 'theirs'"),
    Mistake("an error row that is none", "error: error.invalid_parameter", "error: error.gone",
            "clauses[0].error", "got 'error.gone'"),
    Mistake("an id that stands twice", "id: mine.quiet", "id: top_p.range",
            "clauses[1].id", "'top_p.range' stands twice"),
    Mistake("an unknown behaviour", "behaviour: usage_present", "behaviour: be_good",
            "clauses[1].behaviour", "expected a known behaviour, got 'be_good'"),
    Mistake("an open question without readings", "  readings: [It is sent., It is not.]\n", "",
            "clauses[1].readings", "expected the readings", at="- kind: behaviour"),
    Mistake("a missing text", "  text: Whether usage is sent is not said.\n", "",
            "clauses[1]", "missing required field `text`", at="- kind: behaviour"),
    Mistake("a text where a list is due", "readings: [It is sent., It is not.]",
            "readings: It depends.", "clauses[1].readings", "Expected `array`, got `str`"),
    Mistake("a key that stands twice", "  family: metering\n",
            "  family: metering\n  family: streams\n", "", "'family' stands here twice",
            at="family: streams"),
    Mistake("YAML that is none", "- kind: behaviour", "- kind: [behaviour",
            "", "not valid YAML", at="id: mine.quiet"),
    Mistake("an edition that is not there", "extends: qwen-openai@2026",
            "extends: qwen-openai@1999", "extends", "no edition 'qwen-openai@1999'"),
    Mistake("a dropped clause that is not there", "stop.token_ids]", "stop.tokens]",
            "drop[1]", "got 'stop.tokens'"),
    Mistake("a date that is none", 'date: "2026-03"', 'date: "spring 2026"',
            "date", "expected a date such as 2024"),
    Mistake("a month that is none", 'date: "2026-03"', 'date: "2026-13"',
            "date", "expected a day of the calendar"),
    Mistake("an unknown trust", "trust: document", "trust: hearsay",
            "sources.mine.trust", "Invalid enum value 'hearsay'"),
    Mistake("an unknown field of the head", "title: My gateway", "tittle: My gateway",
            "tittle", "expected a known field"),
    Mistake("a model's text rule that is none", "text_rule: qwen-2024", "text_rule: qwen-1999",
            "model_rows[0].text_rule", "got 'qwen-1999'"),
    Mistake("an alias that leads nowhere", "alias_of: qwen-plus", "alias_of: qwen-plural",
            "model_rows[0].alias_of", "got 'qwen-plural'"),
    Mistake("a price's source that is none", "source: mine § Prices", "source: rumour",
            "model_rows[0].prices[0].source", "got 'rumour'"),
    Mistake("a price that is none", 'output_per_1k: "0.004"', "output_per_1k: cheap",
            "model_rows[0].prices[0].tiers[1].output_per_1k", "Invalid decimal string"),
    Mistake("a price below nothing", 'output_per_1k: "0.004"', 'output_per_1k: "-0.004"',
            "model_rows[0].prices[0].tiers[1].output_per_1k", "expected a price of 0 or more"),
    Mistake("tiers out of order", "- {input_per_1k: \"0.003\"",
            "- {up_to_input_tokens: 500, input_per_1k: \"0.003\"",
            "model_rows[0].prices[0].tiers[1].up_to_input_tokens",
            "expected more than 1000, got 500"),
    Mistake("a tier that ends where the one before does", "- {input_per_1k: \"0.003\"",
            "- {up_to_input_tokens: 1000, input_per_1k: \"0.003\"",
            "model_rows[0].prices[0].tiers[1].up_to_input_tokens",
            "expected more than 1000, got 1000"),
    Mistake("an open tier before the last", "- {up_to_input_tokens: 1000, input_per_1k: \"0.001\"",
            "- {input_per_1k: \"0.001\"", "model_rows[0].prices[0].tiers[0]",
            "in every tier but the last"),
    Mistake("a row that ends before it begins", 'basis: modelled, source: mine, since: "2026"',
            'basis: modelled, source: mine, since: "2026", until: "2025"',
            "model_rows[0].templates[0].until", "expected a day after 2026, got 2025"),
    Mistake("a day that is none", 'basis: modelled, source: mine, since: "2026"',
            'basis: modelled, source: mine, since: "2026-02-30"',
            "model_rows[0].templates[0].since", "expected a day of the calendar"),
    Mistake("an unknown template", "profile: chatml,", "profile: chatmail,",
            "model_rows[0].templates[0].profile", "got 'chatmail'"),
    Mistake("an unknown second template", "profile: chatml,", "profile: chatml, also: [chatmail],",
            "model_rows[0].templates[0].also", "got 'chatmail'"),
    Mistake("an exact row of two templates", "profile: chatml, basis: modelled",
            "profile: chatml, also: [bare], basis: exact",
            "model_rows[0].templates[0].also", "expected none beside the basis 'exact'"),
    Mistake("a model that stands twice", "model_rows:\n",
            "model_rows:\n- {id: my-model, family: mine, tokenizer: null}\n",
            "model_rows[1].id", "'my-model' stands twice", at="- id: my-model"),
]  # fmt: skip


def write(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def line_of(text: str, piece: str) -> int:
    """Number of the line that holds ``piece``; of several, the last."""
    return max(n for n, line in enumerate(text.splitlines(), 1) if piece in line)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.what)
@pytest.mark.parametrize("documents", [2, 1])
def test_a_mistake_names_file_line_and_field(
    mistake: Mistake, documents: int, tmp_path: Path
) -> None:
    assert mistake.old in OWN
    text = OWN.replace(mistake.old, mistake.new)
    piece = mistake.at or mistake.new.strip().splitlines()[-1]
    if documents == 1:
        text = text.replace("---\n", "")
    path = write(tmp_path, text)
    with pytest.raises(ContractError) as caught:
        store.load_contract(path)
    error = caught.value
    assert error.file == str(path)
    assert error.field == mistake.field
    assert mistake.says in error.expected
    assert error.line == line_of(text, piece)
    assert "\n" not in str(error)
    assert str(error).startswith(f"{path}:{error.line}: ")


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to every value in nested mappings and lists, the whole aside."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


WHOLE: dict[str, Any] = yaml.safe_load(OWN.replace("---\n", ""))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
ODD = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(place=st.sampled_from(list(places(WHOLE))), value=ODD)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_stands_somewhere_is_taken_or_complained_of(
    place: tuple[Any, ...], value: Any, tmp_path: Path
) -> None:
    data = yaml.safe_load(OWN.replace("---\n", ""))
    parent = data
    for step in place[:-1]:
        parent = parent[step]
    parent[place[-1]] = value
    path = write(tmp_path, yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
    with contextlib.suppress(ContractError):
        store.load_contract(path)


@given(key=st.text(), value=ODD)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_complaint_is_one_line_whatever_is_in_the_file(
    key: str, value: Any, tmp_path: Path
) -> None:
    data = {**WHOLE, "sources": {key: {"provider": value}}}
    path = write(tmp_path, yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
    with pytest.raises(ContractError) as caught:
        store.load_contract(path)
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value.field.startswith("sources")
    assert caught.value.line is not None


@pytest.mark.parametrize("field", ["title", "provider", "surface", "date", "seen", "endpoint"])
def test_a_file_that_extends_nothing_must_say_everything(field: str, tmp_path: Path) -> None:
    whole = {
        "edition": "edition: mine@2026",
        "title": "title: Mine",
        "provider": "provider: example",
        "surface": "surface: openai",
        "date": 'date: "2026"',
        "seen": "seen: 2026-11-21",
        "endpoint": "endpoint: {base_url: https://example.com}",
    }
    path = write(tmp_path, "\n".join(whole.values()) + "\n")
    assert store.load_contract(path).edition.clauses == ()
    del whole[field]
    path = write(tmp_path, "\n".join(whole.values()) + "\n")
    with pytest.raises(ContractError) as caught:
        store.load_contract(path)
    assert caught.value.field == field
    assert caught.value.line == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "expected a mapping"),
        (b"# only a comment\n", "expected a mapping"),
        (b"- a list\n", "expected a mapping"),
        (b"just words\n", "expected a mapping"),
        (b"title: Mine\n", "missing required field `edition`"),
        (b"edition: \xff\xfe\n", "expected UTF-8 text"),
        (b"edition: a\tb: c\n", "not valid YAML"),
        (b"edition: mine\n---\n- 1\n", "Expected `object`, got `array`"),
        (b"edition: !!python/object:os.system {}\n", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_contract(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes(content)
    with pytest.raises(ContractError, match=says.replace("(", r"\(")) as caught:
        store.load_contract(path)
    assert caught.value.file == str(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"none\.yaml"):
        store.load_contract(tmp_path / "none.yaml")
    with pytest.raises(OSError, match="directory"):
        store.load_contract(tmp_path)


@pytest.mark.parametrize("documents", [2, 1])
def test_an_own_file_extends_overrides_and_drops(documents: int, tmp_path: Path) -> None:
    text = OWN if documents == 2 else OWN.replace("---\n", "")
    contract = store.load_contract(write(tmp_path, text))
    edition, base = contract.edition, store.load_edition("qwen-openai@2026")
    assert edition.id == "my-gateway@2026"
    assert edition.extends == base.id
    assert (edition.provider, edition.surface, edition.seen) == ("alibaba", "openai", base.seen)
    assert edition.endpoint.base_url == "https://gateway.example.com/v1"
    dropped = {x.id for x in base.clauses} - {x.id for x in edition.clauses}
    assert "stop.token_ids" in dropped
    assert all(id.startswith("documents.") for id in dropped - {"stop.token_ids"})
    assert len(dropped) > 1
    assert {x.id for x in edition.clauses} - {x.id for x in base.clauses} == {"mine.quiet"}
    interval = edition.parameters("qwen-plus")["top_p"].interval
    assert interval is not None
    assert 0.9 in interval
    assert 1.0 not in interval
    assert str(edition.cite(edition.clause("top_p.range"))) == (
        "Example, Notes of the gateway (2026-03), Limits"
    )
    assert edition.serves("my-model")
    assert not edition.serves("qwen-max")


def test_an_own_file_brings_its_models(tmp_path: Path) -> None:
    [model] = store.load_contract(write(tmp_path, OWN)).models
    assert model.id == "my-model"
    [price] = model.prices
    assert [tier.input_per_1k for tier in price.tiers] == [Decimal("0.001"), Decimal("0.003")]
    assert price.tiers[0].cache_hit_per_1k is None
    with pytest.raises(UnknownModel):
        store.find_model("my-model")


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + OWN.encode())
    assert store.load_contract(path).edition.id == "my-gateway@2026"


def test_line_ends_of_windows_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes(OWN.replace("\n", "\r\n").encode())
    assert store.load_contract(path).edition.get("mine.quiet") is not None


def test_unknown_names_are_told_with_known_ones() -> None:
    with pytest.raises(UnknownEdition, match=r"known: .*qwen-long@2024-10"):
        store.load_edition("qwen-long@1999")
    with pytest.raises(UnknownModel, match="did you mean qwen-plus"):
        store.find_model("Qwen-Plus")
    with pytest.raises(UnknownEdition):
        store.load_edition("../models/alibaba")


def test_heads_are_read_without_clauses_and_in_order() -> None:
    heads = store.headers()
    dates = [head.date for head in heads.values()]
    assert dates == sorted(dates, key=str)
    assert set(heads) == {
        "qwen-dashscope@2024-04", "qwen-long@2024-10", "baichuan-dashscope@2024",
        "computevault-gateway@2025", "qwen-dashscope@2026", "qwen-openai@2026",
    }  # fmt: skip
    for id in heads:
        assert store.load_edition(id).id == id


def test_error_rows_for_certain_models_are_found_by_the_clauses_that_name_them() -> None:
    for id in store.headers():
        edition = store.load_edition(id)
        rows = [x for x in edition.clauses if isinstance(x, c.ErrorClause)]
        assert list(edition.errors.values()) == rows
        for clause in edition.clauses:
            if clause.error:
                assert edition.error_for(clause) is not None, clause.id
