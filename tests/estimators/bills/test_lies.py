"""Every lie of the mock's meter is found in its logs, whatever their form; an honest one never."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.estimators.bills import traffic
from tests.estimators.bills.traffic import NATIVE, OPENAI, Talk, Writer
from tokenassay.conformance.mock.lies.registry import named_lies, tellable_lies
from tokenassay.contracts.store import load_edition
from tokenassay.estimators.bills.judging import Judged
from tokenassay.estimators.bills.reconciling import reconcile
from tokenassay.estimators.bills.weighing import Terms

NEW = "qwen-dashscope@2026"
CALLS = 48

DOCUMENTS = {"bills_no_documents", "bills_documents_twice"}
"""Of which the traffic here has none: see test_documents."""

SIZES: dict[str, tuple[str, int | None, float | None]] = {
    "overcounts_input_by_one": ("constant surplus", 1, 1.0),
    "undercounts_input_by_one": ("constant surplus", -1, 1.0),
    "overcounts_output_by_one": ("constant surplus", 1, 1.0),
    "doubles_output": ("inflated", 0, 2.0),
    "inflates_usage_by_a_tenth": ("inflated", 0, 1.1),
    "rounds_usage_up_to_hundreds": ("inflated", None, None),
    "bills_a_hidden_system_prompt": ("constant surplus", 19, 1.0),
    "bills_earlier_turns_twice": ("inflated", None, None),
    "bills_characters": ("other tokenizer", None, None),
    "bills_max_tokens": ("inflated", None, None),
    "bills_more_in_streams": ("recounted by stream", 3, 1.0),
    "bills_less_in_streams": ("recounted by stream", 2, 1.0),
    "swaps_input_and_output": ("swapped", None, None),
    "usage_is_zero": ("deflated", None, 0.0),
    "total_does_not_add_up": ("constant surplus", None, None),
    "total_is_output_only": ("deflated", None, None),
    "usage_missing": ("unmetered", None, None),
    "usage_is_null": ("unmetered", None, None),
    "bills_one_choice_only": ("deflated", None, None),
    "bills_errors": ("errors billed", None, None),
}
"""Verdict, and where one number says it the constant and the factor."""

WITHOUT_STREAMS = {"bills_less_in_streams": ("constant surplus", 2, 1.0)}
"""In logs that hold no streams."""

SIDE = {"overcounts_output_by_one": "output", "doubles_output": "output"}
SIDE |= {"bills_more_in_streams": "output"}


@cache
def told(edition: str, lie: str | None) -> tuple[Talk, ...]:
    lies = (lie,) if lie else ()
    return tuple(traffic.talks(edition, traffic.bodies(edition, CALLS), lies=lies))


def judged(writer: Writer, edition: str, lie: str | None, folder: Path) -> Judged:
    files = writer(folder, list(told(edition, lie)))
    found = reconcile(files[0], files[1:], Terms(edition=edition, as_of=day_of(edition)))
    assert not found.fault_count
    assert not found.uncounted_count
    assert not found.alone
    (model,) = found.models
    return model


def day_of(edition: str) -> str:
    return load_edition(edition).date


def lies_of(edition: str) -> list[str]:
    return [lie for lie in metering(edition) if lie in SIZES]


def metering(edition: str) -> list[str]:
    """The lies of the meter that an edition's server can tell."""
    known = {lie.name for lie in named_lies() if lie.family == "metering"}
    return [lie.name for lie in tellable_lies(load_edition(edition)) if lie.name in known]


NATIVE_FORMS: list[Writer] = [traffic.as_pairs, traffic.as_har]
OPENAI_FORMS: list[Writer] = [
    *NATIVE_FORMS,
    traffic.as_batch,
    traffic.as_order,
    traffic.as_litellm,
    traffic.as_spend_log,
]
WAYS = [(NATIVE, form) for form in NATIVE_FORMS]
WAYS += [(NEW, form) for form in NATIVE_FORMS]
WAYS += [(OPENAI, form) for form in OPENAI_FORMS]


def test_every_lie_with_a_size_is_told_somewhere() -> None:
    tried = {lie for edition in (NATIVE, NEW, OPENAI) for lie in lies_of(edition)}
    assert tried == SIZES.keys()


@pytest.mark.parametrize("edition", [NATIVE, OPENAI])
def test_finer_lies_are_found_where_calls_have_what_they_are_about(
    edition: str, tmp_path: Path
) -> None:
    asked = [*traffic.bodies(edition, CALLS), *traffic.features(edition)]
    for lie in (None, *(lie for lie in metering(edition) if lie not in SIZES.keys() | DOCUMENTS)):
        calls = traffic.talks(edition, asked, lies=(lie,) if lie else ())
        (name,) = traffic.as_pairs(tmp_path, calls)
        (found,) = reconcile(name, terms=Terms(edition=edition, as_of=day_of(edition))).models
        wrong = found.wrong_calls > 0 or bool(found.findings)
        assert wrong == (lie is not None), (lie, found.why, found.verdict)


@pytest.mark.parametrize(("edition", "form"), WAYS)
def test_an_honest_meter_agrees(edition: str, form: Writer, tmp_path: Path) -> None:
    found = judged(form, edition, None, tmp_path)
    assert (found.verdict, found.wrong_calls, found.findings) == ("agrees", 0, ()), found.why
    assert found.tally.compared > CALLS // 2
    assert [tuple(drift) for drift in found.drift.values()] == [(0, 1.0, 0.0)] * 2
    money = found.tally.bill.to_dict(found.kinds)["amounts"]
    assert all(amounts["overpaid"] == "0" for amounts in money.values())


@pytest.mark.parametrize(("edition", "form"), WAYS)
def test_every_lie_is_found_with_its_size(edition: str, form: Writer, tmp_path: Path) -> None:
    streams = form in (traffic.as_pairs, traffic.as_har)
    for lie in lies_of(edition):
        found = judged(form, edition, lie, tmp_path)
        wanted = SIZES[lie]
        if not streams:
            wanted = WITHOUT_STREAMS.get(lie, wanted)
        verdict, constant, factor = wanted
        assert found.verdict == verdict, (lie, found.why)
        assert found.wrong_calls > 0, lie
        drift = found.drift.get("output" if lie in SIDE else "input")
        if factor is not None:
            assert drift is not None, lie
            assert drift.factor == factor, lie
            assert constant is None or (drift.constant or 0) == constant, lie


def test_money_is_what_the_lie_costs(tmp_path: Path) -> None:
    honest = judged(traffic.as_pairs, NATIVE, None, tmp_path)
    dear = judged(traffic.as_pairs, NATIVE, "doubles_output", tmp_path)
    due = honest.tally.bill.to_dict(honest.kinds)["amounts"]["CNY"]
    billed = dear.tally.bill.to_dict(dear.kinds)["amounts"]["CNY"]
    assert billed["due"] == due["billed"]
    assert float(billed["overpaid"]) > 0
