"""What ends an answer: max_tokens, stop texts, stop tokens; and what a seed makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.talking import ask, can_stream, counting, seeded, stream
from tokenassay.conformance.promises.texts import (
    BRIEF,
    BRIEF_ZH,
    LONG,
    LONG_ZH,
    ROOM,
    written,
)
from tokenassay.conformance.reading import counts
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

WHOLE = 40
"""Output tokens of an answer that a stop is then to cut."""


LATE = 256
"""Output tokens at which a long answer is cut late."""


class Ended(NamedTuple):
    """An answer, whole or by stream: its words, why it ended, and what it was billed."""

    exchange: Exchange
    text: str
    reason: Any
    billed: int | None
    """Output tokens, by the usage; None where thinking stands among them."""


def answer(probe: Probe, question: str, *, streamed: bool = False, **asked: Any) -> Ended:
    """The end of an answer; a violation where it has no words at all."""
    if streamed:
        exchange, flow = stream(probe, question, **asked, **counting(probe))
        text: str | None = flow.text
        reason, usage = flow.finish_reason, flow.usage
        thought = any(reply.reasoning for reply in flow.speaking)
    else:
        exchange, reply = ask(probe, question, **asked)
        text, reason, usage = reply.text, reply.finish_reason, reply.usage
        thought = bool(reply.reasoning)
    if text is None:
        raise probe.violation("an answer with text", "an answer without any", exchange)
    told = None if thought else counts(usage, probe.surface)[1]
    return Ended(exchange, text, reason, told)


def _ways(probe: Probe) -> tuple[bool, ...]:
    return (False, True) if can_stream(probe) else (False,)


def has_vocabulary(probe: Probe) -> bool:
    """Whether tokens of this model's answers can be counted here."""
    return bool(probe.estimate(probe.body()).basis != "approximate")


# ------------------------------------------------------------------------------- max_tokens


@builder("behaviour:max_tokens_truncates")
def cap_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A long answer is cut at max_tokens, and says so; a short one is not."""
    if "max_tokens" not in edition.parameters(model):
        return
    yield promise(clause, "max_tokens_cuts_the_answer", _cut, family="parameters", cost=10)
    yield promise(
        clause, "answer_is_not_cut_before_max_tokens", _early, family="parameters", cost=2
    )
    yield promise(clause, "finish_reason_tells_of_the_cut", _told_cut, family="responses", cost=3)
    yield promise(clause, "answer_below_max_tokens_is_not_cut", _uncut, family="responses", cost=4)


def _cut(probe: Probe, *, clause: c.BehaviourClause) -> None:
    counted = has_vocabulary(probe)
    for question, caps in ((LONG, (1, 24)), (LONG_ZH, (2, 7))):
        for streamed in _ways(probe):
            for cap in caps:
                ended = answer(probe, question, streamed=streamed, cap=cap)
                tokens = probe.count(ended.text)
                if counted and tokens > cap + _torn(ended.text):
                    raise probe.violation(
                        f"at most {cap} tokens of answer", f"{tokens} tokens", ended.exchange
                    )
                told, metered = ended.billed, _metered(probe)
                cut_short = ended.reason == clause.args["finish_reason"]
                if metered and told is not None and (told > cap or (told < cap and cut_short)):
                    raise probe.violation(
                        f"an answer cut at {cap} tokens",
                        f"an answer of {told} tokens, by its usage",
                        ended.exchange,
                    )


def _early(probe: Probe, *, clause: c.BehaviourClause) -> None:
    """No cap of the endpoint's own cuts an answer before the one that was asked for."""
    for question, cap in ((LONG, LATE), (LONG_ZH, LATE // 2)):
        ended = answer(probe, question, cap=cap)
        tokens = ended.billed if ended.billed is not None else probe.count(ended.text)
        if ended.reason == clause.args["finish_reason"] and tokens < cap - 2:
            raise probe.violation(
                f"an answer cut at {cap} tokens, or ended by itself",
                f"one cut after {tokens}",
                ended.exchange,
            )


def _torn(text: str) -> int:
    """Tokens that a cut between the bytes of a character adds."""
    return 1 if "\ufffd" in text else 0


def _metered(probe: Probe) -> bool:
    return probe.edition.behaviour("output_counts_text", probe.model) is not None


def _told_cut(probe: Probe, *, clause: c.BehaviourClause) -> None:
    wanted = clause.args["finish_reason"]
    for question, cap in ((LONG, 1), (LONG_ZH, 7)):
        for streamed in _ways(probe):
            ended = answer(probe, question, streamed=streamed, cap=cap)
            if ended.reason != wanted:
                raise probe.violation(
                    f"finish_reason {written(wanted)} at max_tokens {cap}",
                    f"finish_reason {written(ended.reason)}",
                    ended.exchange,
                )


def _uncut(probe: Probe, *, clause: c.BehaviourClause) -> None:
    room = ROOM
    for question in (BRIEF, BRIEF_ZH):
        for streamed in _ways(probe):
            ended = answer(probe, question, streamed=streamed, cap=room)
            tokens = probe.count(ended.text)
            if ended.reason == clause.args["finish_reason"] and tokens < room * 7 // 8:
                raise probe.violation(
                    "an answer that ends by itself says so",
                    f"finish_reason {written(ended.reason)} after {tokens} of {room} tokens",
                    ended.exchange,
                )


# ------------------------------------------------------------------------------- stop


@builder("behaviour:stop_ends_answer")
def stop_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The answer ends before a stop text that it would have said, in each way of asking."""
    if "stop" in edition.parameters(model):
        yield promise(clause, "stop_ends_the_answer", _stop, family="parameters", cost=14)


def _stop(probe: Probe, *, clause: c.BehaviourClause) -> None:
    tried = 0
    for question in (LONG, LONG_ZH):
        whole = answer(probe, question, cap=WHOLE, **seeded(probe))
        word = _word_within(whole.text)
        if word is None:
            continue
        for streamed in _ways(probe):
            lists: tuple[Any, ...] = (["tokenassay", word], [word, "tokenassay"])
            every = streamed is (question == LONG_ZH) or not can_stream(probe)
            for value in (word, *lists) if every else lists[:1]:
                ended = answer(
                    probe, question, streamed=streamed, cap=WHOLE, stop=value, **seeded(probe)
                )
                tried += 1
                _hold_stop(probe, clause, ended, word, whole.text)
    if not tried:
        raise Inconclusive("no answer was long enough to hold a stop word")


def _hold_stop(
    probe: Probe, clause: c.BehaviourClause, ended: Ended, word: str, whole: str
) -> None:
    may_end_with_it = clause.args["includes_stop"] is not False
    text = ended.text
    inside = text.removesuffix(word) if may_end_with_it else text
    if word in inside:
        raise probe.violation(
            f"an answer that ends before {written(word)}",
            f"{written(word)} in the answer: {written(text[-60:])}",
            ended.exchange,
        )
    at = whole.index(word)
    if not whole.startswith(inside[:at]):
        probe.observe("with a stop the answer was another one than without")
    elif len(inside) < at and not whole[len(inside) : at].isspace():
        raise probe.violation(
            f"the answer up to {written(word)}: {written(whole[:at][-60:])}",
            written(text[-60:]),
            ended.exchange,
        )
    if ended.reason == "length" and probe.count(text + word) < WHOLE - 2:
        raise probe.violation(
            "finish_reason stop where a stop text ended the answer",
            f"finish_reason {written(ended.reason)} after {probe.count(text)} tokens",
            ended.exchange,
        )


def _word_within(text: str) -> str | None:
    """A word from the middle of a text, so that a stop cuts something off."""
    middle = text[len(text) // 3 :]
    match = re.search(r"[A-Za-z]{4,}|[\u4e00-\u9fff]{2}", middle)
    return match[0] if match else None


@builder("behaviour:stop_by_token_ids")
def stop_id_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Token ids stop an answer like the words they are."""
    assert isinstance(clause, c.BehaviourClause)
    if "stop" not in edition.parameters(model):
        return
    yield promise(
        clause, "stop_by_token_ids_ends_the_answer", _stop_ids, family="parameters", cost=8
    )


@builder("forms")
def id_form_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Where a list of lists of ids may be given, a sequence in it ends the answer."""
    assert isinstance(clause, c.FormsClause)
    if clause.parameter == "stop" and "integer[][]" in clause.forms:
        yield promise(
            clause,
            "stop_by_a_sequence_of_token_ids_ends_the_answer",
            _stop_sequence,
            family="parameters",
            cost=6,
        )


def _ids_of(probe: Probe, question: str) -> tuple[Ended, list[int]]:
    from tokenassay.estimators.tokens import encode

    if not has_vocabulary(probe):
        raise NotRun(f"there is no local vocabulary for {probe.model}")
    whole = answer(probe, question, cap=WHOLE, **seeded(probe))
    ids = encode(whole.text)
    if len(ids) < 12:
        raise Inconclusive("no answer was long enough to hold a stop token", whole.exchange.id)
    return whole, ids


def _stop_ids(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in (LONG_ZH, LONG):
        _, ids = _ids_of(probe, question)
        chosen = ids[len(ids) // 2]
        value = [chosen] if question == LONG else [[chosen]]
        _hold_ids(probe, clause, question, value, ids, ids.index(chosen))
        if clause.args.get("flat_list") == "any":
            last = ids[-1]
            _hold_ids(probe, clause, question, [last, chosen], ids, ids.index(chosen))


def _stop_sequence(probe: Probe, *, clause: c.FormsClause) -> None:
    for question in (LONG_ZH, LONG):
        _, ids = _ids_of(probe, question)
        at = len(ids) // 2
        pair = ids[at : at + 2]
        first = next(n for n in range(len(ids)) if ids[n : n + 2] == pair)
        value = [pair] if question == LONG else [[ids[-1], ids[0]], pair]
        _hold_ids(probe, clause, question, value, ids, first)


def _hold_ids(
    probe: Probe, clause: c.Clause, question: str, value: Any, ids: list[int], first: int
) -> None:
    """With these ids as stop, no more is said than the tokens before the first that matches."""
    from tokenassay.estimators.tokens import encode

    for streamed in _ways(probe)[:1] if clause.level == "unspecified" else _ways(probe):
        ended = answer(probe, question, streamed=streamed, cap=WHOLE, stop=value, **seeded(probe))
        got = encode(ended.text)
        same = min(len(got), first)
        if got[: same - 1] != ids[: same - 1]:
            probe.observe("with a stop the answer was another one than without")
            continue
        if len(got) <= first + 2:
            continue
        if clause.level == "unspecified":
            probe.observe(f"stop {written(value)} did not end the answer")
            continue
        raise probe.violation(
            f"an answer of about {first} tokens with stop {written(value)}",
            f"{len(got)} tokens",
            ended.exchange,
        )


# ------------------------------------------------------------------------------- seed


@builder("behaviour:seed_best_effort")
def seed_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The same seed is worth trying twice: what comes is observed, as no more is promised."""
    yield promise(clause, "same_seed_gives_an_answer_each_time", _seed, cost=2)


def _seed(probe: Probe, *, clause: c.BehaviourClause) -> None:
    texts = [ask(probe, LONG, seed=4321, repeat=repeat)[1].text for repeat in (0, 3)]
    if not all(texts):
        raise probe.violation("an answer with text each time", written(texts))
    same = "the same" if texts[0] == texts[1] else "another"
    probe.observe(f"the same seed gave {same} answer")
