"""What a promise's check gets in its hands: requests out, answers in, judgements.

The probe prices, caps, reserves and records every request, finds what was sent before, and
says of an answer whether it was accepted or refused as documented. Checks stay short.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any, Final
from urllib.parse import quote

from tokenassay.conformance import judging, searching
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun, Violation
from tokenassay.conformance.sessions import Session
from tokenassay.contracts import clauses as c
from tokenassay.contracts import store
from tokenassay.estimators.tokens import count_tokens

OMIT: Final = object()
"""Given for a parameter of :meth:`Probe.body`: leave it out."""

CAP: Final = 16
"""Output tokens that a request may cost unless its check asks for more: our thrift, no bound
of anybody's document."""

DEAREST: Final = 100_000
"""Tokens that one request may cost at most, whatever it proves: our thrift, no bound either."""

INSISTENCE: Final = 2
"""How often a request that breaks the endpoint is sent again before that counts as a breach."""


class Probe:
    """One promise's hand on an endpoint. Not shared between threads; its session is."""

    def __init__(self, session: Session, promise: str, *, again: bool = False) -> None:
        self.session, self.promise = session, promise
        self.target, self.edition = session.target, session.edition
        self.model, self.surface = session.target.model, session.edition.surface
        self.rules, self.seed = session.rules, session.seed
        self.observations: list[str] = []
        self.last_exchange: Exchange | None = None
        self.again = again
        """Whether this is the second look at a violation."""
        self._salt = ("second look",) if again else ()
        """Keeps a second look from being answered out of the first one's exchanges."""
        self._sent: dict[int, Callable[..., Exchange]] = {}
        self.replay: dict[int, Any] = {}
        self._searches = 0

    # ---------------------------------------------------------------- requests

    def body(
        self,
        messages: Iterable[Mapping[str, Any]] | str = "Say hello.",
        *,
        prompt: Any = None,
        cap: int | None = CAP,
        **parameters: Any,
    ) -> dict[str, Any]:
        """A valid request body in the edition's dialect, small and capped.

        ``messages`` is a list, or the text of one user message; a prompt-only model gets it as
        a prompt. ``parameters`` go where the edition has them; OMIT leaves one out.
        """
        known = self.edition.parameters(self.model)
        if isinstance(messages, str):
            if prompt is None and self.edition.rule("prompt_only", self.model) is not None:
                prompt = messages
            messages = [{"role": "user", "content": messages}]
        body: dict[str, Any] = {"model": self.model}
        if self.surface == "native":
            body["input"] = {"messages": list(messages)} if prompt is None else {"prompt": prompt}
            body["parameters"] = {}
            if prompt is None and "result_format" in known:
                parameters.setdefault("result_format", "message")
        else:
            body["messages"] = list(messages)
        if cap is not None and "max_tokens" in known:
            parameters.setdefault("max_tokens", cap)
        if "enable_thinking" in known and _thinks_unasked(self.model):
            # Thinking is tried where it is promised; elsewhere it would only be paid for.
            parameters.setdefault("enable_thinking", False)
        if cap is not None and self._thinks_uncapped(parameters):
            parameters["thinking_budget"] = cap
        for name, value in parameters.items():
            if value is not OMIT:
                self._place(body, name, value)
        return body

    def _thinks_uncapped(self, parameters: Mapping[str, Any]) -> bool:
        """Whether a request would think, which max_tokens does not limit, and may be capped."""
        known = self.edition.parameters(self.model)
        switch = known.get("enable_thinking")
        thinks = parameters.get("enable_thinking", switch.default if switch else None)
        if thinks is not True or "thinking_budget" not in known:
            return False
        excluded = any(
            name in clause.when and "thinking_budget" in clause.then
            for clause in self.edition.of_kind(c.CombinationClause, self.model)
            for name in parameters
        )
        return not excluded and "thinking_budget" not in parameters

    def _place(self, body: dict[str, Any], name: str, value: Any) -> None:
        known = self.edition.parameters(self.model).get(name)
        native = f"parameters.{name}" if self.surface == "native" else name
        *path, last = (known.declared.at if known else native).split(".")
        at = body
        for step in path:
            at = at.setdefault(step, {})
        at[last] = value

    def send(
        self,
        body: Any,
        *,
        stream: bool = False,
        repeat: int = 0,
        headers: Mapping[str, str] | None = None,
        key: bool = True,
        raw: bytes | None = None,
        retry: bool = True,
    ) -> Exchange:
        """Send a generation request; an identical one is answered from the run file.

        ``stream`` asks for one the way the edition documents. ``repeat`` tells apart requests
        that are alike on purpose. ``key`` False leaves the key out. ``raw`` is sent as the body
        in place of ``body``. ``retry`` False takes a 429 or a 5xx as the answer it is.
        """
        endpoint = self.operation("generate" if self.surface == "native" else "chat")
        extra = dict(headers or {})
        if stream and self.surface == "native":
            switch = self.edition.behaviour("sse_by_header", self.model)
            extra = {**(switch.args["headers"] if switch else {}), **extra}
        elif stream:
            body = {**body, "stream": True}
        payload = raw if raw is not None else encode(body)
        return self._exchange(
            endpoint.method,
            endpoint.path,
            payload,
            {"content-type": "application/json", **extra},
            priced=(body,) if isinstance(body, dict) else (),
            repeat=repeat,
            key=key,
            retry=retry,
        )

    def call(
        self,
        operation: str,
        *,
        id: str = "",
        json: Any = None,
        query: str = "",
        content: tuple[str, bytes] | None = None,
        priced: Iterable[Mapping[str, Any]] = (),
        repeat: int = 0,
        key: bool = True,
    ) -> Exchange:
        """Call another documented operation. ``content`` is a content type and a body.

        ``priced`` are the request bodies that are answered and billed on account of the call,
        the lines of a batch for instance.
        """
        endpoint = self.operation(operation)
        path = endpoint.path.replace("{id}", quote(id, safe=""))
        headers = {}
        payload = b""
        if content is not None:
            headers["content-type"], payload = content
        elif json is not None:
            headers["content-type"], payload = "application/json", encode(json)
        return self._exchange(
            endpoint.method,
            path + (f"?{query}" if query else ""),
            payload,
            headers,
            priced=tuple(priced),
            repeat=repeat,
            key=key,
        )

    def forward(
        self,
        method: str,
        path: str,
        payload: bytes,
        headers: Mapping[str, str],
        *,
        priced: Iterable[Mapping[str, Any]] = (),
    ) -> Exchange:
        """Send a request that is not of our own making, an SDK's for instance, as it is."""
        return self._exchange(
            method,
            path,
            payload,
            headers,
            priced=tuple(priced),
            repeat=0,
            key=True,
            retry=False,
        )

    def operation(self, name: str) -> c.EndpointClause:
        """The edition's clause for an operation; NotRun where its documents have none."""
        for clause in self.edition.of_kind(c.EndpointClause, self.model):
            if clause.operation == name:
                return clause
        raise NotRun(f"{self.edition.id} documents no operation {name}")

    def _exchange(
        self,
        method: str,
        path: str,
        payload: bytes,
        headers: Mapping[str, str],
        *,
        priced: tuple[Mapping[str, Any], ...],
        repeat: int,
        key: bool,
        retry: bool = True,
        salt: tuple[object, ...] = (),
    ) -> Exchange:
        exchange = self.session.request(
            self.promise,
            method,
            path,
            payload,
            headers,
            priced=priced,
            key=key,
            retry=retry,
            salt=(*self._salt, repeat, *salt),
        )
        self._sent[exchange.id] = partial(
            self._exchange,
            method,
            path,
            payload,
            headers,
            priced=priced,
            repeat=repeat,
            key=key,
            retry=retry,
        )
        self.last_exchange = exchange
        return exchange

    # ---------------------------------------------------------------- judgements

    def accepted(self, exchange: Exchange, expected: str = "an answer") -> Exchange:
        """The exchange, where the endpoint answered; else Violation or Inconclusive."""
        try:
            return judging.accepted(exchange, expected, self.edition)
        except Inconclusive:
            self._insist(exchange, expected)
            raise

    def refused(self, exchange: Exchange, clause: c.ClauseBase, *, control: Exchange) -> Exchange:
        """The exchange, where it is the documented refusal of what ``clause`` forbids.

        ``control`` is the same request without the fault: where that was not accepted in this
        run, nothing is proven.
        """
        try:
            return judging.refused(self, exchange, clause, control=control)
        except Inconclusive:
            self._insist(exchange, judging.expectation(self.edition.error_for(clause)))
            raise

    def _insist(self, exchange: Exchange, expected: str) -> None:
        """Raise a Violation where this very request breaks the endpoint each time.

        A broken connection, a 5xx or a refused key tells nothing about one request, unless it
        comes again whenever that request is sent, with plain ones answered in between.
        """
        send = self._sent.get(exchange.id)
        if send is None or not judging.is_breakdown(exchange, self.edition):
            return
        for look in range(INSISTENCE):
            again = send(salt=("again", look))
            if not judging.is_breakdown(again, self.edition):
                return
            plain = self.send(self.body(), repeat=-1 - look)
            try:
                judging.accepted(plain, "", self.edition)
            except (Violation, Inconclusive):
                return
        times = f"each of {INSISTENCE + 1} times, while plain requests were answered"
        raise Violation(expected, f"{judging.broke_off(exchange)} ({times})", exchange.id)

    def search(
        self,
        strategy: Any,
        check: Callable[[Any], None],
        *,
        examples: int | None = None,
    ) -> None:
        """Let Hypothesis look for a value that breaks ``check``, and shrink it."""
        index, self._searches = self._searches, self._searches + 1
        searching.search(self, index, strategy, check, examples or self.session.examples)

    # ---------------------------------------------------------------- counting and noting

    def too_dear(self, body: Mapping[str, Any]) -> bool:
        """Whether a request could cost more tokens than any proof is worth."""
        return self.session.pricing.at_most(body)[1] > DEAREST

    def count(self, text: str) -> int:
        """Tokens of a text by the local tokenizer."""
        return count_tokens(text)

    def estimate(self, body: Mapping[str, Any]) -> Any:
        """The estimate of a request under the target's edition: tokens, basis, money."""
        return self.session.pricing.estimate(body)

    def observe(self, text: str) -> None:
        """Note what was seen, for the report; proves and breaks nothing."""
        if text not in self.observations:
            self.observations.append(text)

    def bound(self, parameter: str, documented: str, observed: str) -> None:
        """Note a parameter's documented and observed interval."""
        self.session.run.note(
            self.target.name,
            self.promise,
            "bound",
            parameter,
            {"parameter": parameter, "documented": documented, "observed": observed},
        )

    def meter_point(self, key: str, *, counted: int, billed: int, basis: str, what: str) -> None:
        """Note one pair of counted and billed input tokens."""
        self.session.run.note(
            self.target.name,
            self.promise,
            "meter",
            key,
            {"counted": counted, "billed": billed, "basis": basis, "what": what},
        )

    def violation(
        self, expected: str, observed: str, exchange: Exchange | None = None
    ) -> Violation:
        """A Violation with its evidence, to be raised."""
        shown = exchange or self.last_exchange
        return Violation(expected, observed, shown.id if shown else None)

    def inconclusive(self, why: str, exchange: Exchange | None = None) -> Inconclusive:
        """An Inconclusive with its evidence, to be raised."""
        return Inconclusive(why, exchange.id if exchange else None)


def encode(body: Any) -> bytes:
    """JSON as it is sent: UTF-8, keys in the order given."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


@lru_cache(maxsize=64)
def _thinks_unasked(model: str) -> bool:
    """Whether a model is known to think unless it is told not to."""
    found = store.look_up(model)
    return found is not None and found[1].thinking == "optional" and found[1].thinking_default
