"""Running mocks, one for all tests that only ask questions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.mock.compat import OF_2024, OF_2026, Compat
from tests.conformance.mock.wires import Native
from tokenassay.conformance.mock import Endpoint, running

OLD = "qwen-dashscope@2024-04"
NEW = "qwen-dashscope@2026"


@pytest.fixture(scope="session")
def old_endpoint() -> Iterator[Endpoint]:
    """The native surface of 2024, with Baichuan and the gateway."""
    editions = [OLD, "baichuan-dashscope@2024", "computevault-gateway@2025"]
    with running(editions=editions) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def new_endpoint() -> Iterator[Endpoint]:
    """The native surface of 2026."""
    with running(NEW) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def old(old_endpoint: Endpoint) -> Native:
    """A client of the native surface of 2024."""
    return Native(old_endpoint)


@pytest.fixture(scope="session")
def new(new_endpoint: Endpoint) -> Native:
    """A client of the native surface of 2026."""
    return Native(new_endpoint)


@pytest.fixture(scope="session")
def gateway(old_endpoint: Endpoint) -> Native:
    """A client of the gateway."""
    return Native(old_endpoint, "gateway")


@pytest.fixture(scope="session")
def long() -> Iterator[Compat]:
    """A client of the OpenAI-compatible surface of 2024, which serves qwen-long."""
    with running(OF_2024) as endpoint:
        yield Compat(endpoint, OF_2024, "qwen-long")


@pytest.fixture(scope="session")
def compat() -> Iterator[Compat]:
    """A client of the OpenAI-compatible surface of 2026."""
    with running(OF_2026) as endpoint:
        yield Compat(endpoint, OF_2026, "qwen-plus")


@pytest.fixture(params=["long", "compat"])
def either(request: pytest.FixtureRequest) -> Compat:
    """Both of them, one after the other."""
    found: Compat = request.getfixturevalue(request.param)
    return found
