"""Hypothesis, let loose on an endpoint that costs money: seeded, bounded, thread-safe."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity

from tokenassay.conformance.failures import Inconclusive, Violation

if TYPE_CHECKING:
    from tokenassay.conformance.probe import Probe

# Hypothesis watches the process's random numbers while it draws; another worker's thread, which
# it can't tell from the strategy, moves them too.
warnings.filterwarnings("ignore", message="Do not use the `random` module inside strategies")

SHRINKS = 40
"""Requests that shrinking one finding may cost at most: our thrift, no bound of a document."""


def search(
    probe: Probe, index: int, strategy: Any, check: Callable[[Any], None], examples: int
) -> None:
    """Run ``check`` on generated values; raise the Violation of the smallest that breaks it.

    In a second look at a violation only the value found in the first is tried again. A value
    that could not be judged counts neither way, unless none could be.
    """
    if probe.again and index in probe.replay:
        check(probe.replay[index])
        return
    state = _State()

    def judge(value: Any) -> None:
        if state.found is not None:
            state.shrinks += 1
            if state.shrinks > SHRINKS:
                hypothesis.reject()
        try:
            check(value)
        except Inconclusive as doubt:
            state.doubt = state.doubt or doubt
        except Violation as violation:
            state.found = violation
            probe.replay[index] = value
            raise
        else:
            state.judged += 1

    number = zlib.crc32(f"{probe.promise}/{index}".encode())
    given: Any = hypothesis.given(strategy)
    run = given(judge)
    run = hypothesis.seed(probe.seed * 1_000_003 + number)(run)
    run = hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
    )(run)
    try:
        run()
    except Violation:
        raise
    except hypothesis.errors.Flaky:
        if state.found is None:
            raise
        raise state.found from None
    if state.doubt is not None and not state.judged:
        raise state.doubt


class _State:
    found: Violation | None = None
    doubt: Inconclusive | None = None
    judged = 0
    shrinks = 0
