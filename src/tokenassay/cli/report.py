"""``tokenassay report``: what a command found as a page, a summary, or what a CI system reads."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokenassay.cli.inputs import named
from tokenassay.cli.output import Complaint, console

if TYPE_CHECKING:
    from tokenassay.reports.documents import Document


class Lang(str, Enum):
    """A language that reports are written in."""

    en = "en"
    zh = "zh"


def report(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="RUN.db|results.json|ESTIMATE.json",
            help="A run file, whole or not, or JSON of check, compare, audit, estimate or ledger.",
            show_default=False,
        ),
    ],
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="One page that needs nothing else.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JUnit XML, one test a promise.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A summary for a pull request.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="The document itself.")
    ] = None,
    github: Annotated[
        bool, typer.Option("--github", help="Print annotations for GitHub Actions.")
    ] = False,
    lang: Annotated[Lang, typer.Option(help="Language of pages and summaries.")] = Lang.en,
    show: Annotated[
        bool, typer.Option("--open", help="Show the page in a browser; writes it if need be.")
    ] = False,
) -> None:
    """Make a report of a run, a partial one too, an audit, an estimate or a ledger; `-` prints."""
    document = _load(source)
    if show and html is None:
        html = source.with_suffix(".html")
    if show and html == Path("-"):
        raise Complaint("--open needs a file: name one by --html FILE")
    written = _wanted(document, lang.value, html, junit, markdown, json)
    if sum(path == Path("-") for path, _ in written) + github > 1:
        raise Complaint("only one report can go to standard output")
    for path, text in written:
        write(path, text)
    if github:
        from tokenassay.reports.annotations import annotate

        for line in annotate(document, lang.value):
            print(line)
    if not written and not github:
        _print(document)
    if show and html is not None:
        typer.launch(html.resolve().as_uri())


def _load(source: Path) -> Document:
    from tokenassay.reports.documents import NotADocument, load, parse

    try:
        if source == Path("-"):
            return parse(sys.stdin.buffer.read())
        with named(str(source)):
            return load(source)
    except NotADocument as error:
        name = "standard input" if source == Path("-") else source
        raise Complaint(f"{name}: {error}") from None


def _wanted(
    document: Document,
    lang: Any,
    html: Path | None,
    junit: Path | None,
    markdown: Path | None,
    json: Path | None,
) -> list[tuple[Path, bytes]]:
    """Each file that was asked for, with what goes into it."""
    from tokenassay.conformance.results import RunDocument

    found = []
    if html is not None:
        from tokenassay.reports.html import html as as_html

        found.append((html, as_html(document, lang).encode()))
    if junit is not None:
        from tokenassay.reports.junit import junit_xml

        if not isinstance(document, RunDocument):
            raise Complaint(
                "JUnit has no place for an audit, an estimate or a ledger; it is for runs"
            )
        found.append((junit, junit_xml(document)))
    if markdown is not None:
        from tokenassay.reports.markdown import markdown as as_markdown

        found.append((markdown, as_markdown(document, lang).encode()))
    if json is not None:
        import msgspec

        found.append((json, msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"))
    return found


def write(path: Path, data: bytes) -> None:
    """Put a report into its file, or on standard output for `-`; Complaint where it can't."""
    if path == Path("-"):
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    with named(str(path)):
        if path.is_dir():
            raise IsADirectoryError
        # Never half a file under its own name, whenever this is ended.
        partial = path.with_name(f".{path.name}.part")
        partial.write_bytes(data)
        partial.replace(path)


def _print(document: Document) -> None:
    """Show the document in the terminal, as the command does that made it."""
    from tokenassay.conformance.audit.documents import AuditDocument
    from tokenassay.conformance.results import RunDocument
    from tokenassay.reports.ledgers import LedgerDocument

    if isinstance(document, RunDocument):
        from tokenassay.cli import verdicts

        if document.differences is None:
            verdicts.show(document, strict=False)
        else:
            from tokenassay.reports.markdown import markdown

            print(markdown(document))
    elif isinstance(document, AuditDocument):
        from tokenassay.cli.audit import show

        show(document)
    elif isinstance(document, LedgerDocument):
        import msgspec

        from tokenassay.cli.ledger import show as show_ledger

        show_ledger(msgspec.to_builtins(document))
    else:
        import msgspec

        from tokenassay.cli import sheet
        from tokenassay.cli.estimate import LeftOut

        plain = msgspec.to_builtins(document)
        sheet.show(plain["estimates"], [LeftOut(**out) for out in plain["left_out"]], console())
