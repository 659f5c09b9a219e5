"""Each thing that a gateway may do is found and named, and an honest one is cleared."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.conformance.tap.gateways import (
    NATIVE,
    OPENAI,
    Body,
    Misdeed,
    aspect,
    gateway,
    passage,
    tapped,
)
from tokenassay.conformance.tap.asks import UNKNOWN, asks
from tokenassay.conformance.tap.findings import Case, Tap
from tokenassay.conformance.tap.tapping import INTERRUPTED, Front, tap
from tokenassay.conformance.tap.upstream import listening
from tokenassay.contracts.store import Contract, load_edition

TEMPERATURE: Final = ("temperature",)


def cases(found: Tap, fate: str) -> dict[str, list[Case]]:
    """Cases of a fate by parameter."""
    seen = {p.parameter: [c for c in p.cases if c.fate == fate] for p in found.parameters}
    return {parameter: those for parameter, those in seen.items() if those}


def touched(found: Tap) -> set[str]:
    """All that was found to be changed: parameters by name, other matters by theirs."""
    changed = {p.parameter for p in found.parameters if any(c.touched for c in p.cases)}
    return changed | {a.about for a in found.aspects if a.touched}


# ------------------------------------------------------------------------------- honest


@pytest.mark.parametrize("edition", [OPENAI, NATIVE, "computevault-gateway@2025"])
def test_a_clean_gateway_is_cleared(edition: str) -> None:
    found = tapped(edition=edition)
    assert touched(found) == set()
    assert found.verdict == "untouched"
    assert found.not_sent == 0
    assert found.model_arrived == found.model
    assert {fate for p in found.parameters for fate in p.fates} == {"forwarded"}
    said = {(a.about, a.verdict) for a in found.aspects}
    assert {("prompt", "as sent"), ("key", "passed on"), ("usage", "passed")} <= said
    assert {a.verdict for a in found.aspects if a.about == "errors"} == {"passed"}


def test_every_parameter_of_the_edition_is_tried_at_and_around_its_ends() -> None:
    edition = load_edition(OPENAI)
    made = list(asks(edition, edition, "qwen-plus", 0))
    tried = {ask.about for ask in made}
    known = {p.name for p in edition.parameters("qwen-plus").values() if "." not in p.name}
    assert known - tried == {"model", "messages", "stream"}
    sent = [ask.parameters["temperature"] for ask in made if ask.about == "temperature"]
    assert {0, 2, 1.9999999999999998, 2.0000000000000004, "0.6"} <= set(sent)


# ------------------------------------------------------------------------------- parameters


def changing(**changes: Callable[[Any], Any]) -> Misdeed:
    """Changes values of parameters on their way."""

    def request(body: Body) -> Body:
        return {k: changes[k](v) if k in changes else v for k, v in body.items()}

    return Misdeed(request=request)


def numbers_only(change: Callable[[float], float]) -> Callable[[Any], Any]:
    return lambda value: change(value) if isinstance(value, int | float) else value


def test_a_clamp_is_found_with_its_bounds() -> None:
    found = tapped(
        changing(temperature=numbers_only(lambda v: min(max(v, 0.1), 1.0))), about=TEMPERATURE
    )
    assert touched(found) == {"temperature"}
    clamped = passage(found, "temperature")
    assert (clamped.at_least, clamped.at_most) == (0.1, 1.0)
    assert {case.fate for case in clamped.cases} == {"forwarded", "clamped"}
    assert {case.arrived for case in clamped.cases if case.fate == "clamped"} == {0.1, 1.0}


def test_a_clamp_of_one_side_leaves_the_other_alone() -> None:
    found = tapped(changing(max_tokens=numbers_only(lambda v: min(v, 100))), about=("max_tokens",))
    assert touched(found) == {"max_tokens"}
    assert (passage(found, "max_tokens").at_least, passage(found, "max_tokens").at_most) == (
        None,
        100,
    )


@pytest.mark.parametrize(
    "change", [lambda v: v / 2, lambda v: round(v), lambda v: 0.7 if v > 1.9 else v]
)
def test_what_no_bound_explains_is_no_clamp(change: Callable[[float], float]) -> None:
    found = tapped(changing(temperature=numbers_only(change)), about=TEMPERATURE)
    assert touched(found) == {"temperature"}
    assert "clamped" not in passage(found, "temperature").fates
    assert "converted" in passage(found, "temperature").fates


def test_another_type_is_a_conversion() -> None:
    found = tapped(changing(seed=str), about=("seed",))
    case, *_ = cases(found, "converted")["seed"]
    assert isinstance(case.sent, int)
    assert case.arrived == str(case.sent)
    assert touched(found) == {"seed"}


def test_a_number_written_otherwise_is_the_same_number() -> None:
    found = tapped(changing(top_k=numbers_only(float)), about=("top_k",))
    assert touched(found) == set()


def test_dropped_parameters_are_found() -> None:
    gone = ("top_k", UNKNOWN)
    found = tapped(
        Misdeed(request=lambda b: {k: v for k, v in b.items() if k not in gone}),
        kinds=("parameter",),
    )
    assert set(cases(found, "dropped")) == set(gone) == touched(found)


def test_a_default_and_an_invention_are_told_apart() -> None:
    found = tapped(
        Misdeed(request=lambda b: {"max_tokens": 512, "user": "gw", **b}), kinds=("conversation",)
    )
    (default,) = cases(found, "defaulted")["max_tokens"]
    (invented,) = cases(found, "invented")["user"]
    assert (default.arrived, invented.arrived) == (512, "gw")
    assert len(invented.requests) == len(found.trips)
    assert touched(found) == {"max_tokens", "user"}


def test_another_name_is_found() -> None:
    def request(body: Body) -> Body:
        return {"max_output" if k == "max_tokens" else k: v for k, v in body.items()}

    found = tapped(Misdeed(request=request), about=("max_tokens",))
    assert {case.under for case in cases(found, "renamed")["max_tokens"]} == {"max_output"}
    assert passage(found, "max_tokens").fates == ("renamed",)
    assert touched(found) == {"max_tokens"}


def test_native_parameters_are_seen_where_they_stand() -> None:
    def request(body: Body) -> Body:
        parameters = {k: v for k, v in body["parameters"].items() if k != "top_k"}
        return {**body, "parameters": {**parameters, "assay": 1}, "trace": "x"}

    found = tapped(Misdeed(request=request), NATIVE, about=("top_k",))
    assert set(cases(found, "dropped")) == {"top_k"}
    assert set(cases(found, "invented")) == {"assay", "trace"}


@pytest.mark.parametrize(
    ("refused", "legal"), [({"top_k"}, True), ({"temperature"}, False)], ids=["legal", "illegal"]
)
def test_a_refusal_of_its_own_counts_where_the_documents_allow_the_value(
    refused: set[str], legal: bool
) -> None:
    def before(body: Body) -> tuple[int, Body] | None:
        given = {k: v for k, v in body.items() if k in refused}
        wrong = any(
            legal or not isinstance(v, int | float) or not 0 <= v < 2 for v in given.values()
        )
        return (422, {"error": {"code": "no", "message": "not here"}}) if given and wrong else None

    found = tapped(Misdeed(before=before), about=refused)
    (name,) = refused
    assert set(cases(found, "refused")) == refused
    assert {case.note for case in cases(found, "refused")[name]} == {"422 no"}
    assert touched(found) == (refused if legal else set())


# ------------------------------------------------------------------------------- what is said


def say(text: str, role: str = "system") -> Body:
    return {"role": role, "content": text}


def messages(change: Callable[[list[Body]], list[Body]]) -> Misdeed:
    return Misdeed(request=lambda body: {**body, "messages": change(body["messages"])})


def test_a_system_message_is_found_with_its_size() -> None:
    found = tapped(
        messages(lambda said: [say("Be polite, always."), *said]), kinds=("conversation",)
    )
    added = aspect(found, "prompt", "system message added")
    assert added.details == {"role": "system", "text": "Be polite, always.", "tokens": 5}
    assert touched(found) == {"prompt"}


def test_text_in_a_users_message_is_found() -> None:
    def change(said: list[Body]) -> list[Body]:
        last = said[-1]
        if not isinstance(last["content"], str):
            return said
        return [*said[:-1], {**last, "content": last["content"] + " Be brief!"}]

    found = tapped(messages(change), kinds=("conversation",))
    assert aspect(found, "prompt", "text added").details["text"] == " Be brief!"
    assert touched(found) == {"prompt"}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda said: said[::-1], "reordered"),
        (lambda said: said[-1:], "message removed"),
        (lambda said: [*said[:-1], {**said[-1], "content": "Say nothing."}], "message changed"),
        (lambda said: [*said, say("And?", "user")], "message added"),
        (
            lambda said: [{k: v for k, v in m.items() if k != "name"} for m in said],
            "fields changed",
        ),
        (
            lambda said: [
                {
                    **m,
                    "content": m["content"].strip()
                    if isinstance(m["content"], str)
                    else m["content"],
                }
                for m in said
            ],
            "message changed",
        ),
    ],
)
def test_other_changes_of_what_is_said_are_named(
    change: Callable[[list[Body]], list[Body]], verdict: str
) -> None:
    found = tapped(messages(change), kinds=("conversation",))
    assert aspect(found, "prompt", verdict)
    assert touched(found) == {"prompt"}


# ------------------------------------------------------------------------------- key, model


def test_a_replaced_key_and_a_leaked_one_are_found_and_neither_is_shown() -> None:
    secret = "sk-private-48151623"

    def headers(given: dict[str, str]) -> dict[str, str]:
        return {**given, "authorization": "Bearer sk-own-1", "x-caller": given["authorization"]}

    found = tapped(Misdeed(headers=headers), key=secret, secrets=(secret,), kinds=())
    assert aspect(found, "key", "replaced")
    assert aspect(found, "key", "leaked").details == {"place": "x-caller"}
    assert touched(found) == {"key"}
    arrived = dict(found.trips[0].arrived[0].headers)
    assert arrived["x-caller"] == "Bearer [the front's key]"
    assert arrived["authorization"] == "[another key]"


def test_a_mapped_model_is_told_and_is_no_fault() -> None:
    found = tapped(Misdeed(request=lambda body: {**body, "model": "m-1"}), kinds=())
    assert found.model_arrived == "m-1"
    assert aspect(found, "model", "mapped").details == {"sent": "qwen-plus", "arrived": "m-1"}
    assert touched(found) == set()


def test_a_model_that_nobody_named_is_found() -> None:
    found = tapped(
        Misdeed(request=lambda body: {"model": "usual", **body}), kinds=("conversation",)
    )
    assert aspect(found, "model", "as sent")
    assert aspect(found, "model", "made up").details == {"sent": None, "arrived": "usual"}
    assert touched(found) == {"model"}


# ------------------------------------------------------------------------------- streams


def texts(frames: list[bytes], change: Callable[[list[Body]], list[Body]]) -> list[bytes]:
    """Frames with the parsed ones changed; the end mark stays."""
    read = [json.loads(f.removeprefix(b"data: ")) for f in frames if b"[DONE]" not in f]
    return [b"data: %b\n\n" % json.dumps(f).encode() for f in change(read)] + [b"data: [DONE]\n\n"]


def merged(frames: list[Body]) -> list[Body]:
    """Pairs of frames that say something as one."""
    made: list[Body] = []
    for frame in frames:
        text = frame["choices"][0]["delta"].get("content") if frame["choices"] else None
        last = made[-1]["choices"][0]["delta"] if made and made[-1]["choices"] else {}
        if text and last.get("content") and not frame["choices"][0]["finish_reason"]:
            last["content"] += text
        else:
            made.append(frame)
    return made


def test_a_stream_cut_up_again_is_found() -> None:
    found = tapped(Misdeed(stream=lambda frames: texts(frames, merged)), kinds=("stream",))
    told = aspect(found, "stream", "cut up again")
    assert told.details["frames_front"] < told.details["frames_upstream"]
    assert aspect(found, "stream", "held back")
    assert touched(found) == {"stream"}


def test_a_stream_that_waits_for_its_end_is_held_back() -> None:
    found = tapped(Misdeed(stream=lambda frames: frames), kinds=("stream",))
    assert aspect(found, "stream", "held back")
    assert touched(found) == {"stream"}


def test_a_slow_gateway_that_passes_frames_on_holds_nothing_back() -> None:
    def slow(body: Body) -> Body:
        time.sleep(0.7)  # longer than the upstream pauses
        return body

    found = tapped(Misdeed(request=slow), kinds=("stream",))
    assert aspect(found, "stream", "passed on at once")
    assert touched(found) == set()


def test_a_stream_without_its_end_mark_is_found() -> None:
    found = tapped(
        Misdeed(stream=lambda frames: [f for f in frames if b"[DONE]" not in f]),
        kinds=("stream",),
    )
    assert aspect(found, "stream", "end mark left out")


def test_a_stream_that_is_not_asked_for_is_found() -> None:
    found = tapped(
        Misdeed(request=lambda b: {k: v for k, v in b.items() if k != "stream"}),
        kinds=("stream",),
    )
    assert aspect(found, "stream", "no stream")


# ------------------------------------------------------------------------------- usage


def using(change: Callable[[Body], Body]) -> Misdeed:
    return Misdeed(answer=lambda body: {**body, "usage": change(body["usage"])})


def whole(given: int, made: int) -> Body:
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}


USED: Final = ("stream", "conversation")


def test_a_recount_is_found() -> None:
    def answer(body: Body) -> Body:
        text = body["choices"][0]["message"]["content"] or ""
        return {**body, "usage": whole(20, len(text.split()) * 4 // 3)}

    found = tapped(Misdeed(answer=answer), kinds=USED)
    assert aspect(found, "usage", "recounted").details["kind"] == "plain answers"
    assert aspect(found, "usage", "passed").details["kind"] == "streams"
    assert touched(found) == {"usage"}


@pytest.mark.parametrize(
    "change",
    [lambda usage: whole(0, 0), lambda usage: whole(20, 80), lambda usage: whole(9999, 1)],
    ids=["nothing", "always the same", "anything"],
)
def test_invented_usage_is_found(change: Callable[[Body], Body]) -> None:
    found = tapped(using(change), kinds=USED)
    assert aspect(found, "usage", "invented")
    assert touched(found) == {"usage"}


def test_usage_left_out_is_found() -> None:
    found = tapped(
        Misdeed(answer=lambda body: {k: v for k, v in body.items() if k != "usage"}),
        kinds=USED,
    )
    assert aspect(found, "usage", "left out")
    assert "usage" in touched(found)


def test_a_changed_answer_is_found() -> None:
    def answer(body: Body) -> Body:
        body["choices"][0]["message"]["content"] += " (by our gateway)"
        return body

    found = tapped(Misdeed(answer=answer), kinds=USED)
    assert aspect(found, "answer", "changed")
    assert touched(found) == {"answer"}


# ------------------------------------------------------------------------------- errors


def test_retries_are_counted() -> None:
    found = tapped(Misdeed(times=lambda status: 3 if status == 429 else 1), kinds=("error",))
    assert (
        aspect(found, "requests", "retried").said == "a 429 of the upstream is tried 2 times again"
    )
    assert touched(found) == set()


def test_what_is_sent_twice_is_found() -> None:
    found = tapped(Misdeed(times=lambda status: 2 if status == 200 else 1), kinds=USED)
    assert aspect(found, "requests", "sent more than once")
    assert touched(found) == {"requests"}


def test_rewritten_and_reworded_errors_are_told_apart() -> None:
    def error(status: int, body: Body) -> tuple[int, Body]:
        if status == 429:
            return 500, {"error": {"code": "internal", "message": "try later"}}
        if status == 400:
            return 400, {"error": {**body["error"], "message": "upstream: bad"}}
        return status, body

    found = tapped(Misdeed(error=error), kinds=("error",))
    assert any("429" in e for e in aspect(found, "errors", "rewritten").details["errors"])
    assert all("400" in e for e in aspect(found, "errors", "reworded").details["errors"])
    assert touched(found) == {"errors"}


def test_a_hidden_error_is_found() -> None:
    answer = {"choices": [], "object": "chat.completion", "usage": whole(1, 1)}
    found = tapped(Misdeed(error=lambda status, body: (200, answer)), kinds=("error",))
    assert aspect(found, "errors", "hidden")


def test_a_cache_is_found() -> None:
    kept: dict[str, Body] = {}

    class Cache:
        """Answers what was asked before."""

        asked = ""

        def before(self, body: Body) -> tuple[int, Body] | None:
            self.asked = json.dumps(body)
            found = kept.get(self.asked)
            return None if found is None else (200, found)

        def answer(self, body: Body) -> Body:
            kept[self.asked] = body
            return body

    cache = Cache()
    found = tapped(Misdeed(before=cache.before, answer=cache.answer), kinds=("cache",))
    assert "cache" in aspect(found, "requests", "answered alone").said
    assert touched(found) == {"requests"}


# ------------------------------------------------------------------------------- translating


def to_native(body: Body) -> Body:
    parameters = {k: v for k, v in body.items() if k not in ("model", "messages")}
    parameters["result_format"] = "message"
    said = {"messages": body["messages"]}
    native = {"input": said, "parameters": parameters}
    return {"model": body["model"], **native} if "model" in body else native


def from_native(body: Body) -> Body:
    usage = body["usage"]
    return {
        "choices": [{**choice, "index": 0} for choice in body["output"]["choices"]],
        "usage": whole(usage["input_tokens"], usage["output_tokens"]),
    }


def test_a_gateway_between_two_dialects_is_understood() -> None:
    misdeed = Misdeed(
        request=lambda body: to_native({k: v for k, v in body.items() if k != "top_k"}),
        path=lambda path: "/services/aigc/text-generation/generation",
        answer=from_native,
        error=lambda status, body: (status, {"error": {**body, "param": None}}),
    )
    found = tapped(misdeed, upstream=NATIVE, kinds=("parameter", "conversation"))
    assert found.upstream_surface == "native"
    assert {"top_k", "result_format"} <= touched(found) <= {"top_k", "result_format", "stream"}
    assert cases(found, "defaulted")["result_format"][0].arrived == "message"
    assert passage(found, "temperature").fates == ("forwarded",)
    assert aspect(found, "prompt", "as sent")
    assert aspect(found, "usage", "passed")
    assert {a.verdict for a in found.aspects if a.about == "errors"} == {"passed"}


# ------------------------------------------------------------------------------- nothing


def test_a_gateway_with_another_upstream_is_inconclusive() -> None:
    answer = {"choices": [{"message": say("Hi.", "assistant")}], "usage": whole(1, 1)}
    found = tapped(Misdeed(before=lambda body: (200, answer)))
    assert found.verdict == "inconclusive"
    assert found.why is not None
    assert "nothing arrived" in found.why
    assert len(found.trips) == 1


def test_a_gateway_that_lets_nobody_in_is_inconclusive() -> None:
    refusal = {"error": {"code": "bad_key", "message": "who are you?"}}
    found = tapped(Misdeed(before=lambda body: (401, refusal)))
    assert found.verdict == "inconclusive"
    assert found.why is not None
    assert "401" in found.why
    assert "who are you?" in found.why


def test_what_was_seen_before_an_interrupt_is_kept() -> None:
    def told(done: int, wanted: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    found = tapped(Misdeed(request=lambda body: {**body, "user": "gw"}), told=told)
    assert (found.why, found.verdict, len(found.trips)) == (INTERRUPTED, "touched", 3)
    assert found.not_sent > 100


def test_a_gateway_that_goes_down_is_left_in_peace() -> None:
    edition = load_edition(OPENAI)
    asked = list(asks(edition, edition, "qwen-plus", 0))
    with (
        listening(Contract(edition), "127.0.0.1", 0) as (upstream, base_url),
        contextlib.ExitStack() as stack,
    ):
        url = stack.enter_context(gateway(base_url, Misdeed()))

        def told(done: int, wanted: int) -> None:
            if done == 5:
                stack.close()

        found = tap(
            Front(url=url, edition=edition, model="qwen-plus"), upstream, edition, asked, told
        )
    assert found.why is not None
    assert "fell silent" in found.why
    assert len(found.trips) == 8
