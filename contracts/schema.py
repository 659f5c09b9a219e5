"""JSON Schemas of the contract files, made from the records that read them.

``python -m tokenassay.contracts.schema`` writes them into ``data/schema``, for editors that
check and complete YAML. What a schema can't say (that a source is a key of ``sources``, say) the
loader still checks.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from tokenassay.contracts.catalog import ModelList, TemplateFile
from tokenassay.contracts.editions import EditionBody, EditionHeader
from tokenassay.contracts.store import data_folder

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE: Final = "#/$defs/{name}"

FILES: Final = ("contract", "head", "clauses", "models", "templates")
"""``contract`` is a whole file of one YAML document; ``head`` and ``clauses`` are its halves."""


def schema_of(file: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one of :data:`FILES`."""
    kinds: dict[str, tuple[type[msgspec.Struct], ...]] = {
        "contract": (EditionHeader, EditionBody),
        "head": (EditionHeader,),
        "clauses": (EditionBody,),
        "models": (ModelList,),
        "templates": (TemplateFile,),
    }
    _, components = msgspec.json.schema_components(kinds[file], ref_template=_REFERENCE)
    parts = [components.pop(kind.__name__) for kind in kinds[file]]
    made = {
        "$schema": _DRAFT,
        "title": f"tokenassay: {file}",
        "description": parts[0]["description"].partition("\n")[0],
        "type": "object",
        "properties": {k: v for part in parts for k, v in part["properties"].items()},
        "required": [name for part in parts for name in part["required"]],
        "additionalProperties": False,
        "$defs": components,
    }
    plain: dict[str, Any] = json.loads(json.dumps(made))  # a default may be a tuple
    _fold_descriptions(plain)
    return plain


def _fold_descriptions(node: Any) -> None:
    """White space in descriptions folded: versions of Python indent docstrings differently."""
    if isinstance(node, dict):
        if isinstance(node.get("description"), str):
            node["description"] = " ".join(node["description"].split())
        for inner in node.values():
            _fold_descriptions(inner)
    elif isinstance(node, list):
        for inner in node:
            _fold_descriptions(inner)


def written(file: str) -> str:
    """The schema as its file holds it."""
    return json.dumps(schema_of(file), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    """Write all schemas into the data folder."""
    for file in FILES:
        path = data_folder() / "schema" / f"{file}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(written(file), encoding="utf-8")


if __name__ == "__main__":
    main()
