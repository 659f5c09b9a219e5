"""The command line; ``count`` starts without what the other commands need."""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130
READER_GONE = 141
"""As a shell reports a command that SIGPIPE ended."""


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
    return code
