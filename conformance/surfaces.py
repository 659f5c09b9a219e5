"""The two surfaces of one service: which edition tells of the other one."""

from __future__ import annotations

from urllib.parse import urlsplit

from tokenassay.contracts import store
from tokenassay.contracts.edition import Edition


def other_surface(edition: Edition) -> Edition | None:
    """The newest edition of the package for the other surface of the same host; None if none."""
    own = urlsplit(edition.endpoint.base_url).hostname
    for id in reversed(store.headers()):
        found = store.load_edition(id)
        host = urlsplit(found.endpoint.base_url).hostname
        if found.surface != edition.surface and host == own:
            return found
    return None
