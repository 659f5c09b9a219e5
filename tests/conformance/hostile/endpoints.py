"""Endpoints that no client should have to meet, as bytes on a raw socket.

Each is a function that gets a connection and the request on it; ``HOSTILE`` says how the wire
must classify what it does: by the kind of failure, or by the status of a whole answer.
"""

from __future__ import annotations

import gzip
import socket
import struct
import time
import zlib
from collections.abc import Callable
from typing import NamedTuple

from tests.conformance import raw

DRIP = 0.03
"""Seconds between two bytes of an endpoint that drips."""

_FRAME = b'id:1\nevent:result\n:HTTP_STATUS/200\ndata:{"output":{"text":"hi"},"usage":{}}\n\n'
_OK = b"HTTP/1.1 200 OK\r\n"
_STREAM = _OK + b"Content-Type: text/event-stream\r\n\r\n"
_JSON = _OK + b"Content-Type: application/json\r\n"


class Hostile(NamedTuple):
    """One endpoint, and what becomes of a request to it."""

    handler: raw.Handler
    ends: frozenset[str | int]
    """Kinds of failure, or statuses of whole answers."""
    read: bool = True
    """False: it acts before it has read the request."""
    scheme: str = "http"


HOSTILE: dict[str, Hostile] = {}


def hostile(
    *ends: str | int, read: bool = True, scheme: str = "http"
) -> Callable[[raw.Handler], raw.Handler]:
    """Enter a handler under its own name."""

    def enter(handler: raw.Handler) -> raw.Handler:
        name = getattr(handler, "__name__", "")
        HOSTILE[name] = Hostile(handler, frozenset(ends), read, scheme)
        return handler

    return enter


def forever(link: socket.socket, part: bytes, pause: float = 0.0) -> None:
    """The same bytes until the client has enough."""
    while True:
        link.sendall(part)
        if pause:
            time.sleep(pause)


def stall(link: socket.socket) -> None:
    """Nothing more, until the client leaves."""
    while link.recv(65536):
        pass


def reset(link: socket.socket) -> None:
    """End the connection by RST."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


# ------------------------------------------------------------------------------- without an end


@hostile("too-large", "timeout-total")
def endless_stream(link: socket.socket, request: bytes) -> None:
    link.sendall(_STREAM)
    forever(link, _FRAME * 200)


@hostile("too-large", "timeout-total")
def endless_comments(link: socket.socket, request: bytes) -> None:
    link.sendall(_STREAM)
    forever(link, b": ping\n\n" * 5_000)


@hostile("too-large", "timeout-total")
def endless_slow_comments(link: socket.socket, request: bytes) -> None:
    link.sendall(_STREAM)
    forever(link, b": ping\n\n", DRIP)


@hostile("too-large", "timeout-total")
def endless_blank_lines(link: socket.socket, request: bytes) -> None:
    link.sendall(_STREAM)
    forever(link, b"\r\n" * 30_000)


@hostile("too-large", "timeout-total")
def endless_body(link: socket.socket, request: bytes) -> None:
    link.sendall(_JSON + b"\r\n")
    forever(link, b'{"output":' * 5_000)


@hostile("too-large", "timeout-total")
def endless_line(link: socket.socket, request: bytes) -> None:
    link.sendall(_STREAM + b"data:")
    forever(link, b"x" * 50_000)


@hostile("protocol")
def endless_headers(link: socket.socket, request: bytes) -> None:
    link.sendall(_OK)
    forever(link, b"X-More: and more\r\n" * 1_000)


@hostile("protocol")
def endless_status_line(link: socket.socket, request: bytes) -> None:
    forever(link, b"HTTP/1.1 200 " + b"O" * 10_000)


@hostile("timeout-first-byte", "protocol")
def continue_flood(link: socket.socket, request: bytes) -> None:
    forever(link, b"HTTP/1.1 100 Continue\r\n\r\n" * 200)


@hostile("too-large")
def one_huge_frame(link: socket.socket, request: bytes) -> None:
    link.sendall(_STREAM + b'data:{"output":{"text":"' + b"x" * 20_000_000 + b'"}}\n\n')


# ------------------------------------------------------------------------------- too slow


@hostile("timeout-first-byte")
def stalls_before_the_answer(link: socket.socket, request: bytes) -> None:
    stall(link)


@hostile("timeout-first-byte")
def stalls_in_the_status_line(link: socket.socket, request: bytes) -> None:
    link.sendall(b"HTTP/1.1 2")
    stall(link)


@hostile("timeout-first-byte")
def stalls_in_the_headers(link: socket.socket, request: bytes) -> None:
    link.sendall(_OK + b"Content-Type: app")
    stall(link)


@hostile("timeout-idle", "timeout-total")
def stalls_before_the_body(link: socket.socket, request: bytes) -> None:
    link.sendall(_JSON + b"Content-Length: 100\r\n\r\n")
    stall(link)


@hostile("timeout-idle", "timeout-total")
def stalls_in_a_frame(link: socket.socket, request: bytes) -> None:
    link.sendall(_STREAM + _FRAME + _FRAME[:20])
    stall(link)


@hostile("timeout-idle", "timeout-total")
def stalls_in_a_chunk(link: socket.socket, request: bytes) -> None:
    link.sendall(_JSON + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n{")
    stall(link)


@hostile("timeout-first-byte", "closed-early", read=False)
def never_reads(link: socket.socket, request: bytes) -> None:
    time.sleep(4)


@hostile("timeout-first-byte")
def drips_headers(link: socket.socket, request: bytes) -> None:
    link.sendall(_OK + b"X-Slow: ")
    forever(link, b"x", DRIP)


@hostile("timeout-total")
def drips_a_body(link: socket.socket, request: bytes) -> None:
    link.sendall(_JSON + b"Content-Length: 1000000\r\n\r\n")
    forever(link, b" ", DRIP)


# ------------------------------------------------------------------------------- broken off


@hostile("closed-early")
def closes_at_once(link: socket.socket, request: bytes) -> None:
    link.close()


@hostile("closed-early", read=False)
def closes_unread(link: socket.socket, request: bytes) -> None:
    link.close()


@hostile("closed-early")
def resets_at_once(link: socket.socket, request: bytes) -> None:
    reset(link)


@hostile("closed-early")
def resets_in_the_body(link: socket.socket, request: bytes) -> None:
    link.sendall(_JSON + b'Content-Length: 500\r\n\r\n{"output":')
    time.sleep(0.1)
    reset(link)


@hostile("closed-early")
def body_shorter_than_its_length(link: socket.socket, request: bytes) -> None:
    link.sendall(_JSON + b'Content-Length: 500\r\n\r\n{"output":{}}')
    link.close()


@hostile("closed-early")
def closes_in_a_chunk(link: socket.socket, request: bytes) -> None:
    link.sendall(_JSON + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b'{"output"') + b"40\r\n:")
    link.close()


@hostile(200)
def closes_in_a_frame(link: socket.socket, request: bytes) -> None:
    link.sendall(_STREAM + _FRAME + _FRAME[:40])
    link.close()


# ------------------------------------------------------------------------------- no HTTP


@hostile("protocol")
def body_alone_as_in_http_0_9(link: socket.socket, request: bytes) -> None:
    link.sendall(b'{"output":{"text":"hi"}}\n')
    link.close()


@hostile("protocol")
def speaks_tls_on_a_plain_port(link: socket.socket, request: bytes) -> None:
    link.sendall(b"\x15\x03\x01\x00\x02\x02\x46")
    link.close()


@hostile("tls", scheme="https", read=False)
def speaks_plainly_on_a_tls_port(link: socket.socket, request: bytes) -> None:
    link.recv(65536)
    link.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    link.close()


@hostile("protocol")
def speaks_http_2(link: socket.socket, request: bytes) -> None:
    link.sendall(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00\x03\x00\x00\x00\x64" * 3)
    link.close()


@hostile("protocol")
def speaks_ssh(link: socket.socket, request: bytes) -> None:
    link.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    stall(link)


@hostile("protocol")
def status_that_is_no_number(link: socket.socket, request: bytes) -> None:
    link.sendall(b"HTTP/1.1 fine OK\r\nContent-Length: 0\r\n\r\n")


@hostile("protocol")
def header_without_a_colon(link: socket.socket, request: bytes) -> None:
    link.sendall(_OK + b"this is no header\r\nContent-Length: 2\r\n\r\n{}")


@hostile("protocol")
def one_huge_header(link: socket.socket, request: bytes) -> None:
    link.sendall(_OK + b"X-Huge: " + b"x" * 2_000_000 + b"\r\nContent-Length: 2\r\n\r\n{}")


@hostile("protocol")
def ten_thousand_headers(link: socket.socket, request: bytes) -> None:
    more = b"".join(b"X-%d: yes, indeed\r\n" % number for number in range(10_000))
    link.sendall(_OK + more + b"Content-Length: 2\r\n\r\n{}")


@hostile("protocol")
def two_lengths_that_differ(link: socket.socket, request: bytes) -> None:
    link.sendall(_JSON + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}")


@hostile("protocol")
def length_below_zero(link: socket.socket, request: bytes) -> None:
    link.sendall(_JSON + b"Content-Length: -1\r\n\r\n{}")


@hostile("protocol")
def garbage_for_chunk_sizes(link: socket.socket, request: bytes) -> None:
    link.sendall(_JSON + b"Transfer-Encoding: chunked\r\n\r\nzebra\r\n{}\r\n0\r\n\r\n")


@hostile(101, "protocol")
def switches_protocols(link: socket.socket, request: bytes) -> None:
    link.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi")
    link.close()


# ------------------------------------------------------------------------------- encodings


@hostile("too-large")
def gzip_bomb(link: socket.socket, request: bytes) -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(squeeze.compress(b"\0" * 1_000_000) for _ in range(60)) + squeeze.flush()
    link.sendall(raw.answer(200, body, "application/json", "Content-Encoding: gzip"))


@hostile("undecodable")
def gzip_cut_short(link: socket.socket, request: bytes) -> None:
    body = gzip.compress(b'{"output":{"text":"hi"}}' * 50)[:-12]
    link.sendall(raw.answer(200, body, "application/json", "Content-Encoding: gzip"))


@hostile("undecodable")
def plain_text_called_gzip(link: socket.socket, request: bytes) -> None:
    body = b'{"output":{"text":"hi"}}'
    link.sendall(raw.answer(200, body, "application/json", "Content-Encoding: gzip"))


@hostile("undecodable")
def encoding_nobody_asked_for(link: socket.socket, request: bytes) -> None:
    link.sendall(raw.answer(200, b"\x0b\x02\x80", "application/json", "Content-Encoding: br"))


# ------------------------------------------------------------------------------- whole, but odd


@hostile(200)
def body_longer_than_its_length(link: socket.socket, request: bytes) -> None:
    link.sendall(_JSON + b'Content-Length: 10\r\n\r\n{"output":{"text":"and so on"}}')


@hostile(302)
def redirects_to_itself(link: socket.socket, request: bytes) -> None:
    link.sendall(raw.answer(302, b"", "text/plain", "Location: /"))


@hostile(204, "protocol")
def body_on_a_204(link: socket.socket, request: bytes) -> None:
    link.sendall(b"HTTP/1.1 204 No Content\r\n\r\n" + b'{"output":{"text":"hi"}}')


@hostile(200)
def says_it_is_a_picture(link: socket.socket, request: bytes) -> None:
    link.sendall(raw.answer(200, b"\x89PNG\r\n\x1a\n" + bytes(500), "image/png"))


@hostile(200)
def empty_body(link: socket.socket, request: bytes) -> None:
    link.sendall(raw.answer(200, b""))


@hostile(200)
def text_that_is_not_utf_8(link: socket.socket, request: bytes) -> None:
    link.sendall(raw.answer(200, b'{"output":{"text":"\xff\xfe\xc3"},"usage":{}}'))


@hostile(200)
def json_a_hundred_thousand_deep(link: socket.socket, request: bytes) -> None:
    link.sendall(raw.answer(200, b'{"output":' * 100_000 + b"1" + b"}" * 100_000))


@hostile(200)
def numbers_that_json_has_not(link: socket.socket, request: bytes) -> None:
    link.sendall(raw.answer(200, b'{"output":{"text":NaN},"usage":{"input_tokens":Infinity}}'))


@hostile(200)
def numbers_of_many_digits(link: socket.socket, request: bytes) -> None:
    usage = b'{"input_tokens":' + b"9" * 5_000 + b',"output_tokens":1e400}'
    link.sendall(raw.answer(200, b'{"output":{"text":"hi"},"usage":' + usage + b"}"))


@hostile(200)
def json_of_another_shape(link: socket.socket, request: bytes) -> None:
    body = b'{"output":[{"text":{"a":[]}}],"usage":"none","request_id":{"id":[1]},"choices":7}'
    link.sendall(raw.answer(200, body))


@hostile(200)
def an_array_at_the_top(link: socket.socket, request: bytes) -> None:
    link.sendall(raw.answer(200, b"[" + b'{"output":1},' * 1_000 + b"null]"))


@hostile(200)
def headers_that_stand_twice(link: socket.socket, request: bytes) -> None:
    twice = ("Content-Type: text/html", "Content-Type: text/event-stream")
    link.sendall(raw.answer(200, b'{"output":{"text":"hi"}}', "application/json", *twice))


@hostile(200)
def broken_frames(link: socket.socket, request: bytes) -> None:
    body = (
        b'data:{"output":\ndata\n:::\nid\n\x00\x01\nevent:error\ndata:[1,2\n\n\r\r\n\ndata:}{\n\n'
    )
    link.sendall(raw.answer(200, body, "text/event-stream"))


@hostile(200)
def characters_split_between_reads(link: socket.socket, request: bytes) -> None:
    link.sendall(_STREAM)
    frame = 'id:1\nevent:result\n:HTTP_STATUS/200\ndata:{"output":{"text":"🙂好"},"usage":{}}\n\n'
    for byte in frame.encode():
        link.sendall(bytes([byte]))
    link.close()


@hostile(200)
def thirty_thousand_tiny_chunks(link: socket.socket, request: bytes) -> None:
    text = b'{"output":{"text":"' + b"x" * 30_000 + b'"}}'
    parts = b"".join(chunk(text[at : at + 1]) for at in range(len(text)))
    link.sendall(_JSON + b"Transfer-Encoding: chunked\r\n\r\n" + parts + b"0\r\n\r\n")


@hostile(500)
def errors_without_words(link: socket.socket, request: bytes) -> None:
    link.sendall(raw.answer(500, b"\x00" * 100, "application/octet-stream"))
