"""A call that was let through: its reservation in the ledger, and how it ends."""

from __future__ import annotations

import logging
from _thread import start_new_thread  # threading's own takes locks that a finalizer may be under
from contextlib import suppress
from decimal import Decimal
from typing import Final

from tokenassay.estimators.bills.usages import Billed, read_usage
from tokenassay.estimators.money import Charged
from tokenassay.estimators.records import Estimate
from tokenassay.guard.counting import count_answer
from tokenassay.guard.denials import LedgerError
from tokenassay.guard.ledger.files import Busy
from tokenassay.guard.ledger.opening import Store
from tokenassay.guard.ledger.records import Call, Ending, nano
from tokenassay.guard.usages import Reading

_NEVER_SENT: Final = frozenset(
    {
        "ConnectError",  # httpx and httpx2
        "ConnectTimeout",
        "PoolTimeout",
        "UnsupportedProtocol",
        "NewConnectionError",  # urllib3, within what requests raises
        "NameResolutionError",
        "ConnectTimeoutError",
        "ClientConnectorError",  # aiohttp
    }
)
"""Exceptions, by name, after which no endpoint can have billed anything."""

_log = logging.getLogger("tokenassay.guard")


class Admission:
    """A call that may be sent now, once. End it with ``settle``, ``release`` or ``lose``.

    One that is never ended counts at its highest price, as it may have been billed; a second
    ending changes nothing. An ending that the ledger can't take is told to the log of
    ``tokenassay.guard``, and the call goes on counting at its highest price.
    """

    def __init__(self, store: Store, call: Call, estimate: Estimate | None) -> None:
        self._store, self._call = store, call
        self.estimate = estimate
        """None where nobody knows the model."""

    @property
    def id(self) -> str:
        """The call's id in the ledger."""
        return self._call.id

    def settle(
        self,
        input_tokens: int,
        output_tokens: int,
        *,
        request_id: str | None = None,
        status: int | None = None,
    ) -> bool:
        """Count what the endpoint billed, not the reservation; False where it had ended before.

        ValueError for what is no number of tokens.
        """
        usage = read_usage({"input_tokens": input_tokens, "output_tokens": output_tokens})
        if usage is None or not usage.tells:
            raise ValueError(f"expected numbers of tokens, got {input_tokens!r}, {output_tokens!r}")
        return self.end(self.settled(usage, request_id, status))

    def release(self, why: str = "", *, status: int | None = None) -> bool:
        """Take the reservation back: nothing is owed."""
        return self.end(Ending(state="released", why=why, status=status))

    def lose(self, why: str = "", *, status: int | None = None) -> bool:
        """Keep the reservation: the call ended, and nobody knows what it is billed at."""
        return self.end(Ending(state="unmetered", why=why, status=status))

    def end(self, ending: Ending, *, patient: bool = True) -> bool:
        """End it as told; Busy where that would be a wait and the caller is not ``patient``."""
        try:
            return self._store.end(self._call, ending, patient=patient)
        except LedgerError as error:
            _log.warning("call %s goes on counting at its highest price: %s", self.id, error)
            return False

    def forget(self, ending: Ending) -> None:
        """End it from a finalizer.

        That may run in the midst of a write of its own thread, and then waits for no end.
        """
        try:
            self.end(ending, patient=False)
        except Busy:
            with suppress(RuntimeError):  # the interpreter ends: it counts at its highest price
                start_new_thread(self.end, (ending,))

    def ending(self, reading: Reading, status: int) -> Ending:
        """How a call ends whose answer had this status and said this."""
        if reading.usage is not None and reading.finished:
            return self.settled(reading.usage, reading.request_id, status)
        # An endpoint that says that the request is at fault has done nothing for it; after a
        # fault of its own or of a gateway between, nobody knows.
        # The usage that a stream tells while it goes on is no bill: the model may have written
        # more before it heard that nobody reads on.
        released = reading.usage is None and 300 <= status < 500
        counted = reading.usage
        if counted is None and status < 300 and reading.answer is not None:
            counted = count_answer(reading.answer, self.estimate)
        cost = None if counted is None else self.cost(counted)
        return Ending(
            state="released" if released else "unmetered",
            why=f"answered {status}" if status >= 300 else reading.why,
            status=status,
            request_id=reading.request_id,
            output_counted=None if counted is None else counted.output,
            counted_nano=None if cost is None else nano(cost),
        )

    def settled(self, usage: Billed, request_id: str | None, status: int | None) -> Ending:
        """How a call ends that was billed for so many tokens."""
        cost = self.cost(usage)
        return Ending(
            state="settled",
            status=status,
            request_id=request_id,
            input_billed=usage.input,
            output_billed=usage.output,
            cost_nano=None if cost is None else nano(cost),
        )

    def cost(self, usage: Billed) -> Decimal | None:
        """What a usage costs at most, in the currency of its price; None: unknown.

        What was read from a cache is at the price of a hit, where that is known; where nobody
        tells whether the model thought, the answer is at the price of one that did.
        """
        tariff = self.estimate.pricing.tariff if self.estimate is not None else None
        if tariff is None or usage.input is None or usage.output is None or usage.cache_created:
            return None
        thought = usage.reasoning != 0
        charged = tariff.charge(Charged(usage.input, usage.output, usage.cached or 0, thought))
        if charged is None and usage.cached:  # a hit costs no more than the same tokens without
            charged = tariff.charge(Charged(usage.input, usage.output, 0, thought))
        return charged


def failed(error: BaseException) -> Ending:
    """How a call ended that has no answer."""
    inner = getattr(error.args[0], "reason", None) if error.args else None
    kinds = {kind.__name__ for one in (error, inner) for kind in type(one).__mro__}
    name = type(error).__name__
    if kinds.isdisjoint(_NEVER_SENT):
        return Ending(state="unmetered", why=f"no answer: {name}")
    return Ending(state="released", why=f"never sent: {name}")
