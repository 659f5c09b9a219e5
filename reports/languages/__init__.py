"""The languages that reports are written in."""

from __future__ import annotations

from typing import Final, Literal, get_args

from tokenassay.reports.languages.chinese import Chinese
from tokenassay.reports.languages.english import English
from tokenassay.reports.languages.speech import Language

Code = Literal["en", "zh"]
CODES: Final[tuple[str, ...]] = get_args(Code)

_LANGUAGES: Final[dict[str, Language]] = {"en": English(), "zh": Chinese()}


def language(code: Code) -> Language:
    """The language of a code."""
    return _LANGUAGES[code]
