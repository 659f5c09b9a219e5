"""How fast the mock endpoint is, beside public mock servers for language models, in one run.

    python -m benchmarks.mock [--seconds N]

Every server answers the same question with the same words (one repeats the question instead),
whole and as a stream, to 1, 16 and 256 clients that ask without a pause; the servers take turns,
and the median of three rounds is told. The Python peers run in .venv-bench, those from npm in
build/npm; one that can't be run is said so. Then 1,000 streams at once, and 20,000 requests with
the memory before and after. Exit code 1 where a target is missed: ahead of every Python peer and
at least half as fast as the fastest, all streams whole, memory flat.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import httpx

from benchmarks.load import Load, http_request, put_load_on

ROOT = Path(__file__).resolve().parents[1]
PYTHON_PEERS = ROOT / ".venv-bench" / "bin"
NPM_PEERS = ROOT / "build" / "npm"
NPM_PACKAGES = ("@copilotkit/aimock@1.43.0", "openai-mock-api@0.4.0", "@dwmkerr/mock-llm@0.1.29")

SECONDS = 1.0
ROUNDS = 3
CLIENTS = (1, 16, 256)
QUESTION = "How are rivers made?"
CHAT: dict[str, Any] = {
    "model": "qwen-plus",
    "messages": [{"role": "user", "content": QUESTION}],
}
KEY = "sk-assay"
STREAMS, REQUESTS, WARM = 1_000, 20_000, 4_000
MOST_GROWTH = 8 * 1024
"""Kilobytes that the server may grow over ``REQUESTS``."""


class Peer(NamedTuple):
    """A mock server: how it is started in a folder of its own, and where it takes questions."""

    name: str
    kind: Literal["ours", "Python", "Node"]
    command: Callable[[Path, int, str], list[str]]
    """Folder, port and answer to the command line; writes the files that it needs."""
    path: str


def _written(path: Path, data: Any) -> str:
    """A file of JSON, which YAML readers take as well."""
    path.write_text(json.dumps(data), "utf-8")
    return str(path)


def _ours(folder: Path, port: int, answer: str) -> list[str]:
    return [sys.executable, "-m", "tokenassay", "serve", "--port", str(port)]


def _mockllm(folder: Path, port: int, answer: str) -> list[str]:
    file = _written(folder / "responses.yml", {"responses": {QUESTION: answer}})
    tool = str(PYTHON_PEERS / "mockllm")
    return [tool, "start", "-r", file, "-h", "127.0.0.1", "-p", str(port)]


def _stubllm(folder: Path, port: int, answer: str) -> list[str]:
    response = {"content": answer, "stream_chunk_delay_ms": 0}
    fixture = {"name": "river", "match": {"provider": "any"}, "response": response}
    file = _written(folder / "chat.yaml", {"fixtures": [fixture]})
    quiet = ["--log-level", "error"]
    tool = str(PYTHON_PEERS / "stubllm")
    return [tool, "serve", "--port", str(port), "--fixture-file", file, *quiet]


def _ai_mock(folder: Path, port: int, answer: str) -> list[str]:
    return [str(PYTHON_PEERS / "ai-mock"), "server", "-p", str(port)]


def _aimock(folder: Path, port: int, answer: str) -> list[str]:
    fixture = {"match": {"userMessage": QUESTION}, "response": {"content": answer}}
    file = _written(folder / "chat.json", {"fixtures": [fixture]})
    return [_npm("llmock"), "-p", str(port), "-f", file, "--log-level", "silent"]


def _openai_mock_api(folder: Path, port: int, answer: str) -> list[str]:
    turns = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": answer}]
    config = {"apiKey": KEY, "port": port, "responses": [{"id": "river", "messages": turns}]}
    file = _written(folder / "config.yaml", config)
    return [_npm("openai-mock-api"), "-c", file, "-p", str(port), "-l", str(folder / "log")]


def _mock_llm(folder: Path, port: int, answer: str) -> list[str]:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": CHAT["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer},
                "finish_reason": "stop",
            }
        ],
    }
    rule = {
        "path": "/v1/chat/completions",
        "match": "@",
        "response": {"status": 200, "content": json.dumps(body)},
    }
    config = {"streaming": {"chunkSize": 20, "chunkIntervalMs": 0}, "rules": [rule]}
    file = _written(folder / "mock-llm.yaml", config)
    return ["/usr/bin/env", f"PORT={port}", _npm("mock-llm"), "--config", file]


def _npm(tool: str) -> str:
    return str(NPM_PEERS / "node_modules" / ".bin" / tool)


OPENAI = "/v1/chat/completions"
PEERS = (
    Peer("tokenassay", "ours", _ours, "/compatible-mode" + OPENAI),
    Peer("mockllm", "Python", _mockllm, OPENAI),
    Peer("stubllm", "Python", _stubllm, OPENAI),
    Peer("ai-mock", "Python", _ai_mock, "/openai/chat/completions"),
    Peer("aimock", "Node", _aimock, OPENAI),
    Peer("openai-mock-api", "Node", _openai_mock_api, OPENAI),
    Peer("mock-llm", "Node", _mock_llm, OPENAI),
)


class Cell(NamedTuple):
    """One measurement: a peer, streamed or whole, under one load."""

    peer: Peer
    stream: bool
    load: Load


# --------------------------------------------------------------------------------- servers


@contextlib.contextmanager
def started(peer: Peer, answer: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The peer on a free port; RuntimeError where it does not come up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = peer.command(Path(folder), port, answer)
        quiet = subprocess.DEVNULL
        path = os.pathsep.join((str(PYTHON_PEERS), os.environ["PATH"]))
        process = subprocess.Popen(
            command,
            stdout=quiet,
            stderr=quiet,
            cwd=folder,
            env={**os.environ, "PATH": path},
            start_new_session=True,
        )
        try:
            _wait_for(port, process)
            yield port, process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.1)
    raise RuntimeError("it does not start")


def question(peer: Peer, port: int, *, stream: bool) -> bytes:
    """The request in bytes."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    body = json.dumps({**CHAT, "stream": True} if stream else CHAT).encode()
    return http_request(f"127.0.0.1:{port}", peer.path, body, headers)


def asked(peer: Peer, port: int) -> str:
    """The words of one answer."""
    headers = {"Authorization": f"Bearer {KEY}"}
    got = httpx.post(f"http://127.0.0.1:{port}{peer.path}", json=CHAT, headers=headers, timeout=20)
    return str(got.raise_for_status().json()["choices"][0]["message"]["content"])


# ------------------------------------------------------------------------------ measuring


def measure(peer: Peer, answer: str, seconds: float) -> list[Cell]:
    """All loads on one peer."""
    cells = []
    with started(peer, answer) as (port, _):
        said = asked(peer, port)
        if said not in (answer, QUESTION):
            raise RuntimeError("it gives another answer")
        for stream in (False, True):
            request = question(peer, port, stream=stream)
            put_load_on("127.0.0.1", port, request, 4, seconds=0.5)
            for clients in CLIENTS:
                load = put_load_on("127.0.0.1", port, request, clients, seconds=seconds)
                cells.append(Cell(peer, stream, load))
    return cells


def our_answer() -> str:
    """What we say to the question; the peers are told to say the same."""
    with started(PEERS[0], "") as (port, _):
        return asked(PEERS[0], port)


def many_streams() -> Load:
    """``STREAMS`` streams at once, each of them whole."""
    with started(PEERS[0], "") as (port, _):
        request = question(PEERS[0], port, stream=True)
        return put_load_on("127.0.0.1", port, request, STREAMS, each=1)


def growth() -> tuple[int, int, Load]:
    """Memory in kilobytes before and after ``REQUESTS``, half of them streams."""
    with started(PEERS[0], "") as (port, process):
        whole = question(PEERS[0], port, stream=False)
        streamed = question(PEERS[0], port, stream=True)
        for request in (whole, streamed):
            put_load_on("127.0.0.1", port, request, 16, each=WARM // 32)
        before = _memory(process.pid)
        put_load_on("127.0.0.1", port, whole, 16, each=REQUESTS // 32)
        load = put_load_on("127.0.0.1", port, streamed, 16, each=REQUESTS // 32)
        return before, _memory(process.pid), load


def _memory(pid: int) -> int:
    command = [shutil.which("ps") or "ps", "-o", "rss=", "-p", str(pid)]
    return int(subprocess.check_output(command))


def install_npm_peers() -> None:
    """Put the npm peers into build/npm, once, where there is npm at all."""
    npm = shutil.which("npm")
    if npm is None or (NPM_PEERS / "node_modules").is_dir():
        return
    NPM_PEERS.mkdir(parents=True, exist_ok=True)
    (NPM_PEERS / "package.json").write_text('{"private": true}', "utf-8")
    command = [npm, "install", "--silent", "--no-package-lock", *NPM_PACKAGES]
    subprocess.run(command, cwd=NPM_PEERS, check=False)


def middle(rounds: list[list[Cell]]) -> list[Cell]:
    """Of each measurement the round with the median rate."""
    return [
        sorted(cells, key=lambda cell: cell.load.rate)[len(cells) // 2]
        for cells in zip(*rounds, strict=True)
    ]


def report(cells: list[Cell]) -> list[str]:
    """Print the table of rates and first bytes; the targets that were missed."""
    missed = []
    for stream in (False, True):
        kind = "streams" if stream else "whole answers"
        here = {
            (cell.peer.name, cell.load.clients): cell.load
            for cell in cells
            if cell.stream is stream
        }
        print(f"\n{kind}: good answers a second (milliseconds to the first byte: median, 99 %)")
        print(" " * 24 + "".join(f"{f'{n} clients':<30}" for n in CLIENTS))
        for peer in dict.fromkeys(cell.peer for cell in cells):
            line = f"  {peer.name:<16}{'' if peer.kind == 'ours' else peer.kind:<6}"
            for clients in CLIENTS:
                load = here[peer.name, clients]
                waits = f"({load.first_byte * 1000:.2f}, {load.slowest_first_byte * 1000:.2f})"
                line += f"{load.rate:>8,.0f}{'!' if load.failures else ' '} {waits:<20}"
                needed = {"ours": 0.0, "Python": 1.0, "Node": 0.5}[peer.kind] * load.rate
                if here["tokenassay", clients].rate < needed:
                    missed.append(f"{kind}, {clients} clients: {peer.name} is ahead")
            print(line.rstrip())
    return missed


def main() -> int:
    """Measure and report; the exit code."""
    seconds = float(sys.argv[2]) if sys.argv[1:2] == ["--seconds"] else SECONDS
    install_npm_peers()
    answer = our_answer()
    rounds: list[list[Cell]] = [[] for _ in range(ROUNDS)]
    unfit: dict[str, str] = {}
    for cells in rounds:
        for peer in PEERS:
            if peer.name in unfit:
                continue
            try:
                cells += measure(peer, answer, seconds)
            except (RuntimeError, OSError, httpx.HTTPError) as error:
                if peer.kind == "ours":
                    raise
                unfit[peer.name] = str(error)
    for name, why in unfit.items():
        print(f"{name}: not measured: {why}")
        rounds = [[cell for cell in cells if cell.peer.name != name] for cells in rounds]
    missed = report(middle(rounds))
    streams = many_streams()
    whole = streams.requests - streams.failures
    print(f"\n{whole:,} of {STREAMS:,} streams at once are whole, after {streams.seconds:.1f} s")
    if whole != STREAMS:
        missed.append("streams are not whole")
    before, after, load = growth()
    print(f"memory: {before:,} KB, and {after:,} KB after {REQUESTS:,} requests more")
    if load.failures or after - before > MOST_GROWTH:
        missed.append("memory is not flat")
    for line in missed:
        print(f"missed: {line}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
