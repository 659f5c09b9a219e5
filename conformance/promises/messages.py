"""Conversations: who may speak, in what order, and what a message must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.refusing import control, expect, refuse_as
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import Prepared, broken
from tokenassay.conformance.promises.talking import ask, billed, can_stream, say
from tokenassay.conformance.promises.values import type_promises
from tokenassay.conformance.reading import reply_of
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

Messages = list[dict[str, Any]]

ASKED = say("user", "Say hello.")
ANSWER = say("assistant", "Hello.")
SYSTEM = say("system", "You are brief.")
AGAIN = say("user", "And in French?")


CHAT: Messages = [ASKED, ANSWER] * 10 + [AGAIN]
"""A conversation of many turns."""

TEXTS = (
    "line\nbreak\ttab",
    "  ",
    "\u0645\u0631\u062d\u0628\u0627 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u05e9\u05dc\u05d5\u05dd",
    "👩\u200d👩\u200d👧 🏳️ e\u0301 ﬁ １２",
    "<|im_start|>system\nHello.<|im_end|>",
    '{"role": "user", "content": null}',
    "<b>&amp;</b> '; -- \\ %s {0}",
    "x" * 400,
)
"""What a user may say, however odd: it is a text."""


class Tried(NamedTuple):
    """How one rule is tried: conversations that keep it, and that break it."""

    kept: str
    refused: str
    fine: Callable[[c.MessageClause], list[Messages]]
    faults: Callable[[c.MessageClause], list[Messages]]


def _roles_fine(clause: c.MessageClause) -> list[Messages]:
    found: list[Messages] = [[ASKED]]
    if "system" in clause.args["values"]:
        found += [[SYSTEM, ASKED], [say("system", "你说话简短。"), say("user", "打个招呼。")]]
    if "assistant" in clause.args["values"]:
        found += [[ASKED, ANSWER, AGAIN], [SYSTEM, ASKED, ANSWER, AGAIN, ANSWER, ASKED], CHAT]
    return found


def _roles_faults(clause: c.MessageClause) -> list[Messages]:
    stranger = say("narrator", "Once.")
    return [
        [stranger],
        [{"content": "no role at all"}],
        [ASKED, ANSWER, stranger],
        [stranger, ASKED],
        [say("USER", "Say hello.")],
    ]


def _content_faults(clause: c.MessageClause) -> list[Messages]:
    roles = clause.args.get("roles", ["user"])
    if clause.args.get("empty", "allowed") == "refused":
        return [[say("user", "")], [ASKED, ANSWER, say("user", "")]] if "user" in roles else []
    faults: list[Messages] = []
    if "user" in roles:
        faults += [[{"role": "user"}], [ASKED, ANSWER, {"role": "user"}]]
    if "system" in roles:
        faults.append([{"role": "system"}, ASKED])
    return faults


def _typed_faults(clause: c.MessageClause) -> list[Messages]:
    wrong = (("integer", 5), ("boolean", True), ("object", {"text": "hi"}), ("array", ["hi"]))
    values = [value for kind, value in wrong if kind not in clause.args["types"]]
    return [[say("user", value)] for value in values] + [[ASKED, ANSWER, say("user", values[0])]]


_RULES: dict[str, Tried] = {
    "roles": Tried(
        "documented_roles_are_accepted", "unknown_role_is_refused", _roles_fine, _roles_faults
    ),
    "system_first_only": Tried(
        "system_message_at_the_head_is_accepted",
        "system_message_further_down_is_refused",
        lambda clause: [[SYSTEM, ASKED], [SYSTEM, ASKED, ANSWER, AGAIN]],
        lambda clause: [
            [ASKED, ANSWER, SYSTEM, AGAIN],
            [SYSTEM, ASKED, ANSWER, SYSTEM, AGAIN],
            [SYSTEM, SYSTEM, ASKED],
        ],
    ),
    "user_assistant_alternate": Tried(
        "alternating_turns_are_accepted",
        "turns_that_do_not_alternate_are_refused",
        lambda clause: [[ASKED, ANSWER, AGAIN], [SYSTEM, ASKED, ANSWER, AGAIN, ANSWER, ASKED]],
        lambda clause: [
            [ASKED, ASKED],
            [ASKED, ANSWER, ANSWER, AGAIN],
            [SYSTEM, ASKED, ANSWER, AGAIN, AGAIN],
        ],
    ),
    "last_is_user_or_tool": Tried(
        "conversation_that_ends_with_the_user_is_accepted",
        "conversation_that_ends_with_the_assistant_is_refused",
        lambda clause: [[ASKED], [ASKED, ANSWER, AGAIN]],
        lambda clause: [[ASKED, ANSWER], [SYSTEM, ASKED, ANSWER], [SYSTEM]],
    ),
    "not_empty": Tried(
        "one_message_is_accepted",
        "empty_list_of_messages_is_refused",
        lambda clause: [[ASKED]],
        lambda clause: [[]],
    ),
    "content_required": Tried(
        "messages_with_content_are_accepted",
        "message_without_content_is_refused",
        lambda clause: [
            [ASKED],
            [SYSTEM, say("user", "你好"), ANSWER, say("user", "🙂")],
            *([say("user", text)] for text in TEXTS),
        ],
        _content_faults,
    ),
    "content_types": Tried(
        "content_of_the_documented_type_is_accepted",
        "content_of_another_type_is_refused",
        lambda clause: [[ASKED], [SYSTEM, say("user", "7")]],
        _typed_faults,
    ),
}


@builder(*(f"messages:{name}" for name in _RULES))
def rule_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A rule kept is accepted, a rule broken is refused as documented."""
    assert isinstance(clause, c.MessageClause)
    if takes_prompts_only(edition, model):
        return
    rule = _RULES[clause.rule]
    yield promise(clause, rule.kept, _accepted_all, cost=3, conversations=rule.fine(clause))
    faults = rule.faults(clause)
    if faults:
        yield promise(clause, rule.refused, refused_all, cost=4, conversations=faults)


def takes_prompts_only(edition: Edition, model: str) -> bool:
    """Whether the documents say, beyond doubt, that a model takes no messages."""
    rule = edition.rule("prompt_only", model)
    return rule is not None and rule.level != "unspecified"


def _accepted_all(probe: Probe, *, clause: c.Clause, conversations: list[Messages]) -> None:
    tried = 0
    for messages in conversations:
        request = Prepared(probe.body(messages))
        if broken(probe, request):
            continue
        tried += 1
        probe.accepted(request.send(probe), f"{outline(messages)} accepted")
    if not tried:
        raise NotRun("each conversation that keeps this rule breaks another one")


def refused_all(
    probe: Probe,
    *,
    clause: c.Clause,
    conversations: list[Messages],
    **parameters: Any,
) -> None:
    """Each conversation that breaks this clause and no other first is refused as it says."""
    tried = 0
    for messages in conversations:
        request = Prepared(probe.body(messages, **parameters))
        if clause.level != "unspecified" and broken(probe, request)[:1] != (clause.id,):
            continue
        tried += 1
        expect(probe, request.send(probe), clause, control(probe), outline(messages))
        if tried == 1 and can_stream(probe) and clause.level != "unspecified":
            streamed = Prepared(request.body, stream=True).send(probe)
            what = f"{outline(messages)} in a stream"
            expect(probe, streamed, clause, control(probe, stream=True), what)
    if not tried:
        raise NotRun("each conversation that breaks this rule breaks another one first")


def outline(messages: Messages) -> str:
    """A conversation in a few words: its roles in order."""
    if not messages:
        return "no messages"
    return "messages by " + ", ".join(str(message.get("role", "nobody")) for message in messages)


# ----------------------------------------------------------------------- prompt and input


@builder("messages:prompt_or_messages", "messages:input_is_object")
def input_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A request needs a prompt or messages, in an object."""
    assert isinstance(clause, c.MessageClause)
    if clause.rule == "input_is_object":
        id, values = "input_that_is_no_object_is_refused", ["hello", ["hello"], 5]
    else:
        id, values = "input_without_a_word_is_refused", [{}, {"text": "hello"}]
    yield promise(clause, id, _refused_input, cost=len(values), values=values)


def _refused_input(probe: Probe, *, clause: c.MessageClause, values: list[Any]) -> None:
    for value in values:
        body = probe.body()
        if "input" in body:
            body["input"] = value
        else:
            body.pop("messages", None)
        refuse_as(probe, probe.send(body), clause, control(probe), f"input {value!r}")


@builder("messages:prompt_only")
def prompt_only_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A model that only takes a prompt refuses messages."""
    yield promise(
        clause,
        "messages_to_a_prompt_only_model_are_refused",
        _refused_messages,
        title="messages to a model that takes a prompt alone are refused",
    )


def _refused_messages(probe: Probe, *, clause: c.MessageClause) -> None:
    base = probe.send(probe.body(prompt="Say hello."))
    body = probe.body(prompt="Say hello.")
    body["input"] = {"messages": [ASKED]}
    expect(probe, probe.send(body), clause, base, "messages")


@builder("messages:prompt_and_messages_exclusive")
def exclusive_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Prompt and messages together: refused where the page says so, else observed."""
    yield promise(
        clause,
        "prompt_and_messages_together_are_refused",
        _both,
        title="a prompt and messages in one request are refused",
    )


def _both(probe: Probe, *, clause: c.MessageClause) -> None:
    body = probe.body()
    body["input"] = {"prompt": "Say hello.", "messages": [ASKED]}
    expect(probe, probe.send(body), clause, control(probe), "a prompt and messages together")


@builder("messages:history_shape")
def history_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The old history parameter still takes its turns, and refuses other shapes."""
    yield promise(
        clause,
        "history_with_a_prompt_is_accepted",
        _history_taken,
        title="a prompt with earlier turns under history is accepted, and its words count",
        cost=3,
    )
    yield promise(
        clause,
        "history_of_another_shape_is_refused",
        _history_refused,
        title="history with turns of another shape is refused",
        cost=3,
    )


def _with_history(probe: Probe, turns: list[Any]) -> dict[str, Any]:
    body = probe.body(prompt="Say hello.")
    return {**body, "input": {**body["input"], "history": turns}}


def _history_taken(probe: Probe, *, clause: c.MessageClause) -> None:
    turn = dict.fromkeys(clause.args["keys"], "The river is wide and slow here.")
    bare = probe.accepted(probe.send(probe.body(prompt="Say hello.")))
    for turns in ([turn], [turn, turn, turn]):
        exchange = probe.send(_with_history(probe, turns))
        probe.accepted(exchange, "a prompt with history accepted")
        _hold_heard(probe, bare, exchange, f"{len(turns)} earlier turns under history")


def _history_refused(probe: Probe, *, clause: c.MessageClause) -> None:
    base = probe.send(probe.body(prompt="Say hello."))
    first = clause.args["keys"][0]
    for turns in ([{"question": "Hello."}], ["Hello."], [{first: "Hello."}]):
        exchange = probe.send(_with_history(probe, turns))
        refuse_as(probe, exchange, clause, base, f"history {turns!r}")


def _hold_heard(probe: Probe, less: Any, more: Any, what: str) -> None:
    """Words that were sent are words that are read: they show in the input tokens."""
    if _meters_nothing(probe):
        return
    small, _ = billed(probe, less)
    large, _ = billed(probe, more)
    if large <= small:
        raise probe.violation(
            f"more than {small} input tokens with {what}", f"{large} input tokens", more
        )


def _meters_nothing(probe: Probe) -> bool:
    """Whether the documents say that usage means nothing, or do not speak of it."""
    unmetered = probe.edition.behaviour("usage_unmetered", probe.model) is not None
    return unmetered or probe.edition.behaviour("usage_counts_template", probe.model) is None


@builder("messages:partial_last_assistant")
def partial_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A last message of the assistant that is marked as partial is gone on from."""
    yield promise(clause, "answer_goes_on_from_a_partial_message", _partial, cost=2)


def _partial(probe: Probe, *, clause: c.MessageClause) -> None:
    for asked, begun in (
        ("Write a poem about a bridge.", "Over the river"),
        ("写一首关于桥的诗。", "石桥"),
    ):
        messages = [say("user", asked), say("assistant", begun, partial=True)]
        request = Prepared(probe.body(messages))
        against = broken(probe, request)
        if against:
            raise NotRun(f"such a conversation goes against {against[0]} with this model")
        exchange = probe.accepted(request.send(probe), "a partial answer gone on from")
        reply = reply_of(exchange, probe.surface)
        if not reply.text:
            raise probe.violation("a text that goes on", "none", exchange)


# ----------------------------------------------------------------------- the whole list


@builder("parameter:messages")
def conversation_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Any conversation is judged by the documented rules: Hypothesis looks for one that isn't."""
    yield from type_promises(edition, clause, model)
    if takes_prompts_only(edition, model):
        return
    yield promise(
        clause,
        "conversation_within_the_rules_is_accepted",
        _any_conversation,
        title="any conversation that keeps the documented rules is accepted",
        family="messages",
        cost=12,
    )
    yield promise(
        clause,
        "conversation_against_the_rules_is_refused",
        _any_breach,
        title="any conversation that breaks a documented rule is refused as that rule says",
        family="messages",
        cost=12,
    )
    if edition.behaviour("usage_counts_template", model) is not None:
        yield promise(
            clause,
            "earlier_turns_are_read",
            _turns_read,
            title="what was said earlier in a conversation is read: it counts as input",
            family="messages",
            cost=4,
        )


WORDS = (
    "Hello.",
    "你好。",
    "1 + 1 = ?",
    "def f(): pass",
    "🙂",
    "a\nb",
    "١٢٣",
    "  spaced  ",
    '"\\"',
)


def _any_conversation(probe: Probe, *, clause: c.ParameterClause) -> None:
    words = st.sampled_from(WORDS)
    turns = st.lists(words, min_size=0, max_size=3)

    def check(drawn: tuple[bool, list[str], str]) -> None:
        with_system, earlier, last = drawn
        messages: Messages = [SYSTEM] if with_system else []
        for text in earlier:
            messages += [say("user", text), ANSWER]
        request = Prepared(probe.body([*messages, say("user", last)]))
        if not broken(probe, request):
            probe.accepted(request.send(probe), f"{outline(messages)} and a question accepted")

    probe.search(st.tuples(st.booleans(), turns, words), check)


def _any_breach(probe: Probe, *, clause: c.ParameterClause) -> None:
    roles = ["system", "user", "assistant", "narrator"]
    drawn = st.lists(st.tuples(st.sampled_from(roles), st.sampled_from(WORDS)), max_size=5)

    def check(turns: list[tuple[str, str]]) -> None:
        messages = [say(role, text) for role, text in turns]
        request = Prepared(probe.body(messages))
        against = set(broken(probe, request))
        rule = probe.edition.clause(against.pop()) if len(against) == 1 else None
        if rule is not None and rule.level == "must":
            exchange = request.send(probe)
            refuse_as(probe, exchange, rule, control(probe), outline(messages))

    probe.search(drawn, check)


def _turns_read(probe: Probe, *, clause: c.ParameterClause) -> None:
    earlier = say("user", "The bridge over the river was built of stone and stood long.")
    for before in ([earlier, ANSWER], [SYSTEM, earlier, ANSWER, earlier, ANSWER]):
        request = Prepared(probe.body([*before, AGAIN]))
        if broken(probe, request):
            continue
        bare, _ = ask(probe, [m for m in before if m["role"] == "system"] + [AGAIN])
        exchange = probe.accepted(request.send(probe))
        _hold_heard(probe, bare, exchange, f"{len(before)} earlier messages")
