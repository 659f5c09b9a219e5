"""The command line; ``count`` starts without what the other commands need."""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130
READER_GONE = 141
"""As a shell reports a command that SIGPIPE ended."""
OWN_FAULT = 3
"""Where we fall over ourselves nothing is established; 1, Python's own, would tell of a finding."""


def main() -> int:
    """Run ``tokenassay``; the exit code, or SystemExit with it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a file's name may not fit the terminal's encoding
            stream.reconfigure(errors="backslashreplace")
    try:
        if sys.argv[1:2] == ["count"]:
            from tokenassay.cli import count

            code = count.main(sys.argv[2:])
        else:
            from tokenassay.cli import app

            code = 0
            app.main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The interpreter flushes once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except Exception as error:
        if os.environ.get("TOKENASSAY_TRACEBACK"):
            raise
        print(f"tokenassay: {_own_fault(error)}", file=sys.stderr)
        return OWN_FAULT
    return code


def _own_fault(error: Exception) -> str:
    """What we stumbled over, and where, in one line."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = ""
    if place is not None:
        where = f" ({os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno})"
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return f"a fault of tokenassay's own: {said}{where}; TOKENASSAY_TRACEBACK=1 shows more"
