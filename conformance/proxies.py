"""Which proxy the environment names for an endpoint, read as httpx reads it."""

from __future__ import annotations

import urllib.request
from typing import Final
from urllib.parse import unquote, urlsplit

from tokenassay.conformance.targets import ConfigError
from tokenassay.contracts.records import Record

_SCHEMES: Final = ("http", "https")


class Proxy(Record, frozen=True, kw_only=True):
    """A proxy, and who asks it where it wants to know."""

    url: str
    """Scheme, host and port."""
    auth: tuple[str, str] | None = None
    """User and password."""


def proxy_for(url: str) -> Proxy | None:
    """The proxy for ``url``, by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY in either case.

    ConfigError where what is named is no proxy that we can speak to.
    """
    asked = urlsplit(url)
    proxies = urllib.request.getproxies()
    named = proxies.get(asked.scheme) or proxies.get("all")
    host = asked.hostname or ""
    if not named or _bypassed(asked.scheme, host, asked.port, proxies.get("no", "")):
        return None
    parts = urlsplit(named if "://" in named else f"http://{named}")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in _SCHEMES or not parts.hostname or port == 0:
        # Its text is not shown: it may hold a password.
        raise ConfigError(
            f"the environment names a proxy for {asked.scheme} URLs that is no http:// or "
            f"https:// address (its scheme is {parts.scheme!r})"
        )
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Proxy(
        url=f"{parts.scheme}://{name}" + (f":{port}" if port else ""),
        auth=(unquote(parts.username), unquote(parts.password or "")) if parts.username else None,
    )


def _bypassed(scheme: str, host: str, port: int | None, exceptions: str) -> bool:
    """Whether NO_PROXY names the endpoint: by host, by the end of it, by port or by URL."""
    if urllib.request.proxy_bypass(f"{host}:{port}" if port else host):
        return True
    for exception in filter(None, map(str.strip, exceptions.split(","))):
        if "://" in exception:
            parts = urlsplit(exception)
            fits = parts.scheme in (scheme, "all") and parts.hostname == host
            if fits and parts.port in (None, port):
                return True
    return False
