"""The short way through many lines: judged once for all that differ in nothing but their texts.

Most lines of a batch have the same model, parameters and roles, and say plain things. Such lines
share a shape. Their texts are counted together, which takes a fraction of the time that one by
one does, and each number of tokens is judged once, in the stead of all lines that have it.
Whatever is not as plain as that is judged alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tokenassay.contracts.errors import UnknownEdition, UnknownModel
from tokenassay.estimators.batches.lines import BadLine, Line
from tokenassay.estimators.features import PLAIN_PARAMETERS
from tokenassay.estimators.plans import Plan
from tokenassay.estimators.requests import NotARequest, Request
from tokenassay.estimators.tokens import TEMPLATE_TAGS

if TYPE_CHECKING:
    from tokenassay.estimators.batches.judging import Judge, Verdict

MOST_SHAPES: Final = 1024
MOST_VERDICTS: Final = 20_000
"""Verdicts of all shapes together that are kept; where there are more, all are forgotten."""

_encode = msgspec.json.Encoder().encode

_SPECIAL: Final = re.compile("|".join(map(re.escape, ("<|", *TEMPLATE_TAGS))))
"""Markers and tags, which are not counted as the text that they look like."""

Key = tuple[Any, ...]
"""What lines of one shape have in common."""


class Shape:
    """Lines that differ in their texts only; ``request`` is that of one, texts alone have none.

    ``own`` are the tokens of its texts.
    """

    __slots__ = ("_judge", "_own", "_plan", "_request", "prefixes", "verdicts", "words")

    def __init__(
        self, judge: Judge, request: Request | None = None, plan: Plan | None = None, own: int = 0
    ) -> None:
        self._judge, self._request, self._plan, self._own = judge, request, plan, own
        self.prefixes: tuple[str, ...] = ()
        """What a text begins with that stands for files, and is not plain."""
        self.words: tuple[str, ...] = ()
        """Words in small letters that make a difference where they stand in a text."""
        if request is not None and plan is not None:
            self.prefixes, self.words = plan.file_prefixes, plan.words(request)
        self.verdicts: dict[int, Verdict] = {}
        """By the tokens of all texts of a line."""

    def judge(self, said: int) -> Verdict:
        """The verdict on lines whose texts have so many tokens; it is kept."""
        if self._request is None or self._plan is None:
            verdict = self._judge.bare(said)
        else:
            verdict = self._judge.verdict(self._request, self._plan, said - self._own)
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
            if sketch is None:
                found.append(self._alone(line))
                continue
            shape, texts = sketch
            said = sum([counts[place] for place in texts])
            verdict = shape.verdicts.get(said)
            if verdict is None:
                verdict = shape.judge(said)
                self._kept += 1
            found.append(verdict)
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
        key, contents, texts = outline
        shape = self._shapes[key] if key in self._shapes else self._find(key, line, texts)
        if shape is None:
            return None
        for prefix in shape.prefixes:
            if any(content.startswith(prefix) for content in contents):
                return None
        if shape.words:  # then lines that have them are of one shape, those without of another
            small = [content.lower() for content in contents]
            said = tuple(any(word in content for content in small) for word in shape.words)
            shape = self._shapes.get((key, said)) or self._find((key, said), line, texts)
            if shape is None:
                return None
        return shape, [places.setdefault(text, len(places)) for text in texts]

    def _find(self, key: Key, line: Line, texts: list[str]) -> Shape | None:
        """The shape of lines like this one; None where each of them is judged alone."""
        judge, found = self._judge, None
        try:
            request = judge.read(line)
            plan = judge.plan(request.surface, request.model)
            if plan.is_by_tokens(request, judge.counter):
                found = Shape(judge, request, plan, sum(judge.counter.count_many(texts)))
        except (NotARequest, UnknownModel, UnknownEdition):
            pass  # told of each line that it holds for
        self._shapes[key] = found
        return found

    def _bare(self) -> Shape:
        """The shape of texts alone, without a model."""
        found = self._shapes.get(())
        if found is None:
            found = self._shapes[()] = Shape(self._judge)
        return found


def _outline(line: Line) -> tuple[Key, list[str], list[str]] | None:
    """What a plain line shares with others, its contents, and the texts that it is counted by.

    None where it is not plain. A text stands behind its role and a newline, as templates have it.
    """
    if line.kind == "text":
        if not line.text or _SPECIAL.search(line.text):
            return None
        return ("text",), [line.text], [f"user\n{line.text}"]
    body = line.body
    holder: Any = body
    native = "input" in body or "parameters" in body
    if native:
        holder = body.get("input")
        if holder.__class__ is not dict or len(holder) != 1:
            return None
    model, messages = body.get("model"), holder.get("messages")
    if messages.__class__ is not list or (model is not None and model.__class__ is not str):
        return None
    settings: bytes | str | None = None
    adds = False  # whether the parameters may add to the input
    if len(body) > 2 or "model" not in body:
        held = "input" if native else "messages"
        given = {name: body[name] for name in body if name != "model" and name != held}
        settings = _written(given)
        if settings is None:
            return None
        parameters = given.get("parameters") if native else given
        adds = parameters.__class__ is not dict or not parameters.keys() <= PLAIN_PARAMETERS
    roles, before_tools, contents, texts = [], [], [], []
    for message in messages:
        if message.__class__ is not dict or len(message) != 2:
            return None
        role, content = message.get("role"), message.get("content")
        if role.__class__ is not str or content.__class__ is not str:
            return None
        if not content or ("<" in content and _SPECIAL.search(content)):
            return None
        roles.append(role)
        contents.append(content)
        if adds and role == "system":
            before_tools.append(content)  # they are written at its end, and may join with it
        else:
            texts.append(f"{role}\n{content}")
    key = line.kind, native, model, settings, tuple(roles), tuple(before_tools)
    return key, contents, texts


def _written(given: Mapping[str, Any]) -> bytes | str | None:
    """Settings as JSON, in which True, 1 and 1.0 are three things; None: not to be compared."""
    try:
        written = _encode(given)
        # A number beyond all bounds is infinite to Python, and null to this encoder.
        return json.dumps(given, allow_nan=False) if b"null" in written else written
    except (ValueError, OverflowError, RecursionError):  # half a surrogate pair is a ValueError
        return None
