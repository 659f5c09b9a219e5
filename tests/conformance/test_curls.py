"""The curl line of an exchange sends what was sent, byte for byte."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.conformance import raw
from tokenassay.conformance.curls import curl_line
from tokenassay.conformance.exchanges import Sent
from tokenassay.conformance.wire import HttpWire, Limits

KEY = "sk-c4n'ary \"x$HOME`id`"
HEADERS = (
    ("accept", "*/*"),
    ("accept-encoding", "identity"),
    ("authorization", "Bearer $ASSAY_KEY"),
    ("user-agent", "tokenassay/0"),
)
JSON = (*HEADERS, ("content-type", "application/json"), ("x-odd", "a 'b' \"c\" $d e;f"))


def normal(request: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Request line, headers without regard to order and case of names, body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    pairs = [line.partition(b":") for line in lines]
    return first, sorted(name.lower() + b":" + value.strip() for name, _, value in pairs), body


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("POST", "/v1/chat", JSON, '{"a":"你好 🙂 \' \\" $HOME `id` ! % \\\\"}'.encode()),
        ("POST", "/v1/chat", JSON, b'{"a":"line\nline\r\n\ttab"}'),
        ("POST", "/v1/chat", JSON, b"@/etc/passwd"),
        ("POST", "/v1/chat", JSON, b'{"a":"\xed\xa0\x80 no utf-8 \x00\xff"}'),
        ("POST", "/v1/chat", JSON, b"x" * 300_000),
        ("POST", "/v1/batches/a/cancel", HEADERS, b""),
        ("POST", "/v1/chat", HEADERS, b"{}"),
        ("GET", "/v1/files?limit=2&after=a%20b&x=[1]{2}", HEADERS, b""),
        ("DELETE", "/v1/files/../files/file-1", HEADERS, b""),
        ("GET", "/v1/models", HEADERS[:2], b""),
    ],
)
def test_curl_sends_the_same(
    method: str, path: str, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    with raw.serving(raw.always(raw.answer(200, b"{}"))) as endpoint:
        sent = Sent(method=method, url=endpoint.url + path, headers=headers, body=body)
        wire = HttpWire(endpoint.url, Limits())
        wire.exchange(sent, {"authorization": f"Bearer {KEY}"})
        wire.close()
        line = curl_line(sent)
        assert KEY not in line
        done = subprocess.run(
            ["/bin/sh"],
            input=line.encode(),
            capture_output=True,
            env={"ASSAY_KEY": KEY, "PATH": os.environ["PATH"]},
            check=True,
            timeout=60,
        )
        assert done.stdout == b"{}"
        ours, theirs = endpoint.seen
    assert normal(theirs) == normal(ours)
