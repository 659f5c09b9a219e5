"""Who is checked: an endpoint, the edition it is held to, and what a run may use of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tokenassay.conformance.rundb import Ceilings
from tokenassay.contracts.records import Record


class Target(Record, frozen=True, kw_only=True):
    """One endpoint to check. The key itself is never here, only the name of its variable."""

    name: str
    base_url: str
    edition: str
    model: str
    key_env: str
    headers: dict[str, str] = {}
    """Sent with every request; a value ``$NAME`` is a secret taken from that variable."""
    input_per_1k: Decimal | None = None
    """Price of a model that the catalog has none for."""
    output_per_1k: Decimal | None = None
    currency: str | None = None
    budget: Decimal | None = None
    max_requests: int | None = None
    max_tokens: int | None = None
    rate_per_minute: float | None = None
    timeout_s: float = 60.0
    ca_file: str | None = None
    unsupported: tuple[str, ...] = ()
    """Families that the endpoint does not claim to have."""
    faults: bool = False
    """Whether the endpoint brings about any documented error on request, as the mock does."""
    contract: str | None = None
    """Path of a contract file that holds ``edition``."""

    @property
    def ceilings(self) -> Ceilings:
        """What the run may not pass here."""
        return Ceilings(requests=self.max_requests, money=self.budget, tokens=self.max_tokens)


class ConfigError(ValueError):
    """A configuration file or an option does not say what it must."""


def read_targets(path: Path) -> dict[str, Target]:
    """Targets of a ``tokenassay.toml``: one ``[targets.NAME]`` table each.

    ConfigError names file and field; money is written ``"0.50 CNY"``.
    """
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib  # type: ignore[import-not-found,no-redef,unused-ignore]

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    tables = data.get("targets")
    if not isinstance(tables, dict) or not tables:
        raise ConfigError(f"{path}: targets: expected a table [targets.NAME] for each endpoint")
    return {name: _target(name, table, path) for name, table in tables.items()}


def _target(name: str, table: Any, path: Path) -> Target:
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: targets.{name}: expected a table")
    values = dict(table)
    currency = values.pop("currency", None)
    if "budget" in values:
        try:
            values["budget"], currency = parse_money(str(values["budget"]))
        except ValueError as error:
            raise ConfigError(f"{path}: targets.{name}.budget: {error}") from None
    if "contract" in values:
        values["contract"] = str(path.parent / str(values["contract"]))
    try:
        return msgspec.convert({**values, "name": name, "currency": currency}, Target)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise ConfigError(f"{path}: targets.{name}{where.rstrip('`')}: {what}") from None


def parse_money(written: str) -> tuple[Decimal, str]:
    """``"0.50 CNY"`` as amount and currency; ValueError says what was expected."""
    amount, _, currency = written.strip().partition(" ")
    try:
        value = Decimal(amount)
    except ArithmeticError:
        value = Decimal("NaN")
    code = currency.strip()
    if not value.is_finite() or value < 0 or not (len(code) == 3 and code.isalpha()):
        raise ValueError(f"expected an amount and a currency such as '0.50 CNY', got {written!r}")
    return value, code.upper()
