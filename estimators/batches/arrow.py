"""Arrow batch in, Arrow batch out: the same figures inside Spark, DuckDB, Polars or Ray.

Needs pyarrow: the extra ``tokenassay[batch]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from tokenassay.estimators.batches.judging import Asked, Judge, Verdict
from tokenassay.estimators.batches.lines import BadLine, Line, read_or_tell

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA: Final = (
    ("custom_id", "string"),
    ("model", "string"),
    ("edition", "string"),
    ("input_tokens", "int64"),
    ("input_min", "int64"),
    ("input_max", "int64"),
    ("basis", "string"),
    ("output_max", "int64"),
    ("refused", "bool"),
    ("refusals", "list<string>"),
    ("why", "string"),
)
"""Names and types of the columns that :func:`count_batch` gives; null is unknown."""

SPARK_SCHEMA: Final = (
    "custom_id string, model string, edition string, input_tokens long, input_min long, "
    "input_max long, basis string, output_max long, refused boolean, refusals array<string>, "
    "why string"
)
"""The same as Spark writes it."""


def count_batch(
    batch: pa.RecordBatch, *, column: str = "line", asked: Asked | None = None
) -> pa.RecordBatch:
    """Judge each value of a column of lines: one row for each, in their order.

    ``column`` holds JSON lines, as text or as bytes, of any kind that ``tokenassay batch`` reads;
    a column named ``text`` holds bare texts instead. Columns are those of ``SCHEMA``: counts in
    tokens, ``refusals`` the clauses that the line breaks and ``refused`` whether one of them is
    of level must, ``why`` the reason of the basis or, with all else null, why the line can't be
    counted. Never raises for what a line holds; KeyError where there is no such column. It keeps
    what it has compiled, and may be called from any number of threads or processes.
    """
    import pyarrow as pa

    judge = _judge(asked or Asked())
    read = _text if column == "text" else read_or_tell
    lines = [_read(value, read) for value in batch.column(column).to_pylist()]
    rows = [_row(*found) for found in zip(lines, judge.judge_all(lines), strict=True)]
    schema = arrow_schema()
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def count_batches(
    batches: Iterable[pa.RecordBatch], *, column: str = "line", asked: Asked | None = None
) -> Iterator[pa.RecordBatch]:
    """:func:`count_batch` of each batch, in the form that Spark's ``mapInArrow`` takes."""
    for batch in batches:
        yield count_batch(batch, column=column, asked=asked)


def arrow_schema() -> pa.Schema:
    """``SCHEMA`` as pyarrow has it."""
    import pyarrow as pa

    types = {"list<string>": pa.list_(pa.string()), "bool": pa.bool_()}
    return pa.schema([(name, types.get(kind) or kind) for name, kind in SCHEMA])


@lru_cache(maxsize=16)
def _judge(asked: Asked) -> Judge:
    return Judge(asked)


def _read(value: Any, read: Callable[[bytes | str], Line | BadLine]) -> Line | BadLine:
    if value is None:
        return BadLine("there is no line")
    if not isinstance(value, bytes | str):
        return BadLine(f"expected text or bytes, got {type(value).__name__}")
    return read(value)


def _text(value: bytes | str) -> Line | BadLine:
    try:
        text = value if isinstance(value, str) else value.decode("utf-8")
    except UnicodeDecodeError as error:
        return BadLine(f"not UTF-8 text: {error.reason} at byte {error.start}")
    return Line("text", {}, text, None, None, None)


def _writable(name: str | None) -> str | None:
    """A name that Arrow can hold: lone surrogates, which are no UTF-8, as JSON escapes them."""
    return None if name is None else name.encode("utf-8", "backslashreplace").decode()


def _row(line: Line | BadLine, verdict: Verdict | BadLine) -> tuple[Any, ...]:
    custom_id = None if isinstance(line, BadLine) else _writable(line.custom_id)
    if isinstance(verdict, BadLine):
        return custom_id, *(None,) * (len(SCHEMA) - 2), _writable(str(verdict))
    found, tokens, _ = verdict
    if found is None:
        why = "a text alone, without a model"
        return custom_id, None, None, tokens, tokens, tokens, "exact", None, False, [], why
    low, high = found.input_range
    return (
        custom_id,
        _writable(found.model),
        found.edition,
        tokens,
        low,
        high,
        found.basis,
        found.output_tokens.max,
        found.refused,
        list(dict.fromkeys(refusal.clause for refusal in found.refusals)),
        found.basis_why,
    )
