"""The stages that a call passes, and the hooks by which a lie takes hold of one.

An honest call runs without any hook. A lie replaces or wraps the outcome of a stage: each hook
takes the call and the stage's outcome and gives the outcome that goes on. So no surface ever
asks whether a lie is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tokenassay.conformance.mock.call import Answer, Call, Head, Reply, Usage
from tokenassay.conformance.mock.frames import Frame

if TYPE_CHECKING:
    from tokenassay.estimators.refusals import Refusal

T = TypeVar("T")
Hook = Callable[[Call, T], T]


class Hooks(NamedTuple):
    """What one lie does, stage by stage; None leaves a stage honest."""

    authorize: Hook[bool] | None = None
    """Whether the key is accepted."""
    switch: Hook[bool] | None = None
    """Whether the answer is a stream."""
    judge: Hook[tuple[Refusal, ...]] | None = None
    """What the rules found against the request, first one first."""
    adjust: Hook[dict[str, Any]] | None = None
    """The parameters in force."""
    answer: Hook[Answer] | None = None
    """What the model says; called once for each choice."""
    meter: Hook[Usage] | None = None
    """Usage, of the whole answer and of each frame that shows it."""
    body: Hook[dict[str, Any]] | None = None
    """The JSON body of a 200 generation answer."""
    refuse: Hook[Reply] | None = None
    """Any error answer of any operation."""
    head: Hook[Head] | None = None
    """Status and headers of a generation answer."""
    frames: Hook[Iterable[Frame]] | None = None
    """The frames of a stream before they are written."""
    wire: Hook[Iterable[bytes]] | None = None
    """The bytes of a generation answer's body, chunk by chunk."""
    token_count: Hook[dict[str, Any]] | None = None
    """The body of a token count."""
    model_view: Hook[dict[str, Any]] | None = None
    """The body of a models operation."""
    file_state: Hook[str] | None = None
    """The state of a stored file: processing, processed, deleted, ..."""
    file_view: Hook[dict[str, Any]] | None = None
    """The body of a files operation."""
    file_bytes: Hook[bytes] | None = None
    """A file's content as it is handed out."""
    batch_state: Hook[str] | None = None
    """The status of a batch."""
    batch_view: Hook[dict[str, Any]] | None = None
    """The body of a batches operation."""
    batch_bytes: Hook[bytes] | None = None
    """A batch's output or error file as it is handed out."""


class Stages(NamedTuple):
    """The hooks of all lies that a service tells, stage by stage; empty when it is honest."""

    authorize: tuple[Hook[bool], ...] = ()
    switch: tuple[Hook[bool], ...] = ()
    judge: tuple[Hook[tuple[Refusal, ...]], ...] = ()
    adjust: tuple[Hook[dict[str, Any]], ...] = ()
    answer: tuple[Hook[Answer], ...] = ()
    meter: tuple[Hook[Usage], ...] = ()
    body: tuple[Hook[dict[str, Any]], ...] = ()
    refuse: tuple[Hook[Reply], ...] = ()
    head: tuple[Hook[Head], ...] = ()
    frames: tuple[Hook[Iterable[Frame]], ...] = ()
    wire: tuple[Hook[Iterable[bytes]], ...] = ()
    token_count: tuple[Hook[dict[str, Any]], ...] = ()
    model_view: tuple[Hook[dict[str, Any]], ...] = ()
    file_state: tuple[Hook[str], ...] = ()
    file_view: tuple[Hook[dict[str, Any]], ...] = ()
    file_bytes: tuple[Hook[bytes], ...] = ()
    batch_state: tuple[Hook[str], ...] = ()
    batch_view: tuple[Hook[dict[str, Any]], ...] = ()
    batch_bytes: tuple[Hook[bytes], ...] = ()

    @classmethod
    def of(cls, lies: Iterable[Hooks]) -> Stages:
        """The hooks of several lies, in their order."""
        told = list(lies)
        return cls(
            **{
                stage: tuple(hook for hooks in told if (hook := getattr(hooks, stage)) is not None)
                for stage in cls._fields
            }
        )


def through(hooks: tuple[Hook[T], ...], call: Call, outcome: T) -> T:
    """A stage's outcome after every hook on it."""
    for hook in hooks:
        outcome = hook(call, outcome)
    return outcome
