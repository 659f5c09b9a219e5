"""Choosing promises: by family, and by an expression on their names as ``pytest -k`` takes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from tokenassay.conformance.promises.registry import Promise

Test = Callable[[str], bool]

_TOKEN: Final = re.compile(r"\s*(\(|\)|[^\s()]+)")
_WORDS: Final = ("and", "or", "not", "(", ")")


class BadExpression(ValueError):
    """An expression that says nothing."""


def select(
    promises: Iterable[Promise], expression: str = "", families: Iterable[str] = ()
) -> list[Promise]:
    """Promises of these families (none: all) whose id, family or clause fits the expression."""
    wanted = set(families)
    fits = compile_expression(expression)
    return [
        promise
        for promise in promises
        if (not wanted or promise.family in wanted)
        and fits(f"{promise.id} {promise.family} {promise.clause}")
    ]


def compile_expression(expression: str) -> Test:
    """``temperature and not (above or below)`` as a test on a text; BadExpression if it is none.

    A word fits where the text has it, in any case; nothing at all fits everything.
    """
    tokens = _TOKEN.findall(expression)
    if not tokens:
        return lambda text: True
    parser = _Parser(tokens, expression)
    test = parser.either()
    if parser.left:
        raise parser.wrong(f"'and' or 'or' before {parser.left[0]!r}")
    return lambda text: test(text.lower())


class _Parser:
    """Recursive descent: or, and, not, words and parentheses."""

    def __init__(self, tokens: list[str], expression: str) -> None:
        self.left, self._expression = tokens, expression

    def wrong(self, expected: str) -> BadExpression:
        return BadExpression(f"-k {self._expression!r}: expected {expected}")

    def either(self) -> Test:
        tests = [self._both()]
        while self._take("or"):
            tests.append(self._both())
        return lambda text: any(test(text) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("and"):
            tests.append(self._one())
        return lambda text: all(test(text) for test in tests)

    def _one(self) -> Test:
        if self._take("not"):
            inner = self._one()
            return lambda text: not inner(text)
        if self._take("("):
            inner = self.either()
            if not self._take(")"):
                raise self.wrong("a closing parenthesis")
            return inner
        if not self.left or self.left[0] in _WORDS:
            raise self.wrong(f"a word, got {self.left[0]!r}" if self.left else "a word at the end")
        word = self.left.pop(0).lower()
        return lambda text: word in text

    def _take(self, token: str) -> bool:
        if self.left and self.left[0] == token:
            self.left.pop(0)
            return True
        return False
