"""Which promises check which clauses; ``docs/coverage.md`` is written from it.

``python -m tokenassay.conformance.coverage`` prints the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from tokenassay.conformance.promises.registry import Promise, keys_of, promises_for
from tokenassay.contracts import clauses as c
from tokenassay.contracts import store
from tokenassay.contracts.edition import Edition

REASONS: Final[dict[str, str]] = {
    "behaviour:free_quota": "an account's quota shows on its bill, not in an answer",
    "behaviour:guidance": "advice: nothing follows that an answer could break",
    "behaviour:message_decoration": "it widens what the rows of the error table may say",
    "behaviour:retired": "an edition holds an endpoint to the models of its own day",
    "behaviour:sdk_minimum": "a version of somebody's software, which no endpoint can break",
    "default:stop": "what every answer without stop shows",
    "default:top_k": "what every answer without top_k shows",
    "example:cost": "worked figures of a price: the estimators' tests hold them",
    "example:token_ids": "figures of the vocabulary, and no token-count API to ask for them",
    "example:usage": "worked figures of a printed answer: the estimators' tests hold them",
}
"""Why clauses of a kind may have no promise, by the keys that promises are made by."""

_HEAD: Final = """\
# Coverage

Every clause of every edition with the promises that check it, for whichever model they are made,
and first those that have none. It is written by `python -m tokenassay.conformance.coverage`; a
test keeps it current and finds a clause of level must or should that has neither a promise nor a
reason to have none. What the clauses were made from stands in [rows.md](rows.md).

A promise of level must that is broken is a violation, one of level should is not strictly kept,
and what the documents leave open is observed. Which promises run for a model, `tokenassay check`
tells; what would cost more than it proves is not run, and says so.
"""


class Covered(NamedTuple):
    """One clause with the promises about it."""

    clause: c.Clause
    promises: tuple[str, ...]
    reason: str
    """Why there is none; empty where there is one, or where no reason is known."""


def models_of(edition: Edition) -> tuple[str, ...]:
    """Names that between them meet every clause of an edition."""
    names = dict.fromkeys(edition.models)
    for clause in edition.clauses:
        names.update(dict.fromkeys(clause.models))
        if isinstance(clause, c.RangeClause | c.LimitClause | c.DefaultClause):
            names.update(dict.fromkeys(clause.by_model))
    return tuple(dict.fromkeys(name.replace("*", "2025-07-14") for name in names))


def cover(edition: Edition) -> tuple[Covered, ...]:
    """Every clause of an edition, in its order, with its promises."""
    found: dict[str, dict[str, Promise]] = {}
    for model in models_of(edition):
        for promise in promises_for(edition, model):
            found.setdefault(promise.clause, {})[promise.id] = promise
    return tuple(
        # By name: the order of those of one clause depends on which module was imported first.
        Covered(clause, tuple(sorted(found.get(clause.id, ()))), _reason(clause, found))
        for clause in edition.clauses
    )


def _reason(clause: c.Clause, found: dict[str, dict[str, Promise]]) -> str:
    if clause.id in found:
        return ""
    if clause.level == "unspecified":
        return "the documents leave it open"
    return next((REASONS[key] for key in keys_of(clause) if key in REASONS), "")


def gaps() -> Iterator[str]:
    """Clauses of level must or should without promise and reason; nothing where all is well."""
    used: set[str] = set()
    for id in store.headers():
        for covered in cover(store.load_edition(id)):
            if covered.promises or covered.clause.level == "unspecified":
                continue
            used.update(key for key in keys_of(covered.clause) if key in REASONS)
            if not covered.reason:
                yield f"{id}: {covered.clause.id} has no promise, and no reason to have none"
    for key in REASONS:
        if key not in used:
            yield f"{key} has a reason to have no promise, but no clause needs it"


def render() -> str:
    """The page in Markdown."""
    editions = [store.load_edition(id) for id in store.headers()]
    covered = {edition.id: cover(edition) for edition in editions}
    lines = [_HEAD, "| edition | clauses of must and should | with a promise | promises |"]
    lines.append("|---|---:|---:|---:|")
    for id, rows in covered.items():
        held = [row for row in rows if row.clause.level != "unspecified"]
        promised = sum(bool(row.promises) for row in held)
        number = len({name for row in rows for name in row.promises})
        lines.append(f"| `{id}` | {len(held)} | {promised} | {number} |")
    lines += ["", "## Clauses without a promise", "", *_without(covered)]
    for edition in editions:
        lines += ["", f"## {edition.id}", "", *_edition(covered[edition.id])]
    return "\n".join(lines) + "\n"


def _without(covered: dict[str, tuple[Covered, ...]]) -> Iterator[str]:
    yield "| edition | clause | level | why |"
    yield "|---|---|---|---|"
    for id, rows in covered.items():
        for row in rows:
            if not row.promises:
                yield f"| `{id}` | `{row.clause.id}` | {row.clause.level} | {row.reason} |"


def _edition(rows: tuple[Covered, ...]) -> Iterator[str]:
    families = Counter(row.clause.family for row in rows)
    for family in families:
        yield f"### {family.capitalize()}"
        yield ""
        yield "| clause | level | promises |"
        yield "|---|---|---|"
        for row in rows:
            if row.clause.family == family:
                told = ", ".join(f"`{name}`" for name in row.promises)
                clause = row.clause
                yield f"| `{clause.id}` | {clause.level} | {told or f'none: {row.reason}'} |"
        yield ""


if __name__ == "__main__":
    print(render(), end="")
