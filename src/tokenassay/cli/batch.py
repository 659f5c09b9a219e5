"""``tokenassay batch``: tokens, cost and faults of whole files of requests."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from tokenassay.cli import INTERRUPTED, inputs
from tokenassay.cli.inputs import Money
from tokenassay.cli.output import USAGE, Complaint, complain, money, write_json
from tokenassay.cli.report import Lang, write

if TYPE_CHECKING:
    from tokenassay.estimators.batches import Asked, Batch, Progress


def batch(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE.jsonl...", help="Plain, gzip or zstd; a folder, a URL, or -."),
    ],
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Instead of the lines' own.")
    ] = None,
    edition: Annotated[
        str | None, typer.Option(metavar="EDITION", help="Hold every line to this edition.")
    ] = None,
    contract: Annotated[
        str | None, typer.Option(metavar="FILE", help="Hold them to a contract file of your own.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Templates, limits and prices of that day."),
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="REGION", help="Prices of that region.")
    ] = None,
    output_tokens: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Length of each answer, if known.")
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Count with a tokenizer.json or SentencePiece model."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="model|file|custom-prefix", help="Sums for each of these as well."),
    ] = None,
    engine: Annotated[
        str, typer.Option(metavar="local|ray", help="This machine, or a Ray cluster.")
    ] = "local",
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=4096, help="Processes [one for each core]."),
    ] = None,
    max_cost: Annotated[
        str | None,
        typer.Option(metavar="'0.50 CNY'", help="Exit 1 where the batch may cost more."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page of it; `-` prints it.")
    ] = None,
    lang: Annotated[Lang, typer.Option(help="Language of the page.")] = Lang.en,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What files of requests will use and cost, and which lines would be refused."""
    from tokenassay.cli import batchsheet
    from tokenassay.estimators.batches import INTERRUPTED as BY_CTRL_C
    from tokenassay.estimators.batches import Asked, summary
    from tokenassay.estimators.batches.stores import SourceError
    from tokenassay.estimators.batches.tallies import By

    ceiling = inputs.parse_money(max_cost) if max_cost is not None else None
    if by is not None and by not in get_args(By):
        raise Complaint(f"--by {by}: expected {', '.join(get_args(By))}")
    if html == Path("-") and json:
        raise Complaint("only one of --json and --html can go to standard output")
    count = _engine(engine)
    _refuse_twice(files)
    asked = Asked(
        model=model,
        edition=edition,
        as_of=inputs.parse_day(as_of).isoformat() if as_of is not None else None,
        contract=contract if inputs.read_contract(contract) else None,
        region=region,
        output_tokens=output_tokens,
        tokenizer=inputs.check_file(tokenizer),
    )
    with progress() as told:
        try:
            found = count(files, asked, by=by, workers=workers, told=told)
        except SourceError as error:
            raise Complaint(str(error)) from None
    shown = summary(found, grouped=by is not None)
    shown["asked"] = {
        "command": again(files, asked, by=by, engine=engine, max_cost=max_cost),
        "by": by,
        "as_of": asked.as_of,
        "max_cost": None
        if ceiling is None
        else {"amount": format(ceiling.amount, "f"), "currency": ceiling.currency},
    }
    against = stands_against(shown, ceiling)
    faults = [*unread(found), *_unlike(shown, ceiling)]
    if json:
        write_json(shown)
    elif html != Path("-"):
        batchsheet.show(shown, by)
    if html is not None:  # last, so that a page that can't be written loses no count
        _write_page(html, shown, lang)
    for reason in (*faults, *against):
        complain(reason)
    if found.stopped is not None:
        complain(f"{found.stopped}: the figures are of what was read until then")
        raise typer.Exit(INTERRUPTED if found.stopped == BY_CTRL_C else USAGE)
    if faults:
        raise typer.Exit(USAGE)
    if against:
        raise typer.Exit(1)


def _engine(name: str) -> Callable[..., Batch]:
    """What counts the files."""
    if name == "local":
        from tokenassay.estimators.batches import count_files

        return count_files
    if name != "ray":
        raise Complaint(f"--engine {name}: expected local, ray")
    from tokenassay.estimators.batches.cluster import ClusterError, count_on_ray

    def count(files: list[str], asked: Any, **options: Any) -> Batch:
        try:
            return count_on_ray(files, asked, **options)
        except ClusterError as error:
            raise Complaint(str(error)) from None

    return count


def again(
    files: list[str], asked: Asked, *, by: str | None, engine: str, max_cost: str | None
) -> str:
    """The command that comes to the same figures, as a shell reads it."""
    named = {
        "--model": asked.model,
        "--edition": asked.edition,
        "--contract": asked.contract,
        "--as-of": asked.as_of,
        "--region": asked.region,
        "--output-tokens": asked.output_tokens,
        "--tokenizer": asked.tokenizer,
        "--by": by,
        "--engine": None if engine == "local" else engine,
        "--max-cost": max_cost,
    }
    options = [word for name, value in named.items() if value is not None for word in (name, value)]
    return shlex.join(map(str, ["tokenassay", "batch", *options, "--", *files]))


def _write_page(path: Path, shown: dict[str, Any], lang: Lang) -> None:
    import msgspec

    from tokenassay.reports.batches import BatchDocument
    from tokenassay.reports.pages.batch import batch_html

    write(path, batch_html(msgspec.convert(shown, BatchDocument), lang.value).encode())


def stands_against(shown: dict[str, Any], ceiling: Money | None) -> list[str]:
    """Why the batch should not be sent: refused lines, broken rules of batches, the ceiling."""
    reasons = []
    if shown["refused_lines"]:
        reasons.append(f"{lines(shown['refused_lines'])} would be refused")
    for rule in shown["batch_rules"]:
        if rule["level"] == "must":
            reasons.append(f"{rule['file']}: {rule['why']} ({rule['clause']})")
    if ceiling is not None and shown["lines"]:
        reasons += _over(shown["cost"]["batch"], ceiling)
    return reasons


def _over(bill: dict[str, Any], ceiling: Money) -> Iterator[str]:
    limit = money(ceiling.amount, ceiling.currency)
    if bill["unpriced_lines"]:
        many = lines(bill["unpriced_lines"])
        yield f"the cost of {many} is unknown, so the batch can't be held to {limit}"
        return
    for currency, amounts in bill["amounts"].items():
        if currency != ceiling.currency:
            continue  # told as wrong usage
        if amounts["total_max"] is None:
            yield f"the cost has no known upper end, so it can't be held to {limit}"
        elif Decimal(amounts["total_max"]) > ceiling.amount:
            yield f"the batch may cost up to {money(amounts['total_max'], currency)}, over {limit}"


def _unlike(shown: dict[str, Any], ceiling: Money | None) -> Iterator[str]:
    """Prices that can't be held to the ceiling, for they are in another currency."""
    for currency in shown["cost"]["batch"]["amounts"]:
        if ceiling is not None and currency != ceiling.currency:
            yield f"--max-cost is in {ceiling.currency}, but prices are in {currency}"


def _refuse_twice(files: list[str]) -> None:
    """Complaint where two of the paths are one file."""
    from tokenassay.estimators.batches.stores import is_url

    known: dict[str, str] = {}
    for path in files:
        name = path if is_url(path) or "\0" in path else os.path.realpath(path)
        if name in known:
            also = f", as {known[name]} too" if known[name] != path else ""
            raise Complaint(f"{path} is named twice{also}")
        known[name] = path


def unread(found: Batch) -> list[str]:
    """What could not be counted: bad lines, and files that were not read to their end."""
    reasons = [file.fault for file in found.files if file.fault and file.fault != found.stopped]
    if found.bad_lines:
        first = found.bad[0]
        where = f"the first is {first.file}, line {first.line}: {first.what}"
        reasons.append(f"{lines(found.bad_lines)} can't be read; {where}")
    return reasons


def lines(count: int) -> str:
    """``1 line`` or ``2 lines``."""
    return f"{count:,} line{'' if count == 1 else 's'}"


@contextmanager
def progress() -> Iterator[Callable[[Progress], None] | None]:
    """A bar with rate and time left on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    # Drawn when a part is done: a thread of the bar's own would keep workers from being forked.
    bar = Bar(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
    with bar:
        task = bar.add_task("counting", total=None)

        def told(now: Progress) -> None:
            said = f"counting, {now.lines:,} lines"
            bar.update(
                task, completed=now.done, total=now.whole or None, description=said, refresh=True
            )

        yield told
