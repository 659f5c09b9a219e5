"""Message clauses made executable: each rule by its name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tokenassay.contracts.clauses import MessageClause, MessageRule
from tokenassay.estimators.refusals import calls, documents, turns
from tokenassay.estimators.refusals.ground import Ground, Rule
from tokenassay.estimators.refusals.refusal import Case, Check, Finding

RULES: Final[dict[MessageRule, Rule]] = {
    "prompt_or_messages": turns.prompt_or_messages,
    "prompt_and_messages_exclusive": turns.prompt_and_messages_exclusive,
    "input_is_object": turns.input_is_object,
    "prompt_only": turns.prompt_only,
    "history_shape": turns.history_shape,
    "not_empty": turns.not_empty,
    "roles": turns.roles,
    "system_first_only": turns.system_first_only,
    "user_assistant_alternate": turns.user_assistant_alternate,
    "last_is_user_or_tool": turns.last_is_user_or_tool,
    "partial_last_assistant": turns.partial_last_assistant,
    "content_required": turns.content_required,
    "content_types": turns.content_types,
    "json_word_in_messages": turns.json_word_in_messages,
    "tool_after_tool_calls": calls.tool_after_tool_calls,
    "tool_name_matches_call": calls.tool_name_matches_call,
    "tool_call_id_required": calls.tool_call_id_required,
    "tool_calls_answered": calls.tool_calls_answered,
    "tool_call_arguments_are_json": calls.tool_call_arguments_are_json,
    "tools_in_both_turns": calls.tools_in_both_turns,
    "role_setting_required_with_documents": documents.role_setting_required_with_documents,
    "file_reference_syntax": documents.file_reference_syntax,
    "no_mixing_files_and_text": documents.no_mixing_files_and_text,
    "documents_not_in_user": documents.documents_not_in_user,
    "json_document_keys": documents.json_document_keys,
}
"""What can be judged before the call."""

DESCRIPTIVE: Final[frozenset[MessageRule]] = frozenset(
    {"first_system_is_role_setting", "later_system_is_document"}
)
"""Rules that say what a message is for; a request cannot break them."""

FRAME: Final[frozenset[MessageRule]] = frozenset(
    {
        "prompt_or_messages",
        "prompt_and_messages_exclusive",
        "input_is_object",
        "prompt_only",
        "history_shape",
    }
)
"""Rules on the body's frame, which a server judges before anything else."""

BY_PARAMETER: Final[frozenset[MessageRule]] = frozenset({"json_word_in_messages"})
"""Rules that only a parameter brings into force; the others depend on the messages alone."""


def compile_message_rule(clause: MessageClause, ground: Ground) -> Check:
    """One message clause as a check; KeyError for a rule that nothing can break."""
    rule = RULES[clause.rule]
    args = clause.args

    def check(case: Case) -> Iterator[Finding]:
        for breach in rule(case, args, ground):
            yield clause, breach

    return check
