"""Names of models: what patterns cover, and what the form of a name tells of a model."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.contracts import soundness, store
from tokenassay.contracts.catalog import Model, ModelList, Version
from tokenassay.contracts.errors import UnknownModel
from tokenassay.contracts.names import covered, read_name

VERSIONS = [
    pytest.param(listed, version, id=version.names[:40])
    for listed in store.model_lists()
    for version in listed.versions
]


@pytest.mark.parametrize(
    ("patterns", "name", "expected"),
    [
        (("qwen-plus",), "qwen-plus", True),
        (("qwen-plus",), "qwen-plus-2025", False),
        (("qwen-plus-*",), "qwen-plus", False),
        (("qwen-plus-*",), "qwen-plus-2025", True),
        (("a", "qwen*"), "qwen", True),
        ((), "qwen", False),
    ],
)
def test_patterns(patterns: tuple[str, ...], name: str, expected: bool) -> None:
    assert covered(patterns, name) is expected


@pytest.mark.parametrize(("listed", "version"), VERSIONS)
def test_forms_of_names_lead_somewhere(listed: ModelList, version: Version) -> None:
    groups = re.compile(version.names).groupindex
    assert version.like in store.models() or (version.like is None and "like" in groups)
    row = Model(id="x", family="x", tokenizer=None, templates=version.templates)
    problem = soundness.first_problem(
        [row], sources=listed.sources, profiles=store.profiles(), rules=store.text_rules()
    )
    assert problem is None


@pytest.mark.parametrize("model", sorted(store.models()))
def test_a_row_stands_above_the_form_of_its_name(model: str) -> None:
    assert store.find_model(model) is store.models()[model]


@pytest.mark.parametrize(
    ("name", "like", "snapshot"),
    [
        ("qwen-max-2024-09-19", "qwen-max", "2024-09-19"),
        ("qwen-plus-2025-07-28", "qwen-plus", "2025-07-28"),
        ("qwen-turbo-2024-11-01", "qwen-turbo", "2024-11-01"),
        ("qwen3.5-plus-2026-02-15", "qwen3.5-plus", "2026-02-15"),
        ("qwen-max-0428", "qwen-max", None),
        ("qwen-plus-latest", "qwen-plus", None),
        ("qwen2.5-72b-instruct", "qwen-max", None),
        ("qwen2-7b-instruct", "qwen-max", None),
        ("qwen1.5-110b-chat", "qwen-max", None),
        ("qwen-72b-chat", "qwen-max", None),
        ("qwen3-8b", "qwen-plus", None),
        ("qwen3-next-80b-a3b-instruct", "qwen-max", None),
        ("qwq-32b", "qwen-max", None),
        ("qwen-vl-max-2025-04-08", "qwen3-vl-plus", None),
    ],
)
def test_the_form_of_a_name(name: str, like: str, snapshot: str | None) -> None:
    found = store.find_model(name)
    assert (found.id, found.like, found.snapshot) == (name, like, snapshot)
    assert found.tokenizer == store.models()[like].tokenizer
    assert [found.sizes, found.prices, found.free_quota] == [(), (), ()]
    assert {row.basis for row in found.templates} == {"modelled"}
    assert found.note


def test_thinking_by_the_form_of_a_name() -> None:
    thinking = {
        name: (found.thinking, found.thinking_default)
        for name in (
            "qwen3-8b",
            "qwen3-30b-a3b-thinking-2507",
            "qwen2.5-7b-instruct",
            "qwen-plus-latest",
        )
        if (found := store.find_model(name))
    }
    assert thinking == {
        "qwen3-8b": ("optional", True),
        "qwen3-30b-a3b-thinking-2507": ("always", False),
        "qwen2.5-7b-instruct": ("never", False),
        "qwen-plus-latest": ("optional", False),
    }


@pytest.mark.parametrize(
    "name",
    [
        "qwen-turbo-",
        "qwen-plus-2025-13-01",
        "qwen-plus-2025-02-30",
        "qwen-plus-2025-07-28x",
        "qwen-plux-2025-07-28",
        "qwen2.5-9b-instruct",
        "Qwen3-8b",
        "qwen3-8b\n",
        "",
    ],
)
def test_a_slip_of_the_pen_stays_unknown(name: str) -> None:
    with pytest.raises(UnknownModel):
        store.find_model(name)


@given(st.text(max_size=40))
def test_any_name_is_known_or_not(name: str) -> None:
    found = store.look_up(name)
    assert found is None or found[1].id == name


def test_the_first_form_tells_unless_it_is_like_nothing_known() -> None:
    base = store.models()["qwen-max"]
    lost = Version(names="m.*", like="no-such-model", note="lost")
    first = Version(names="(?P<like>m).*", note="first")
    second = Version(names="mm", like="qwen-max", note="second")
    known = {"qwen-max": base, "m": base}
    found = read_name("mm", (lost, first, second), known)
    assert found is not None
    assert (found.note, found.like) == ("first", base.id)
    assert read_name("x", (lost, first, second), known) is None
