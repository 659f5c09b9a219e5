"""What can go wrong with contract data, and how it is told in one line."""

from __future__ import annotations


class ContractError(ValueError):
    """A contract file does not say what it must: ``file:line: field: expected``."""

    def __init__(self, file: str, line: int | None, field: str, expected: str) -> None:
        self.file, self.line, self.field, self.expected = file, line, field, expected
        place = f"{file}:{line}" if line is not None else file
        told = f"{place}: {field}: {expected}" if field else f"{place}: {expected}"
        super().__init__(" ".join(told.splitlines()))  # a key may hold a line break


class UnknownEdition(LookupError):
    """No edition of that id, or none that serves the request."""


class UnknownModel(LookupError):
    """No model list names this model."""
