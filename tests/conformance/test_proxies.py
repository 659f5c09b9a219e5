"""Proxies come from the environment, as httpx reads them."""

from __future__ import annotations

import base64
import os

import pytest

from tests.conformance import raw
from tokenassay.conformance.exchanges import Exchange, Sent
from tokenassay.conformance.proxies import Proxy, proxy_for
from tokenassay.conformance.targets import ConfigError, Target
from tokenassay.conformance.visits import wire_to
from tokenassay.conformance.wire import HttpWire, Limits

PROXY = "http://proxy.example:3128"


@pytest.fixture(autouse=True)
def no_other_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("variable", "url", "found"),
    [
        ("HTTP_PROXY", "http://api.example/v1", True),
        ("http_proxy", "http://api.example/v1", True),
        ("HTTP_PROXY", "https://api.example/v1", False),
        ("HTTPS_PROXY", "https://api.example/v1", True),
        ("HTTPS_PROXY", "http://api.example/v1", False),
        ("ALL_PROXY", "http://api.example/v1", True),
        ("all_proxy", "https://api.example/v1", True),
    ],
)
def test_which_variable_counts(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str, found: bool
) -> None:
    monkeypatch.setenv(variable, PROXY)
    assert proxy_for(url) == (Proxy(url=PROXY) if found else None)


@pytest.mark.parametrize(
    ("exceptions", "bypassed"),
    [
        ("*", True),
        ("api.example", True),
        ("example", True),
        (".example", True),
        ("other.example, api.example", True),
        ("api.example:8080", True),
        ("api.example:9090", False),
        ("http://api.example", True),
        ("all://api.example:8080", True),
        ("https://api.example", False),
        ("xapi.example", False),
        ("pi.example", False),
        ("", False),
    ],
)
def test_what_no_proxy_leaves_out(
    monkeypatch: pytest.MonkeyPatch, exceptions: str, bypassed: bool
) -> None:
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", exceptions)
    assert (proxy_for("http://api.example:8080/v1") is None) is bypassed


@pytest.mark.parametrize(
    ("written", "proxy"),
    [
        ("proxy.example:3128", Proxy(url=PROXY)),
        ("http://proxy.example", Proxy(url="http://proxy.example")),
        ("https://[::1]:3128/", Proxy(url="https://[::1]:3128")),
        ("http://me:p%40ss@proxy.example:3128", Proxy(url=PROXY, auth=("me", "p@ss"))),
    ],
)
def test_how_a_proxy_is_written(
    monkeypatch: pytest.MonkeyPatch, written: str, proxy: Proxy
) -> None:
    monkeypatch.setenv("ALL_PROXY", written)
    assert proxy_for("http://api.example/v1") == proxy


@pytest.mark.parametrize("written", ["socks5://me:secret@h:1", "http://", "http://h:nine"])
def test_what_is_no_proxy_for_us_is_said(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("ALL_PROXY", written)
    with pytest.raises(ConfigError, match="proxy") as told:
        proxy_for("https://api.example/v1")
    assert "secret" not in str(told.value)


def ask(url: str) -> Exchange:
    wire = HttpWire(url, Limits.within(10))
    sent = Sent(method="POST", url=f"{url}/chat", headers=(("host", "api.example"),), body=b"{}")
    exchange = wire.exchange(sent, {})
    wire.close()
    return exchange


def test_a_request_goes_by_the_proxy_with_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw.serving(raw.always(raw.answer(200, b"{}"))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:secret@127.0.0.1:{proxy.port}")
        assert ask("http://api.example/v1").status == 200
        seen = proxy.seen[0]
    assert seen.startswith(b"POST http://api.example/v1/chat HTTP/1.1\r\n")
    assert b"Basic " + base64.b64encode(b"me:secret") in seen


def test_a_proxy_that_refuses_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw.serving(raw.always(raw.answer(407, b"", reason="Authentication"))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        failure = ask("https://api.example/v1").failure
    assert failure is not None
    assert failure.kind == "proxy"


def test_no_proxy_is_asked_for_a_mock_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with raw.serving(raw.always(raw.answer(200, b"{}"))) as mock:
        target = Target(
            name="mock",
            base_url=mock.url,
            edition="qwen-dashscope@2024-04",
            model="qwen-turbo",
            api_key_env="KEY",
            faults=True,
        )
        wire = wire_to(target, 1)
        sent = Sent(method="POST", url=f"{mock.url}/v1", headers=(), body=b"{}")
        assert wire.exchange(sent, {}).status == 200
        wire.close()
