"""The few dozen requests of an audit: what each asks, how long, in which form, and why."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

from tokenassay.conformance.audit.texts import MARKED, WRITERS
from tokenassay.contracts.records import Record

Purpose = Literal["input", "output", "repeat", "markers", "error"]

LENGTHS: Final[tuple[tuple[str, int], ...]] = (
    ("English", 8),
    ("Chinese", 8),
    ("code", 26),
    ("digits", 12),
    ("emoji", 12),
    ("mixed", 40),
    ("English", 120),
    ("Chinese", 120),
    ("code", 120),
    ("digits", 90),
    ("emoji", 90),
    ("repeated", 60),
    ("repeated", 150),
    ("mixed", 250),
    ("code", 400),
    ("English", 500),
    ("Chinese", 700),
)
LONGEST: Final = (("English", 2000), ("Chinese", 2000))

ROUND_COUNTS: Final = (50, 100, 150, 200, 250, 300)
"""Whole counts to aim at: there a factor of a few per cent gives a whole or a half number, and
the ways to round part."""

STREAMED: Final = (0, 3, 6, 7, 15)
"""Which of ``LENGTHS`` are sent as a stream too."""

REPEATED: Final = (1, 5, 14)
"""Which of ``LENGTHS`` are sent again, and how often."""
AGAIN: Final = 2

OUTPUTS: Final = (("English", 9), ("Chinese", 20), ("English", 40))
"""Answers that are cut at so many tokens."""

BRIEF: Final = ("Name one bird. Answer in one word.", "用一句话简短地说说桥。")
BRIEF_CAP: Final = 96
"""Room that a brief answer does not fill: so a meter that bills the room shows."""


class Question(Record, frozen=True, kw_only=True):
    """One request of an audit."""

    what: str
    """In words: ``Chinese, about 120 tokens, streamed``."""
    purpose: Purpose
    script: str
    messages: tuple[dict[str, Any], ...]
    stream: bool = False
    cap: int = 1
    """Output tokens at most."""
    repeat: int = 0
    fault: dict[str, Any] | None = None
    """Parameters that make it a request to be refused."""

    @property
    def text(self) -> str:
        """All that is said in it."""
        return "\n".join(message["content"] for message in self.messages)


Count = Callable[[Question], int | None]
"""Whole input tokens of a question as the template in force has them."""


def questions(
    seed: int, count: Count, *, streams: bool, fault: dict[str, Any] | None
) -> Iterator[Question]:
    """The audit's requests. ``fault``: parameters that the edition's documents refuse."""
    dice = random.Random(seed)  # noqa: S311 - reproducible texts, no secrets
    singles = [_single(dice, script, size) for script, size in (*LENGTHS, *LONGEST)]
    turns = list(_conversations(dice))
    yield from singles
    yield from turns
    for whole in ROUND_COUNTS:
        yield _aimed(dice, whole, count)
    streamed = [*(singles[at] for at in STREAMED), turns[1], turns[-1]] if streams else []
    for question in streamed:
        yield _as(question, f"{question.what}, streamed", stream=True)
    for at in REPEATED:
        for number in range(1, AGAIN + 1):
            yield _as(singles[at], f"{singles[at].what}, again", purpose="repeat", repeat=number)
    yield from _answers(dice, streams)
    for text in MARKED:
        yield Question(
            what="text with markers", purpose="markers", script="markers", messages=(_say(text),)
        )
    if fault is not None:
        for at in (0, 6):
            refused = f"{singles[at].what}, to be refused"
            yield _as(singles[at], refused, purpose="error", fault=fault)


def _as(question: Question, what: str, **changes: Any) -> Question:
    fields = {name: getattr(question, name) for name in question.__struct_fields__}
    return Question(**{**fields, "what": what, **changes})


def _single(dice: random.Random, script: str, size: int) -> Question:
    return Question(
        what=f"{script}, about {size:,} tokens",
        purpose="input",
        script=script,
        messages=(_say(WRITERS[script](dice, size)),),
    )


def _conversations(dice: random.Random) -> Iterator[Question]:
    """Several messages, with a system message and without, so that templates part."""
    english, chinese = WRITERS["English"], WRITERS["Chinese"]
    system = _say(f"You are a careful assistant. {english(dice, 12)}", "system")

    def turns(pairs: int, size: int) -> list[dict[str, Any]]:
        said = [
            _say(english(dice, size), role) for _ in range(pairs) for role in ("user", "assistant")
        ]
        return [*said, _say(english(dice, size))]

    shapes = {
        "a system message": ("English", [system, _say(english(dice, 20))]),
        "three turns": ("English", turns(1, 30)),
        "five turns after a system message": ("English", [system, *turns(2, 25)]),
        "seven turns": ("English", turns(3, 12)),
        "three turns in Chinese": (
            "Chinese",
            [
                _say(chinese(dice, 60)),
                _say(chinese(dice, 90), "assistant"),
                _say(chinese(dice, 20)),
            ],
        ),
    }
    for what, (script, messages) in shapes.items():
        yield Question(what=what, purpose="input", script=script, messages=tuple(messages))


def _aimed(dice: random.Random, whole: int, count: Count) -> Question:
    """A request of exactly so many tokens, or close to it where that can't be had."""

    def made(said: list[str]) -> Question:
        return Question(
            what=f"{whole} tokens in all",
            purpose="input",
            script="words",
            messages=(_say(" ".join(said)),),
        )

    said = WRITERS["words"](dice, max(1, whole // 2)).split()
    for _ in range(60):
        counted = count(made(said))
        if counted is None or counted == whole or (counted > whole and len(said) == 1):
            break
        if counted > whole:
            said = said[: max(1, len(said) - max(1, (counted - whole) // 2))]
        else:
            said += WRITERS["words"](dice, max(1, (whole - counted) // 2)).split()
    return made(said)


def _answers(dice: random.Random, streams: bool) -> Iterator[Question]:
    for number, (script, cap) in enumerate(OUTPUTS):
        question = Question(
            what=f"an answer of {cap} tokens",
            purpose="output",
            script=script,
            messages=(_say(f"{WRITERS[script](dice, 10)}?"),),
            cap=cap,
        )
        yield question
        if streams and number != 1:
            yield _as(question, f"{question.what}, streamed", stream=True)
    for text in BRIEF:
        yield Question(
            what="a brief answer",
            purpose="output",
            script="English",
            messages=(_say(text),),
            cap=BRIEF_CAP,
        )


def _say(text: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": text}
