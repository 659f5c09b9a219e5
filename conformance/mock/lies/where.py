"""At which editions a lie is one: elsewhere its documents have nothing against what it does."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tokenassay.contracts import store
from tokenassay.contracts.clauses import EndpointClause, LimitClause, ParameterClause, ShapeClause
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.estimating import estimate


@lru_cache(maxsize=32)
def counts_exactly(edition: Edition) -> bool:
    """Whether the local count is exact for some request to some model.

    Where it is modelled, a template that nobody knows may stand behind the same few tokens more
    on every bill: no breach can be proven.
    """
    contract = store.Contract(edition)
    system = {"role": "system", "content": "You are brief."}
    user = {"role": "user", "content": "Say hello."}
    for model in edition.models:
        for messages in ([user], [system, user]):
            body: dict[str, Any] = {"model": model, "messages": messages}
            if edition.surface == "native":
                body = {"model": model, "input": {"messages": messages}, "parameters": {}}
            if not model.endswith("*"):
                judged = estimate(body, contract=contract, as_of=edition.date)
                if judged.basis == "exact":
                    return True
    return False


def leaves_out_the_stop(edition: Edition) -> bool:
    """Whether the documents say that an answer does not hold the stop text."""
    clause = edition.behaviour("stop_ends_answer")
    return clause is not None and clause.args["includes_stop"] is False


def meters_output(edition: Edition) -> bool:
    """Whether the documents say what output tokens count."""
    return edition.behaviour("output_counts_text") is not None


def takes(parameter: str) -> Callable[[Edition], bool]:
    """A test of whether the documents know a parameter."""
    return lambda edition: any(
        isinstance(clause, ParameterClause) and clause.parameter == parameter
        for clause in edition.clauses
    )


def takes_max_tokens(edition: Edition) -> bool:
    """Whether the documents have a cap on an answer's length."""
    return edition.behaviour("max_tokens_truncates") is not None


def documents_the_longest(edition: Edition) -> bool:
    """Whether the documents say how long an answer may be at most, of its own accord."""
    limit = next((x for x in edition.of_kind(LimitClause) if x.quantity == "output_tokens"), None)
    return limit is not None and "parameter" not in limit.args


def fixes_the_role(edition: Edition) -> bool:
    """Whether a shape of answers leaves its message no role but the assistant's."""
    shapes = edition.of_kind(ShapeClause)
    answers = [s for s in shapes if s.of in ("response", "message_response") and s.level == "must"]
    return any("{'const': 'assistant'}" in str(shape.schema) for shape in answers)


def pages_files(edition: Edition) -> bool:
    """Whether the documents let a list of files be asked for by page."""
    return _asks_for(edition, "list_files", "limit")


def limits_pages(edition: Edition) -> bool:
    """Whether the documents say how many pages a file may have."""
    return edition.limit("file_pages", "qwen-long") is not None


def filters_batches(edition: Edition) -> bool:
    """Whether the documents let a list of batches be asked for by status."""
    return _asks_for(edition, "list_batches", "status")


def pages_batches(edition: Edition) -> bool:
    """Whether the documents let a list of batches be asked for by page."""
    return _asks_for(edition, "list_batches", "after")


def fails_batches_late(edition: Edition) -> bool:
    """Whether the documents say what a bad input makes of a batch."""
    return edition.behaviour("batch_validation_late") is not None


def _asks_for(edition: Edition, operation: str, query: str) -> bool:
    return any(
        query in clause.args.get("query", ())
        for clause in edition.of_kind(EndpointClause)
        if clause.operation == operation
    )
