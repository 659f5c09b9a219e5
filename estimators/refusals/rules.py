"""All clauses of an edition that a request can break, compiled for one model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.refusals.combinations import Combinations
from tokenassay.estimators.refusals.frame import check_frame, check_model
from tokenassay.estimators.refusals.ground import survey_ground
from tokenassay.estimators.refusals.limits import PER_MESSAGE, compile_limit, input_ceiling
from tokenassay.estimators.refusals.messages import (
    BY_PARAMETER,
    DESCRIPTIVE,
    FRAME,
    compile_message_rule,
)
from tokenassay.estimators.refusals.notes import Notes
from tokenassay.estimators.refusals.parameters import check_parameters, check_places, compile_values
from tokenassay.estimators.refusals.places import Place, read_place
from tokenassay.estimators.refusals.plain import accepts_plain, compile_plain
from tokenassay.estimators.refusals.refusal import (
    Case,
    Check,
    Finding,
    Refusal,
    refuse,
    special_first,
)
from tokenassay.estimators.refusals.text import compile_text
from tokenassay.estimators.requests import Message, Request

_MOST_HABITS: Final = 1024

Habit = tuple[Any, ...]
"""Parameters as a key: with their types, as true and 1 are equal."""


class Rules:
    """What one edition refuses, for one model.

    Immutable but for what it remembers, and safe to share between threads.
    """

    def __init__(self, edition: Edition, model: str | None) -> None:
        self.edition = edition
        self.model = model
        self._position = {clause.id: index for index, clause in enumerate(edition.clauses)}

        ground = survey_ground(edition, model)
        values = compile_values(edition, model)
        texts = edition.of_kind(c.TextClause, model)
        limits = special_first(edition.of_kind(c.LimitClause, model), lambda x: x.quantity)
        rules = special_first(edition.of_kind(c.MessageClause, model), lambda x: x.rule)
        rules = [clause for clause in rules if clause.rule not in DESCRIPTIVE]
        combinations = Combinations(edition, model)

        def spoken(wanted: Callable[[c.MessageRule], bool]) -> list[Check]:
            return [compile_message_rule(x, ground) for x in rules if wanted(x.rule)]

        models = [v for v in values if v.place.head == "model"]
        parameters = [v for v in values if v.place.is_parameter]
        others = [v for v in values if not v.place.is_parameter and v.place.head != "model"]
        judged = _compile_texts(texts, {v.place for v in values if v.types})
        framing = [v for v in others if "[]" not in v.place.steps]

        # In the order of a server; within a stage the clause that stands first speaks first.
        of_frame = [check_frame(framing, ground), *spoken(FRAME.__contains__)]
        of_model = [check_model(edition, model, models)]
        of_parameters = [check_parameters(parameters)]
        of_texts = [check for place, check in judged if place.is_parameter]
        of_combinations = [combinations.check, *spoken(BY_PARAMETER.__contains__)]
        of_messages = [
            check_places(v for v in others if "[]" in v.place.steps),
            *(check for place, check in judged if not place.is_parameter),
            *spoken(lambda rule: rule not in FRAME and rule not in BY_PARAMETER),
        ]
        of_limits = [x for x in (compile_limit(y, model, ground) for y in limits) if x is not None]
        plain_stages = (of_parameters, of_texts, of_combinations, of_limits)
        self._plain_stages = tuple(tuple(stage) for stage in plain_stages)
        self._stages = tuple(
            tuple(stage)
            for stage in (of_frame, of_model, *plain_stages[:3], of_messages, of_limits)
        )

        # What lets a plain conversation pass without a look at any of them.
        self._is_plain = compile_plain(ground.file_prefix)
        bare = Request(edition.surface, model, None, None, None, (), {}, {}, False)
        named = self._survey(self._case(bare, None, None), (tuple(of_model),))
        accepts_model = model is not None and all(x.level == "unspecified" for x, _ in named)
        self._accepts_plain = accepts_model and accepts_plain(values, texts, rules)
        self._needs_settings = any(v.place.head == "parameters" and v.required for v in values)
        demanding = any(v.required and not v.place.steps for v in parameters)
        self._idle = combinations.idle and not demanding
        self._ceiling = input_ceiling(limits, model)
        self._counts_messages = any(
            x.quantity in PER_MESSAGE and x.level != "unspecified" for x in limits
        )
        self._heeds_no_text = not (self._counts_messages or combinations.read_texts)
        self._wording = tuple(
            (str(rule.args["parameter"]).partition(".")[0], str(rule.args["word"]).lower())
            for rule in rules
            if rule.rule in BY_PARAMETER
        )
        reserving = (x.args.get("adds") for x in limits if x.quantity == "context_tokens")
        self._heeding = {name for name in reserving if name} | {name for name, _ in self._wording}
        """Parameters that make the input's length or its words matter."""
        self._habits: set[Habit] = set()
        """What plain conversations came with that broke nothing."""
        self._notes = Notes(edition, model, values, limits, ground)

    def check(
        self,
        request: Request,
        *,
        input_tokens: int | None = None,
        message_tokens: Callable[[Message], int] | None = None,
    ) -> tuple[Refusal, ...]:
        """Every clause of level must or should that the request breaks, as a server would go.

        The order: the body's frame, model, parameters, tools, combinations, messages, limits.
        Limits in tokens are judged only as far as the counts are given: ``input_tokens`` of the
        whole input, ``message_tokens`` of one message. Never raises for anything that is JSON.
        """
        plain = self._passes_frame(request)
        short = (
            plain
            and (input_tokens is None or input_tokens <= self._ceiling)
            and (message_tokens is None or not self._counts_messages)
        )
        if short and self._idle and not request.parameters and not request.streaming:
            return ()
        habit = self._habit(request) if short else None
        if habit in self._habits:
            return ()
        case = self._case(request, input_tokens, message_tokens)
        stages = self._plain_stages if plain else self._stages
        refusals = tuple(
            refuse(self.edition, clause, breach, case.model)
            for clause, breach in self._survey(case, stages)
            if clause.level != "unspecified"
        )
        if habit is not None and not refusals:
            if len(self._habits) >= _MOST_HABITS:
                self._habits.clear()
            self._habits.add(habit)
        return refusals

    def is_by_tokens(self, request: Request) -> bool:
        """Whether a conversation is plain, and other texts count by their tokens and words alone.

        A text is plain where it is not empty and refers to no file; the words are :meth:`words`.
        """
        return self._heeds_no_text and self._passes_frame(request)

    def words(self, request: Request) -> tuple[str, ...]:
        """Words, in small letters, that the parameters ask to stand in some message."""
        parameters = request.parameters
        return tuple(word for head, word in self._wording if head in parameters)

    def notes(
        self,
        request: Request,
        *,
        input_tokens: int | None = None,
        message_tokens: Callable[[Message], int] | None = None,
    ) -> tuple[str, ...]:
        """What the documents leave open or advise against in the request, a line each."""
        case = self._case(request, input_tokens, message_tokens)
        return tuple(dict.fromkeys(self._notes.of(case, self._survey(case, self._stages))))

    def _case(
        self,
        request: Request,
        input_tokens: int | None,
        message_tokens: Callable[[Message], int] | None,
    ) -> Case:
        named = request.model if isinstance(request.model, str) else None
        return Case(request, self.model or named or None, input_tokens, message_tokens)

    def _survey(self, case: Case, stages: tuple[tuple[Check, ...], ...]) -> Iterator[Finding]:
        for stage in stages:
            found = [finding for check in stage for finding in check(case)]
            if len(found) > 1:
                found.sort(key=lambda finding: self._position[finding[0].id])
            yield from found

    def _habit(self, request: Request) -> Habit | None:
        """What decides whether a plain conversation within the ceiling breaks anything.

        None where more does than its parameters, or they hold lists or objects.
        """
        parameters = request.parameters
        if not self._heeds_no_text or not self._heeding.isdisjoint(parameters):
            return None
        values = tuple(parameters.values())
        habit = request.streaming, tuple(parameters), values, tuple(map(type, values))
        try:
            hash(habit)
        except TypeError:
            return None
        return habit

    def _passes_frame(self, request: Request) -> bool:
        """Whether frame, model and messages are so plain that no clause can refuse them."""
        messages = request.messages
        if messages is None or not self._accepts_plain:
            return False
        if request.prompt is not None or request.history is not None:
            return False
        if request.surface == "native":
            settings = request.body.get("parameters")
            if settings.__class__ is not dict and (settings is not None or self._needs_settings):
                return False
        return self._is_plain(messages)


def _compile_texts(
    clauses: Iterable[c.TextClause], typed: Collection[Place]
) -> list[tuple[Place, Check]]:
    """Text clauses as checks; of what is no string only the first clause on a place speaks."""
    spoken_for = set(typed)
    found = []
    for clause in clauses:
        place = read_place(clause.at)
        found.append((place, compile_text(clause, spoken_for)))
        if clause.level != "unspecified":
            spoken_for.add(place)
    return found


@lru_cache(maxsize=512)
def compile_rules(edition: Edition, model: str | None) -> Rules:
    """The rules of an edition for a model, compiled once for each such pair.

    With ``model`` None the rules take the name from the body, and know what holds for all models
    only; with a name, that name stands above the body's.
    """
    return Rules(edition, model or None)
