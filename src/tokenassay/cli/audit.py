"""``tokenassay audit``: billed against counted tokens, and nothing else."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokenassay.cli import endpoints as e
from tokenassay.cli.output import Complaint, complain, console, money, number, pairs, put, table

if TYPE_CHECKING:
    from tokenassay.conformance.audit.auditing import Audit, Cost
    from tokenassay.conformance.audit.costs import Overcharge
    from tokenassay.conformance.rundb import Spend
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
        Path | None, typer.Option(metavar="DIR", help="Where run.db goes, with every exchange.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in DIR.")] = False,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the template that fits as a contract file."),
    ] = None,
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
    plan = _Plan(seed, workers, out, resume, save, json)
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
        json: bool,
    ) -> None:
        self.seed, self.workers, self.out, self.resume = seed, workers, out, resume
        self.save, self.json = save, json


def _audit(target: Target, key: str, plan: _Plan, *, yes: bool) -> int:
    from msgspec.structs import replace

    from tokenassay.conformance.audit.auditing import Auditor
    from tokenassay.conformance.audit.costs import overcharge, price_of
    from tokenassay.conformance.checking import open_run
    from tokenassay.conformance.visits import contract_of, visit

    contract = contract_of(target)
    with contextlib.ExitStack() as stack:
        folder = plan.out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = open_run(folder, resume=plan.resume)
        stack.callback(run.close)
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
        spend = run.spend(target.name)
        excess = overcharge(found, price_of(target, contract))
        if plan.json:
            from tokenassay.cli.output import write_json

            write_json(_as_json(found, spend, cost, excess))
        else:
            _show(target, found, spend, cost, excess)
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


# ------------------------------------------------------------------------------- told


def _as_json(found: Audit, spend: Spend, cost: Cost, excess: Overcharge | None) -> dict[str, Any]:
    from tokenassay.conformance.audit.readings import OWN

    template = found.template or OWN
    return {
        "verdict": found.verdict,
        "surplus": found.surplus,
        "factor": found.factor,
        "uncertainty": found.uncertainty,
        "probes": [
            {
                "what": reading.question.what,
                "purpose": reading.question.purpose,
                "script": reading.question.script,
                "stream": reading.question.stream,
                "counted": reading.counts.get(template),
                "billed": reading.billed_input,
                "basis": found.basis,
                "template": found.template,
                "output_counted": reading.output,
                "output_billed": reading.billed_output,
                "problem": reading.problem,
                "exchange": reading.exchange,
            }
            for reading in found.readings
        ],
        "spend": {
            "requests": spend.requests,
            "tokens": spend.tokens,
            "amount": None if cost.currency is None else spend.money,
            "currency": cost.currency,
            "at_most": cost.money,
            "overcharge_per_million_tokens": _rounded(excess.per_million if excess else None),
        },
    }


def _rounded(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.000001"))


def _show(
    target: Target, found: Audit, spend: Spend, cost: Cost, excess: Overcharge | None
) -> None:
    out = console()
    out.print(f"{target.name}: {found.verdict}")
    lines = [("found", finding.said) for finding in found.findings] or [("why", found.why)]
    lines.append(("template", _template(found)))
    if excess is not None and found.verdict != "inconclusive":
        lines.append(("overcharge", _excess(found, excess, cost.currency)))
    lines += [("note", note) for note in found.notes]
    if found.stop_reason:
        lines.append(("ended early", found.stop_reason))
    spent = "unknown" if cost.currency is None else money(spend.money, cost.currency)
    lines.append(
        ("spent", f"{number(spend.requests)} requests, {number(spend.tokens)} tokens, {spent}")
    )
    out.print(pairs(lines))
    if not found.readings:
        return
    out.print()
    figures = table("texts", "answers", "counted", "billed", "difference", right=_FIGURES)
    for script, (answers, counted, billed) in _by_script(found).items():
        difference = "none" if billed == counted else f"{billed - counted:+,}"
        figures.add_row(script, number(answers), number(counted), number(billed), difference)
    put(figures, out)


_FIGURES = ("answers", "counted", "billed", "difference")


def _by_script(found: Audit) -> dict[str, tuple[int, int, int]]:
    """Answers, counted and billed input tokens by the script of the text."""
    from tokenassay.conformance.audit.readings import OWN

    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for reading in found.readings:
        counted = reading.counts.get(found.template or OWN)
        if reading.answered and counted is not None and reading.billed_input is not None:
            row = sums[reading.question.script]
            row[0], row[1], row[2] = row[0] + 1, row[1] + counted, row[2] + reading.billed_input
    return {script: (a, b, c) for script, (a, b, c) in sums.items()}


def _template(found: Audit) -> str:
    from tokenassay.conformance.audit.readings import OWN

    if found.template is None:
        return f"none that is known fits ({found.basis}: {found.basis_why})"
    if found.template == OWN:
        return f"the model's own ({found.basis}: {found.basis_why})"
    offset = f", with {found.offset:+d} tokens in each request" if found.offset else ""
    return f"{found.template}{offset}; the model's own does not fit ({found.basis_why})"


def _excess(found: Audit, excess: Overcharge, currency: str | None) -> str:
    if excess.per_million is None:
        return "unknown, for no price is known"
    if not excess.per_million:
        return "none"
    length = f"in requests of {number(excess.tokens_per_request)} tokens on average"
    said = f"{money(excess.per_million, currency or '')} per million tokens, {length}"
    if found.verdict == "constant surplus" and excess.per_million_requests is not None:
        said += f"; {money(excess.per_million_requests, currency or '')} per million requests"
    return said
