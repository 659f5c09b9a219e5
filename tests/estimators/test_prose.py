"""A text rule gives the fewest and the most tokens of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.contracts import store
from tokenassay.contracts.catalog import TextRule
from tokenassay.estimators.prose import ProseCounter

RULES = store.text_rules()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@given(st.text(max_size=200))
def test_the_fewest_are_no_more_than_the_most(rule: TextRule, text: str) -> None:
    fewest, most = ProseCounter(rule, "fewest").count(text), ProseCounter(rule, "most").count(text)
    assert 0 <= fewest <= most
    assert (most == 0) == (text == "")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@given(st.text(max_size=50), st.text(max_size=50))
def test_more_text_is_no_fewer_tokens(rule: TextRule, text: str, more: str) -> None:
    for counter in (ProseCounter(rule, "fewest"), ProseCounter(rule, "most")):
        assert counter.count(text) <= counter.count(text + more)
        assert counter.count_many([text, more]) == [counter.count(text), counter.count(more)]


def test_the_page_of_2024_puts_a_token_at_1_8_to_2_chinese_characters() -> None:
    rule = RULES["qwen-2024"]
    assert ProseCounter(rule, "fewest").count("字" * 36) == 18
    assert ProseCounter(rule, "most").count("字" * 36) == 20
    assert ProseCounter(rule, "fewest").count("letters here") == 3
    assert ProseCounter(rule, "most").count("letters here") == 4
