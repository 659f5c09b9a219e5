"""What every command prints with: one console, JSON, and one line for what is wrong."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

USAGE = 2
"""Exit code of wrong usage, bad input and bad configuration."""

_UNATTENDED_WIDTH = 120
_GUTTER = 3
_LEAST_WRAPPED = 8
"""Characters between columns, and of a column that is wrapped as narrow as can be read."""


class Complaint(Exception):
    """Something the user can put right, in one line."""


def console() -> Console:
    """A console on standard output that takes text as it is: no markup, no emoji codes."""
    from rich.console import Console

    attended = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(
        markup=False, highlight=False, emoji=False, width=None if attended else _UNATTENDED_WIDTH
    )


def table(*columns: str, right: Sequence[str] = (), whole: Sequence[str] = ()) -> Table:
    """An empty table; columns in ``right`` hold numbers, those in ``whole`` are not wrapped."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        made.add_column(
            name,
            overflow="fold",
            justify="right" if name in right else "left",
            no_wrap=name in whole,
        )
    return made


def put(made: Table, out: Console) -> None:
    """Print a table; where its whole columns alone are too wide, they are wrapped, never cut."""
    from rich.cells import cell_len

    whole = [column for column in made.columns if column.no_wrap]
    wide = sum(
        max(
            cell_len(line)
            for cell in (column.header, *column.cells)
            for line in str(cell).split("\n")
        )
        for column in whole
    )
    rest = len(made.columns) - len(whole)
    if wide + _GUTTER * len(made.columns) + _LEAST_WRAPPED * rest > out.width:
        for column in whole:
            column.no_wrap = False
    out.print(made)


def pairs(lines: Iterable[tuple[str, str]]) -> Table:
    """Names and what is said of each, side by side; control characters shown as code points."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, said in lines:
        grid.add_row(visible(name), visible(said))
    return grid


def write_json(data: Any) -> None:
    """``data`` as indented UTF-8 JSON on standard output; Decimals as strings.

    Lone surrogates, which a request may carry, come out as JSON escapes.
    """
    text = json.dumps(data, ensure_ascii=False, indent=2, default=_builtin) + "\n"
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.flush()


def _builtin(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} is not JSON")


def complain(message: str) -> None:
    """One line on standard error."""
    line = visible(" ".join(message.split()))
    print(f"tokenassay: {line}", file=sys.stderr)


@contextmanager
def complaints() -> Iterator[None]:
    """End with one line and exit code 2 where the input or its files are at fault."""
    from tokenassay.contracts.errors import ContractError, UnknownEdition, UnknownModel
    from tokenassay.estimators.requests import NotARequest
    from tokenassay.estimators.tokens.files import TokenizerFileError
    from tokenassay.estimators.tokens.vocabulary import VocabularyError

    try:
        yield
    except (Complaint, ContractError, NotARequest, TokenizerFileError, VocabularyError) as error:
        complain(str(error))
    except (UnknownEdition, UnknownModel) as error:
        complain(str(error.args[0]))
    else:
        return
    sys.exit(USAGE)


def visible(text: str) -> str:
    """``text`` fit for a terminal: control and format characters as code points."""
    return "".join(
        f"\\u{ord(char):04x}" if unicodedata.category(char) in ("Cc", "Cf", "Cs") else char
        for char in text
    )


def number(value: int | None) -> str:
    """An integer with thousands separated; ``unknown`` for None."""
    return "unknown" if value is None else f"{value:,}"


def money(value: Decimal | str | None, currency: str = "") -> str:
    """An amount to six places at most and two at least; ``unknown`` for None."""
    if value is None:
        return "unknown"
    rounded = Decimal(value).quantize(Decimal("0.000001"))
    if not rounded and Decimal(value):
        shown = "under 0.000001"
    else:
        whole, _, places = format(rounded, ",f").partition(".")
        shown = f"{whole}.{places.rstrip('0').ljust(2, '0')}"
    return f"{shown} {currency}".rstrip()
