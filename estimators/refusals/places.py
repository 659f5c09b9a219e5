"""Paths that clauses name, found in a request of either dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from tokenassay.contracts.records import Surface
from tokenassay.estimators.requests import Request


class Missing:
    """The type of :data:`MISSING`."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = Missing()
"""Stands where the body carries nothing, which is not the same as null."""

CONTAINERS: Final = ("input", "parameters")
"""What only native bodies have: the objects that hold the rest."""

CONVERSATION: Final = ("messages", "prompt", "history")


class Place(NamedTuple):
    """A path without the containers: ``tools[].function.name`` is tools, [], function, name."""

    head: str
    steps: tuple[str, ...] = ()

    @property
    def is_parameter(self) -> bool:
        """Whether it lies in the parameters, as opposed to the body's frame or its messages."""
        return self.head not in (*CONTAINERS, *CONVERSATION, "model")


def read_place(path: str) -> Place:
    """A dotted path as clauses write it; the container in front may be there or not."""
    steps = path.replace("[]", ".[]").split(".")
    if steps[0] in CONTAINERS and len(steps) > 1:
        del steps[0]
    return Place(steps[0], tuple(steps[1:]))


def path_to(surface: Surface, head: str) -> str:
    """Where a body of that dialect carries ``head``."""
    if surface == "openai" or head == "model" or head in CONTAINERS:
        return head
    return f"input.{head}" if head in CONVERSATION else f"parameters.{head}"


def head_value(request: Request, head: str) -> Any:
    """What the body carries there, or MISSING."""
    if head in CONVERSATION:
        holder = request.body.get("input") if request.surface == "native" else request.body
        return holder.get(head, MISSING) if isinstance(holder, Mapping) else MISSING
    if head == "model" or head in CONTAINERS:
        return request.body.get(head, MISSING)
    return request.parameters.get(head, MISSING)


def walk(value: Any, steps: tuple[str, ...], at: str) -> Iterator[tuple[str, Any]]:
    """Each path and value that ``steps`` lead to; MISSING only where the parent is there."""
    if not steps:
        yield at, value
        return
    step, rest = steps[0], steps[1:]
    if step == "[]":
        if isinstance(value, list | tuple):
            for index, item in enumerate(value):
                yield from walk(item, rest, f"{at}[{index}]")
    elif isinstance(value, Mapping):
        yield from walk(value.get(step, MISSING), rest, f"{at}.{step}")


def find(request: Request, place: Place) -> Iterator[tuple[str, Any]]:
    """Each path and value of ``place`` in a request; nothing where its dialect has no such."""
    if place.head in CONTAINERS and request.surface != "native":
        return
    value = head_value(request, place.head)
    yield from walk(value, place.steps, path_to(request.surface, place.head))
