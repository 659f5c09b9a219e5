"""What comes back: the answer, the stream, and what the gateway says was used."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final, Literal

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.reading import Flow, Reply, counts, flow_of, reply_of
from tokenassay.conformance.sse import Event
from tokenassay.conformance.tap.findings import Aspect
from tokenassay.conformance.tap.trips import Passing
from tokenassay.contracts.records import Surface

_SLACK: Final = 16
"""Tokens by which two counts of the same may differ for another template's sake."""


def answer_aspects(passings: Iterable[Passing], front: Surface, upstream: Surface) -> list[Aspect]:
    """Whether answers come back as the upstream gave them."""
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    looked = 0
    for passing in passings:
        if not (passing.served and passing.answered) or _streamed(passing):
            continue
        assert passing.arrival is not None
        looked += 1
        given = reply_of(passing.arrival.exchange, upstream)
        came = reply_of(passing.front, front)
        for verdict, said in _differences(given, came, front == upstream):
            seen[verdict, said].append(passing.number)
    aspects = [
        Aspect(
            about="answer",
            verdict=verdict,
            said=said,
            touched=verdict == "changed",
            requests=tuple(numbers),
        )
        for (verdict, said), numbers in seen.items()
    ]
    if looked and not any(aspect.touched for aspect in aspects):
        said = "text, ending and tool calls as the upstream gave them"
        aspects.insert(0, Aspect(about="answer", verdict="passed", said=said, touched=False))
    return aspects


def lost_aspects(passings: Iterable[Passing]) -> list[Aspect]:
    """Answers that the upstream gave and nobody got."""
    seen: dict[tuple[bool, str], list[int]] = defaultdict(list)
    for passing in passings:
        if not passing.served or passing.answered:
            continue
        front = passing.front
        if front.failure is not None:
            said = f"breaks off: {front.failure.kind}"
        else:
            error = front.error
            told = " ".join(str(x) for x in (front.status, error.code if error else None) if x)
            said = f"comes back as {told}"
        seen[passing.stream, said].append(passing.number)
    return [
        Aspect(
            about="stream" if stream else "answer",
            verdict="lost",
            said=f"{'a stream' if stream else 'an answer'} of the upstream's {said}",
            touched=True,
            requests=tuple(numbers),
        )
        for (stream, said), numbers in seen.items()
    ]


def _streamed(passing: Passing) -> bool:
    return passing.front.is_stream or passing.stream


def _differences(given: Reply, came: Reply, alike: bool) -> Iterable[tuple[str, str]]:
    if given.text != came.text:
        yield "changed", "the answer's text is another"
    if given.finish_reason != came.finish_reason:
        yield "changed", f"finish_reason {given.finish_reason!r} comes back {came.finish_reason!r}"
    if len(given.tool_calls) != len(came.tool_calls):
        yield "changed", "tool calls are added or left out"
    if not alike:
        return
    left_out = [name for name in given.body if name not in came.body]
    added = [name for name in came.body if name not in given.body]
    other = [
        name
        for name, value in given.body.items()
        if name not in ("choices", "output", "usage") and came.body.get(name, value) != value
    ]
    for names, words in ((left_out, "left out"), (added, "added"), (other, "changed")):
        if names:
            yield f"fields {words}", f"fields {words}: {', '.join(names)}"


# ------------------------------------------------------------------------------- streams


def stream_aspects(passings: Iterable[Passing], front: Surface, upstream: Surface) -> list[Aspect]:
    """Whether streams come back frame by frame as the upstream sent them."""
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    figures: dict[tuple[str, str], dict[str, Any]] = {}
    looked = False
    for passing in passings:
        arrival = passing.arrival
        if not passing.stream or arrival is None or not (passing.served and passing.answered):
            continue
        looked = True
        given, came = arrival.exchange, passing.front
        frames = {"frames_upstream": len(given.events), "frames_front": len(came.events)}
        told = list(_stream_differences(given, came, front, upstream))
        if arrival.held_until is not None:
            told.append(_timing(passing))
        for verdict, said in told:
            figures.setdefault((verdict, said), frames)
            seen[verdict, said].append(passing.number)
    aspects = [
        Aspect(
            about="stream",
            verdict=verdict,
            said=said,
            touched=verdict not in ("passed on at once", "fields changed", "comments added"),
            requests=tuple(numbers),
            details=figures[verdict, said],
        )
        for (verdict, said), numbers in seen.items()
    ]
    shape = ("no stream", "turned into a stream", "cut up again", "text changed")
    if looked and not any(aspect.verdict in shape for aspect in aspects):
        said = "frame by frame as the upstream sent it"
        aspects.insert(0, Aspect(about="stream", verdict="passed", said=said, touched=False))
    return aspects


def _timing(passing: Passing) -> tuple[str, str]:
    """Whether the first frame came before the upstream let the others go."""
    if held_back(passing):
        return "held back", "the first frame is held back until the rest is there"
    return "passed on at once", "the first frame is passed on while the rest is to come"


def held_back(passing: Passing) -> bool:
    """Whether a stream that paused did not come until the pause was over."""
    arrival = passing.arrival
    if arrival is None or arrival.held_until is None:
        return False
    first = next((event.at for event in passing.front.events if event.data is not None), None)
    return first is None or passing.begun + first >= arrival.held_until


def _stream_differences(
    given: Exchange, came: Exchange, front: Surface, upstream: Surface
) -> Iterable[tuple[str, str]]:
    if given.is_stream != came.is_stream:
        if given.is_stream:
            yield "no stream", "a stream is asked for, and one plain answer comes back"
        else:
            yield (
                "turned into a stream",
                "the upstream is asked for a plain answer, which is made into a stream",
            )
        return
    if not given.is_stream:
        yield "no stream", "a stream is asked for, and neither side makes one"
        return
    modes = _mode(given, upstream), _mode(came, front)
    told, back = flow_of(given, upstream, modes[0]), flow_of(came, front, modes[1])
    if told.text != back.text:
        yield "text changed", "the text of a stream is another"
        return
    if modes[0] != modes[1]:
        yield "form changed", f"{modes[0]} frames come back {modes[1]}"
    elif front == upstream:
        yield from _frames(told, back)
    yield from _marks(given.events, came.events)


def _mode(exchange: Exchange, surface: Surface) -> Literal["cumulative", "incremental"]:
    """Cumulative where each text begins with the one before it, and not all are alike."""
    flow = flow_of(exchange, surface, "incremental")
    texts = [reply.text for reply in flow.speaking if reply.text]
    grows = all(b.startswith(a) for a, b in pairwise(texts))
    return "cumulative" if len(texts) > 1 and grows else "incremental"


def _frames(told: Flow, back: Flow) -> Iterable[tuple[str, str]]:
    one = [reply.text for reply in told.speaking if reply.text]
    two = [reply.text for reply in back.speaking if reply.text]
    if one != two:
        how = "merged" if len(two) < len(one) else "cut" if len(two) > len(one) else "cut elsewhere"
        yield "cut up again", f"the text of a stream is cut up again: frames are {how}"
    names: Counter[str] = Counter()
    for first, second in zip(told.speaking, back.speaking, strict=False):
        names.update(
            name
            for name in dict.fromkeys((*first.body, *second.body))
            if name not in ("choices", "output", "usage")
            and first.body.get(name) != second.body.get(name)
        )
    if names:
        yield "fields changed", f"fields of frames are changed: {', '.join(sorted(names))}"


def _marks(given: Iterable[Event], came: Iterable[Event]) -> Iterable[tuple[str, str]]:
    one, two = any(e.is_done for e in given), any(e.is_done for e in came)
    if one and not two:
        yield "end mark left out", "the end mark [DONE] is left out"
    elif two and not one:
        yield "end mark added", "an end mark [DONE] is added"
    if any(e.comments and e.data is None for e in came):
        yield "comments added", "comments keep the stream alive"


# ------------------------------------------------------------------------------- usage


def usage_aspects(passings: Iterable[Passing], front: Surface, upstream: Surface) -> list[Aspect]:
    """Whether usage comes back as the upstream told it, by kind of answer."""
    told: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    examples: dict[tuple[str, str], dict[str, Any]] = {}
    fixed = _fixed(passings, front)
    for passing in passings:
        arrival = passing.arrival
        if arrival is None or not (passing.served and passing.answered):
            continue
        kind = "streams" if _streamed(passing) else "plain answers"
        given = _usage(arrival.exchange, upstream)
        came = _usage(passing.front, front)
        if came is None and not _asked(passing, front):
            continue  # nobody asked for it: it is the gateway that wants to know
        verdict = _verdict(given, came, arrival.honest, fixed)
        if verdict is None:
            continue
        told[kind][verdict].append(passing.number)
        examples.setdefault(
            (kind, verdict), {"upstream": given, "front": came, "counted": arrival.honest}
        )
    return [
        _usage_aspect(kind, verdict, numbers, examples[kind, verdict])
        for kind, verdicts in told.items()
        for verdict, numbers in verdicts.items()
    ]


def _usage_aspect(
    kind: str, verdict: str, numbers: list[int], example: Mapping[str, Any]
) -> Aspect:
    said = {
        "passed": "the upstream's figures are passed on",
        "recounted": "the upstream's figures are replaced by a count of the gateway's own",
        "invented": "the figures come from nowhere: neither the upstream's nor a count",
        "left out": "the upstream tells its figures, and none come back",
        "added": "the upstream tells no figures, and the gateway adds a count of its own",
    }[verdict]
    if verdict != "passed":
        spelled = {k: v for k, v in example.items() if v is not None}
        figures = ", ".join(f"{k} {_pair(v)}" for k, v in spelled.items())
        said += f" (input and output: {figures})"
    return Aspect(
        about="usage",
        verdict=verdict,
        said=f"in {kind} {said}",
        touched=verdict != "passed",
        requests=tuple(numbers),
        details={"kind": kind, **example},
    )


def _pair(figures: tuple[Any, Any]) -> str:
    return " and ".join("none" if value is None else str(value) for value in figures)


def _usage(exchange: Exchange, surface: Surface) -> tuple[int | None, int | None] | None:
    if exchange.is_stream:
        usage = flow_of(exchange, surface, "incremental").usage
    else:
        usage = reply_of(exchange, surface).usage
    figures = counts(usage, surface)
    return None if figures == (None, None) else figures


def _asked(passing: Passing, front: Surface) -> bool:
    """Whether usage belongs to the answer: in streams of chunks only on request."""
    options = passing.sent.parameters.get("stream_options")
    wanted = isinstance(options, Mapping) and options.get("include_usage") is True
    return wanted or not (passing.stream and front == "openai")


def _fixed(passings: Iterable[Passing], front: Surface) -> bool:
    """Whether all answers, long and short, are said to have used the same."""
    seen = {_usage(p.front, front) for p in passings if p.answered and p.served}
    honest = {p.arrival.honest for p in passings if p.arrival and p.answered and p.served}
    return len(seen - {None}) == 1 and len(honest) > 1


def _verdict(
    given: tuple[Any, Any] | None,
    came: tuple[Any, Any] | None,
    honest: tuple[int, int] | None,
    fixed: bool,
) -> str | None:
    if came is None:
        return None if given is None else "left out"
    if given == came:
        return "passed"
    counted = honest is not None and not fixed and all(map(_near, came, honest))
    if not counted:
        return "invented"
    return "added" if given is None else "recounted"


def _near(told: int | None, honest: int) -> bool:
    """Whether a figure may be a count, by whatever tokenizer, of what was used."""
    return told is not None and honest / 2 - _SLACK <= told <= honest * 2 + _SLACK and told > 0
