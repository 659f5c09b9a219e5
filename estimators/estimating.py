"""What a request will use and cost before it is sent: the public :func:`estimate`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from os import PathLike, fspath, stat
from typing import Any, Final

from msgspec.structs import replace

from tokenassay.contracts import store
from tokenassay.contracts.records import Surface
from tokenassay.contracts.store import Contract
from tokenassay.estimators.dates import parse_day
from tokenassay.estimators.editions import choose, own_time
from tokenassay.estimators.plans import Plan, Terms
from tokenassay.estimators.records import Estimate
from tokenassay.estimators.requests import Request, read_request
from tokenassay.estimators.tokens.files import counter_from_file

_MOST_PLANS: Final = 1024

_plans: dict[tuple[object, ...], tuple[Plan, object]] = {}
"""Plans by what they were asked for; each beside what its key must keep alive."""


def estimate(
    request: Mapping[str, Any] | Request,
    *,
    model: str | None = None,
    edition: str | None = None,
    as_of: dt.date | str | None = None,
    contract: Contract | str | PathLike[str] | None = None,
    batch: bool = False,
    output_tokens: int | None = None,
    region: str | None = None,
    tokenizer: str | PathLike[str] | None = None,
) -> Estimate:
    """Tokens, cost and documented refusals of one call, without making it.

    ``request`` is the body that would be sent, in either dialect, or one that was read before.
    ``model`` takes the place of the body's; ``edition`` names the documents to judge by, a
    ``contract`` file (or one that was loaded) wins over it; ``as_of`` is a day, as a date or as
    ISO text that may be partial: template, limits and prices are those in force then. Without
    it they are the newest that are known, or, where ``edition`` names one that a later one has
    replaced, those of its own time. ``output_tokens`` fixes the length of the answer.
    ``tokenizer`` is a tokenizer file of one's own for a model whose vocabulary is not at hand.

    Raises NotARequest where the body is of neither dialect, UnknownModel and UnknownEdition
    where nobody knows them, ContractError and OSError for a file that can't be read, ValueError
    for a day that is none or a negative ``output_tokens``.
    """
    if output_tokens is not None and output_tokens < 0:
        raise ValueError(f"expected output_tokens of 0 or more, got {output_tokens}")
    day = None if as_of is None else parse_day(as_of)
    loaded = contract if contract is None or isinstance(contract, Contract) else _load(contract)
    surface: Surface | None = None
    if loaded is not None:
        surface = loaded.edition.surface
    elif edition is not None:
        surface = store.load_edition(edition).surface
    if not isinstance(request, Request):
        request = read_request(request, surface=surface)
    elif surface is not None and request.surface != surface:
        request = read_request(request.body, surface=surface, streaming=request.streaming)
    if model is not None and model != request.model:
        request = replace(request, model=model, body={**request.body, "model": model})
    if batch and request.streaming is False:
        request = replace(request, streaming=None)  # no line of a batch streams, nor has to
    name = request.model if isinstance(request.model, str) else None
    implied = day is None and edition is not None and loaded is None
    if implied and edition is not None:
        day = own_time(edition, name)
    vocabulary = _stamp(tokenizer) if tokenizer is not None else None
    held = id(loaded) if loaded is not None else None
    key = (request.surface, name, edition, day, implied, batch, region, held, vocabulary)
    kept = _plans.get(key)
    if kept is None:
        choice = choose(request.surface, name, day, edition=edition, contract=loaded)
        if implied and day is not None:
            told = f"as of {day}, since {edition} is named, which a later edition has replaced"
            choice = choice._replace(notes=(told, *choice.notes))
        own = counter_from_file(tokenizer) if tokenizer is not None else None
        terms = Terms(request.surface, name, day, batch, region)
        kept = Plan(terms, choice, own), loaded
        if len(_plans) >= _MOST_PLANS:
            _plans.clear()
        _plans[key] = kept
    return kept[0].estimate(request, output_tokens)


def _load(path: str | PathLike[str]) -> Contract:
    return _load_stamped(*_stamp(path))


@lru_cache(maxsize=64)
def _load_stamped(path: str, changed_ns: int, size: int) -> Contract:
    return store.load_contract(path)


def _stamp(path: str | PathLike[str]) -> tuple[str, int, int]:
    """What tells a file from what it was before it was edited."""
    found = stat(path)
    return fspath(path), found.st_mtime_ns, found.st_size
