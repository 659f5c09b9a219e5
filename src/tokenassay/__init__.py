"""What a Qwen call will use and cost before you send it, and whether an endpoint keeps its word."""

from __future__ import annotations

import os

__version__ = "0.1.0"
__all__ = ["__version__", "count_tokens", "estimate"]

TYPE_CHECKING = False  # as typing has it, without the time that its import takes
if TYPE_CHECKING:
    from tokenassay.estimators.estimating import estimate
    from tokenassay.estimators.tokens import count_tokens

if not os.path.isdir(os.path.join(__path__[0], "estimators")):
    # Some checkouts lose symbolic links: the rooms then stand at the root of the repository.
    __path__.append(os.path.dirname(os.path.dirname(__path__[0])))

_PUBLIC = {
    "count_tokens": "tokenassay.estimators.tokens",
    "estimate": "tokenassay.estimators.estimating",
}


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value
