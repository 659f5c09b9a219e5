"""The endpoint that a command is about: its options, its description, and the user's consent."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokenassay.cli.output import Complaint

if TYPE_CHECKING:
    from tokenassay.conformance.targets import Target

CONFIG = Path("tokenassay.toml")

TargetName = Annotated[
    str | None,
    typer.Option("--target", metavar="NAME", help="A [targets.NAME] of the configuration file."),
]
BaseUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="The endpoint, down to its version.")
]
EditionId = Annotated[str | None, typer.Option(metavar="ID", help="The documents to hold it to.")]
ModelId = Annotated[str | None, typer.Option(metavar="ID", help="The model to ask for.")]
KeyVariable = Annotated[
    str | None, typer.Option(metavar="VAR", help="Environment variable that holds the key.")
]
ConfigFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Configuration file [tokenassay.toml].")
]
ContractFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A contract file of your own.")
]
Budget = Annotated[
    str | None, typer.Option(metavar="'0.50 CNY'", help="Money that the run may not pass.")
]
PriceGiven = Annotated[
    str | None,
    typer.Option(
        metavar="'0.002 0.006 CNY'",
        help="Price per 1,000 tokens of input and of output, where none is known.",
    ),
]
MaxRequests = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Requests that it may not pass.")
]
MaxTokens = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Tokens that it may not pass.")
]
Workers = Annotated[int, typer.Option(metavar="N", min=1, max=64, help="Requests at once.")]
Rate = Annotated[str | None, typer.Option(metavar="N/min", help="Requests a minute at most.")]
Timeout = Annotated[
    float | None, typer.Option(metavar="S", help="Seconds that one exchange may take.")
]
Header = Annotated[
    list[str] | None,
    typer.Option(metavar="K:V", help="Sent with each request; $NAME as V is a secret."),
]
CaFile = Annotated[Path | None, typer.Option(metavar="FILE", help="Certificates to trust.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before a live run.")]


def fields_of(
    *,
    edition: str | None = None,
    model: str | None = None,
    api_key_env: str | None = None,
    contract: Path | None = None,
    budget: str | None = None,
    price: str | None = None,
    max_requests: int | None = None,
    max_tokens: int | None = None,
    rate: str | None = None,
    timeout: float | None = None,
    header: list[str] | None = None,
    ca_file: Path | None = None,
) -> dict[str, Any]:
    """What was given of a target, by the fields of its table."""
    given: dict[str, Any] = {
        "edition": edition,
        "model": model,
        "api_key_env": api_key_env,
        "contract": None if contract is None else str(contract),
        "budget": budget,
        "price": price,
        "max_requests": max_requests,
        "max_tokens": max_tokens,
        "rate": rate,
        "timeout": timeout,
        "headers": _headers(header or []),
        "ca_file": None if ca_file is None else str(ca_file),
    }
    return {name: value for name, value in given.items() if value is not None}


def _headers(written: list[str]) -> dict[str, str] | None:
    headers = {}
    for line in written:
        name, colon, value = line.partition(":")
        if not colon:
            raise Complaint(f"--header {line!r}: expected NAME:VALUE")
        headers[name.strip()] = value.strip()
    return headers or None


def is_live(target: str | None, base_url: str | None, config: Path | None) -> bool:
    """Whether an endpoint is named; without one the mock is meant."""
    return target not in (None, "mock") or base_url is not None or config is not None


def named_target(
    name: str | None, base_url: str | None, config: Path | None, given: dict[str, Any]
) -> Target:
    """The target that the options describe; Complaint or ConfigError where they do not."""
    from urllib.parse import urlsplit

    from tokenassay.conformance.checking import describe
    from tokenassay.conformance.targets import read_targets

    if base_url is not None:
        if name is not None or config is not None:
            raise Complaint("--base-url describes an endpoint of its own; leave out --target")
        name = urlsplit(base_url).netloc.rpartition("@")[2] or base_url
        return describe(name, {"base_url": base_url, **given}, "")
    path = config or CONFIG
    targets = read_targets(path)
    if name is None:
        raise Complaint(f"name one of the targets in {path} by --target: {', '.join(targets)}")
    if name not in targets:
        raise Complaint(f"no target {name!r} in {path}; it has {', '.join(targets)}")
    table = targets[name]
    headers = {**table.get("headers", {}), **given.pop("headers", {})}
    fields = {**table, **given, **({"headers": headers} if headers else {})}
    return describe(name, fields, f"{path}: targets.{name}.")


@contextlib.contextmanager
def mock_target(given: dict[str, Any], seed: int) -> Iterator[tuple[Target, str]]:
    """A mock that is served while the block runs, as a target, and its key."""
    from tokenassay.conformance import mock
    from tokenassay.conformance.checking import describe, newest_edition
    from tokenassay.conformance.surfaces import other_surface
    from tokenassay.conformance.visits import contract_of

    if "contract" not in given:
        given.setdefault("edition", newest_edition())
    plain = describe("mock", {"base_url": "http://mock", **given}, "")
    served = contract_of(plain).edition
    other = other_surface(served)  # files go through both surfaces of a service
    with mock.running(
        None if plain.contract else served.id,
        editions=[other.id] if other else [],
        contract=plain.contract,
        seed=seed,
    ) as endpoint:
        fields = {**given, "base_url": endpoint.base_url, "faults": True}
        yield describe("mock", fields, ""), endpoint.api_key


@contextlib.contextmanager
def config_faults() -> Iterator[None]:
    """What is wrong with a configuration, an option or a file as one line."""
    from tokenassay.conformance.rundb import RunFileError
    from tokenassay.conformance.selecting import BadExpression
    from tokenassay.conformance.targets import ConfigError

    try:
        yield
    except (BadExpression, ConfigError, RunFileError) as error:
        raise Complaint(str(error)) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Complaint(f"{where}{error.strerror or error}") from None


def require_consent(yes: bool) -> None:
    """Complaint where nobody agrees to a live run, which costs money."""
    if not yes and not _confirmed():
        raise Complaint("a live run costs money: say --yes, or answer yes in a terminal")


def _confirmed() -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print("Go ahead? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
