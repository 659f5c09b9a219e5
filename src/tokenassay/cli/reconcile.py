"""``tokenassay reconcile``: what was estimated against what was billed."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from tokenassay.cli import inputs
from tokenassay.cli.output import Complaint, complain, write_json

if TYPE_CHECKING:
    from tokenassay.estimators.bills.calls import Read
    from tokenassay.estimators.bills.matching import By
    from tokenassay.estimators.bills.reconciling import Reconciled
    from tokenassay.estimators.bills.weighing import Terms

INTERRUPTED = 130


def reconcile(
    requests: Annotated[
        str,
        typer.Argument(
            metavar="REQUESTS",
            help="Requests; or, alone, a log: pairs, HAR, LiteLLM's, a run.db.",
        ),
    ],
    responses: Annotated[
        list[str] | None,
        typer.Argument(metavar="RESPONSES...", help="Their answers, in one file or several."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="custom_id|id|order", help="What joins them [found out]."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Instead of the requests' own.")
    ] = None,
    edition: Annotated[
        str | None, typer.Option(metavar="EDITION", help="Count by this edition.")
    ] = None,
    contract: Annotated[
        str | None, typer.Option(metavar="FILE", help="Count by a contract file of your own.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Templates and prices of that day, not of the calls'."),
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="REGION", help="Prices of that region.")
    ] = None,
    save_contract: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the templates that fit as a contract file."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Hold what was billed against what is counted here, model by model."""
    from tokenassay.cli import reconcilesheet
    from tokenassay.estimators.bills.matching import By as Ways
    from tokenassay.estimators.bills.summaries import summary
    from tokenassay.estimators.bills.weighing import Terms

    if by is not None and by not in get_args(Ways):
        raise Complaint(f"--by {by}: expected {', '.join(get_args(Ways))}")
    if by is not None and not responses:
        raise Complaint("--by joins two files; in one file requests and answers stand together")
    terms = Terms(
        edition=edition,
        contract=contract if inputs.read_contract(contract) else None,
        as_of=inputs.parse_day(as_of).isoformat() if as_of is not None else None,
        region=region,
        model=model,
    )
    found = _reconciled(requests, responses or [], terms, by)  # type: ignore[arg-type]
    shown = summary(found)
    if json:
        write_json(shown)
    else:
        reconcilesheet.show(shown)
    if save_contract is not None:
        _save(Path(save_contract), found)
    for reason in unread(shown):
        complain(reason)
    if not found.complete:
        complain("interrupted: the figures are of what was read until then")
        raise typer.Exit(INTERRUPTED)
    if wrong := against(shown):
        for reason in wrong:
            complain(reason)
        raise typer.Exit(1)
    if not shown["compared"]:
        complain("no request could be matched with what it was billed")
        raise typer.Exit(3)


def _reconciled(requests: str, responses: list[str], terms: Terms, by: By | None) -> Reconciled:
    from tokenassay.conformance.rundb import RunFileError
    from tokenassay.estimators.batches.stores import SourceError
    from tokenassay.estimators.bills import reconciling

    try:
        run: Iterable[Read] | None = None
        if not responses and reconciling.is_run(requests):
            from tokenassay.conformance.billed import calls_in

            run = calls_in(requests)
        with progress() as told:
            return reconciling.reconcile(requests, responses, terms, by=by, run=run, told=told)
    except (SourceError, RunFileError) as error:
        raise Complaint(str(error)) from None


def _save(path: Path, found: Reconciled) -> None:
    from tokenassay.estimators.bills.saving import CannotSave, contract_text

    try:
        text, left = contract_text(found.models, dt.datetime.now(dt.timezone.utc).date())
    except CannotSave as error:
        raise Complaint(f"no contract is saved: {error}") from None
    with inputs.named(str(path)):
        path.write_text(text, encoding="utf-8")
    print(f"{path}: for tokenassay estimate --contract {path}", file=sys.stderr)
    for why in left:
        complain(f"not in {path}: {why}")


def against(shown: dict[str, Any]) -> list[str]:
    """What was billed wrongly, a line for each model."""
    return [
        f"{one['model']}: {one['verdict']}: {one['why']}"
        if one["findings"] or one["verdict"] == "unmetered"
        else f"{one['model']}: {_calls(one['wrong'])} billed otherwise than counted"
        for one in shown["models"]
        if one["findings"] or one["wrong"]
    ]


def unread(shown: dict[str, Any]) -> Iterator[str]:
    """What could not be used, a line for each kind."""
    if shown["bad_line_count"]:
        many = _items(shown["bad_line_count"], shown["bad_lines"][0]["unit"])
        yield f"{many} can't be read; {_first(shown['bad_lines'])}"
    unmatched = shown["unmatched"]
    if shown["joined_by"] == "order" and (unmatched["requests"] or unmatched["responses"]):
        yield (
            f"joined by order, yet {_items(unmatched['requests'], 'request')} and "
            f"{_items(unmatched['responses'], 'answer')} are left over: the rest may not belong "
            "together; give both a custom_id or an id"
        )
    elif unmatched["responses_tokens"]:
        yield (
            f"{_items(unmatched['responses'], 'answer')} without a request, billed "
            f"{unmatched['responses_tokens']:,} tokens"
        )
    if shown["uncounted_count"]:
        many = _calls(shown["uncounted_count"])
        yield f"{many} can't be counted; {_first(shown['uncounted'])}"


def _first(faults: list[dict[str, Any]]) -> str:
    one = faults[0]
    field = f", {one['field']}" if one["field"] else ""
    return f"the first is {one['file']}, {one['unit']} {one['line']}{field}: {one['why']}"


def _items(count: int, unit: str) -> str:
    many = "entries" if unit == "entry" else f"{unit}s"
    return f"{count:,} {unit if count == 1 else many}"


def _calls(count: int) -> str:
    return f"{count:,} call{'' if count == 1 else 's'}"


@contextmanager
def progress() -> Iterator[Callable[[int], None] | None]:
    """The number of calls so far on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading") as status:
        yield lambda calls: status.update(f"weighing, {calls:,} calls")
