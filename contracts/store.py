"""The contract data in the package, loaded when asked for and kept."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from tokenassay.contracts import reading, soundness
from tokenassay.contracts.arguments import problem_with_arguments
from tokenassay.contracts.behaviours import BEHAVIOURS
from tokenassay.contracts.catalog import Model, ModelList, TemplateFile, TemplateProfile, TextRule
from tokenassay.contracts.clauses import BehaviourClause, Clause, RangeClause
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.editions import EditionBody, EditionHeader
from tokenassay.contracts.errors import ContractError, UnknownEdition, UnknownModel
from tokenassay.contracts.intervals import Interval
from tokenassay.contracts.names import read_name
from tokenassay.contracts.partial import day as day
from tokenassay.contracts.records import Source

_REQUIRED = ("title", "provider", "surface", "date", "seen", "endpoint")


def data_folder() -> Path:
    """Folder of the contract data inside the package."""
    return Path(str(resources.files("tokenassay.contracts") / "data"))


# ------------------------------------------------------------------------------ editions


@lru_cache(maxsize=1)
def headers() -> dict[str, EditionHeader]:
    """Heads of all editions in the package, by id, oldest first. Cheap: no clause is read."""
    found = []
    for path in sorted((data_folder() / "editions").glob("*.yaml")):
        head, _, _ = reading.split_documents(path)
        found.append(reading.read_record(head, EditionHeader, path.name))
    return {h.edition: h for h in sorted(found, key=lambda h: (h.date or "", h.edition))}


@lru_cache(maxsize=64)
def load_edition(id: str) -> Edition:
    """The edition of that id; UnknownEdition where the package has none."""
    path = data_folder() / "editions" / f"{id}.yaml"
    if path.name != f"{id}.yaml" or not path.is_file():
        known = ", ".join(headers())
        raise UnknownEdition(f"no edition {id!r}; known: {known}")
    return load_contract(path, shown=path.name).edition


class Contract(msgspec.Struct, frozen=True):
    """What one contract file says: an edition, and models that only it knows."""

    edition: Edition
    models: tuple[Model, ...] = ()


def load_contract(path: Path | str, *, shown: str | None = None) -> Contract:
    """Read a contract file, the package's or a user's own.

    The file holds the edition's head and its ``clauses`` (and ``model_rows``), as two YAML
    documents or as one. With ``extends`` it inherits from an edition of the package, replaces
    clauses by id and leaves out those in ``drop``. ContractError names file, line and field;
    OSError where the file can't be read.
    """
    path = Path(path)
    name = shown or str(path)
    try:
        head_text, body_text, first = reading.split_documents(path)
    except UnicodeDecodeError as error:
        raise ContractError(name, None, "", f"expected UTF-8 text ({error.reason})") from None
    head_data = reading.parse_yaml(head_text, name)
    if not isinstance(head_data, dict):
        raise ContractError(name, 1, "", "expected a mapping with the key 'edition'")
    if body_text:
        body_data: Any = reading.parse_yaml(body_text, name, first - 1) or {}
    else:
        body_text, first = head_text, 1
        body_data = {k: head_data.pop(k) for k in ("clauses", "model_rows") if k in head_data}
    header = reading.convert(head_data, EditionHeader, head_text, name)
    body = reading.convert(body_data, EditionBody, body_text, name, first - 1)
    edition = _resolve(header, body, head_text, body_text, name, first - 1)
    if body.model_rows:
        problem = soundness.first_problem(
            body.model_rows,
            sources=edition.sources,
            profiles=profiles(),
            rules=text_rules(),
            others=models(),
        )
        if problem:
            path, expected = problem
            raise reading.complaint(body_text, name, f".model_rows{path}", expected, first - 1)
    return Contract(edition, body.model_rows)


def _resolve(
    header: EditionHeader, body: EditionBody, head_text: str, text: str, name: str, offset: int
) -> Edition:
    base = None
    if header.extends:
        try:
            base = load_edition(header.extends)
        except UnknownEdition as error:
            raise reading.complaint(head_text, name, ".extends", str(error)) from None
    values: dict[str, Any] = {}
    for field in _REQUIRED:
        value = getattr(header, field)
        if value is None and base is not None:
            value = getattr(base, field)
        if value is None:
            raise reading.complaint(
                head_text, name, f".{field}", "expected a value (the file extends no edition)"
            )
        values[field] = value
    try:
        day(values["date"])
    except ValueError as error:
        raise reading.complaint(head_text, name, ".date", str(error)) from None
    sources: dict[str, Source] = {**(base.sources if base else {}), **header.sources}
    seen_ids: set[str] = set()
    for index, clause in enumerate(body.clauses):
        problem = _problem(clause, seen_ids, sources)
        if problem:
            field, expected = problem
            raise reading.complaint(text, name, f".clauses[{index}].{field}", expected, offset)
        seen_ids.add(clause.id)
    inherited = base.clauses if base else ()
    for index, pattern in enumerate(header.drop):
        if not any(_dropped(clause.id, (pattern,)) for clause in inherited):
            expected = f"expected the id of an inherited clause, got {pattern!r}"
            raise reading.complaint(head_text, name, f".drop[{index}]", expected)
    clauses = _merge(inherited, body.clauses, header.drop)
    ids = {clause.id for clause in clauses}
    for index, clause in enumerate(body.clauses):
        if clause.error and clause.error not in ids:
            expected = f"expected the id of an error clause, got {clause.error!r}"
            raise reading.complaint(text, name, f".clauses[{index}].error", expected, offset)
    return Edition(
        id=header.edition,
        sources=sources,
        models=header.models or (base.models if base else ()),
        clauses=clauses,
        summary=header.summary,
        extends=header.extends,
        **values,
    )


def _merge(
    inherited: tuple[Clause, ...], own: tuple[Clause, ...], drop: tuple[str, ...]
) -> tuple[Clause, ...]:
    merged = {clause.id: clause for clause in inherited if not _dropped(clause.id, drop)}
    merged.update((clause.id, clause) for clause in own)
    return tuple(merged.values())


def _dropped(id: str, drop: tuple[str, ...]) -> bool:
    return any(id.startswith(d[:-1]) if d.endswith("*") else id == d for d in drop)


def _problem(clause: Clause, seen: set[str], sources: dict[str, Source]) -> tuple[str, str] | None:
    """Field and expectation of what the record types alone cannot see."""
    if clause.id in seen:
        return "id", f"expected an id of its own; {clause.id!r} stands twice"
    key = clause.source.partition(" § ")[0]
    if key not in sources:
        return "source", f"expected a key of 'sources' ({', '.join(sources)}), got {key!r}"
    if isinstance(clause, RangeClause):
        if clause.interval is None and not clause.by_model:
            return "interval", "expected 'interval' or 'by_model'"
        for field, written in [("interval", clause.interval), *clause.by_model.items()]:
            try:
                Interval.parse(written) if written is not None else None
            except ValueError as error:
                return ("interval" if field == "interval" else f"by_model.{field}"), str(error)
    if isinstance(clause, BehaviourClause) and clause.behaviour not in BEHAVIOURS:
        return "behaviour", f"expected a known behaviour, got {clause.behaviour!r}"
    if clause.level == "unspecified" and not (clause.readings or clause.note):
        return "readings", "expected the readings (or a note) that leave this unspecified"
    return problem_with_arguments(clause)


# ------------------------------------------------------------------------------ models


@lru_cache(maxsize=1)
def model_lists() -> tuple[ModelList, ...]:
    """All providers' model lists in the package."""
    folder = data_folder() / "models"
    return tuple(
        reading.read_record(path.read_text(encoding="utf-8"), ModelList, path.name)
        for path in sorted(folder.glob("*.yaml"))
    )


@lru_cache(maxsize=1)
def models() -> dict[str, Model]:
    """All models of the package by id."""
    return {model.id: model for listed in model_lists() for model in listed.models}


@lru_cache(maxsize=1024)
def look_up(id: str) -> tuple[ModelList, Model] | None:
    """The list that knows a model, and its row there or what the name's form tells; None: none."""
    row = models().get(id)
    for listed in model_lists():
        if row is not None and row in listed.models:
            return listed, row
        told = read_name(id, listed.versions, models()) if row is None else None
        if told is not None:
            return listed, told
    return None


def find_model(id: str) -> Model:
    """The model of that id (case counts); UnknownModel with near names where there is none."""
    found = look_up(id)
    if found is not None:
        return found[1]
    from difflib import get_close_matches

    near = get_close_matches(id.lower(), models(), n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    raise UnknownModel(f"unknown model {id!r}{hint}")


@lru_cache(maxsize=1)
def templates() -> TemplateFile:
    """Token template profiles and text rules."""
    path = data_folder() / "templates.yaml"
    return reading.read_record(path.read_text(encoding="utf-8"), TemplateFile, path.name)


@lru_cache(maxsize=1)
def profiles() -> dict[str, TemplateProfile]:
    """Template profiles by id."""
    return {profile.id: profile for profile in templates().profiles}


@lru_cache(maxsize=1)
def text_rules() -> dict[str, TextRule]:
    """Characters-per-token rules by id."""
    return {rule.id: rule for rule in templates().text_rules}
