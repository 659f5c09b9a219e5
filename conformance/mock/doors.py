"""Who may come in, and errors on demand: the key, named keys and ``X-Assay-Fault``."""

from __future__ import annotations

import re
from typing import Final

from tokenassay.conformance.mock.call import Call, Denial, Denied
from tokenassay.conformance.mock.stages import through

FAULT_HEADER: Final = "x-assay-fault"
AFTER_HEADER: Final = "x-assay-fault-after"

_PLACEHOLDER: Final = re.compile(r"\{[a-z_]+\}")
"""What a row leaves open; the documents themselves write ``xxx`` there."""


def open_door(call: Call) -> None:
    """Let a call in, or raise Denied: a wrong key, or the error row that the caller asks for.

    With faults on, the key ``<accepted key>-<error clause id>`` and the header
    ``X-Assay-Fault: <error clause id>`` each bring about that row of the edition. With
    ``X-Assay-Fault-After: N`` a stream sends N frames before the error.
    """
    service = call.service
    settings = service.world.settings
    key = bearer(call.headers.get("authorization"))
    fault: str | None = None
    accepted = key == settings.api_key
    if not accepted and settings.faults and key and key.startswith(settings.api_key + "-"):
        fault = key[len(settings.api_key) + 1 :]
        accepted = fault in service.errors
    if not through(service.stages.authorize, call, accepted):
        raise Denied(service.bad_key, plain=True)
    if settings.faults:
        wanted = call.headers.get(FAULT_HEADER) or fault
        if wanted:
            bring_about(call, wanted)


def bring_about(call: Call, wanted: str) -> None:
    """Raise the error row of that id, or note it for the middle of the stream."""
    service = call.service
    row = service.errors.get(wanted)
    if row is None:
        known = ", ".join(service.errors)
        words = f"{service.edition.id} has no error row {wanted!r}; it has: {known}"
        raise Denied(Denial(400, service.malformed.code, words, service.malformed.type), plain=True)
    denial = Denial.of_row(row, _PLACEHOLDER.sub("xxx", row.pattern))
    after = call.headers.get(AFTER_HEADER, "")
    if call.stream and after.isascii() and after.isdigit() and len(after) < 7:
        call.breaks_off = (denial, int(after))
    else:
        raise Denied(denial, plain=row.status == 401)


def bearer(header: str | None) -> str | None:
    """The key in an Authorization header; None where it is no bearer key."""
    if header is None:
        return None
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None
