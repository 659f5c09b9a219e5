"""A request as a curl line that sends the very same bytes, with secrets as variables."""

from __future__ import annotations

import base64
import re
import shlex
from typing import Final

from tokenassay.conformance.exchanges import Sent

_VARIABLE: Final = re.compile(r"\$(\w+)$")
_LONGEST: Final = 100_000
"""Bytes of a body that fit into one argument of a command."""

_LONGEST_PIPED: Final = 1_000_000

_OF_CURL: Final = ("User-Agent", "Accept", "Content-Type", "Expect")
"""Headers that curl may send of its own accord."""


def curl_line(sent: Sent) -> str:
    """A command for a POSIX shell; the key is read from the variable that the run names.

    A body of more than a million bytes has to be taken from the run file: the line has ``@BODY``
    in its place.
    """
    words = ["curl", "--silent", "--show-error", "--http1.1", "--globoff", "--path-as-is"]
    words += ["--request", sent.method]
    for name, value in sent.headers:
        words += ["--header", _header(name, value)]
    named = dict(sent.headers)
    words += [f"--header '{name}:'" for name in _OF_CURL if name.lower() not in named]
    line = " ".join(words)
    if sent.body or sent.method == "POST":
        if len(sent.body) > _LONGEST_PIPED:
            return f"{line} --data-binary @BODY {shlex.quote(sent.url)}"
        if not _is_plain(sent.body):
            piped = base64.b64encode(sent.body).decode("ascii")
            return f"echo {piped} | base64 -d | {line} --data-binary @- {shlex.quote(sent.url)}"
        line += f" --data-binary {_quote_data(sent.body.decode('utf-8'))}"
    return f"{line} {shlex.quote(sent.url)}"


def _is_plain(body: bytes) -> bool:
    """Whether a body can stand in an argument: text, not too long, and no ``@`` in front."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\0" not in text and len(body) < _LONGEST and not text.startswith("@")


def _quote_data(text: str) -> str:
    return shlex.quote(text) if text else "''"


def _header(name: str, value: str) -> str:
    """The header as one shell word; a variable at its end stays one for the shell to fill."""
    found = _VARIABLE.search(value)
    if found is None:
        return shlex.quote(f"{name}: {value}" if value else f"{name};")
    return f'{shlex.quote(f"{name}: {value[: found.start()]}")}"${found[1]}"'
