"""Every lie of the mock's meter is found in its logs, whatever their form; an honest one never."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from tests.conformance.mock.compat import OF_2024, OF_2026, Compat
from tests.estimators.bills import traffic
from tests.estimators.bills.traffic import NATIVE, OPENAI, Talk, Writer
from tokenassay.conformance.mock import make_app
from tokenassay.conformance.mock.lies.registry import tellable_lies
from tokenassay.contracts import store
from tokenassay.contracts.store import Contract, load_edition
from tokenassay.estimators.bills.judging import Judged
from tokenassay.estimators.bills.reconciling import Reconciled, reconcile
from tokenassay.estimators.bills.weighing import Terms

NEW = "qwen-dashscope@2026"
CALLS = 48

HONEST_SEEDS = 20

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
    told = tellable_lies(load_edition(edition))
    return [lie.name for lie in told if lie.family == "metering" or lie.hooks.meter is not None]


NATIVE_FORMS: list[Writer] = [traffic.as_pairs, traffic.as_har]
OPENAI_FORMS: list[Writer] = [
    *NATIVE_FORMS,
    traffic.as_batch,
    traffic.as_order,
    traffic.as_ids,
    traffic.as_litellm,
    traffic.as_spend_log,
]
WAYS = [(NATIVE, form) for form in NATIVE_FORMS]
WAYS += [(NEW, form) for form in NATIVE_FORMS]
WAYS += [(OPENAI, form) for form in OPENAI_FORMS]


def test_every_lie_with_a_size_is_told_somewhere() -> None:
    tried = {lie for edition in (NATIVE, NEW, OPENAI) for lie in lies_of(edition)}
    assert tried == SIZES.keys()


@pytest.mark.parametrize("edition", sorted(store.headers()))
def test_every_lie_of_the_meter_is_found_in_every_edition(edition: str, tmp_path: Path) -> None:
    """The list is the mock's own: a lie that is added is tried, and none is left out."""
    lies = metering(edition)
    assert lies
    missed = [lie for lie in lies if not is_wrong(everything(edition, lie), edition, tmp_path)]
    assert not missed


@pytest.mark.parametrize("edition", sorted(store.headers()))
def test_an_honest_meter_is_never_accused(edition: str, tmp_path: Path) -> None:
    assert not is_wrong(everything(edition, None), edition, tmp_path)
    for seed in range(1, HONEST_SEEDS):
        asked = traffic.bodies(edition, CALLS, seed)
        found = reconciled(traffic.talks(edition, asked), edition, tmp_path)
        for model in found.models:
            assert (model.verdict, model.wrong_calls) == ("agrees", 0), (seed, model.why)
            assert model.tally.compared > CALLS // 2


def everything(edition: str, lie: str | None) -> list[Talk]:
    """Calls of every kind that an edition knows."""
    lies = (lie,) if lie else ()
    asked = [*traffic.bodies(edition, CALLS), *traffic.features(edition)]
    return [*traffic.talks(edition, asked, lies=lies), *traffic.documents(edition, lies)]


def reconciled(calls: list[Talk], edition: str, folder: Path) -> Reconciled:
    (name,) = traffic.as_pairs(folder, calls)
    found = reconcile(name, terms=Terms(edition=edition, as_of=day_of(edition)))
    assert (found.calls, found.fault_count, found.uncounted_count) == (len(calls), 0, 0)
    return found


def is_wrong(calls: list[Talk], edition: str, folder: Path) -> bool:
    models = reconciled(calls, edition, folder).models
    return any(model.wrong_calls > 0 or model.findings for model in models)


@pytest.mark.parametrize("edition", [OF_2024, OF_2026])
@pytest.mark.parametrize("lie", [None, "bills_batches_at_live_price"])
def test_a_batch_is_held_to_its_own_files(edition: str, lie: str | None, tmp_path: Path) -> None:
    """The one lie about bills that is not of the meter's family: it is told in batches alone."""
    app = make_app([Contract(load_edition(edition))], (lie,) if lie else ())
    client = Compat(app, edition, traffic.model_of(edition))
    lines = [
        {"custom_id": f"{at}", "method": "POST", "url": "/v1/chat/completions", "body": body}
        for at, (body, stream) in enumerate(traffic.bodies(edition, CALLS))
        if not stream
    ]
    end = client.finished(client.batch(lines))
    names = [tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "err.jsonl"]
    names[0].write_text("\n".join(map(json.dumps, lines)), "utf-8")
    for name, id in zip(names[1:], (end["output_file_id"], end["error_file_id"]), strict=True):
        name.write_bytes(client.client.get(f"/files/{id}/content").content)
    terms = Terms(edition=edition, as_of=day_of(edition))
    found = reconcile(str(names[0]), list(map(str, names[1:])), terms)
    assert (found.joined_by, found.calls, found.alone) == ("custom_id", len(lines), [])
    (model,) = found.models
    assert model.verdict == ("inflated" if lie else "agrees"), model.why


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
