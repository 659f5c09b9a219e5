"""An exchange as a document shows it: the evidence of an outcome."""

from __future__ import annotations

import base64
from typing import Final

from tokenassay.conformance.curls import curl_line
from tokenassay.conformance.exchanges import Exchange
from tokenassay.contracts.records import Record

LONGEST_BODY: Final = 20_000
"""Bytes of a body that a document shows; the run file has the whole."""


class BodyRow(Record, frozen=True, kw_only=True):
    """A body: its text, or base64 where it is not UTF-8."""

    text: str | None
    base64: str | None
    bytes: int
    truncated: bool


class FrameRow(Record, frozen=True, kw_only=True):
    """One frame of a streamed answer."""

    at: float
    """Seconds from sending the request to the frame's last byte."""
    event: str | None
    id: str | None
    comments: list[str]
    data: str | None
    irregular: list[str]
    """What a strict reader would stumble over."""


class RequestRow(Record, frozen=True, kw_only=True):
    """A request as it was sent; secrets stand as names of variables."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: BodyRow


class ResponseRow(Record, frozen=True, kw_only=True):
    """An answer as it came; ``failure`` says why it is missing or not whole."""

    status: int | None
    headers: list[tuple[str, str]]
    body: BodyRow
    frames: list[FrameRow] | None
    """Of a stream, as far as ``body`` shows it; None where the answer is none."""
    failure: str | None
    first_byte_s: float | None
    total_s: float


class ExchangeRow(Record, frozen=True, kw_only=True):
    """The evidence: one request, its answer, and a line that repeats it."""

    id: int
    request: RequestRow
    response: ResponseRow
    curl: str


def exchange_row(exchange: Exchange) -> ExchangeRow:
    """An exchange as evidence."""
    sent, received, failure = exchange.sent, exchange.received, exchange.failure
    return ExchangeRow(
        id=exchange.id,
        request=RequestRow(
            method=sent.method,
            url=sent.url,
            headers=list(sent.headers),
            body=_body(sent.body),
        ),
        response=ResponseRow(
            status=received.status if received else None,
            headers=list(received.headers) if received else [],
            body=_body(received.body if received else b""),
            frames=_frames(exchange) if exchange.is_stream else None,
            failure=f"{failure.kind}: {failure.detail}" if failure else None,
            first_byte_s=exchange.first_byte_s,
            total_s=exchange.total_s,
        ),
        curl=curl_line(sent),
    )


def _body(data: bytes) -> BodyRow:
    cut = len(data) > LONGEST_BODY
    shown = data[:LONGEST_BODY]
    try:
        # What is cut may end inside a character; that is no fault of the body.
        text = shown.decode("utf-8", "ignore" if cut else "strict")
    except UnicodeDecodeError:
        encoded = base64.b64encode(shown).decode("ascii")
        return BodyRow(text=None, base64=encoded, bytes=len(data), truncated=cut)
    return BodyRow(text=text, base64=None, bytes=len(data), truncated=cut)


def _frames(exchange: Exchange) -> list[FrameRow]:
    rows, length = [], 0
    for event in exchange.events:
        length += len(event.data or "") + sum(map(len, event.comments))
        if length > LONGEST_BODY:
            break
        rows.append(
            FrameRow(
                at=round(event.at, 4),
                event=event.event,
                id=event.id,
                comments=list(event.comments),
                data=event.data,
                irregular=list(event.irregular),
            )
        )
    return rows
