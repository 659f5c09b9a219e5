"""A mock endpoint that speaks every documented surface, and can lie.

``running`` starts a real server; ``make_app`` gives the bare ASGI application.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenassay.conformance.mock.app import make_app
    from tokenassay.conformance.mock.server import Endpoint, running
    from tokenassay.conformance.mock.service import Settings

__all__ = ["Endpoint", "Settings", "make_app", "running"]

_HOMES = {"Endpoint": "server", "Settings": "service", "make_app": "app", "running": "server"}


def __getattr__(name: str) -> Any:
    # Starlette and uvicorn are loaded when a server is wanted, not when a lie is looked up.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
