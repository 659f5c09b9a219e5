"""Documents of runs for tests: small by default, every part of them replaceable."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from tokenassay.conformance.compare.rows import DifferenceRow
from tokenassay.conformance.evidence import (
    BodyRow,
    ExchangeRow,
    FrameRow,
    RequestRow,
    ResponseRow,
)
from tokenassay.conformance.measures import fit, spread
from tokenassay.conformance.outcomes import Outcome
from tokenassay.conformance.results import (
    BoundRow,
    Meter,
    MeterPoint,
    PromiseRow,
    RunDocument,
    SpendRow,
    TargetRow,
    TimingRow,
)
from tokenassay.conformance.suites import Score

FAMILIES = ("parameters", "messages", "errors", "responses", "streams", "metering", "limits")
SOURCE = "A provider, The page (2024-04), Parameters"
SCORE = Score(lies=212, caught=211, false_alarms=0, date="2026-11-01", editions=("a", "b"))
SPENT = SpendRow(amount="0.0123", currency="CNY", tokens=4321, ceiling="0.50")


def body(data: bytes | str, *, size: int | None = None) -> BodyRow:
    """A body as a document shows it; ``size`` where it was longer than ``data``."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    try:
        text: str | None = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    return BodyRow(
        text=text,
        base64=None if text is not None else base64.b64encode(raw).decode(),
        bytes=len(raw) if size is None else size,
        truncated=size is not None and size > len(raw),
    )


def frame(at: float, data: str | None, **fields: Any) -> FrameRow:
    """A frame of a stream."""
    defaults: dict[str, Any] = {"event": "result", "id": None, "comments": [], "irregular": []}
    return FrameRow(at=at, data=data, **(defaults | fields))


def exchange(
    answer: bytes | str = '{"output":{"text":"hello"}}',
    *,
    sent: bytes | str = '{"model":"qwen-turbo"}',
    status: int | None = 200,
    size: int | None = None,
    frames: list[FrameRow] | None = None,
    headers: Iterable[tuple[str, str]] = (("content-type", "application/json"),),
    failure: str | None = None,
    curl: str = "curl --request POST 'http://host/api' --data-binary '{}'",
) -> ExchangeRow:
    """One request and its answer."""
    return ExchangeRow(
        id=1,
        request=RequestRow(
            method="POST",
            url="http://host/api",
            headers=[("authorization", "Bearer $KEY")],
            body=body(sent),
        ),
        response=ResponseRow(
            status=status,
            headers=list(headers),
            body=body(answer, size=size),
            frames=frames,
            failure=failure,
            first_byte_s=0.25,
            total_s=0.5,
        ),
        curl=curl,
    )


def promise(
    id: str = "temperature_in_its_range_is_accepted",
    outcome: Outcome = "kept",
    *,
    target: str = "gateway",
    **fields: Any,
) -> PromiseRow:
    """One promise at one target."""
    broken = outcome in ("violated", "non-strict")
    defaults: dict[str, Any] = {
        "family": "parameters",
        "clause": "temperature.range",
        "statement": "The temperature lies in [0, 2).",
        "source": SOURCE,
        "level": "should" if outcome == "non-strict" else "must",
        "title": id.replace("_", " "),
        "expected": "an answer" if broken else "",
        "observed": "400 InvalidParameter" if broken else "",
        "why": "nobody asked" if outcome == "not-run" else "",
        "observations": [],
        "seconds": 0.5,
        "exchange": None,
    }
    return PromiseRow(id=id, outcome=outcome, target=target, **(defaults | fields))


def target(name: str, promises: Iterable[PromiseRow], **fields: Any) -> TargetRow:
    """A target with the outcomes of its promises."""
    outcomes = Counter(p.outcome for p in promises if p.target == name)
    defaults: dict[str, Any] = {
        "base_url": "http://host/api/v1",
        "edition": "qwen-dashscope@2024-04",
        "edition_title": "Qwen on DashScope",
        "model": "qwen-turbo",
        "api_key_env": "KEY",
        "complete": True,
        "stop_reason": None,
        "unusable": False,
        "requests": 40,
        "spend": SPENT,
        "outcomes": dict(sorted(outcomes.items())),
    }
    return TargetRow(name=name, **(defaults | fields))


def document(
    promises: Iterable[PromiseRow] = (),
    *,
    targets: list[TargetRow] | None = None,
    points: Iterable[tuple[int, int]] = ((20, 20), (40, 40), (90, 90)),
    bounds: Iterable[tuple[str, str, str]] = (("temperature", "[0, 2)", "[0, 2)"),),
    seconds: Iterable[float] = (0.2, 0.3, 0.9),
    **fields: Any,
) -> RunDocument:
    """A whole run; its targets are those that its promises name."""
    listed = list(promises) or [promise()]
    names = list(dict.fromkeys(p.target for p in listed))
    rows = targets if targets is not None else [target(name, listed) for name in names]
    measured, times = list(points), list(seconds)
    whole = spread(times)
    defaults: dict[str, Any] = {
        "version": "0.1.0",
        "complete": all(row.complete for row in rows),
        "stop_reason": next((row.stop_reason for row in rows if row.stop_reason), None),
        "spend": rows[0].spend if rows else SPENT,
        "requests": sum(row.requests for row in rows),
        "seed": 7,
        "examples": 10,
        "command": "tokenassay check --target gateway",
        "started": "2026-11-21T06:39:20Z",
        "duration_s": 12.5,
        "suite": SCORE,
        "timings": [
            TimingRow(
                target=row.name,
                family=family,
                answers=len(times),
                total_s=whole,
                first_byte_s=spread(second / 2 for second in times),
            )
            for row in rows
            for family in (None, "parameters")
            if whole is not None
        ],
        "bounds": [
            BoundRow(target=row.name, parameter=name, documented=written, observed=seen)
            for row in rows
            for name, written, seen in bounds
        ],
        "meter": Meter(
            points=[
                MeterPoint(
                    target=row.name,
                    what=f"text {at}",
                    basis="exact",
                    counted=counted,
                    billed=billed,
                )
                for row in rows
                for at, (counted, billed) in enumerate(measured)
            ],
            fits={row.name: found for row in rows if (found := fit(measured)) is not None},
            counted=sum(counted for counted, _ in measured),
            billed=sum(billed for _, billed in measured),
        ),
    }
    return RunDocument(targets=rows, promises=listed, **(defaults | fields))


def difference(
    title: str = "the same requests are accepted",
    facet: str = "acceptance",
    *,
    documented: bool | None = False,
    answers: dict[str, str] | None = None,
    deviants: tuple[str, ...] = ("gateway-b",),
    **fields: Any,
) -> DifferenceRow:
    """One way in which endpoints differ, measured by gateway-a."""
    told = answers or {"gateway-a": "accepted", "gateway-b": "refused: 400 InvalidParameter"}
    defaults: dict[str, Any] = {
        "promise": title.replace(" ", "_"),
        "title": title,
        "facets": [facet],
        "family": "parameters",
        "said": '{"n": 4}',
        "request": '{"n":4}',
        "curl": "curl http://host/api",
        "reference": "gateway-a",
        "deviants": list(deviants),
        "answers": told,
        "documented": documented,
        "clauses": {name: ["n.range"] for name in told},
        "exchanges": {
            name: exchange(f'{{"request_id":"{name}","output":{{"said":"{name}"}},"same":1}}')
            for name in told
        },
    }
    return DifferenceRow(**(defaults | fields))


def comparison(
    found: Iterable[DifferenceRow] | None = None,
    promises: Iterable[PromiseRow] = (),
    **fields: Any,
) -> RunDocument:
    """Two endpoints side by side: one difference of each kind by default."""
    names = ("gateway-a", "gateway-b")
    rows = [
        target(name, (), spend=SPENT, requests=40 + at, edition=f"edition-{name[-1]}@2026")
        for at, name in enumerate(names)
    ]
    differences = found
    if differences is None:
        billed = {"gateway-a": "15", "gateway-b": "16"}
        differences = [
            difference("input is billed alike", "usage.input", documented=None, answers=billed),
            difference(),
            difference("a stream ends alike", "stream.end", documented=True, said="streamed"),
        ]
    made = document(
        promises,
        targets=rows,
        kind="compare",
        baseline="gateway-a",
        differences=list(differences),
        command="tokenassay compare targets.toml",
        bounds=[],
    )
    return made if promises else msgspec.structs.replace(made, promises=[])


def large(promises: int = 2000, endpoints: int = 8) -> RunDocument:
    """Many promises at many endpoints, most kept, each with its exchange."""
    outcomes: tuple[Outcome, ...] = ("violated", "non-strict", "observed", "inconclusive")
    names = [f"gateway-{letter}" for letter in "abcdefghijklmnop"[:endpoints]]
    made = []
    for at in range(promises):
        for column, name in enumerate(names):
            odd = at * 31 + column * 7
            outcome: Outcome = outcomes[odd // 12 % 4] if odd % 12 == 0 else "kept"
            sent = (
                f'{{"model":"qwen-turbo","input":{{"messages":[{{"role":"user","content":'
                f'"Number {at} of many, asked at {name} with the seed {odd * 7919 % 104729}"}}]}},'
                f'"parameters":{{"seed":{odd},"result_format":"message"}}}}'
            )
            answer = (
                f'{{"output":{{"choices":[{{"finish_reason":"stop","message":{{"role":'
                f'"assistant","content":"An answer to number {at}, {odd * 104729 % 999983}"}}}}]}},'
                f'"usage":{{"input_tokens":{at % 90},"output_tokens":{odd % 70}}},'
                f'"request_id":"{odd * 2654435761 % 2**64:016x}"}}'
            )
            made.append(
                promise(
                    f"promise_number_{at:04}_is_kept_at_every_endpoint",
                    outcome,
                    target=name,
                    family=FAMILIES[at * len(FAMILIES) // promises],
                    clause=f"clause_{at % 400}.range",
                    statement=f"Statement {at % 400} says something of one parameter.",
                    exchange=exchange(
                        answer, sent=sent, curl=f"curl http://host/api --data-binary '{sent}'"
                    ),
                )
            )
    return document(made)


def large_comparison(
    promises: int = 2000, endpoints: int = 8, differences: int = 200
) -> RunDocument:
    """A comparison of as many promises, with differences of every kind, each with its exchanges."""
    made = large(promises, endpoints)
    names = [row.name for row in made.targets]
    kinds = (False, None, True)
    found = [
        difference(
            said=f'{{"parameter_{at}": {at * 7919 % 104729}}}',
            documented=kinds[at % 3],
            reference=names[0],
            deviants=(names[1 + at % (endpoints - 1)],),
            answers=dict.fromkeys(names, "accepted" if at % 5 else "refused: 400"),
        )
        for at in range(differences)
    ]
    return msgspec.structs.replace(
        made, kind="compare", baseline=names[0], differences=found, bounds=[]
    )
