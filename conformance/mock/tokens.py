"""The token-count API: ids and pieces of a text."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from tokenassay.conformance.mock.bodies import BadBody, parse_object
from tokenassay.conformance.mock.call import Call, Denied
from tokenassay.conformance.mock.frames import encode_json
from tokenassay.conformance.mock.operations import Handler, read_limited
from tokenassay.conformance.mock.service import Mount
from tokenassay.conformance.mock.stages import through
from tokenassay.estimators.requests import Request, read_request
from tokenassay.estimators.tokens import encode, pieces


async def count_tokens(call: Call, http: HttpRequest, mount: Mount) -> Response:
    """Tokens of a prompt, or of the texts of messages; no template is added."""
    try:
        call.body = parse_object(await read_limited(http, call))
    except BadBody:
        raise Denied(call.service.malformed) from None
    call.service = mount.service_for(call.body.get("model"))
    request = call.request = read_request(call.body, surface="native")
    for refusal in call.service.rules(call.model or None).check(request):
        if refusal.at.partition(".")[0] in ("model", "input"):
            from tokenassay.conformance.mock.generate import of_refusal

            raise Denied(of_refusal(call, refusal))
    text = _text(request)
    body: dict[str, Any] = {
        "output": {
            "token_ids": encode(text),
            "tokens": [piece.decode("utf-8", "replace") for piece in pieces(text)],
        }
    }
    body["usage"] = {"input_tokens": len(body["output"]["token_ids"])}
    body["request_id"] = call.request_id
    body = through(call.service.stages.token_count, call, body)
    return Response(encode_json(body), media_type="application/json")


def _text(request: Request) -> str:
    if request.messages:
        return "".join(message.text for message in request.messages)
    return request.prompt if isinstance(request.prompt, str) else ""


HANDLERS: dict[str, Handler] = {"count_tokens": count_tokens}
