"""The key is in no artefact and in no log, also where the endpoint echoes it in any form."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path

from tests.conformance import raw
from tests.conformance.test_redaction import forms
from tokenassay.conformance import mock

EDITION = "qwen-dashscope@2024-04"
KEY = "sk-canary/58+B7d9 2f\"x'Q"
OTHER = "hdr-canary-93Kd02lQ"

RUNNER = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, filename=sys.argv.pop(1))
from tokenassay.cli import main
sys.exit(main())
"""


class Echoing:
    """Lets each request through to a mock, and echoes its secrets in every answer."""

    def __init__(self, endpoint: mock.Endpoint) -> None:
        self._endpoint = endpoint
        self._at = endpoint.url.removeprefix("http://").split(":")
        self.echoed = 0

    def __call__(self, link: socket.socket, request: bytes) -> None:
        assert KEY.encode() in request or b"x-team" in request.lower()
        honest = request.replace(KEY.encode(), self._endpoint.api_key.encode())
        honest = honest.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
        with socket.create_connection((self._at[0], int(self._at[1]))) as through:
            through.sendall(honest)
            answer = b""
            while part := through.recv(65536):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        echo = [form for key in (KEY, OTHER) for form in forms(key, "Bearer ")]
        if body.startswith(b"{"):
            body = b'{"echo":%s,%s' % (json.dumps(echo).encode(), body[1:])
        else:
            body = "".join(f": {form}\n" for form in echo).encode() + body
        lines = [
            line
            for line in head.split(b"\r\n")
            if not line.lower().startswith((b"content-length", b"transfer-encoding"))
        ]
        lines += [b"X-Echo: " + form.encode() for form in echo]
        if b"chunked" in head.lower():
            lines.append(b"Transfer-Encoding: chunked")
        else:
            lines.append(b"Content-Length: %d" % len(body))
        if b"chunked" in head.lower():
            body = raw_chunk(body)
        link.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.echoed += 1
        link.close()


def raw_chunk(body: bytes) -> bytes:
    """A chunked body with what was put before its first chunk as a chunk of its own."""
    echoed, chunked = [], body
    while chunked.startswith(b": "):
        line, _, chunked = chunked.partition(b"\n")
        echoed.append(line + b"\n")
    data = b"".join(echoed)
    return b"%x\r\n%s\r\n" % (len(data), data) + chunked


def everything(folder: Path) -> dict[str, bytes]:
    """All bytes that a run left, those kept compressed in the run file too."""
    found = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with sqlite3.connect(folder / "run" / "run.db") as connection:
        for row in connection.execute("SELECT id, sent, received, failure FROM exchanges"):
            for number, blob in enumerate(row[1:]):
                found[f"exchange {row[0]}/{number}"] = zlib.decompress(blob) if blob else b""
    return found


def test_the_key_is_nowhere(tmp_path: Path) -> None:
    with mock.running(EDITION, lies=["accepts_temperature_above_high"]) as endpoint:
        echoing = Echoing(endpoint)
        with raw.serving(echoing) as front:
            arguments = ["check", "--base-url", f"{front.url}/api/v1", "--edition", EDITION]
            arguments += ["--api-key-env", "ASSAY_KEY", "--yes", "--out", str(tmp_path / "run")]
            arguments += ["--header", "X-Team: $TEAM_KEY", "-k", "usage or temperature or stream"]
            done = subprocess.run(
                [sys.executable, "-c", RUNNER, str(tmp_path / "log"), *arguments],
                capture_output=True,
                env={**os.environ, "ASSAY_KEY": KEY, "TEAM_KEY": OTHER},
                timeout=300,
                check=False,
            )
    assert done.returncode == 1, done.stderr
    assert echoing.echoed > 50
    left = {**everything(tmp_path), "stdout": done.stdout, "stderr": done.stderr}
    assert b"receive_response_headers" in left[str(tmp_path / "log")]
    assert any(b"[key removed]" in data for data in left.values())
    for name, data in left.items():
        low = data.lower()
        for key in (KEY, OTHER):
            for form in forms(key, "Bearer "):
                assert form.lower().encode() not in low, (name, form)
        assert b"canary" not in low, name
