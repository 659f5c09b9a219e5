"""Who may come in, and errors on demand: the key, named keys and ``X-Assay-Fault``."""

from __future__ import annotations

from tokenassay.conformance.mock.call import Call, Denial, Denied
from tokenassay.conformance.mock.stages import through

FAULT_HEADER = "x-assay-fault"


def open_door(call: Call) -> None:
    """Let a call in, or raise Denied: a wrong key, or the error row that the caller asks for.

    With faults on, the key ``<accepted key>-<error clause id>`` and the header
    ``X-Assay-Fault: <error clause id>`` each bring about that row of the edition.
    """
    service = call.service
    settings = service.world.settings
    key = bearer(call.headers.get("authorization"))
    fault: str | None = None
    accepted = key == settings.api_key
    if not accepted and settings.faults and key and key.startswith(settings.api_key + "-"):
        fault = key[len(settings.api_key) + 1 :]
        accepted = fault in service.edition.errors
    if not through(service.stages.authorize, call, accepted):
        raise Denied(service.bad_key)
    if not settings.faults:
        return
    wanted = call.headers.get(FAULT_HEADER) or fault
    if not wanted:
        return
    row = service.edition.errors.get(wanted)
    if row is None:
        known = ", ".join(service.edition.errors)
        raise Denied(
            Denial(
                service.malformed.status,
                service.malformed.code,
                f"{service.edition.id} has no error row {wanted!r}; it has: {known}",
                service.malformed.type,
            )
        )
    raise Denied(Denial.of_row(row))


def bearer(header: str | None) -> str | None:
    """The key in an Authorization header; None where it is no bearer key."""
    if header is None:
        return None
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None
