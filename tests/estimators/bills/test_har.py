"""Browsers' logs as browsers and proxies write them: misread streams, and what is no chat."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.estimators.bills import traffic
from tests.estimators.bills.traffic import NATIVE, OPENAI
from tokenassay.contracts.store import load_edition
from tokenassay.estimators.bills.reconciling import Reconciled, reconcile
from tokenassay.estimators.bills.sources.charsets import restored
from tokenassay.estimators.bills.weighing import Terms


def as_latin(data: bytes) -> str:
    """As mitmproxy reads what comes without a charset."""
    return data.decode("latin-1")


def as_windows(data: bytes) -> str:
    """As Chromium does: Windows-1252, where an open place stands for itself."""
    return "".join(
        chr(byte) if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes((byte,)).decode("cp1252")
        for byte in data
    )


MISREADINGS = [as_latin, as_windows]


@pytest.mark.parametrize("misread", MISREADINGS)
@given(text=st.text())
def test_what_was_misread_is_read_again(misread: Any, text: str) -> None:
    assert restored(misread(text.encode())) == text


@given(st.text(st.characters(min_codepoint=0x2E80, max_codepoint=0x9FFF)))
def test_what_was_read_rightly_stays(text: str) -> None:
    assert restored(text) == text
    assert restored(f"café {text}") == f"café {text}"


@pytest.mark.parametrize("misread", MISREADINGS)
@pytest.mark.parametrize("edition", [NATIVE, OPENAI])
def test_streams_that_the_log_misread_agree(edition: str, misread: Any, tmp_path: Path) -> None:
    calls = traffic.talks(edition, traffic.bodies(edition, 40))
    path = Path(traffic.as_har(tmp_path, calls)[0])
    log = json.loads(path.read_text("utf-8"))
    for entry, call in zip(log["log"]["entries"][1:], calls, strict=True):
        if call.stream and call.exchange.received is not None:
            content = entry["response"]["content"]
            content["text"] = misread(call.exchange.received.body)
            del content["encoding"]
    path.write_text(json.dumps(log), "utf-8")
    (found,) = reconcile(str(path), terms=of(edition)).models
    assert (found.verdict, found.wrong_calls, found.findings) == ("agrees", 0, ()), found.why


def of(edition: str) -> Terms:
    return Terms(edition=edition, as_of=load_edition(edition).date)


def entry(url: str, asked: Any, given: Any, **content: Any) -> dict[str, Any]:
    said = {"mimeType": "application/json", "text": json.dumps(given), **content}
    posted = {"mimeType": "application/json", "text": json.dumps(asked)}
    return {
        "startedDateTime": "2026-05-21T08:12:00Z",
        "request": {"method": "POST", "url": url, "headers": [], "postData": posted},
        "response": {"status": 200, "headers": [], "content": said},
    }


def read(folder: Path, *entries: Any) -> Reconciled:
    path = folder / "log.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), "utf-8")
    return reconcile(str(path))


def test_what_is_no_chat_is_left_out(tmp_path: Path) -> None:
    """A token API tells input alone, and embeddings are no answer: neither lacks usage."""
    talk = {"messages": [{"role": "user", "content": "hi"}]}
    tokens = {"output": {"token_ids": [6023], "tokens": ["hi"]}, "usage": {"input_tokens": 1}}
    found = read(
        tmp_path,
        entry("https://host/api/v1/tokenizer", {"model": "qwen-turbo", "input": talk}, tokens),
        entry("https://host/v1/embeddings", {"model": "text-embedding-v3", "input": "hi"}, {}),
        entry("https://host/v1/batches", {"model": "qwen-turbo", **talk}, {"id": "batch_1"}),
    )
    assert (found.calls, found.fault_count) == (0, 0)
    assert found.skipped == {"no chat": 3}


def test_a_body_that_is_no_base64_is_named_by_its_entry(tmp_path: Path) -> None:
    asked = {"model": "qwen-turbo", "messages": [{"role": "user", "content": "hi"}]}
    url = "https://host/v1/chat/completions"
    found = read(tmp_path, entry(url, asked, {}, text="%%%", encoding="base64"))
    (fault,) = found.faults
    assert (fault.field, fault.place.line, fault.place.unit) == (
        "response.content.text",
        1,
        "entry",
    )
