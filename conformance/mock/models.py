"""The models operations: what the editions under one path serve."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from tokenassay.conformance.mock.call import Call, Denial, Denied
from tokenassay.conformance.mock.frames import encode_json
from tokenassay.conformance.mock.operations import Handler, serve_by
from tokenassay.conformance.mock.service import Mount, Service
from tokenassay.conformance.mock.stages import through
from tokenassay.contracts import store

_OWNER: Final = "system"
_EPOCH: Final = 719_163
"""The day 1970-01-01 as an ordinal."""


async def list_models(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """All models, those of the first edition first."""
    serve_by(call, mount, "list_models")
    entries = [
        _entry(service, name) for service in mount.services for name in served_names(service)
    ]
    unique = {entry["id"]: entry for entry in reversed(entries)}
    return _view(call, "list_models", {"object": "list", "data": list(reversed(unique.values()))})


async def retrieve_model(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """One model's entry; Denied with the row for unknown models."""
    serve_by(call, mount, "retrieve_model")
    name = http.path_params["id"]
    for service in mount.services:
        if service.edition.serves(name):
            return _view(call, "retrieve_model", _entry(service, name))
    served = call.service.edition.behaviour("models_served")
    row = call.service.edition.error_for(served) if served else None
    denial = Denial.of_row(row, model=name) if row else call.service.no_such_path
    raise Denied(denial)


HANDLERS: dict[str, Handler] = {"list_models": list_models, "retrieve_model": retrieve_model}


def served_names(service: Service) -> tuple[str, ...]:
    """Names of an edition's models, a pattern replaced by the known names that it covers."""
    found: dict[str, None] = {}
    for pattern in service.edition.models:
        if not pattern.endswith("*"):
            found[pattern] = None
        else:
            found.update((name, None) for name in store.models() if name.startswith(pattern[:-1]))
    return tuple(found)


def _entry(service: Service, name: str) -> dict[str, Any]:
    model = service.model(name)
    since = store.day(model.since if model is not None and model.since else service.edition.date)
    days = since.toordinal() - _EPOCH
    return {"id": name, "object": "model", "created": days * 86_400, "owned_by": _OWNER}


def _view(call: Call, operation: str, body: dict[str, Any]) -> Response:
    call.notes["operation"] = operation
    body = through(call.service.stages.model_view, call, body)
    return Response(encode_json(body), media_type="application/json")
