"""The model's name, the key, headers, paths, errors, retries and caches: a gateway's manners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from tokenassay.conformance.exchanges import ErrorAnswer
from tokenassay.conformance.tap.findings import Aspect
from tokenassay.conformance.tap.trips import Owners, Passing, Reader
from tokenassay.conformance.tap.upstream import bearer_of, keys_in

_TRANSPORT: Final = frozenset(
    {
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "accept",
        "accept-encoding",
        "accept-language",
        "content-type",
        "user-agent",
        "authorization",
        "sec-fetch-mode",
    }
)
"""Headers that every client sends on its own account."""


def model_arrived(passings: Iterable[Passing], reader: Reader) -> tuple[str | None, list[Aspect]]:
    """The name by which the model is asked for at the upstream, and what is to be said of it."""
    seen: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)
    for passing in passings:
        arrived = reader.request(passing.arrival) if passing.arrival else None
        if arrived is not None:
            seen[_name(passing.sent.model), _name(arrived.model)].append(passing.number)
    aspects = [
        _model_aspect(sent, arrived, numbers)
        for (sent, arrived), numbers in seen.items()
        if sent is not None or arrived is not None
    ]
    return next((arrived for _, arrived in seen), None), aspects


def _name(model: Any) -> str | None:
    return None if model is None else str(model)


def _model_aspect(sent: str | None, arrived: str | None, numbers: list[int]) -> Aspect:
    if sent is None:
        verdict, said = "made up", f"where no model is named, {arrived} is asked for"
    elif arrived is None:
        verdict, said = "left out", f"{sent} does not arrive, nor does any other"
    elif sent == arrived:
        verdict, said = "as sent", f"{sent} arrives as it is"
    else:
        verdict, said = "mapped", f"{sent} arrives as {arrived}"
    return Aspect(
        about="model",
        verdict=verdict,
        said=said,
        touched=verdict == "made up",
        requests=tuple(numbers),
        details={"sent": sent, "arrived": arrived},
    )


def key_aspects(passings: Iterable[Passing], owners: Owners) -> list[Aspect]:
    """Whose key the upstream is shown, and where else the front's key stands."""
    shown: dict[str, list[int]] = defaultdict(list)
    leaked: dict[str, list[int]] = defaultdict(list)
    for passing in passings:
        for arrival in (*passing.came, *passing.others):
            if arrival.generation:
                shown[owners.name(bearer_of(arrival))].append(passing.number)
            if owners.front is None:
                continue
            for place in keys_in(arrival, owners.front):
                if place != "authorization":
                    leaked[place].append(passing.number)
    words = {
        "the front's key": ("passed on", "the upstream is shown the key that was given here"),
        "the upstream's key": ("replaced", "the upstream is shown its own key"),
        "another key": ("replaced", "the upstream is shown a key of the gateway's own"),
        "no key": ("none", "the upstream is shown no key"),
    }
    aspects = [
        Aspect(
            about="key",
            verdict=words[whose][0],
            said=words[whose][1],
            touched=False,
            requests=tuple(dict.fromkeys(numbers)),
        )
        for whose, numbers in shown.items()
    ]
    aspects += [
        Aspect(
            about="key",
            verdict="leaked",
            said=f"the key that was given here also stands in {place}",
            touched=True,
            requests=tuple(dict.fromkeys(numbers)),
            details={"place": place},
        )
        for place, numbers in leaked.items()
    ]
    return aspects


def header_aspects(passings: Iterable[Passing], trace: str) -> list[Aspect]:
    """Whether a caller's own headers arrive, and which ones the gateway adds."""
    added: dict[str, None] = {}
    passed, looked, agents = 0, 0, dict[str, None]()
    for passing in passings:
        given = {name.lower() for name, _ in passing.front.sent.headers}
        for arrival in passing.came:
            looked += 1
            names = dict(arrival.exchange.sent.headers)
            passed += trace in names
            agents[names.get("user-agent", "none")] = None
            added.update(dict.fromkeys(n for n in names if n not in given | _TRANSPORT))
    if not looked:
        return []
    arrive = passed == looked
    said = "a caller's own headers are " + ("passed on" if arrive else "not passed on")
    aspects = [
        Aspect(
            about="headers",
            verdict="passed on" if arrive else "kept back",
            said=f"{said}; the client is {', '.join(agents)}",
            touched=False,
        )
    ]
    if added:
        aspects.append(
            Aspect(
                about="headers",
                verdict="added",
                said=f"headers are added: {', '.join(added)}",
                touched=False,
                details={"names": list(added)},
            )
        )
    return aspects


def path_aspects(passings: Iterable[Passing]) -> list[Aspect]:
    """Paths at the upstream that are not the documented ones."""
    seen: dict[str, list[int]] = defaultdict(list)
    for passing in passings:
        for arrival in passing.came:
            if arrival.detour:
                seen[arrival.exchange.sent.url].append(passing.number)
    return [
        Aspect(
            about="path",
            verdict="another path",
            said=f"the upstream is asked at {path}, and was taken to mean the documented path",
            touched=False,
            requests=tuple(numbers),
        )
        for path, numbers in seen.items()
    ]


def error_aspects(passings: Iterable[Passing]) -> list[Aspect]:
    """What becomes of the upstream's errors: passed, rewritten, hidden, and retried or not."""
    seen: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for passing in passings:
        arrival = passing.arrival
        error = arrival.exchange.error if arrival else None
        if error is None:
            continue
        fate = _fate(error, passing)
        seen[fate][f"{_named(error)}{' in a stream' if error.in_stream else ''}"].append(
            passing.number
        )
    return [
        Aspect(
            about="errors",
            verdict=verdict,
            said=f"{said}: {', '.join(names)}",
            touched=verdict not in ("passed", "reworded"),
            requests=tuple(sorted(number for numbers in names.values() for number in numbers)),
            details={"errors": list(names)},
        )
        for (verdict, said), names in seen.items()
    ]


def _fate(error: ErrorAnswer, passing: Passing) -> tuple[str, str]:
    """What became of one error, in a word and in a sentence that its name follows."""
    front, told = passing.front, passing.front.error
    if told is None:
        if front.failure is not None:
            return (
                "broken off",
                f"answers break off ({front.failure.kind}) on errors of the upstream",
            )
        return "hidden", f"answers of {front.status} tell nothing of errors of the upstream"
    if told.status != error.status:
        return "rewritten", f"come back as {_named(told)}"
    if (told.code, told.message) == (error.code, error.message):
        return "passed", "come back as they are"
    if told.code == error.code:
        return "reworded", "come back with their status and code, in other words"
    return "reworded", f"come back with their status, as {_named(told)}"


def _named(error: ErrorAnswer) -> str:
    # Inside a stream the status is that of its beginning, unless the error itself tells one.
    status = None if error.in_stream and error.status == 200 else error.status
    parts = [str(part) for part in (status, error.code) if part is not None]
    return " ".join(dict.fromkeys(parts))


def request_aspects(passings: Iterable[Passing]) -> list[Aspect]:
    """Retries, requests sent twice, answers out of a cache, and calls of the gateway's own."""
    seen: dict[tuple[str, str, bool], list[int]] = defaultdict(list)
    for passing in passings:
        times = len(passing.came)
        if times > 1:
            first = passing.came[0].exchange
            if first.error is not None:
                said = f"a {first.error.status} of the upstream is tried {times - 1} times again"
                seen["retried", said, False].append(passing.number)
            else:
                seen["sent more than once", f"a request arrives {times} times", True].append(
                    passing.number
                )
        elif not times and passing.answered:
            said = "a request is answered, though it never arrives"
            if passing.ask.twin:
                said = "a request that was answered before is answered out of a cache"
            seen["answered alone", said, True].append(passing.number)
        elif not times and passing.ask.about is None:
            error = passing.front.error
            told = _named(error) if error else str(passing.front.status or "no answer")
            if passing.ask.fault is None:
                said = f"{passing.ask.what} is refused by the gateway itself: {told}"
                seen["refused", said, passing.legal].append(passing.number)
            else:
                said = f"after errors of the upstream the gateway asks it no more: {told}"
                seen["cut off", said, False].append(passing.number)
        for other in passing.others:
            sent = other.exchange.sent
            said = f"the gateway asks on its own account: {sent.method} {sent.url}"
            seen["calls of its own", said, False].append(passing.number)
    return [
        Aspect(
            about="requests",
            verdict=verdict,
            said=said,
            touched=touched,
            requests=tuple(dict.fromkeys(numbers)),
        )
        for (verdict, said, touched), numbers in seen.items()
    ]
