"""Mocks side by side in this process, each with its own lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tokenassay.conformance.asgi_wire import AsgiWire
from tokenassay.conformance.compare.comparing import Comparer, Comparison
from tokenassay.conformance.mock import Settings, make_app
from tokenassay.conformance.mock.app import path_of
from tokenassay.conformance.rundb import RunFile
from tokenassay.conformance.sessions import Session
from tokenassay.conformance.spend import Pricing
from tokenassay.conformance.targets import Target
from tokenassay.contracts.store import Contract, load_edition

MODEL = "qwen-turbo"


@contextmanager
def sessions(
    folder: Path, editions: Mapping[str, str], lies: Mapping[str, str]
) -> Iterator[list[Session]]:
    """One session for each name, at a mock of that edition that tells that lie."""
    run = RunFile(folder / "compare.db")
    with ExitStack() as stack:
        stack.callback(run.close)
        made = []
        for name, edition in editions.items():
            contract = Contract(load_edition(edition))
            settings = Settings(seed=0)
            app = make_app([contract], [lies[name]] if name in lies else [], settings)
            target = Target(
                name=name,
                base_url=f"http://{name}{path_of(contract.edition)}",
                edition=edition,
                model=MODEL,
                api_key_env="MOCK_KEY",
                faults=True,
            )
            session = Session(
                target,
                contract.edition,
                run,
                AsgiWire(app),
                Pricing(target, contract.edition, contract),
                key=settings.api_key,
                patient=False,
            )
            stack.callback(session.close)
            made.append(session)
        yield made


def compared(
    folder: Path,
    editions: Mapping[str, str],
    lies: Mapping[str, str] | None = None,
    *,
    against: str | None = None,
    examples: int = 10,
) -> Comparison:
    """The comparison of mocks."""
    with sessions(folder, editions, lies or {}) as sides:
        return Comparer(sides, seed=0, examples=examples, against=against).run(workers=1)
