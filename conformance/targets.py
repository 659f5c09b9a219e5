"""Who is checked: an endpoint, the edition it is held to, and what a run may use of it."""

from __future__ import annotations

import os
import re
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import urlsplit

import msgspec

from tokenassay.conformance.rundb import Ceilings
from tokenassay.contracts.clauses import Family
from tokenassay.contracts.records import Record

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_SECRET_HEADERS: Final = re.compile(r"authorization|cookie|api-?key|token|secret", re.I)
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class ConfigError(ValueError):
    """A configuration file, an option or a variable does not say what it must."""


class Price(Record, frozen=True, kw_only=True):
    """The price of a model that the catalog has none for."""

    input_per_1k: Decimal
    output_per_1k: Decimal
    currency: str


class Target(Record, frozen=True, kw_only=True):
    """One endpoint to check. The key itself is never here, only the name of its variable."""

    name: str
    base_url: str
    edition: str
    model: str
    api_key_env: str
    headers: dict[str, str] = {}
    """Sent with every request; a value ``$NAME`` is a secret taken from that variable."""
    price: Price | None = None
    budget: Decimal | None = None
    currency: str | None = None
    """Of the budget."""
    max_requests: int | None = None
    max_tokens: int | None = None
    rate_per_minute: float | None = None
    timeout: float = 120.0
    """The longest that one exchange may take."""
    ca_file: str | None = None
    unsupported: tuple[Family, ...] = ()
    """Families that the endpoint does not claim to have."""
    faults: bool = False
    """Whether the endpoint brings about any documented error on request, as the mock does."""
    contract: str | None = None
    """Path of a contract file that holds ``edition``."""

    @property
    def ceilings(self) -> Ceilings:
        """What the run may not pass here."""
        return Ceilings(requests=self.max_requests, money=self.budget, tokens=self.max_tokens)


def read_targets(path: Path) -> dict[str, dict[str, Any]]:
    """Tables of a ``tokenassay.toml``: the fields of each ``[targets.NAME]``.

    ConfigError names file and field; money is written ``"0.50 CNY"``.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    tables = data.get("targets")
    if not isinstance(tables, dict) or not tables:
        raise ConfigError(f"{path}: targets: expected a table [targets.NAME] for each endpoint")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: targets.{name}: expected a table")
        if "contract" in table:
            table["contract"] = str(path.parent / str(table["contract"]))
    return tables


def make_target(name: str, table: dict[str, Any], where: str) -> Target:
    """A target from fields as written; ConfigError names ``where`` and the field.

    Money is ``"0.50 CNY"``, a price ``"0.002 0.006 CNY"`` (input and output per 1,000 tokens),
    a rate ``"60/min"``.
    """
    values = {**table, "name": name}
    field = ""
    try:
        for field, read in (("budget", _budget), ("price", _price), ("rate", _rate)):
            if field in values:
                values.update(read(str(values.pop(field))))
        for field, check in (("base_url", _check_url), ("headers", _check_headers)):
            if field in values:
                check(values[field])
    except ValueError as error:
        raise ConfigError(f"{where}{field}: {error}") from None
    try:
        target = msgspec.convert(values, Target)
    except msgspec.ValidationError as error:
        what, _, at = str(error).partition(" - at `$")
        place = (where + at.rstrip("`").lstrip(".")).rstrip(".")
        raise ConfigError(f"{place}{': ' if place else ''}{_spelled(what)}") from None
    for limit in ("max_requests", "max_tokens", "timeout"):
        given = getattr(target, limit)
        if given is not None and not given > 0:
            raise ConfigError(f"{where}{limit}: expected more than 0, got {given}")
    return target


def _spelled(what: str) -> str:
    families = ", ".join(get_args(Family))
    return f"{what} (families: {families})" if "Invalid enum value" in what else what


def _budget(written: str) -> dict[str, Any]:
    amounts, currency = _money(written, 1, "'0.50 CNY'")
    return {"budget": amounts[0], "currency": currency}


def _price(written: str) -> dict[str, Any]:
    amounts, currency = _money(written, 2, "'0.002 0.006 CNY', input and output per 1,000 tokens")
    return {
        "price": {"input_per_1k": amounts[0], "output_per_1k": amounts[1], "currency": currency}
    }


def _money(written: str, count: int, example: str) -> tuple[list[Decimal], str]:
    *amounts, currency = written.split() or [""]
    try:
        values = [Decimal(amount) for amount in amounts]
    except InvalidOperation:
        values = []
    fits = len(values) == count and all(value.is_finite() and value >= 0 for value in values)
    if not fits or not re.fullmatch("[A-Za-z]{3}", currency):
        raise ValueError(f"expected an amount and a currency such as {example}, got {written!r}")
    return values, currency.upper()


def _rate(written: str) -> dict[str, Any]:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:/min)?", written.strip())
    if found is None or not float(found[1]):
        raise ValueError(f"expected requests a minute such as '60/min', got {written!r}")
    return {"rate_per_minute": float(found[1])}


def _check_url(url: Any) -> None:
    problem = f"expected a URL such as https://host/api/v1, got {url!r}"
    try:
        parts = urlsplit(str(url))
        port = parts.port
    except ValueError:
        raise ValueError(problem) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(problem)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("a base URL holds no user, password, query or fragment")
    if not str(url).isascii() or any(character <= " " for character in str(url)):
        raise ValueError(problem)


def _check_headers(headers: Any) -> None:
    if not isinstance(headers, dict):
        raise ValueError("expected a table of header names and values")
    for name, value in headers.items():
        text = str(value)
        if not _HEADER_NAME.fullmatch(name) or not text.isprintable() or not text.isascii():
            raise ValueError(f"{name!r} with {text!r} is no header")
        if _SECRET_HEADERS.search(name) and not text.startswith("$"):
            raise ValueError(f"{name} looks like a secret: write $NAME of a variable that holds it")


def read_secret(variable: str) -> str:
    """The value of an environment variable that holds a secret; ConfigError where it can't."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise ConfigError(f"the environment variable {variable} is not set; it must hold the key")
    if not (value.isascii() and value.isprintable()):
        raise ConfigError(f"the environment variable {variable} holds what no header can carry")
    return value
