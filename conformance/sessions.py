"""What all probes of one target share, and how one request becomes one exchange.

Every request is priced, reserved against the ceilings, paced, sent, cleaned of secrets, and
kept; one that was sent before is answered from the run file.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from tokenassay import __version__
from tokenassay.conformance import judging
from tokenassay.conformance.exchanges import Chunk, Exchange, Failure, Received, Sent
from tokenassay.conformance.failures import Stopped
from tokenassay.conformance.pace import Pace
from tokenassay.conformance.redaction import LogFilter, Redactor
from tokenassay.conformance.rundb import RunFile
from tokenassay.conformance.spend import Pricing
from tokenassay.conformance.targets import Target, read_secret
from tokenassay.conformance.wire import Wire
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.refusals import compile_rules

RETRIES: Final = 2
"""How often a 429 or a retryable 5xx is tried again before a check gives up on it."""

LONGEST_HOLD: Final = 30.0
"""Seconds that we wait at most because an endpoint says "Retry-After"."""

_OWN_HEADERS: Final = {
    "accept": "*/*",
    "accept-encoding": "identity",
    "user-agent": f"tokenassay/{__version__}",
}

_LOGGERS: Final = tuple(
    f"httpcore.{name}" for name in ("connection", "http11", "http2", "proxy", "socks")
)

_VARIABLE: Final = re.compile(r"\$(\w+)$")


class Session:
    """One target under check: the wire, the run file, the price, the pace, the secrets."""

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
        patient: bool = True,
    ) -> None:
        self.target, self.edition, self.run, self.wire = target, edition, run, wire
        self.pricing, self.seed, self.examples = pricing, seed, examples
        self.patient = patient
        """Whether to wait before a request is tried again: no use at a mock in this process."""
        self.pace = Pace(target.rate_per_minute)
        self.rules = compile_rules(edition, target.model)
        self._secrets = {target.api_key_env: key}
        for value in target.headers.values():
            found = _VARIABLE.search(value)
            if found is not None:
                self._secrets[found[1]] = read_secret(found[1])
        self.redactor = Redactor(self._secrets.values())
        self._log_filter = LogFilter(self.redactor)
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self._log_filter)
        self.stopping = threading.Event()

    def close(self) -> None:
        """Let go of connections; the run file stays open."""
        self.wire.close()
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self._log_filter)

    def request(
        self,
        promise: str,
        method: str,
        path: str,
        payload: bytes,
        headers: Mapping[str, str],
        *,
        priced: Iterable[Mapping[str, Any]] = (),
        key: bool = True,
        salt: tuple[object, ...] = (),
        retry: bool = True,
    ) -> Exchange:
        """The answer to one request under the target's base URL, tried again where that may help.

        ``priced`` are the bodies whose answers are billed. ``salt`` tells apart requests that
        are alike on purpose. Raises Stopped at a ceiling or an interrupt.
        """
        target = self.target
        named = {**_OWN_HEADERS, **{k.lower(): v for k, v in target.headers.items()}}
        named |= {name.lower(): value for name, value in headers.items()}
        if key:
            named.setdefault("authorization", f"Bearer ${target.api_key_env}")
        sent = Sent(
            method=method,
            url=target.base_url.rstrip("/") + path,
            headers=tuple(sorted(named.items())),
            body=payload,
        )

        def price() -> tuple[Decimal, int]:
            each = [self.pricing.at_most(body) for body in priced]
            return sum((money for money, _ in each), Decimal(0)), sum(n for _, n in each)

        attempt = 0
        while True:
            exchange = self._once(promise, sent, (*salt, attempt), price)
            if not retry or attempt == RETRIES or not self.worth_retrying(exchange):
                return exchange
            self._wait(exchange, attempt)
            attempt += 1

    def _wait(self, exchange: Exchange, attempt: int) -> None:
        """Before another attempt: all workers where we are too many, else this one alone."""
        if not self.patient:
            return
        seconds = _wait_of(exchange, attempt)
        if exchange.error is not None and exchange.error.status == 429:
            self.pace.hold(seconds)
        else:
            self.stopping.wait(seconds)

    def worth_retrying(self, exchange: Exchange) -> bool:
        """Whether the same request may fare better in a moment."""
        return judging.is_passing(exchange, self.edition)

    def _once(
        self,
        promise: str,
        sent: Sent,
        salt: tuple[object, ...],
        price: Callable[[], tuple[Decimal, int]],
    ) -> Exchange:
        if self.stopping.is_set():
            raise Stopped("interrupted")
        claimed = self.run.claim(
            self.target.name,
            _digest(sent, salt),
            promise,
            self._clean_sent(sent),
            price=price,
            ceilings=self.target.ceilings,
        )
        if isinstance(claimed, Exchange):
            return claimed
        try:
            self.pace.wait(self.stopping)
        except BaseException:
            self.run.release(claimed)
            raise
        try:
            exchange = self._clean(self.wire.exchange(sent, self._secret_headers(sent)))
            if self.stopping.is_set() and exchange.failure is not None:
                raise Stopped("interrupted")  # cut off by us
            billed = self.pricing.billed(exchange, self.edition.surface)
            usable = exchange.failure is None and not self.worth_retrying(exchange)
        except BaseException:
            # Whoever waits for this very request must not wait for ever.
            self.run.lose(claimed)
            raise
        return self.run.settle(
            claimed, exchange, cost=billed.money, tokens=billed.tokens, usable=usable
        )

    def _secret_headers(self, sent: Sent) -> dict[str, str]:
        """Values of the headers that name a variable of ours."""
        found = {}
        for name, value in sent.headers:
            variable = _VARIABLE.search(value)
            if variable is not None and variable[1] in self._secrets:
                found[name] = value[: variable.start()] + self._secrets[variable[1]]
        return found

    def _clean_sent(self, sent: Sent) -> Sent:
        return replace(sent, url=self.redactor.text(sent.url), body=self.redactor.bytes(sent.body))

    def _clean(self, exchange: Exchange) -> Exchange:
        """The exchange without any secret that the other side echoed."""
        received, failure = exchange.received, exchange.failure
        if received is not None:
            body = self.redactor.bytes(received.body)
            headers = tuple(
                (self.redactor.text(k), self.redactor.text(v)) for k, v in received.headers
            )
            received = replace(
                received, body=body, headers=headers, chunks=_refit(received, len(body))
            )
        if failure is not None:
            failure = Failure(kind=failure.kind, detail=self.redactor.text(failure.detail))
        return Exchange(
            self._clean_sent(exchange.sent),
            received,
            failure,
            first_byte_s=exchange.first_byte_s,
            total_s=exchange.total_s,
            started=exchange.started,
        )


def _refit(received: Received, length: int) -> tuple[Chunk, ...]:
    """Chunks of a body that may have another length now: then one, with the last one's time."""
    chunks = received.chunks
    if length == len(received.body) or not chunks:
        return chunks
    return (Chunk(at=chunks[-1].at, end=length),)


def _wait_of(exchange: Exchange, attempt: int) -> float:
    """Seconds to wait before another attempt: as the endpoint asks, else longer each time."""
    asked = exchange.received.header("retry-after") if exchange.received else None
    try:
        return min(max(float(asked or ""), 0.0), LONGEST_HOLD)
    except ValueError:
        return float(1 << attempt)


def _digest(sent: Sent, salt: tuple[object, ...]) -> str:
    hasher = hashlib.sha256(repr((sent.method, sent.url, sent.headers, salt)).encode())
    hasher.update(sent.body)
    return hasher.hexdigest()
