"""The guard: estimate, judge, reserve, and only then send."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import msgspec

from tokenassay.contracts.errors import UnknownEdition, UnknownModel
from tokenassay.contracts.records import Surface
from tokenassay.contracts.store import Contract, load_contract, load_edition
from tokenassay.estimators.estimating import estimate as estimate_request
from tokenassay.estimators.records import Estimate
from tokenassay.estimators.requests import Request, read_request
from tokenassay.guard.admissions import Admission
from tokenassay.guard.budgets import Budget, read_budgets
from tokenassay.guard.denials import GuardError, Refused
from tokenassay.guard.ledger.opening import open_ledger
from tokenassay.guard.ledger.records import Call, day_of, nano, new_id, writable
from tokenassay.guard.policies import OnUnknownPrice, Policy, Price, RefuseAt, over

if TYPE_CHECKING:
    from tokenassay.guard.dashscopes import GuardedDashScope
    from tokenassay.guard.transports import AsyncGuardTransport, GuardTransport


class Guard:
    """Stands before an endpoint: what it lets through stands in the ledger before it is sent.

    ``ledger`` is a file's name (made where there is none) or a ``postgresql://`` URL. ``budget``
    is one or several budgets such as ``"5 CNY/day"``; a call is reserved at its highest price in
    the transaction that looks at them. ``tag`` is the name that its calls are listed under.
    ``edition``, ``contract`` and ``region`` are those of :func:`tokenassay.estimate`.
    ``refuse_at`` is the level of refusals that stop a call, ``on_unknown_price`` what happens to
    a call that no budget can be held to, and ``zone`` where the days of budgets begin.

    Safe under threads, and under processes that are forked or killed. ValueError for a budget
    that is none, ContractError or UnknownEdition for documents that are none, LedgerError where
    the ledger can't be opened.
    """

    def __init__(
        self,
        *,
        ledger: str | PathLike[str],
        budget: str | Budget | Iterable[str | Budget] | None = None,
        tag: str = "",
        edition: str | None = None,
        contract: Contract | str | PathLike[str] | None = None,
        region: str | None = None,
        refuse_at: RefuseAt = "must",
        on_unknown_price: OnUnknownPrice = "refuse",
        zone: dt.tzinfo = dt.timezone.utc,
    ) -> None:
        if refuse_at not in ("must", "should", "never"):
            raise ValueError(f"expected refuse_at of must, should or never, got {refuse_at!r}")
        if on_unknown_price not in ("refuse", "allow"):
            raise ValueError(
                f"expected on_unknown_price of refuse or allow, got {on_unknown_price!r}"
            )
        self._policy = Policy(read_budgets(budget), refuse_at, on_unknown_price)
        self._tag, self._zone, self._region = tag, zone, region
        if edition is not None:
            load_edition(edition)
        self._edition = edition
        if contract is not None and not isinstance(contract, Contract):
            contract = load_contract(fspath(contract))
        self._contract = contract
        self._store = open_ledger(ledger)
        self._day = -1, ""
        """The last minute in which a call was made, and its day."""

    def transport(self, over: Any = None) -> GuardTransport:
        """A transport for ``httpx.Client``, before one of your own or the usual one."""
        from tokenassay.guard.transports import GuardTransport

        return GuardTransport(self, over)

    def async_transport(self, over: Any = None) -> AsyncGuardTransport:
        """The same for ``httpx.AsyncClient``."""
        from tokenassay.guard.transports import AsyncGuardTransport

        return AsyncGuardTransport(self, over)

    def dashscope(self) -> GuardedDashScope:
        """dashscope's ``Generation`` and ``AioGeneration`` with the guard before them."""
        from tokenassay.guard.dashscopes import guarded

        return guarded(self)

    def admit(
        self,
        body: Mapping[str, Any],
        *,
        surface: Surface | None = None,
        streaming: bool | None = None,
        patient: bool = True,
    ) -> Admission:
        """Let a request through, or raise Refused, OverBudget or LedgerError.

        ``body`` is what would be sent, in either dialect; NotARequest where it is of neither.
        Send it once and end the admission. ``patient`` False raises Busy where the ledger would
        have to be waited for.
        """
        request = read_request(body, surface=surface, streaming=streaming)
        estimate = self._estimate(request)
        price = _price(estimate)
        call = self._call(request, estimate, price)
        stopped: GuardError | None = None
        refusals = self._policy.refusals(estimate) if estimate is not None else ()
        if estimate is not None and refusals:
            stopped, why = Refused(estimate, refusals), refusals[0].clause
        else:
            stopped, why = self._policy.unheld(price, estimate), "no price for the budget"
        if stopped is None:
            budgets, ceilings = self._policy.ceilings(call)
            exceeded = self._store.enter(call, ceilings, patient=patient)
            if exceeded is None:
                return Admission(self._store, call, estimate)
            budget = budgets[exceeded.at]
            stopped, why = over(budget, exceeded, price, estimate), f"budget {budget}"
        refused = msgspec.structs.replace(call, state="refused", why=why)
        self._store.enter(refused, (), patient=patient)
        raise stopped

    def close(self) -> None:
        """Close the ledger; transports made by this guard then let nothing through."""
        self._store.close()

    def _estimate(self, request: Request) -> Estimate | None:
        try:
            return estimate_request(
                request, edition=self._edition, contract=self._contract, region=self._region
            )
        except (UnknownModel, UnknownEdition):
            return None

    def _call(self, request: Request, estimate: Estimate | None, price: Price | None) -> Call:
        now = time.time()
        if estimate is None:
            model = writable(request.model) if isinstance(request.model, str) else None
            edition = basis = input_estimated = output_most = None
        else:
            model, edition, basis = estimate.model, estimate.edition, estimate.basis
            input_estimated, output_most = estimate.input_tokens, estimate.output_tokens.max
        return Call(
            id=new_id(),
            started_ms=int(now * 1000),
            day=self._day_of(now),
            tag=self._tag,
            surface=request.surface,
            model=model,
            edition=edition,
            streaming=int(request.streaming is True),
            basis=basis,
            input_estimated=input_estimated,
            output_most=output_most,
            currency=None if price is None else price.currency,
            reserved_nano=None if price is None or price.most is None else nano(price.most),
        )

    def _day_of(self, now: float) -> str:
        known = self._day
        minute = int(now // 60)  # days begin with one, wherever
        if known[0] != minute:
            known = self._day = minute, day_of(now, self._zone)
        return known[1]


def _price(estimate: Estimate | None) -> Price | None:
    tariff = estimate.pricing.tariff if estimate is not None else None
    if estimate is None or tariff is None:
        return None
    least, most = estimate.input_range
    output = estimate.output_tokens.max
    if least is None or output is None:
        return Price(None, tariff.row.currency)
    return Price(tariff.most(least, most, output), tariff.row.currency)
