"""Web search: what it finds is billed as input, and only where it was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import broken, prepare
from tokenassay.conformance.promises.talking import ask, billed
from tokenassay.conformance.promises.values import default_promises
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

QUESTIONS = ("What is in the news today?", "今天杭州的天气怎么样？")


@builder("behaviour:search_adds_input")
def search_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """What a search finds is added to the input."""
    if "enable_search" in edition.parameters(model):
        yield promise(clause, "search_adds_to_the_input", _search, last=True, cost=4)


def _search(probe: Probe, *, clause: c.BehaviourClause) -> None:
    grown = 0
    for question in QUESTIONS:
        plain, _ = billed(probe, ask(probe, question)[0])
        exchange = probe.accepted(_searched(probe, question))
        found, _ = billed(probe, exchange)
        grown += found > plain
        if found < plain:
            raise probe.violation(
                f"at least {plain} input tokens with a search", f"{found}", exchange
            )
    if not grown:
        # The model decides whether it searches.
        raise Inconclusive("no search took place, as far as the input tokens tell")


def _searched(probe: Probe, question: str) -> Exchange:
    """The answer to a question with web search switched on."""
    if broken(probe, prepare(probe, enable_search=True)):
        raise NotRun("the model takes no enable_search")
    return probe.send(probe.body(question, enable_search=True))


@builder("default:enable_search")
def no_search_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Nothing is searched, and nothing added to the input, unless it is asked for."""
    yield from default_promises(edition, clause, model)
    if edition.behaviour("usage_counts_template", model) is not None:
        yield promise(
            clause, "nothing_is_searched_unless_asked_for", _no_search, family="metering", cost=3
        )


def _no_search(probe: Probe, *, clause: c.DefaultClause) -> None:
    for question in QUESTIONS:
        silent, _ = billed(probe, ask(probe, question)[0])
        exchange, _ = ask(probe, question, enable_search=False)
        told, _ = billed(probe, exchange)
        if told != silent:
            raise probe.violation(
                f"{told} input tokens without enable_search as with false", f"{silent}", exchange
            )
