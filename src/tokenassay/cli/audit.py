"""``tokenassay audit``: billed against counted tokens, and nothing else."""

from __future__ import annotations

import contextlib
import shlex
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokenassay.cli import endpoints as e
from tokenassay.cli.output import (
    Complaint,
    complain,
    console,
    money,
    number,
    pairs,
    put,
    table,
    visible,
)

if TYPE_CHECKING:
    from tokenassay.conformance.audit.auditing import Audit, Cost
    from tokenassay.conformance.audit.documents import AuditDocument
    from tokenassay.conformance.targets import Target

HONEST, DISHONEST, INCONCLUSIVE = 0, 1, 3


def audit(
    target: e.TargetName = None,
    base_url: e.BaseUrl = None,
    edition: e.EditionId = None,
    model: e.ModelId = None,
    api_key_env: e.KeyVariable = None,
    config: e.ConfigFile = None,
    contract: e.ContractFile = None,
    budget: e.Budget = None,
    price: e.PriceGiven = None,
    max_requests: e.MaxRequests = None,
    max_tokens: e.MaxTokens = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the texts.")] = 0,
    workers: e.Workers = 4,
    rate: e.Rate = None,
    timeout: e.Timeout = None,
    header: e.Header = None,
    ca_file: e.CaFile = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where run.db, results.json and report.html go."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in DIR.")] = False,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the template that fits as a contract file."),
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page of it.")] = None,
    yes: e.Yes = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Audit the meter of an endpoint: what it bills against what was counted here."""
    given = e.fields_of(
        edition=edition,
        model=model,
        api_key_env=api_key_env,
        contract=contract,
        budget=budget,
        price=price,
        max_requests=max_requests,
        max_tokens=max_tokens,
        rate=rate,
        timeout=timeout,
        header=header,
        ca_file=ca_file,
    )
    if resume and out is None:
        raise Complaint("--resume goes on with the run in a folder: name it by --out DIR")
    plan = _Plan(seed, workers, out, resume, save, html, json)
    with e.config_faults():
        if e.is_live(target, base_url, config):
            from tokenassay.conformance.checking import read_key

            named = e.named_target(target, base_url, config, given)
            code = _audit(named, read_key(named), plan, yes=yes)
        else:
            with e.mock_target(given, seed) as (mock, key):
                code = _audit(mock, key, plan, yes=True)
    raise typer.Exit(code)


class _Plan:
    """What the options say beside the target."""

    def __init__(
        self,
        seed: int,
        workers: int,
        out: Path | None,
        resume: bool,
        save: Path | None,
        html: Path | None,
        json: bool,
    ) -> None:
        self.seed, self.workers, self.out, self.resume = seed, workers, out, resume
        self.save, self.html, self.json = save, html, json


def _audit(target: Target, key: str, plan: _Plan, *, yes: bool) -> int:
    from msgspec.structs import replace

    from tokenassay.conformance.audit.auditing import Auditor
    from tokenassay.conformance.audit.costs import overcharge, price_of
    from tokenassay.conformance.audit.documenting import audit_document
    from tokenassay.conformance.audit.documents import keep_audit
    from tokenassay.conformance.checking import open_run
    from tokenassay.conformance.visits import contract_of, visit

    contract = contract_of(target)
    with contextlib.ExitStack() as stack:
        folder = plan.out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = open_run(folder, resume=plan.resume)
        stack.callback(run.close)
        run.set_meta("command", shlex.join(("tokenassay", *sys.argv[1:])))
        with visit(target, contract, run, key, seed=plan.seed, workers=plan.workers) as session:
            cost = Auditor(session).cost()
        _tell_cost(target, cost)
        if not target.faults:
            if cost.money is None and not (target.max_requests and target.max_tokens):
                raise Complaint(
                    f"no price is known for {target.model}: give one by --price, or ceilings by "
                    "--max-requests and --max-tokens"
                )
            e.require_consent(yes)
        if target.budget is None and cost.money is not None:
            target = replace(target, budget=cost.money, currency=cost.currency)
        with (
            visit(target, contract, run, key, seed=plan.seed, workers=plan.workers) as session,
            _progress() as told,
        ):
            found = Auditor(session).run(plan.workers, told)
        run.set_meta(
            f"ending of {target.name}", [found.stop_reason is None, found.stop_reason, False]
        )
        excess = overcharge(found, price_of(target, contract))
        document = audit_document(run, target, contract.edition, found, cost, excess)
        keep_audit(run, document)
        _write(document, plan)
        if plan.json:
            from msgspec import to_builtins

            from tokenassay.cli.output import write_json

            write_json(to_builtins(document))
        else:
            show(document)
        if plan.save is not None:
            _save(plan.save, found, target, contract)
    if found.verdict == "inconclusive":
        if plan.json:
            complain(found.why)
        return INCONCLUSIVE
    return HONEST if found.verdict == "honest" else DISHONEST


def _tell_cost(target: Target, cost: Cost) -> None:
    use = f"{number(cost.requests)} requests and {number(cost.tokens)} tokens at most"
    paid = f"never more than {money(cost.money, cost.currency or '')}" if cost.money else None
    told = paid or "the price is unknown"
    print(f"{target.name}: an audit of {target.model} takes {use}; {told}", file=sys.stderr)
    sys.stderr.flush()


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("auditing", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _save(path: Path, found: Audit, target: Target, contract: Any) -> None:
    import datetime as dt

    from tokenassay.conformance.audit.saving import contract_text

    text = contract_text(found, target, contract, dt.datetime.now(dt.timezone.utc).date())
    path.write_text(text, encoding="utf-8")
    print(f"{path}: for tokenassay estimate --contract {path}", file=sys.stderr)


def _write(document: AuditDocument, plan: _Plan) -> None:
    """The document and its page, where they were asked for."""
    if plan.out is None and plan.html is None:
        return
    import msgspec

    from tokenassay.cli.report import write
    from tokenassay.reports.html import html

    if plan.out is not None:
        text = msgspec.json.format(msgspec.json.encode(document), indent=1)
        write(plan.out / "results.json", text + b"\n")
    page = html(document).encode()
    for path in (plan.out and plan.out / "report.html", plan.html):
        if path is not None:
            write(path, page)


# ------------------------------------------------------------------------------- told


def show(document: AuditDocument) -> None:
    """Print an audit: its verdict, what it rests on, and sums by the kind of text."""
    out, spend = console(), document.spend
    out.print(visible(f"{document.target.name}: {document.verdict}"))
    lines = [("found", finding.said) for finding in document.findings]
    lines = lines or [("why", document.why)]
    lines.append(("template", _template(document)))
    if document.verdict != "inconclusive" and spend.tokens_per_request is not None:
        lines.append(("overcharge", _excess(document)))
    lines += [("note", note) for note in document.notes]
    if document.stop_reason:
        lines.append(("ended early", document.stop_reason))
    spent = "unknown" if spend.amount is None else _money(spend.amount, spend.currency)
    lines.append(
        ("spent", f"{number(spend.requests)} requests, {number(spend.tokens)} tokens, {spent}")
    )
    out.print(pairs(lines))
    if not document.probes:
        return
    out.print()
    figures = table("texts", "answers", "counted", "billed", "difference", right=_FIGURES)
    for script, (answers, counted, billed) in _by_script(document).items():
        difference = "none" if billed == counted else f"{billed - counted:+,}"
        figures.add_row(script, number(answers), number(counted), number(billed), difference)
    put(figures, out)


_FIGURES = ("answers", "counted", "billed", "difference")


def _by_script(document: AuditDocument) -> dict[str, tuple[int, int, int]]:
    """Answers, counted and billed input tokens by the script of the text, markers too."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for probe in document.probes:
        if probe.problem is None and probe.counted is not None and probe.billed is not None:
            row = sums[probe.script]
            row[0], row[1], row[2] = row[0] + 1, row[1] + probe.counted, row[2] + probe.billed
    return {script: (a, b, c) for script, (a, b, c) in sums.items()}


def _template(document: AuditDocument) -> str:
    from tokenassay.conformance.audit.readings import OWN

    basis = f"{document.basis}: {document.basis_why}"
    if document.template is None:
        return f"none that is known fits ({basis})"
    if document.template == OWN:
        return f"the model's own ({basis})"
    each = f", with {document.offset:+d} tokens in each request" if document.offset else ""
    return f"{document.template}{each}; the model's own does not fit ({document.basis_why})"


def _excess(document: AuditDocument) -> str:
    spend = document.spend
    million, requests = spend.overcharge_per_million_tokens, spend.overcharge_per_million_requests
    if million is None:
        return "unknown, for no price is known"
    if not Decimal(million):
        return "none"
    length = f"in requests of {number(spend.tokens_per_request or 0)} tokens on average"
    said = f"{_money(million, spend.currency)} per million tokens, {length}"
    if document.verdict == "constant surplus" and requests is not None:
        said += f"; {_money(requests, spend.currency)} per million requests"
    return said


def _money(amount: str, currency: str | None) -> str:
    return money(Decimal(amount), currency or "")
