"""The promises inside a user's own pytest run, and a fixture for promises of their own.

``pytest --pyargs tokenassay.conformance --assay-target NAME`` collects one test a promise, with
``-k``, ``-m FAMILY`` and, where pytest-xdist is there, ``-n``: all processes share one run file,
and with it exchanges and ceilings. Without a target this plugin does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tokenassay.conformance.joining import Joined
    from tokenassay.conformance.probe import Probe
    from tokenassay.conformance.promises.registry import Promise

_HERE = Path(__file__).resolve().parent
_ANCHOR = _HERE / "promises" / "registry.py"
"""The file that stands for all promises where pytest walks through this package."""

_JOINED: pytest.StashKey[Joined] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of ``tokenassay check``, as far as they make sense here."""
    group = parser.getgroup("tokenassay", "hold an endpoint to what its documents promise")
    for name, metavar, what in (
        ("target", "NAME", "a [targets.NAME] of tokenassay.toml, or mock"),
        ("url", "URL", "the endpoint, down to its version"),
        ("edition", "ID", "the documents to hold it to"),
        ("model", "ID", "the model to ask for"),
        ("api-key-env", "VAR", "environment variable that holds the key"),
        ("config", "FILE", "configuration file [tokenassay.toml]"),
        ("contract", "FILE", "a contract file of your own"),
        ("budget", "'0.50 CNY'", "money that the run may not pass"),
        ("price", "'0.002 0.006 CNY'", "price per 1,000 tokens, where none is known"),
        ("max-requests", "N", "requests that the run may not pass"),
        ("max-tokens", "N", "tokens that the run may not pass"),
        ("rate", "N/min", "requests a minute at most, in each process"),
        ("timeout", "S", "seconds that one exchange may take"),
        ("examples", "N", "values that each search tries"),
        ("seed", "N", "seed of the searches"),
        ("out", "DIR", "where run.db, results.json and junit.xml go"),
    ):
        group.addoption(f"--assay-{name}", metavar=metavar, default=None, help=what)
    group.addoption("--assay-resume", action="store_true", help="go on with the run in DIR")
    group.addoption("--assay-strict", action="store_true", help="a should that is missed fails")


def _asked(config: pytest.Config) -> bool:
    return any(config.getoption(f"--assay-{name}") is not None for name in ("target", "url"))


def pytest_configure(config: pytest.Config) -> None:
    """Join the run that the options ask for; UsageError where they make no sense."""
    if not _asked(config):
        return
    from typing import get_args

    from tokenassay.conformance import joining
    from tokenassay.contracts.clauses import Family

    for family in get_args(Family):
        config.addinivalue_line("markers", f"{family}: promises of the family {family}")
    given = getattr(config, "workerinput", {}).get("tokenassay")
    try:
        config.stash[_JOINED] = joining.join(config.getoption, given)
    except joining.CannotJoin as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist which run it belongs to."""
    joined = node.config.stash.get(_JOINED, None)
    if joined is not None:
        node.workerinput["tokenassay"] = joined.invitation()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the run; the process that began it writes what it came to."""
    joined = config.stash.get(_JOINED, None)
    if joined is not None:
        joined.leave()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End with 3 where nothing could be established, as ``tokenassay check`` does."""
    joined = session.config.stash.get(_JOINED, None)
    if joined is not None and joined.began and joined.came_to_nothing is not None:
        session.exitstatus = 3


def pytest_report_header(config: pytest.Config) -> str | None:
    """Which endpoint is held to what."""
    joined = config.stash.get(_JOINED, None)
    return None if joined is None else f"tokenassay: {joined.headline}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What it cost, and why nothing came of it where that is so."""
    joined = config.stash.get(_JOINED, None)
    if joined is not None and joined.began:
        terminalreporter.section("tokenassay")
        terminalreporter.write_line(joined.summary())


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """One test a promise, where pytest comes through this package and a target is named."""
    joined = parent.config.stash.get(_JOINED, None)
    if joined is None or file_path.name != _ANCHOR.name or file_path.resolve() != _ANCHOR:
        return None
    promises: pytest.Collector = Promises.from_parent(parent, path=file_path)
    return promises


class Promises(pytest.File):
    """All promises of the target's edition."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item each, marked by its family; costly ones last."""
        joined = self.config.stash[_JOINED]
        for promise in sorted(joined.promises, key=lambda promise: promise.last):
            yield PromiseItem.from_parent(self, name=promise.id, promise=promise)


class PromiseItem(pytest.Item):
    """One promise as a test."""

    def __init__(self, *, promise: Promise, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.promise = promise
        self.add_marker(promise.family)

    def runtest(self) -> None:
        """Fail where the promise is broken; skip where that cannot be told."""
        joined = self.config.stash[_JOINED]
        verdict = joined.verdict_on(self.promise)
        strict = self.config.getoption("--assay-strict")
        if verdict.outcome == "violated" or (verdict.outcome == "non-strict" and strict):
            raise BrokenPromise(joined.evidence(self.promise, verdict))
        if verdict.outcome in ("inconclusive", "not-run"):
            pytest.skip(f"{verdict.outcome}: {verdict.why}")
        if verdict.outcome == "non-strict":
            self.add_report_section("call", "non-strict", joined.evidence(self.promise, verdict))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The evidence alone; the way through our own code helps nobody."""
        if isinstance(excinfo.value, BrokenPromise):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where a report says that this stands."""
        return self.path, None, f"{self.promise.id} ({self.promise.clause})"


class BrokenPromise(AssertionError):
    """A promise that the endpoint broke; its text is the evidence."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Skip a test of the user's own where its promise cannot be told or tried."""
    if item.config.stash.get(_JOINED, None) is None:
        return (yield)
    from tokenassay.conformance.failures import Inconclusive, NotRun, Stopped

    try:
        return (yield)
    except Inconclusive as doubtful:
        pytest.skip(f"inconclusive: {doubtful.why}")
    except (NotRun, Stopped) as skipped:
        pytest.skip(f"not-run: {skipped.why}")


@pytest.fixture
def assay(request: pytest.FixtureRequest) -> Probe:
    """A probe of the endpoint under check, for promises of one's own.

    Skips where no target is named, or nothing can be established at it.
    """
    joined = request.config.stash.get(_JOINED, None)
    if joined is None:
        pytest.skip("no endpoint: name one by --assay-target or --assay-url")
    if joined.unusable is not None:
        pytest.skip(f"inconclusive: {joined.unusable}")
    probe: Probe = joined.probe(request.node.nodeid)
    return probe
