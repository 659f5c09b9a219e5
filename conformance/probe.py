"""What a promise's check gets in its hands: requests out, answers in, judgements.

The probe prices, caps, reserves and records every request, finds what was sent before, and
says of an answer whether it was accepted or refused as documented. Checks stay short.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

from tokenassay.conformance import judging, searching
from tokenassay.conformance.exchanges import Exchange, Sent
from tokenassay.conformance.failures import Inconclusive, NotRun, Violation
from tokenassay.conformance.pace import Pace
from tokenassay.conformance.redaction import Redactor
from tokenassay.conformance.rundb import RunFile
from tokenassay.conformance.spend import Pricing
from tokenassay.conformance.targets import Target
from tokenassay.conformance.wire import Wire
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.refusals import compile_rules
from tokenassay.estimators.tokens import count_tokens

Value = TypeVar("Value")

OMIT: Final = object()
"""Given for a parameter of :meth:`Probe.body`: leave it out."""

CAP: Final = 16
"""Output tokens that a request may cost unless its check asks for more: our thrift, no bound
of anybody's document."""

RETRIES: Final = 2
"""How often a 429 or a retryable 5xx is tried again before the check gives up on it."""


class Session:
    """What all probes of one target share: the wire, the run file, the price, the pace."""

    def __init__(
        self,
        target: Target,
        edition: Edition,
        run: RunFile,
        wire: Wire,
        pricing: Pricing,
        *,
        key: str,
        seed: int = 0,
        examples: int = 10,
        pace: Pace | None = None,
    ) -> None:
        self.target, self.edition, self.run, self.wire = target, edition, run, wire
        self.pricing, self.seed, self.examples = pricing, seed, examples
        self.pace = pace or Pace(target.rate_per_minute)
        self.rules = compile_rules(edition, target.model)
        self.secrets = {
            "authorization": f"Bearer {key}",
            **{
                name.lower(): os.environ.get(value[1:], "")
                for name, value in target.headers.items()
                if value.startswith("$")
            },
        }
        self.redactor = Redactor([key, *self.secrets.values()])
        self.stopping = threading.Event()


class Probe:
    """One promise's hand on an endpoint. Not shared between threads; its session is."""

    def __init__(self, session: Session, promise: str, *, again: bool = False) -> None:
        self.session, self.promise = session, promise
        self.target, self.edition = session.target, session.edition
        self.model, self.surface = session.target.model, session.edition.surface
        self.rules, self.seed = session.rules, session.seed
        self.observations: list[str] = []
        self.last_exchange: Exchange | None = None
        self._again = again
        """Second look at a violation: nothing comes from the cache of the first."""
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
        for name, value in parameters.items():
            if value is not OMIT:
                self._place(body, name, value)
        return body

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
    ) -> Exchange:
        """Send a generation request; an identical one is answered from the run file.

        ``stream`` asks for one the way the edition documents. ``repeat`` tells apart requests
        that are alike on purpose. ``key`` False leaves the key out. ``raw`` is sent as the body
        in place of ``body``.
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
            self.target.base_url.rstrip("/") + endpoint.path,
            payload,
            {"content-type": "application/json", **extra},
            priced=body if isinstance(body, dict) else None,
            repeat=repeat,
            key=key,
        )

    def call(
        self,
        operation: str,
        *,
        id: str = "",
        json: Any = None,
        query: str = "",
        content: tuple[str, bytes] | None = None,
        repeat: int = 0,
        key: bool = True,
    ) -> Exchange:
        """Call another documented operation. ``content`` is a content type and a body."""
        endpoint = self.operation(operation)
        url = self.target.base_url.rstrip("/") + endpoint.path.replace("{id}", id)
        headers = {}
        payload = b""
        if content is not None:
            headers["content-type"], payload = content
        elif json is not None:
            headers["content-type"], payload = "application/json", encode(json)
        return self._exchange(
            endpoint.method,
            url + (f"?{query}" if query else ""),
            payload,
            headers,
            priced=None,
            repeat=repeat,
            key=key,
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
        url: str,
        payload: bytes,
        headers: Mapping[str, str],
        *,
        priced: Mapping[str, Any] | None,
        repeat: int,
        key: bool,
    ) -> Exchange:
        named = {**self.target.headers, **headers}
        if key and "authorization" not in {name.lower() for name in named}:
            named["authorization"] = f"Bearer ${self.target.key_env}"
        sent = Sent(
            method=method,
            url=url,
            headers=tuple(sorted((k.lower(), v) for k, v in named.items())),
            body=payload,
        )
        cost, tokens = (
            self.session.pricing.at_most(priced) if priced is not None else (Decimal(0), 0)
        )
        for attempt in range(RETRIES + 1):
            exchange = self._once(sent, repeat, attempt, cost, tokens)
            if not judging.worth_retrying(exchange, self.edition) or attempt == RETRIES:
                break
            self.session.pace.hold(2.0**attempt)
        self.last_exchange = exchange
        return exchange

    def _once(
        self, sent: Sent, repeat: int, attempt: int, cost: Decimal, tokens: int
    ) -> Exchange:
        session = self.session
        digest = _digest(sent, (repeat, attempt, self._again))
        claimed = session.run.claim(
            self.target.name,
            digest,
            self.promise,
            sent,
            cost=cost,
            tokens=tokens,
            ceilings=self.target.ceilings,
        )
        if isinstance(claimed, Exchange):
            return claimed
        try:
            session.pace.wait()
        except BaseException:
            session.run.release(claimed)
            raise
        secrets = {k: v for k, v in session.secrets.items() if _named(sent, k)}
        exchange = clean(session.wire.exchange(sent, secrets), session.redactor)
        billed = session.pricing.billed(exchange, self.surface)
        return session.run.settle(claimed, exchange, cost=billed.money, tokens=billed.tokens)

    # ---------------------------------------------------------------- judgements

    def accepted(self, exchange: Exchange, expected: str = "an answer") -> Exchange:
        """The exchange, where the endpoint answered; else Violation or Inconclusive."""
        return judging.accepted(exchange, expected)

    def refused(self, exchange: Exchange, clause: c.ClauseBase, *, control: Exchange) -> Exchange:
        """The exchange, where it is the documented refusal of what ``clause`` forbids.

        ``control`` is the same request without the fault: where that was not accepted in this
        run, nothing is proven.
        """
        return judging.refused(self, exchange, clause, control=control)

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

    @property
    def again(self) -> bool:
        """Whether this is the second look at a violation."""
        return self._again

    # ---------------------------------------------------------------- counting and noting

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

    def violation(self, expected: str, observed: str, exchange: Exchange | None = None) -> Violation:
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


def _named(sent: Sent, header: str) -> bool:
    """Whether the request names a variable in place of this header's secret."""
    return any(name == header and "$" in value for name, value in sent.headers)


def _digest(sent: Sent, salt: tuple[int, int, bool]) -> str:
    hasher = hashlib.sha256(repr((sent.method, sent.url, sent.headers, salt)).encode())
    hasher.update(sent.body)
    return hasher.hexdigest()


def clean(exchange: Exchange, redactor: Redactor) -> Exchange:
    """The exchange without any secret that the other side echoed."""
    received, failure = exchange.received, exchange.failure
    if received is not None:
        body = redactor.bytes(received.body)
        headers = tuple((k, redactor.text(v)) for k, v in received.headers)
        if body != received.body or headers != received.headers:
            received = _rewritten(received, body, headers)
    if failure is not None:
        failure = type(failure)(kind=failure.kind, detail=redactor.text(failure.detail))
    return Exchange(
        exchange.sent,
        received,
        failure,
        id=exchange.id,
        first_byte_s=exchange.first_byte_s,
        total_s=exchange.total_s,
        started=exchange.started,
    )


def _rewritten(received: Any, body: bytes, headers: Any) -> Any:
    # Offsets no longer fit a body of another length: keep one chunk, with the last time.
    chunks = received.chunks
    if len(body) != len(received.body) and chunks:
        chunks = (type(chunks[0])(at=chunks[-1].at, end=len(body)),)
    return type(received)(
        status=received.status,
        headers=headers,
        body=body,
        chunks=chunks,
        http_version=received.http_version,
    )


