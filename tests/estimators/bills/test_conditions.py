"""Meters that are wrong under some condition alone: the condition is named, with the law there."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.estimators.bills import traffic
from tests.estimators.bills.traffic import NATIVE
from tokenassay.conformance.mock.call import Call, Usage
from tokenassay.conformance.mock.stages import Hook, Hooks
from tokenassay.contracts.store import load_edition
from tokenassay.estimators.bills.judging import Judged
from tokenassay.estimators.bills.reconciling import reconcile
from tokenassay.estimators.bills.weighing import Terms
from tokenassay.estimators.tokens import count_tokens

Meter = Callable[[Call, int], int]


def given(meter: Meter) -> Hook[Usage]:
    """A meter of input."""

    def hook(call: Call, usage: Usage) -> Usage:
        tokens = max(0, meter(call, usage.input_tokens))
        total = tokens + usage.output_tokens
        return msgspec.structs.replace(usage, input_tokens=tokens, total_tokens=total)

    return hook


def made(meter: Meter) -> Hook[Usage]:
    """A meter of output."""

    def hook(call: Call, usage: Usage) -> Usage:
        tokens = meter(call, usage.output_tokens)
        total = tokens + usage.input_tokens
        return msgspec.structs.replace(usage, output_tokens=tokens, total_tokens=total)

    return hook


def said(call: Call, *roles: str) -> list[str]:
    messages = (call.request.messages if call.request else None) or ()
    return [message.text for message in messages if not roles or message.role in roles]


def tokens_of(texts: list[str]) -> int:
    return sum(map(count_tokens, texts))


def is_set(call: Call, name: str) -> bool:
    return bool(call.request and call.request.parameters.get(name) is not None)


def asked(count: int = 80) -> list[tuple[dict[str, Any], bool]]:
    """Calls of which every third sets a temperature."""
    found = []
    for number, (body, stream) in enumerate(traffic.bodies(NATIVE, count, faults=False)):
        if number % 3 == 1:
            body["parameters"]["temperature"] = 0.5
        found.append((body, stream))
    return found


def judged(folder: Path, meter: Hook[Usage]) -> Judged:
    calls = traffic.talks(NATIVE, asked(), Hooks(meter=meter))
    (name,) = traffic.as_pairs(folder, calls)
    terms = Terms(edition=NATIVE, as_of=load_edition(NATIVE).date)
    (found,) = reconcile(name, terms=terms).models
    return found


SYSTEM, TURNS = "there is a system message", "there are earlier turns"
CASES: list[tuple[Hook[Usage], str, str]] = [
    (given(lambda c, n: n + 3 * bool(said(c, "system"))), "constant surplus", SYSTEM),
    (given(lambda c, n: n + 6 * (len(said(c, "user")) > 1)), "constant surplus", TURNS),
    (
        given(lambda c, n: n + 2 * is_set(c, "temperature")),
        "constant surplus",
        "temperature is set",
    ),
    (
        given(lambda c, n: n if is_set(c, "max_tokens") else math.ceil(n * 1.2)),
        "inflated",
        "max_tokens is not set",
    ),
    (
        given(lambda c, n: n + 5 * any("\u4e00" <= x <= "\u9fff" for x in "".join(said(c)))),
        "constant surplus",
        "the text has Chinese",
    ),
    (given(lambda c, n: n + 50 * (n > 200)), "constant surplus", "tokens or more"),
    (given(lambda c, n: n - 2 * (n < 60)), "constant surplus", "tokens or fewer"),
    (given(lambda c, n: max(n, 64)), "inflated", "fewer than 64 tokens are billed as 64"),
    (given(lambda c, n: min(n, 200)), "deflated", "more than 200 tokens are billed as 200"),
    (
        given(lambda c, n: n + tokens_of(said(c, "system"))),
        "inflated",
        "what system messages say is billed twice",
    ),
    (
        given(lambda c, n: n - tokens_of(said(c, "assistant"))),
        "deflated",
        "what assistant messages say is not billed",
    ),
    (
        given(lambda c, n: n - tokens_of(said(c)[:-1])),
        "deflated",
        "the earlier turns of a conversation are not billed",
    ),
    (
        given(lambda c, n: n + tokens_of(said(c)[-1:])),
        "inflated",
        "the last message is billed twice",
    ),
    (made(lambda c, n: n + 10 * (n > 50)), "constant surplus", "tokens or more"),
    (made(lambda c, n: min(n, 20)), "deflated", "more than 20 tokens are billed as 20"),
    (made(lambda c, n: n + 4 * bool(said(c, "system"))), "constant surplus", SYSTEM),
]


@pytest.mark.parametrize(("meter", "verdict", "where"), CASES, ids=[case[2] for case in CASES])
def test_where_a_meter_is_wrong_is_told(
    meter: Hook[Usage], verdict: str, where: str, tmp_path: Path
) -> None:
    found = judged(tmp_path, meter)
    assert found.verdict == verdict, found.why
    assert where in found.why
    assert 0 < found.wrong_calls < found.tally.compared or "last message" in where


def test_a_surcharge_of_every_tenth_call_has_no_condition(tmp_path: Path) -> None:
    seen: dict[str, int] = {}

    def every_tenth(call: Call, tokens: int) -> int:
        number = seen.setdefault(call.request_id, len(seen))
        return tokens + 100 * (number % 10 == 9)

    found = judged(tmp_path, given(every_tenth))
    assert found.verdict == "erratic"
    assert "where" not in found.why
    assert "exactly 100 tokens too many in 8 of 80 requests" in found.why
    assert found.wrong_calls == 8


def test_templates_that_part_by_stream_are_a_note(tmp_path: Path) -> None:
    """Either may hold for the model, so it is no proof; that streams cost more is said."""
    edition = "qwen-dashscope@2026"
    dearer = given(lambda call, tokens: tokens + 4 * call.stream)
    asked = traffic.bodies(edition, 60, faults=False)
    (name,) = traffic.as_pairs(tmp_path, traffic.talks(edition, asked, Hooks(meter=dearer)))
    (found,) = reconcile(name, terms=Terms(edition=edition, as_of="2026-01-01")).models
    assert (found.verdict, found.wrong_calls) == ("agrees", 0)
    (note,) = found.notes
    assert "by stream exactly 4 tokens too many" in note


def test_tools_that_are_not_billed_are_found(tmp_path: Path) -> None:
    def bare(call: Call, tokens: int) -> int:
        return 5 + tokens_of(said(call)) if is_set(call, "tools") else tokens

    calls = traffic.talks(NATIVE, traffic.features(NATIVE), Hooks(meter=given(bare)))
    (name,) = traffic.as_pairs(tmp_path, calls)
    found = reconcile(name, terms=Terms(edition=NATIVE, as_of=load_edition(NATIVE).date))
    (model,) = found.models
    assert model.verdict == "deflated"
    assert "far less than they must count" in model.why
