"""Lies: one deliberate breach each, by family. A family is a module with a tuple ``LIES``."""

from __future__ import annotations

from tokenassay.conformance.mock.lies import (
    batches,
    chunks,
    documents,
    errors,
    files,
    finer_answers,
    finer_bills,
    finer_requests,
    messages,
    metering,
    openai,
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
    openai.LIES,
    chunks.LIES,
    documents.LIES,
    files.LIES,
    batches.LIES,
    finer_requests.LIES,
    finer_answers.LIES,
    finer_bills.LIES,
)
"""Every family's lies, in the order in which they are listed."""
