"""Lies: one deliberate breach each, by family. A family is a module with a tuple ``LIES``."""

from __future__ import annotations

from tokenassay.conformance.mock.lies import (
    errors,
    messages,
    metering,
    parameters,
    responses,
    streams,
    tools,
)
from tokenassay.conformance.mock.lies.registry import Lie

FAMILIES: tuple[tuple[Lie, ...], ...] = (
    parameters.LIES,
    messages.LIES,
    errors.LIES,
    responses.LIES,
    streams.LIES,
    metering.LIES,
    tools.LIES,
)
"""Every family's lies, in the order in which they are listed."""
