"""``tokenassay estimate``: tokens, cost and refusals of a request, before it is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from tokenassay.cli import inputs
from tokenassay.cli.inputs import Money
from tokenassay.cli.output import Complaint, complain, console, money, write_json

if TYPE_CHECKING:
    from tokenassay.contracts.catalog import Model
    from tokenassay.contracts.store import Contract

Bodies = tuple[Mapping[str, Any], ...]
"""One request, in each dialect that it may be sent in."""


class Asked(NamedTuple):
    """The options that hold for every model of a call."""

    edition: str | None
    as_of: dt.date | None
    contract: Contract | None
    region: str | None
    batch: bool
    output_tokens: int | None
    tokenizer: str | None


class LeftOut(NamedTuple):
    """A model that can't serve the request, and why."""

    model: str
    why: str


def estimate(
    requests: Annotated[
        list[str] | None,
        typer.Argument(metavar="REQUEST.json|-", help="The body that would be sent."),
    ] = None,
    message: Annotated[
        str | None, typer.Option("--message", "-m", metavar="TEXT", help="One user message.")
    ] = None,
    system: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A system message before it.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="Instead of the body's own; may be given again."),
    ] = None,
    all_models: Annotated[
        bool, typer.Option("--all-models", help="Every model that can serve it, cheapest first.")
    ] = False,
    edition: Annotated[
        str | None, typer.Option(metavar="EDITION", help="Hold it to this edition.")
    ] = None,
    contract: Annotated[
        str | None, typer.Option(metavar="FILE", help="Hold it to a contract file of your own.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Templates, limits and prices of that day."),
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="REGION", help="Prices of that region.")
    ] = None,
    batch: Annotated[bool, typer.Option("--batch", help="Batch prices.")] = False,
    output_tokens: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Length of the answer, if known.")
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Count with a tokenizer.json or SentencePiece model."),
    ] = None,
    max_cost: Annotated[
        str | None, typer.Option(metavar="'0.50 CNY'", help="Exit 1 where it may cost more.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page of it.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What a request will use and cost, and which documented limits it breaks."""
    from tokenassay.cli import sheet
    from tokenassay.estimators.tokens import expect_little

    expect_little()
    ceiling = inputs.parse_money(max_cost) if max_cost is not None else None
    if model and all_models:
        raise Complaint("name models with --model or take --all-models, not both")
    if bool(requests) == (message is not None):
        raise Complaint("give a request file (or - for standard input) or a message with -m")
    several = len(requests or ()) > 1
    if several and (all_models or html is not None):
        raise Complaint("--all-models and --html are for one request at a time")
    if requests and system is not None:
        raise Complaint("--system goes with -m; a request file has its own messages")
    if message is not None and not (model or all_models):
        raise Complaint("-m needs --model MODEL or --all-models")
    asked = Asked(
        edition,
        inputs.parse_day(as_of) if as_of is not None else None,
        inputs.read_contract(contract),
        region,
        batch,
        output_tokens,
        inputs.check_file(tokenizer),
    )
    each: list[Bodies] = [(inputs.read_body(path),) for path in requests or ()]
    if message is not None:
        each = [quick(message, system, asked)]
    left_out: list[LeftOut] = []
    if all_models:
        found, left_out = survey(each[0], asked, ceiling)
    else:
        named: list[str | None] = [*model] if model else [None]
        found = [one(bodies, name, asked) for bodies in each for name in named]
        if several:
            files = [path for path in requests or () for _ in named]
            found = [{"request": path, **shown} for path, shown in zip(files, found, strict=True)]
    against = [reason for shown in found if (reason := stands_against(shown, ceiling))]
    if all_models and not found:
        against.append("no model can serve this request")
    written: dict[str, Any] = {"estimates": found}
    if all_models:
        written["left_out"] = [out._asdict() for out in left_out]
    if html is not None:
        _write_page(html, written)
    if json:
        write_json(written)
    else:
        sheet.show(found, left_out, console())
        if len(found) > 1 and not several and output_tokens is None:
            print("\nEach at its model's own ceiling; --output-tokens N compares like with like.")
    for reason in against:
        complain(reason)
    if against:
        raise typer.Exit(1)


def _write_page(path: Path, written: dict[str, Any]) -> None:
    import msgspec

    from tokenassay.cli.report import write
    from tokenassay.reports.estimates import EstimateDocument
    from tokenassay.reports.html import html

    write(path, html(msgspec.convert(written, EstimateDocument)).encode())


def one(bodies: Bodies, model: str | None, asked: Asked) -> dict[str, Any]:
    """The estimate for one model as JSON data.

    Of several bodies, that whose edition was in force on the day asked for; else the first that
    an edition knows the model for.
    """
    from tokenassay.contracts.errors import UnknownEdition
    from tokenassay.contracts.store import headers
    from tokenassay.estimators.dates import first_day
    from tokenassay.estimators.estimating import estimate

    found: list[dict[str, Any]] = []
    for body in bodies:
        try:
            shown = estimate(body, model=model, **asked._asdict()).to_dict()
        except UnknownEdition:
            if body is bodies[-1] and not found:
                raise
            continue
        header = headers().get(shown["edition"])
        since = header.date if header else None
        if asked.as_of is None or since is None or first_day(since) <= asked.as_of:
            return shown
        found.append(shown)
    return found[0]


def survey(
    bodies: Bodies, asked: Asked, ceiling: Money | None
) -> tuple[list[dict[str, Any]], list[LeftOut]]:
    """Estimates for all models that can serve the request, cheapest first, unknown prices last.

    The others come back with the reason: retired, no edition, a refusal of level must, or the
    ceiling.
    """
    from tokenassay.contracts.errors import UnknownEdition, UnknownModel
    from tokenassay.contracts.store import models

    known = {**models(), **{m.id: m for m in (asked.contract.models if asked.contract else ())}}
    found: list[dict[str, Any]] = []
    left_out: list[LeftOut] = []
    for name, model in known.items():
        away = _away(model, asked.as_of)
        if away is not None:
            left_out.append(LeftOut(name, away))
            continue
        try:
            shown = one(bodies, name, asked)
        except (UnknownEdition, UnknownModel) as error:
            left_out.append(LeftOut(name, str(error.args[0])))
            continue
        reason = stands_against(shown, ceiling)
        if reason is None:
            found.append(shown)
        else:
            left_out.append(LeftOut(name, reason.removeprefix(f"{name}: ")))
    return sorted(found, key=_by_cost), left_out


def _away(model: Model, day: dt.date | None) -> str | None:
    """Why a model is not served on a day (None: now), as far as its row tells."""
    from tokenassay.estimators.dates import first_day

    if model.retired is not None and (day is None or first_day(model.retired) <= day):
        return f"retired on {model.retired}"
    if model.since is not None and day is not None and day < first_day(model.since):
        return f"served from {model.since} on"
    return None


def _by_cost(shown: dict[str, Any]) -> tuple[bool, str, bool, Decimal, str]:
    cost = shown["cost"]
    if cost is None:
        return True, "", True, Decimal(0), str(shown["model"])
    highest = cost["total_max"]
    amount = Decimal(cost["total_min"] if highest is None else highest)
    return False, cost["currency"], highest is None, amount, str(shown["model"])


def stands_against(shown: dict[str, Any], ceiling: Money | None) -> str | None:
    """Why a call should not be made: a refusal of level must, or a cost that may pass the ceiling.

    An unknown cost can't be held to a ceiling, so it stands against the call too.
    """
    model = shown["model"] or "no model"
    if "request" in shown:  # of several files
        model = f"{shown['request']}: {model}"
    for refusal in shown["refusals"]:
        if refusal["level"] == "must":
            return f"{model}: {refusal['why']} ({refusal['clause']})"
    if ceiling is None:
        return None
    limit = money(ceiling.amount, ceiling.currency)
    cost = shown["cost"]
    if cost is None:
        return f"{model}: the cost is unknown, so it can't be held to {limit}"
    if cost["currency"] != ceiling.currency:
        raise Complaint(
            f"--max-cost is in {ceiling.currency}, but {model} is priced in {cost['currency']}"
        )
    if cost["total_max"] is None:
        return f"{model}: the cost has no known upper end, so it can't be held to {limit}"
    if Decimal(cost["total_max"]) > ceiling.amount:
        return f"{model}: may cost up to {money(cost['total_max'], cost['currency'])}, over {limit}"
    return None


def quick(message: str, system: str | None, asked: Asked) -> Bodies:
    """A request of one message, in either dialect; that of a named edition comes first."""
    from tokenassay.contracts.store import load_edition

    messages = [{"role": "user", "content": message}]
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    native = {"input": {"messages": messages}, "parameters": {"result_format": "message"}}
    compatible = {"messages": messages}
    named = asked.contract.edition if asked.contract else None
    if named is None and asked.edition is not None:
        named = load_edition(asked.edition)
    if named is None:
        return native, compatible
    return (native,) if named.surface == "native" else (compatible,)
