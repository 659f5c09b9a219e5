"""Lies: one deliberate breach each, by family. A family is a module with a tuple ``LIES``."""

from __future__ import annotations

from tokenassay.conformance.mock.lies.registry import Lie

FAMILIES: tuple[tuple[Lie, ...], ...] = ()
"""Every family's lies, in the order in which they are listed."""
