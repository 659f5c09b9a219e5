"""The command line but for ``count``, which answers before any of this is imported."""

from __future__ import annotations

from typing import Annotated

import typer

from tokenassay import __version__
from tokenassay.cli.audit import audit
from tokenassay.cli.batch import batch
from tokenassay.cli.bounds import probe_bounds
from tokenassay.cli.check import check
from tokenassay.cli.compare import compare
from tokenassay.cli.contracts import contracts
from tokenassay.cli.documents import documents
from tokenassay.cli.estimate import estimate
from tokenassay.cli.ledger import ledger
from tokenassay.cli.lies import lies
from tokenassay.cli.models import models
from tokenassay.cli.output import complaints
from tokenassay.cli.reconcile import reconcile
from tokenassay.cli.report import report
from tokenassay.cli.selfcheck import selfcheck
from tokenassay.cli.serve import serve
from tokenassay.cli.tap import tap

app = typer.Typer(
    name="tokenassay",
    help=(
        "What a Qwen call will use and cost before you send it, and whether an endpoint keeps "
        "what its documents promise."
    ),
    epilog=(
        "Exit codes: 0 fine; 1 findings (a refusal, a cost over its ceiling, a broken promise, a "
        "meter that is off, endpoints that differ); 2 wrong usage, input or configuration; "
        "3 nothing could be established; 130 interrupted."
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if version:
        typer.echo(f"tokenassay {__version__}")
        raise typer.Exit


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def count(context: typer.Context) -> None:
    """Tokens of text, one line a file."""
    from tokenassay.cli.count import main as count_main

    raise typer.Exit(count_main(context.args))


app.command(short_help="Tokens, cost and refusals of a request.")(estimate)
app.command(short_help="Tokens, cost and refusals of files of requests.")(batch)
app.command(short_help="Tokens and limits of documents for qwen-long.")(documents)
app.command(short_help="What guarded calls used, cost and were refused for.")(ledger)
app.command(short_help="What was estimated against what was billed.")(reconcile)
app.command(short_help="What is known of the models.")(models)
app.command(short_help="What the documents promise.")(contracts)
app.command(short_help="Hold an endpoint to its documents.")(check)
app.command(short_help="Try the suite on the mock's lies.")(selfcheck)
app.command(short_help="Billed against counted tokens.")(audit)
app.command("probe-bounds", short_help="Where each range really ends.")(probe_bounds)
app.command(short_help="What parts several endpoints.")(compare)
app.command(short_help="What a gateway does to requests.")(tap)
app.command(short_help="Pages and summaries of a run or an estimate.")(report)
app.command(short_help="A mock endpoint, honest or lying.")(serve)
app.command(short_help="What the mock can be told to lie about.")(lies)


def main() -> None:
    """Run the command line; ends by SystemExit."""
    with complaints():
        app()
