"""Message rules on tool calls and the messages that answer them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tokenassay.estimators.refusals.ground import Ground, at_message
from tokenassay.estimators.refusals.refusal import Breach, Case
from tokenassay.estimators.refusals.values import shown, written
from tokenassay.estimators.requests import Message


def _answers(case: Case) -> Iterator[tuple[int, Message, Message | None]]:
    """Each tool message with the call it stands under: the assistant's, if that one called."""
    caller: Message | None = None
    for index, message in enumerate(case.request.messages or ()):
        if message.role == "tool":
            yield index, message, caller
        else:
            caller = message if message.role == "assistant" and message.tool_calls else None


def _function_of(call: object) -> Mapping[str, Any]:
    function = call.get("function") if isinstance(call, Mapping) else None
    return function if isinstance(function, Mapping) else {}


def tool_after_tool_calls(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """A tool message follows an assistant's call, other answers to it aside."""
    for index, _, caller in _answers(case):
        if caller is None:
            at = at_message(case.request, index, "role")
            yield Breach(at, f"{at} is tool, but no tool call precedes it", {"index": index})


def tool_name_matches_call(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """A tool message bears the name of a function that was called."""
    for index, message, caller in _answers(case):
        if caller is None:
            continue
        called = [_function_of(call).get("name") for call in caller.tool_calls]
        if not isinstance(message.name, str) or message.name not in called:
            at = at_message(case.request, index, "name")
            what = "missing" if message.name is None else shown(message.name)
            names = ", ".join(shown(name) for name in called)
            values = {"name": written(message.name), "index": index}
            yield Breach(at, f"{at} is {what}; called was {names}", values)


def tool_call_id_required(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """A tool message names the call that it answers."""
    for index, message, _ in _answers(case):
        if not isinstance(message.tool_call_id, str) or not message.tool_call_id:
            at = at_message(case.request, index, "tool_call_id")
            what = "missing" if message.tool_call_id is None else shown(message.tool_call_id)
            yield Breach(at, f"{at} is {what}", {"index": index})


def tool_calls_answered(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """Every call is answered before anyone else speaks; calls without id by their number."""
    messages = case.request.messages or ()
    for index, caller in enumerate(messages):
        if caller.role != "assistant" or not caller.tool_calls:
            continue
        answers = []
        for message in messages[index + 1 :]:
            if message.role != "tool":
                break
            answers.append(message.tool_call_id)
        ids = [call.get("id") if isinstance(call, Mapping) else None for call in caller.tool_calls]
        named = [one for one in ids if isinstance(one, str) and one]
        unanswered = [one for one in named if one not in answers]
        to_spare = len(answers) - (len(named) - len(unanswered))
        nameless = max(len(ids) - len(named) - to_spare, 0)
        if unanswered or nameless:
            at = at_message(case.request, index, "tool_calls")
            missed = [shown(one) for one in unanswered] + ["a call without id"] * nameless
            values = {"ids": ", ".join(map(written, unanswered)) or at, "index": index}
            yield Breach(at, f"{at}: no tool message answers {', '.join(missed)}", values)


def tool_call_arguments_are_json(
    case: Case, args: Mapping[str, Any], ground: Ground
) -> Iterator[Breach]:
    """The arguments of a call are the text of a JSON value."""
    for index, message in enumerate(case.request.messages or ()):
        for number, call in enumerate(message.tool_calls):
            arguments = _function_of(call).get("arguments")
            if isinstance(arguments, str) and not _is_json(arguments):
                field = f"tool_calls[{number}].function.arguments"
                at = at_message(case.request, index, field)
                values = {"index": index, "value": written(arguments)}
                yield Breach(at, f"{at} is {shown(arguments)}, which is not JSON", values)


def _is_json(text: str) -> bool:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        # Numbers need no value here, and Python would refuse to read the longest ones.
        json.loads(text, parse_int=len, parse_float=len, parse_constant=refuse)
    except ValueError:
        return False
    except RecursionError:
        return True  # nested too deeply to tell: not a fault that we can prove
    return True


def tools_in_both_turns(case: Case, args: Mapping[str, Any], ground: Ground) -> Iterator[Breach]:
    """A conversation in which a tool was called comes with its tools again."""
    if case.request.tools:
        return
    for index, message in enumerate(case.request.messages or ()):
        if message.tool_calls or message.role == "tool":
            at = at_message(case.request, index)
            yield Breach(at, f"{at} belongs to a tool call, but the request brings no tools")
            return
