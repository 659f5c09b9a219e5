"""The ASGI application: which path of which edition is served by which handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from tokenassay.conformance.mock.service import Mount

if TYPE_CHECKING:
    from tokenassay.conformance.mock.call import Call

Handler = Callable[["Call", Request, Mount], Awaitable[Response]]
"""Serves one operation other than generation. The key has been checked and ``call.service`` is
the mount's first one; Denied ends it with the dialect's error body."""
