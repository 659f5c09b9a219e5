"""``python -m tokenassay``."""

from __future__ import annotations

import sys

from tokenassay.cli import main

if __name__ == "__main__":
    sys.exit(main())
