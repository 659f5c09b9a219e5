"""Which facts of the documents which clauses encode; ``docs/rows.md`` is written from it.

``python -m tokenassay.contracts.coverage`` prints the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from tokenassay.contracts import store
from tokenassay.contracts.reading import parse_yaml, read_record
from tokenassay.contracts.records import Level, Record

_LEVELS: Final[tuple[Level, ...]] = ("must", "should", "unspecified")

_MOST_STATEMENTS: Final = 5
"""Statements that a row of the page shows before it only counts them."""

_HEAD: Final = """\
# Rows

The documents were read into numbered facts before anything was encoded. This page says, for each
of them, which clauses of which edition hold it, or why none does. It is written by
`python -m tokenassay.contracts.coverage`; a test keeps it current and finds a fact that is left
out.

A clause that contradicting or silent documents leave open is encoded too, as `unspecified`.
Which promises check a clause stands in [coverage.md](coverage.md).
"""


class Section(Record, frozen=True, kw_only=True):
    """A run of numbered facts: what they are about, and how they are numbered."""

    about: str
    ids: str
    """``A{n}``, or one id where there are no ``numbers``."""
    numbers: str | None = None
    """``1-51``, both ends included."""

    def rows(self) -> tuple[str, ...]:
        """The ids of the section's facts, in their order."""
        if self.numbers is None:
            return (self.ids,)
        first, _, last = self.numbers.partition("-")
        return tuple(self.ids.replace("{n}", str(n)) for n in range(int(first), int(last) + 1))


class Covered(NamedTuple):
    """One fact: the clauses that encode it, by edition, and else the reason why none does."""

    row: str
    clauses: tuple[tuple[str, str], ...]
    """Edition and clause id."""
    says: tuple[str, ...]
    """The clauses' statements, or the reason."""


def sections() -> dict[str, Section]:
    """All sections of facts by name."""
    path = store.data_folder() / "rows.yaml"
    return read_record(path.read_text(encoding="utf-8"), dict[str, Section], path.name)


def reasons() -> dict[str, str]:
    """Why a fact is no clause, by row."""
    path = store.data_folder() / "uncovered.yaml"
    data = parse_yaml(path.read_text(encoding="utf-8"), path.name)
    return msgspec.convert(data, dict[str, str])


def cover() -> dict[str, tuple[Covered, ...]]:
    """Every fact of every section with what encodes it."""
    found: dict[str, list[tuple[str, str]]] = {}
    texts: dict[str, dict[str, None]] = {}
    for id in store.headers():
        for clause in store.load_edition(id).clauses:
            for row in clause.rows:
                found.setdefault(row, []).append((id, clause.id))
                texts.setdefault(row, {})[clause.text] = None
    why = reasons()
    return {
        name: tuple(
            Covered(row, tuple(found.get(row, ())), tuple(texts.get(row) or [why.get(row, "")]))
            for row in section.rows()
        )
        for name, section in sections().items()
    }


def gaps() -> Iterator[str]:
    """What is wrong with the coverage, one sentence each; nothing where all is well."""
    facts = {fact.row: fact for section in cover().values() for fact in section}
    why = reasons()
    for row, fact in facts.items():
        if not fact.clauses and row not in why:
            yield f"{row} is no clause's row and has no reason"
        if fact.clauses and row in why:
            yield f"{row} has a reason for being no clause, but is one: {fact.clauses[0]}"
    for row in why:
        if row not in facts:
            yield f"{row} has a reason, but is no fact"
    for id in store.headers():
        for clause in store.load_edition(id).clauses:
            for row in clause.rows:
                if row not in facts:
                    yield f"{id}: {clause.id} names {row}, which is no fact"


def render() -> str:
    """The page in Markdown."""
    return "\n".join([_HEAD, *_editions(), *_facts()]) + "\n"


def _editions() -> Iterator[str]:
    yield "## Clauses by edition and level\n"
    yield f"| edition | {' | '.join(_LEVELS)} | all |"
    yield f"|---|{'---:|' * (len(_LEVELS) + 1)}"
    for id in store.headers():
        levels = Counter(clause.level for clause in store.load_edition(id).clauses)
        counts = [str(levels[level]) for level in _LEVELS]
        yield f"| `{id}` | {' | '.join(counts)} | {levels.total()} |"
    yield ""


def _facts() -> Iterator[str]:
    about = sections()
    for name, facts in cover().items():
        yield f"## {name}. {about[name].about}\n"
        yield "| fact | statement | clauses |"
        yield "|---|---|---|"
        for fact in facts:
            yield f"| {fact.row} | {_statements(fact)} | {_where(fact)} |"
        yield ""


def _statements(fact: Covered) -> str:
    more = len(fact.says) - _MOST_STATEMENTS
    shown = fact.says[:_MOST_STATEMENTS] if more > 0 else fact.says
    return _cell(" ".join([*shown, f"And {more} more."] if more > 0 else shown))


def _where(fact: Covered) -> str:
    if not fact.clauses:
        return "none"
    by_edition: dict[str, list[str]] = {}
    for edition, clause in fact.clauses:
        by_edition.setdefault(edition, []).append(clause)
    return "<br>".join(
        f"{edition}: {', '.join(f'`{clause}`' for clause in clauses)}"
        for edition, clauses in by_edition.items()
    )


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


if __name__ == "__main__":
    print(render(), end="")
