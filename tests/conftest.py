"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# An example that loads an edition or a vocabulary, or meets a busy machine, takes its time.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
