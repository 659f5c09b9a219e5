"""What happens to every text at the door: NFC, then the repair of surrogates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import combining, normalize

STRETCH = 1 << 20
"""Characters from which a text is cut, so that memory does not grow with its length."""

RUN = 256
"""Marks in a row from which they are put in order before ``unicodedata`` sees them."""

_ORDERLESS = frozenset("\u0f73\u0f75\u0f81")
"""Starters by the table, yet they decompose into marks only."""

# Where text can be cut so that normalizing and encoding the parts gives what the whole gives.
#  1. NFC does not reach across: the character after is a starter that composes with nothing
#     before it, or the one before is a line end, which composes with nothing after it.
#  2. No marker reaches across: markers hold letters, digits and <|>_ only, and never four digits
#     in a row.
#  3. Every split of the text has a boundary there, and the split before it can't tell the next
#     character from the end of the text:
#     - between anything visible and a space;
#     - after a line end, before anything visible;
#     - between a letter and what is no letter;
#     - after a digit, which stands alone.
_CUT = re.compile(
    r"\S(?= )"
    r"|\n(?=\S)"
    r"|[A-Za-z0-9](?=[\n!-/:;=?@\[-^`{}~])"
    r"|[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3]"
    r"(?=[\n -@\u3001\u3002\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f])"
    r"|[0-9]{4}(?=[ -~])"
)


def normalized(text: str) -> str:
    """The text as it is encoded: in NFC, then without surrogates.

    In this order, because dashscope's tokenizer normalizes first and its engine repairs later.
    """
    if len(text) >= RUN and any(combining(c) or c in _ORDERLESS for c in text[RUN - 1 :: RUN]):
        text = _in_order(text)
    return repaired(normalize("NFC", text))


def repaired(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced, as tiktoken does it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def stretches(text: str) -> Iterator[str]:
    """The text in normal form, in parts whose encodings follow each other as in the whole.

    A part has ``STRETCH`` characters and as many more as it takes to reach a safe place.
    """
    start = 0
    while len(text) - start > STRETCH:
        cut = _CUT.search(text, start + STRETCH)
        if cut is None:
            break
        yield normalized(text[start : cut.end()])
        start = cut.end()
    yield normalized(text[start:] if start else text)


def _in_order(text: str) -> str:
    """The same text canonically, with long runs of marks in canonical order already.

    ``unicodedata`` sorts a run by insertion, which takes minutes for 200,000 marks.
    """
    parts: list[str] = []
    done = 0
    for sample in range(RUN - 1, len(text), RUN):  # a run of RUN marks holds at least one sample
        if sample < done or not _is_mark(text[sample]):
            continue
        start, end = sample, sample + 1
        while start > done and _is_mark(text[start - 1]):
            start -= 1
        while end < len(text) and _is_mark(text[end]):
            end += 1
        if end - start >= RUN:
            marks = "".join(normalize("NFD", mark) for mark in text[start:end])
            parts += text[done:start], "".join(sorted(marks, key=combining))
            done = end
    return "".join((*parts, text[done:]))


def _is_mark(character: str) -> bool:
    return combining(character) != 0 or character in _ORDERLESS
