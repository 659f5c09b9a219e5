"""YAML files into records; a mistake names file, line and field."""

from __future__ import annotations

import os
import re
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

import msgspec
import yaml

from tokenassay.contracts.errors import ContractError

T = TypeVar("T")

_STEP = re.compile(r"\[\d+\]|[^.\[]+")
"""A step of a path such as ``.clauses[3].interval``."""

_UNKNOWN = re.compile("unknown field `(.+)`")
"""What msgspec says of the object that holds an unknown field; we point at the field itself."""

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """Safe YAML that leaves dates as text (a partial date is one too) and keeps keys unique."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands here twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


def parse_yaml(text: str, file: str, first_line: int = 0) -> Any:
    """The data of one YAML document; ContractError where it is none."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 + first_line if error.problem_mark else None
        raise ContractError(file, line, "", f"not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ContractError(file, None, "", f"not valid YAML: {error}") from None


def read_record(text: str, kind: type[T], file: str, first_line: int = 0) -> T:
    """``text`` as a record of type ``kind``."""
    data = parse_yaml(text, file, first_line)
    return convert(data, kind, text, file, first_line)


def convert(data: Any, kind: type[T], text: str, file: str, first_line: int = 0) -> T:
    """Parsed ``data`` as a record; ``text`` is only read again to find the line of a mistake."""
    try:
        return _converted(data, kind)
    except msgspec.ValidationError as error:
        expected, _, path = str(error).partition(" - at `$")
        path = _spell_keys(data, kind, path.rstrip("`"))
        unknown = _UNKNOWN.search(expected)
        if unknown:
            path, expected = f"{path}.{unknown[1]}", "expected a known field, got this one"
        raise complaint(text, file, path, expected, first_line) from None


def _converted(data: Any, kind: type[T]) -> T:
    # What msgspec has to know of a type it finds out when it first meets it, and threads that do
    # so at once end the process.
    with _CONVERTING:
        return msgspec.convert(data, kind)


_CONVERTING = RLock()
if hasattr(os, "register_at_fork"):  # a child goes on with no half of it, and waits for nobody
    os.register_at_fork(
        before=_CONVERTING.acquire,
        after_in_parent=_CONVERTING.release,
        after_in_child=_CONVERTING.release,
    )
_ANY_KEY = "[...]"
"""How msgspec writes a key of a mapping in the path of a mistake."""


def _spell_keys(data: Any, kind: type[Any], path: str) -> str:
    """``path`` with the first such key spelt out, found by trying one key at a time."""
    before, mark, after = path.partition(_ANY_KEY)
    if not mark:
        return path
    place = data
    for step in _STEP.findall(before):
        place = place[int(step[1:-1]) if step.startswith("[") else step]
    for key in list(place):
        others = {other: place.pop(other) for other in list(place) if other != key}
        try:
            _converted(data, kind)
        except msgspec.ValidationError as error:
            if f"`${before}{_ANY_KEY}" in str(error):
                return f"{before}.{key}{after}"
        finally:
            place.update(others)
    return path


def complaint(text: str, file: str, path: str, expected: str, first_line: int = 0) -> ContractError:
    """An error at a path such as ``.clauses[3].interval``, with the line where it stands."""
    line = _line_of(text, path)
    return ContractError(
        file, None if line is None else line + first_line, path.lstrip("."), expected
    )


def _line_of(text: str, path: str) -> int | None:
    """Line of the node at ``path``, or of the last one on the way that is there."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return None
    line: int = node.start_mark.line + 1
    rest = path.lstrip(".")
    while rest:
        found = _step_into(node, rest)
        if found is None:
            break
        line, node, rest = found
    return line


def _step_into(node: yaml.Node, rest: str) -> tuple[int, yaml.Node, str] | None:
    """Line, node and remaining path one step on; a key may itself have dots in it."""
    if isinstance(node, yaml.SequenceNode):
        index, _, after = rest.removeprefix("[").partition("]")
        if not index.isdigit() or int(index) >= len(node.value):
            return None
        item = node.value[int(index)]
        return item.start_mark.line + 1, item, after.lstrip(".")
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = str(key.value)
            if rest == name or rest.startswith((f"{name}.", f"{name}[")):
                return key.start_mark.line + 1, value, rest[len(name) :].lstrip(".")
    return None


def split_documents(path: Path) -> tuple[str, str, int]:
    """First and second YAML document of a file, and the line where the second begins."""
    text = path.read_text(encoding="utf-8-sig")
    head, mark, body = text.partition("\n---\n")
    if not mark:
        return text, "", 0
    return head + "\n", body, head.count("\n") + 3
