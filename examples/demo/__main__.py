"""All of it, one step after another: no key, no network.

    python -m examples.demo

Exit codes: 0 the honest endpoint was cleared and all three lies were found; 1 not so;
130 interrupted.
"""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from examples.demo import estimates, findings
from examples.demo.endpoints import FOLDER, LIES, serving
from examples.demo.running import ROOT, Fault

TERMINATED = 128 + signal.SIGTERM
INTERRUPTED = 128 + signal.SIGINT


def main() -> int:
    """Every step, then where the reports are; the exit code."""
    began = time.monotonic()
    folder = ROOT / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    faults = [*_estimate(), *_check()]
    title("The reports: each is one file, to be opened in a browser")
    for page in sorted(folder.rglob("*.html")):
        print(f"  {page.relative_to(ROOT)}")
    seconds = time.monotonic() - began
    if faults:
        print("\n".join(f"demo: {fault}" for fault in faults), file=sys.stderr)
        return 1
    print(f"\nThree lies of three were found, and no alarm was false ({seconds:.0f} seconds).")
    print("`make test` runs all tests; the README says what to type next.")
    return 0


def _estimate() -> list[Fault]:
    title("1. What requests will use and cost, before they are sent")
    estimates.show_examples()
    return _tried(estimates.show_models)


def _check() -> list[Fault]:
    with serving() as key:
        title("2. An endpoint that keeps its word: the mock, on this machine")
        faults = _tried(lambda: findings.show_honest(key))
        title("3. The same endpoint, told to lie in three ways")
        for lie in LIES:
            print(f"  {lie.name}: {lie.summary}")
        print("\nThe check does not know which.")
        faults += _tried(lambda: findings.show_lying(key))
        title("4. The same requests to both, and what parts them")
        faults += _tried(lambda: findings.show_compared(key))
    return faults


def _tried(step: Callable[[], None]) -> list[Fault]:
    """Do a step; what is wrong with it is told in the end, and the others are done."""
    try:
        step()
    except Fault as fault:
        return [fault]
    return []


def title(text: str) -> None:
    """A heading between the steps."""
    print(f"\n{text}\n{'─' * len(text)}", flush=True)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminate)  # so that mocks and commands end with it
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = main()
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        code = INTERRUPTED
    sys.exit(code)
