"""Conversations: who may speak, in what order, and what a message must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from hypothesis import strategies as st

from tokenassay.conformance.failures import Inconclusive, Violation
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import Prepared, broken, control, prepare
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

Messages = list[dict[str, Any]]


def say(role: str, content: Any, **more: Any) -> dict[str, Any]:
    """One message."""
    return {"role": role, "content": content, **more}


_HELLO = say("user", "Say hello.")
_ANSWER = say("assistant", "Hello.")
_SYSTEM = say("system", "You are brief.")


class _Rule:
    """How one message rule is tried: conversations that keep it, and that break it."""

    def __init__(
        self,
        kept: str,
        refused: str,
        fine: Callable[[c.MessageClause], list[Messages]],
        faults: Callable[[c.MessageClause], list[Messages]],
    ) -> None:
        self.kept, self.refused, self.fine, self.faults = kept, refused, fine, faults


def _roles_fine(clause: c.MessageClause) -> list[Messages]:
    found: list[Messages] = [[_HELLO]]
    if "system" in clause.args["values"]:
        found.append([_SYSTEM, _HELLO])
    if "assistant" in clause.args["values"]:
        found.append([_HELLO, _ANSWER, _HELLO])
    return found


def _content_faults(clause: c.MessageClause) -> list[Messages]:
    roles = clause.args.get("roles", ["user"])
    if clause.args.get("empty", "allowed") == "refused":
        return [[say("user", "")]] if "user" in roles else []
    faults: list[Messages] = []
    if "user" in roles:
        faults.append([{"role": "user"}])
    if "system" in roles:
        faults.append([{"role": "system"}, _HELLO])
    return faults


_RULES: dict[str, _Rule] = {
    "roles": _Rule(
        "documented_roles_are_accepted",
        "unknown_role_is_refused",
        _roles_fine,
        lambda clause: [[say("narrator", "Once.")], [{"content": "no role at all"}]],
    ),
    "system_first_only": _Rule(
        "system_message_at_the_head_is_accepted",
        "system_message_further_down_is_refused",
        lambda clause: [[_SYSTEM, _HELLO], [_SYSTEM, _HELLO, _ANSWER, _HELLO]],
        lambda clause: [[_HELLO, _ANSWER, _SYSTEM, _HELLO]],
    ),
    "user_assistant_alternate": _Rule(
        "alternating_turns_are_accepted",
        "turns_that_do_not_alternate_are_refused",
        lambda clause: [[_HELLO, _ANSWER, _HELLO], [_HELLO, _ANSWER, _HELLO, _ANSWER, _HELLO]],
        lambda clause: [[_HELLO, _HELLO], [_HELLO, _ANSWER, _ANSWER, _HELLO]],
    ),
    "last_is_user_or_tool": _Rule(
        "conversation_that_ends_with_the_user_is_accepted",
        "conversation_that_ends_with_the_assistant_is_refused",
        lambda clause: [[_HELLO, _ANSWER, _HELLO]],
        lambda clause: [[_HELLO, _ANSWER]],
    ),
    "not_empty": _Rule(
        "one_message_is_accepted",
        "empty_list_of_messages_is_refused",
        lambda clause: [[_HELLO]],
        lambda clause: [[]],
    ),
    "content_required": _Rule(
        "messages_with_content_are_accepted",
        "message_without_content_is_refused",
        lambda clause: [[_HELLO]],
        _content_faults,
    ),
    "content_types": _Rule(
        "content_of_the_documented_type_is_accepted",
        "content_of_another_type_is_refused",
        lambda clause: [[_HELLO]],
        lambda clause: [
            [say("user", value)]
            for kind, value in (("integer", 5), ("object", {"text": "hi"}), ("array", ["hi"]))
            if kind not in clause.args["types"]
        ],
    ),
}


@builder(*(f"messages:{name}" for name in _RULES))
def rule_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A rule kept is accepted, a rule broken is refused as documented."""
    assert isinstance(clause, c.MessageClause)
    if edition.rule("prompt_only", model) is not None:
        return
    rule = _RULES[clause.rule]
    common = {"family": clause.family, "clause": clause.id, "level": clause.level}
    yield Promise(
        id=rule.kept,
        title=rule.kept.replace("_", " "),
        check=partial(_accepted_all, conversations=rule.fine(clause)),
        cost=2,
        **common,  # type: ignore[arg-type]
    )
    faults = rule.faults(clause)
    if faults:
        yield Promise(
            id=rule.refused,
            title=rule.refused.replace("_", " "),
            check=partial(_refused_all, clause=clause, conversations=faults),
            cost=2,
            **common,  # type: ignore[arg-type]
        )


def _accepted_all(probe: Probe, *, conversations: list[Messages]) -> None:
    for messages in conversations:
        request = Prepared(probe.body(messages))
        if not broken(probe, request):
            probe.accepted(request.send(probe), f"{outline(messages)} accepted")


def _refused_all(probe: Probe, *, clause: c.ClauseBase, conversations: list[Messages]) -> None:
    base = control(probe)
    for messages in conversations:
        exchange = probe.send(probe.body(messages))
        refuse_as(probe, exchange, clause, base, outline(messages))


def refuse_as(probe: Probe, exchange: Any, clause: c.ClauseBase, base: Any, what: str) -> None:
    """Hold an answer to the documented refusal, and say in a breach what was sent."""
    try:
        probe.refused(exchange, clause, control=base)
    except Violation as violation:
        raise Violation(
            f"{what}: {violation.expected}", violation.observed, violation.exchange
        ) from None


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
    as_text = clause.rule == "input_is_object"
    id = "input_that_is_no_object_is_refused" if as_text else "input_without_a_word_is_refused"
    yield Promise(
        id=id,
        title=id.replace("_", " "),
        family=clause.family,
        clause=clause.id,
        level=clause.level,
        check=partial(_refused_input, clause=clause, value="hello" if as_text else {}),
    )


def _refused_input(probe: Probe, *, clause: c.ClauseBase, value: Any) -> None:
    body = probe.body()
    if "input" in body:
        body["input"] = value
    else:
        body.pop("messages", None)
    probe.refused(probe.send(body), clause, control=control(probe))


@builder("messages:prompt_only")
def prompt_only_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A model that only takes a prompt refuses messages."""
    common = {"family": clause.family, "clause": clause.id, "level": clause.level}
    yield Promise(
        id="messages_to_a_prompt_only_model_are_refused",
        title="messages to a model that takes a prompt alone are refused",
        check=partial(_refused_messages, clause=clause),
        **common,  # type: ignore[arg-type]
    )


def _refused_messages(probe: Probe, *, clause: c.ClauseBase) -> None:
    base = control(probe)
    body = probe.body()
    body["input"] = {"messages": [_HELLO]}
    probe.refused(probe.send(body), clause, control=base)


@builder("messages:prompt_and_messages_exclusive")
def exclusive_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Prompt and messages together: refused where the page says so, else observed."""
    yield Promise(
        id="prompt_and_messages_together_are_refused",
        title="a prompt and messages in one request are refused",
        family=clause.family,
        clause=clause.id,
        level=clause.level,
        check=partial(_both, clause=clause),
    )


def _both(probe: Probe, *, clause: c.ClauseBase) -> None:
    body = probe.body()
    body["input"] = {"prompt": "Say hello.", "messages": [_HELLO]}
    exchange = probe.send(body)
    if clause.level == "unspecified":
        observe_either(probe, exchange, "a prompt and messages together")
        return
    probe.refused(exchange, clause, control=control(probe))


def observe_either(probe: Probe, exchange: Any, what: str) -> None:
    """Note whether something that the documents leave open was accepted or refused."""
    from tokenassay.conformance.judging import told

    try:
        probe.accepted(exchange)
    except Violation as violation:
        probe.observe(f"{what}: refused with {violation.observed}")
    except Inconclusive:
        if exchange.error is None:
            raise
        probe.observe(f"{what}: refused with {told(exchange.error)}")
    else:
        probe.observe(f"{what}: accepted")


@builder("messages:history_shape")
def history_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The old history parameter still takes its turns, and refuses other shapes."""
    assert isinstance(clause, c.MessageClause)
    common = {"family": clause.family, "clause": clause.id, "level": clause.level}
    yield Promise(
        id="history_with_a_prompt_is_accepted",
        title="a prompt with earlier turns under history is accepted",
        check=partial(_history, clause=clause, turn=dict.fromkeys(clause.args["keys"], "Hello.")),
        **common,  # type: ignore[arg-type]
    )
    yield Promise(
        id="history_of_another_shape_is_refused",
        title="history with turns of another shape is refused",
        check=partial(_history, clause=clause, turn={"question": "Hello."}, refused=True),
        **common,  # type: ignore[arg-type]
    )


def _history(
    probe: Probe, *, clause: c.ClauseBase, turn: dict[str, str], refused: bool = False
) -> None:
    body = probe.body(prompt="Say hello.")
    base = probe.send(body)
    body = {**body, "input": {**body["input"], "history": [turn]}}
    exchange = probe.send(body)
    if refused:
        probe.refused(exchange, clause, control=base)
    else:
        probe.accepted(exchange, "a prompt with history accepted")


@builder("messages:json_word_in_messages")
def json_word_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """JSON mode asks for the word json in the conversation."""
    assert isinstance(clause, c.MessageClause)
    if "response_format" not in edition.parameters(model):
        return
    common = {"family": clause.family, "clause": clause.id, "level": clause.level}
    for id, text in (
        ("json_mode_with_the_word_json_is_accepted", "Answer in json."),
        ("json_mode_without_the_word_json_is_refused", "Say hello."),
    ):
        yield Promise(
            id=id,
            title=id.replace("_", " "),
            check=partial(_json_mode, clause=clause, text=text),
            **common,  # type: ignore[arg-type]
        )


def _json_mode(probe: Probe, *, clause: c.MessageClause, text: str) -> None:
    value = {"type": clause.args.get("value", "json_object")}
    stream = prepare(probe, response_format=value).stream
    exchange = probe.send(probe.body(text, response_format=value), stream=stream)
    if clause.args.get("word", "json") in text:
        probe.accepted(exchange, "JSON mode accepted")
    else:
        probe.refused(exchange, clause, control=control(probe, stream))


# ----------------------------------------------------------------------- a search


@builder("parameter:messages")
def conversation_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Any conversation that breaks no clause is accepted: Hypothesis looks for one that isn't."""
    from tokenassay.conformance.promises.parameters import type_promises

    yield from type_promises(edition, clause, model)
    if edition.rule("prompt_only", model) is None:
        yield Promise(
            id="conversation_within_the_rules_is_accepted",
            title="any conversation that keeps the documented rules is accepted",
            family="messages",
            clause=clause.id,
            level=clause.level,
            check=_any_conversation,
            cost=12,
        )


def _any_conversation(probe: Probe) -> None:
    words = st.sampled_from(["Hello.", "你好。", "1 + 1 = ?", "def f(): pass", "🙂", "a\nb", "١٢٣"])
    turns = st.lists(words, min_size=0, max_size=3)

    def check(drawn: tuple[bool, list[str], str]) -> None:
        with_system, earlier, last = drawn
        messages: Messages = [_SYSTEM] if with_system else []
        for text in earlier:
            messages += [say("user", text), _ANSWER]
        request = Prepared(probe.body([*messages, say("user", last)]))
        if not broken(probe, request):
            probe.accepted(request.send(probe), f"{outline(messages)} and a question accepted")

    probe.search(st.tuples(st.booleans(), turns, words), check)
