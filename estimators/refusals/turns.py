"""Message rules on what a conversation consists of: who speaks when, and with what content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tokenassay.estimators.refusals.ground import Ground, at_message
from tokenassay.estimators.refusals.places import MISSING, head_value, path_to, walk
from tokenassay.estimators.refusals.refusal import Breach, Case
from tokenassay.estimators.refusals.values import WORDS, either, fits, same, shown, written

# ---------------------------------------------------------------------- the body's frame


def prompt_or_messages(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """A prompt or messages, one of them at least; an empty prompt says nothing."""
    request = case.request
    framed = isinstance(head_value(request, "input"), Mapping)
    if request.surface == "native" and ground.input_is_required and not framed:
        return  # the clause on input says so
    prompt, messages = head_value(request, "prompt"), head_value(request, "messages")
    if prompt in (None, MISSING, "") and messages in (None, MISSING):
        at = "input" if request.surface == "native" else "messages"
        what = (
            "an empty prompt and no messages" if prompt == "" else "neither a prompt nor messages"
        )
        yield Breach(at, f"the request has {what}")


def prompt_and_messages_exclusive(
    case: Case, args: Mapping[str, Any], ground: Ground
) -> Iterator[Breach]:
    """Not both a prompt and messages."""
    given = [head_value(case.request, head) for head in ("prompt", "messages")]
    if not any(value is None or value is MISSING for value in given):
        at = path_to(case.request.surface, "prompt")
        yield Breach(at, "the request has both a prompt and messages")


def input_is_object(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """``input`` is an object; of its absence the clause that requires it speaks first."""
    if case.request.surface != "native":
        return
    value = head_value(case.request, "input")
    if value is MISSING or value is None:
        if not ground.input_is_required:
            yield Breach("input", "input is missing")
    elif not isinstance(value, Mapping):
        yield Breach("input", f"input is {shown(value)}, not an object")


def prompt_only(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """No messages, since the model takes a prompt only."""
    value = head_value(case.request, "messages")
    if value is not MISSING and value is not None:
        at = path_to(case.request.surface, "messages")
        yield Breach(at, f"{case.model or 'the model'} takes a prompt, not messages")


def history_shape(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """Every turn of ``history`` is an object with its documented keys, each a string."""
    history = head_value(case.request, "history")
    if not isinstance(history, list | tuple):
        return
    at = path_to(case.request.surface, "history")
    for index, turn in enumerate(history):
        if not isinstance(turn, Mapping):
            yield Breach(f"{at}[{index}]", f"{at}[{index}] is {shown(turn)}, not an object")
            continue
        for key in args["keys"]:
            value = turn.get(key, MISSING)
            if not isinstance(value, str):
                what = "missing" if value is MISSING else f"{shown(value)}, not a string"
                yield Breach(f"{at}[{index}].{key}", f"{at}[{index}].{key} is {what}")


# ----------------------------------------------------------------------------- who speaks


def not_empty(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """A list of messages has one at least."""
    if case.request.messages == ():
        at = path_to(case.request.surface, "messages")
        yield Breach(at, f"{at} is an empty array", {"value": "[]"})


def roles(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """Every message is an object whose role is one of ``values``."""
    request, allowed = case.request, args["values"]
    if request.messages is None:
        listed = head_value(request, "messages")
        for index, item in enumerate(listed if isinstance(listed, list | tuple) else ()):
            if not isinstance(item, Mapping):
                at = at_message(request, index)
                yield Breach(at, f"{at} is {shown(item)}, not an object with a role")
        return
    words = either(allowed)
    for index, message in enumerate(request.messages):
        if message.role not in allowed:
            at = at_message(request, index, "role")
            what = "missing" if "role" not in message.raw else shown(message.role)
            values = {"role": written(message.role), "values": words, "index": index}
            yield Breach(at, f"{at} is {what}; documented are {words}", values)


def system_first_only(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """A system message stands first or not at all."""
    for index, message in enumerate(case.request.messages or ()):
        if index and message.role == "system":
            at = at_message(case.request, index, "role")
            yield Breach(at, f"{at} is system, which may only be the first", {"index": index})


def user_assistant_alternate(
    case: Case, args: Mapping[str, Any], ground: Ground
) -> Iterator[Breach]:
    """User and assistant take turns; system messages between them do not separate two turns."""
    last = None
    for index, message in enumerate(case.request.messages or ()):
        if message.role == "system":
            continue
        if last in ("user", "assistant") and message.role == last:
            at = at_message(case.request, index, "role")
            values = {"index": index, "role": last}
            yield Breach(at, f"{at} is {last}, as the one before", values)
        last = message.role


def last_is_user_or_tool(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """The last word is the user's or a tool's, or an assistant's that is to be continued."""
    if not case.request.messages:
        return
    last = case.request.messages[-1]
    if last.role in ("user", "tool"):
        return
    if ground.partial and last.role == "assistant" and last.partial:
        return
    at = at_message(case.request, len(case.request.messages) - 1, "role")
    values = {"role": written(last.role)}
    yield Breach(at, f"{at} is {shown(last.role)}; the last is to be user or tool", values)


def partial_last_assistant(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """Only the last message, the assistant's, may be partial."""
    messages = case.request.messages or ()
    for index, message in enumerate(messages):
        if not message.partial:
            continue
        at = at_message(case.request, index, "partial")
        if message.role != "assistant":
            yield Breach(at, f"{at} is true on a message of {shown(message.role)}")
        elif index != len(messages) - 1:
            yield Breach(at, f"{at} is true, but the message is not the last")


# ------------------------------------------------------------------------------- content


def content_required(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """Messages of these roles say something; an assistant that calls a tool need not."""
    held, empty_too = args.get("roles"), args.get("empty") == "refused"
    for index, message in enumerate(case.request.messages or ()):
        if held is not None and message.role not in held:
            continue
        if message.tool_calls and message.role == "assistant":
            continue
        content = message.content
        if content is None or (empty_too and content in ("", [])):
            at = at_message(case.request, index, "content")
            what = "missing" if "content" not in message.raw else _emptiness(content)
            values = {"index": index, "role": written(message.role)}
            yield Breach(at, f"{at} is {what}", values)


def _emptiness(content: object) -> str:
    return "null" if content is None else "empty"


def content_types(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """Content has one of the documented JSON types."""
    types, held = args["types"], args.get("roles")
    wanted = either(WORDS[one] for one in types)
    for index, message in enumerate(case.request.messages or ()):
        if message.content is None or (held is not None and message.role not in held):
            continue
        if not fits(message.content, types):
            at = at_message(case.request, index, "content")
            values = {"index": index, "type": wanted, "value": written(message.content)}
            yield Breach(at, f"{at} is {shown(message.content)}, not {wanted}", values)


def json_word_in_messages(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """A certain word stands somewhere in the messages when JSON is asked for."""
    head, *steps = args["parameter"].split(".")
    found = walk(case.request.parameters.get(head, MISSING), tuple(steps), "")
    if not any(same(value, args["value"]) for _, value in found):
        return
    word = args["word"].lower()
    if not any(word in message.text.lower() for message in case.request.messages or ()):
        at = path_to(case.request.surface, "messages")
        asked = f"{args['parameter']} is {shown(args['value'])}"
        yield Breach(at, f"{asked}, but no message has the word {shown(args['word'])}")
