"""The short way through many lines: judged once for all that differ in nothing but their texts.

Most lines of a batch have the same model, parameters and roles, and say plain things. Such lines
share a shape. Their texts are counted together, which takes a fraction of the time that one by
one does, and each number of tokens is judged once, in the stead of all lines that have it.
Whatever is not as plain as that, or would be refused, is judged alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from tokenassay.contracts.errors import UnknownEdition, UnknownModel
from tokenassay.estimators.batches.lines import BadLine, Line
from tokenassay.estimators.features import PLAIN_PARAMETERS
from tokenassay.estimators.plans import Plan
from tokenassay.estimators.requests import NotARequest, Request

if TYPE_CHECKING:
    from tokenassay.estimators.batches.judging import Judge, Verdict

MOST_SHAPES: Final = 1024
MOST_VERDICTS: Final = 20_000
"""Verdicts of all shapes together that are kept; where there are more, all are forgotten."""

_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_ABSENT: Final = ("absent",)
"""The settings of a native body without any, which is not the same as with an empty object."""
_NATIVE_KEYS: Final = frozenset({"model", "input", "parameters"})

Key = tuple[Any, ...]
"""What lines of one shape have in common."""


class Shape:
    """Lines that differ in their texts only; ``request`` is that of one of them."""

    __slots__ = ("_judge", "_plan", "_request", "prefixes", "verdicts")

    def __init__(self, judge: Judge, request: Request | None, plan: Plan | None) -> None:
        self._judge, self._request, self._plan = judge, request, plan
        self.prefixes = plan.file_prefixes if plan is not None else ()
        """What a text begins with that stands for files, and is not plain."""
        self.verdicts: dict[int, Verdict | None] = {}
        """By the tokens of all texts of a line; None: such a line is judged alone."""

    def judge(self, said: int) -> Verdict | None:
        """The verdict on lines whose texts have so many tokens; it is kept."""
        verdict: Verdict | None
        if self._request is None or self._plan is None:
            verdict = self._judge.bare(said)
        else:
            verdict = self._judge.verdict(self._request, self._plan, said)
            if verdict.estimate is not None and verdict.estimate.refusals:
                verdict = None
        self.verdicts[said] = verdict
        return verdict


class Shapes:
    """The shapes that a judge has met of late."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._shapes: dict[Key, Shape | None] = {}
        self._kept = 0
        """Verdicts of all shapes."""

    def judge(self, lines: Sequence[Line | BadLine]) -> list[Verdict | BadLine]:
        """What :meth:`Judge.judge` gives or raises for each line; a bad line stays what it is.

        Equal verdicts on lines of one shape are one object, mostly.
        """
        if self._kept > MOST_VERDICTS or len(self._shapes) > MOST_SHAPES:
            self._shapes.clear()
            self._kept = 0
        places: dict[str, int] = {}
        sketches = [
            None if isinstance(line, BadLine) else self._sketch(line, places) for line in lines
        ]
        counts = self._judge.counter.count_many(places)
        found: list[Verdict | BadLine] = []
        for line, sketch in zip(lines, sketches, strict=True):
            verdict: Verdict | BadLine | None = None
            if sketch is not None:
                shape, texts = sketch
                said = sum([counts[place] for place in texts])
                if said in shape.verdicts:
                    verdict = shape.verdicts[said]
                else:
                    verdict = shape.judge(said)
                    self._kept += 1
            found.append(self._alone(line) if verdict is None else verdict)
        return found

    def _alone(self, line: Line | BadLine) -> Verdict | BadLine:
        if isinstance(line, BadLine):
            return line
        try:
            return self._judge.judge(line)
        except BadLine as error:
            return error.with_traceback(None)  # which would keep all that is read alive

    def _sketch(self, line: Line, places: dict[str, int]) -> tuple[Shape, list[int]] | None:
        """A line's shape, and its texts as places in ``places``; None where it is not plain."""
        if line.kind == "text" and self._judge.asked.model is None:
            return self._bare(), [places.setdefault(line.text, len(places))]
        outline = _outline(line)
        if outline is None:
            return None
        key, roles, contents = outline
        shape = self._shapes[key] if key in self._shapes else self._find(key, line)
        if shape is None:
            return None
        for prefix in shape.prefixes:
            if any(content.startswith(prefix) for content in contents):
                return None
        texts = []
        for role, content in zip(roles, contents, strict=True):
            texts.append(places.setdefault(f"{role}\n{content}", len(places)))
        return shape, texts

    def _find(self, key: Key, line: Line) -> Shape | None:
        """The shape of lines like this one; None where each of them is judged alone."""
        judge, found = self._judge, None
        try:
            request = judge.read(line)
            plan = judge.plan(request.surface, request.model)
            if plan.is_by_said(request, judge.counter):
                found = Shape(judge, request, plan)
        except (NotARequest, UnknownModel, UnknownEdition):
            pass  # told of each line that it holds for
        self._shapes[key] = found
        return found

    def _bare(self) -> Shape:
        """The shape of texts alone, without a model."""
        found = self._shapes.get(())
        if found is None:
            found = self._shapes[()] = Shape(self._judge, None, None)
        return found


def _outline(line: Line) -> tuple[Key, list[str], list[str]] | None:
    """What a plain line is judged by besides its texts, its roles and texts; None: not plain."""
    if line.kind == "text":
        return None if not line.text or "<" in line.text else (("text",), ["user"], [line.text])
    body = line.body
    holder: Any = body
    given: Key | None
    native = "input" in body or "parameters" in body
    if native:
        holder = body.get("input")
        if holder.__class__ is not dict or len(holder) != 1 or not body.keys() <= _NATIVE_KEYS:
            return None
        given = _settings(body["parameters"]) if "parameters" in body else _ABSENT
    elif len(body) == 2 and "model" in body:
        given = ()
    else:
        given = _settings(body)
    model, messages = body.get("model"), holder.get("messages")
    if messages.__class__ is not list or (model is not None and model.__class__ is not str):
        return None
    if given is None:
        return None
    roles, contents = [], []
    for message in messages:
        if message.__class__ is not dict or len(message) != 2:
            return None
        role, content = message.get("role"), message.get("content")
        if role.__class__ is not str or content.__class__ is not str:
            return None
        if not content or "<" in content:  # a tag or a marker
            return None
        roles.append(role)
        contents.append(content)
    return (line.kind, native, model, given, *roles), roles, contents


def _settings(given: Any) -> Key | None:
    """Parameters of a kind that adds nothing to the input; None where there are others."""
    if given.__class__ is not dict:
        return None
    found: list[Any] = []
    for name, value in given.items():
        if name == "model" or name == "messages":
            continue
        kind = value.__class__
        if name not in PLAIN_PARAMETERS or kind not in _SCALARS:
            return None
        found += (name, kind, value)  # the kind, for True and 1 and 1.0 are equal
    return tuple(found)
