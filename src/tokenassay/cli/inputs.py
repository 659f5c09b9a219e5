"""What users type and the files they name, read strictly; each fault is one line."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from tokenassay.cli.output import Complaint

if TYPE_CHECKING:
    from tokenassay.contracts.store import Contract


class Money(NamedTuple):
    """An amount in a currency (ISO code)."""

    amount: Decimal
    currency: str


_MONEY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]{3})", re.ASCII)


def parse_money(written: str) -> Money:
    """``0.50 CNY`` as an amount; Complaint where it is none."""
    found = _MONEY.fullmatch(written.strip())
    if found is None:
        raise Complaint(f"expected an amount and its currency such as '0.50 CNY', got {written!r}")
    return Money(Decimal(found[1]), found[2].upper())


def parse_day(written: str) -> dt.date:
    """``2024-04-15``, or its month or year, as a date (the first day); Complaint otherwise."""
    from tokenassay.estimators import dates

    if re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", written, re.ASCII):
        try:
            return dates.first_day(written)
        except ValueError:
            pass
    raise Complaint(f"expected a date such as 2024-04-15, got {written!r}")


@contextmanager
def named(path: str) -> Iterator[None]:
    """Complaint, with the file's name, where the file can't be read."""
    try:
        yield
    except IsADirectoryError:
        raise Complaint(f"{path}: is a directory") from None
    except FileNotFoundError:
        raise Complaint(f"{path}: no such file") from None
    except OSError as error:
        raise Complaint(f"{path}: {error.strerror or error}") from None


def read_file(path: str) -> bytes:
    """Bytes of a file, or of standard input for ``-``; Complaint where it can't be read."""
    if path == "-":
        return sys.stdin.buffer.read()
    if "\0" in path:
        raise Complaint(f"{path}: not the name of a file")
    with named(path):
        return Path(path).read_bytes()


def read_json(path: str) -> Any:
    """The JSON in a file or on standard input; Complaint names line and column of a fault."""
    name = "standard input" if path == "-" else path
    data = read_file(path)
    if not data.strip():
        raise Complaint(f"{name}: is empty; expected a JSON request body")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Complaint(f"{name}: not UTF-8 text: {error.reason} at byte {error.start}") from None
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Complaint(f"{name}: not JSON: {error.msg} ({place})") from None
    except RecursionError:
        raise Complaint(f"{name}: not a request: nested too deeply") from None
    except ValueError as error:  # a number of too many digits, or NaN
        raise Complaint(f"{name}: not JSON: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def read_body(path: str) -> Mapping[str, Any]:
    """The request body in a file; Complaint where it is JSON of another shape."""
    body = read_json(path)
    if isinstance(body, dict):
        return body
    name = "standard input" if path == "-" else path
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    raise Complaint(
        f"{name}: expected a request body (a JSON object), got {kinds.get(type(body), 'a number')}"
    )


def check_file(path: str | None) -> str | None:
    """The name of a file that another library will read; Complaint where there is none."""
    if path is not None:
        with named(path):
            Path(path).stat()
    return path


def read_contract(path: str | None) -> Contract | None:
    """A user's contract file; ContractError names file, line and field of a mistake."""
    if path is None:
        return None
    from tokenassay.contracts.store import load_contract

    with named(path):
        return load_contract(path)
