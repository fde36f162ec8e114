"""Shards and tables as Parquet. A shard's header is its metadata `videoxception`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from videoxception.bulk.rows import Header, Row

_KEY = b"videoxception"
_GROUP = 1000  # rows that are written at once
_TEXTS = pa.list_(pa.string())
_TYPES = {
    "known": pa.bool_(),
    "width": pa.int64(),
    "height": pa.int64(),
    "answer_set": _TEXTS,
    "warnings": _TEXTS,
    **dict.fromkeys(("confidence", "known_score", "duration", "start", "end"), pa.float64()),
}


def write_shard(file: Path | pa.NativeFile, header: Header, rows: list[Row]) -> None:
    """Write a shard; a path must be one that no reader takes up before it is renamed."""
    schema = _shard_schema(header).with_metadata({_KEY: header.model_dump_json()})
    parquet.write_table(pa.Table.from_pylist([row.model_dump() for row in rows], schema), file)


def read_shard(file: Path) -> tuple[Header, list[Row]]:
    """Read a shard. Raise `ValueError` if it is damaged."""
    table = parquet.read_table(file)
    header = Header.model_validate_json((table.schema.metadata or {}).get(_KEY, b""))
    return header, [Row.model_validate(row) for row in table.to_pylist()]


@contextmanager
def table_writer(path: Path, columns: list[str]) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Give what writes a row of a table, by column; rows are written in groups."""
    schema = pa.schema([(name, _type_of(name)) for name in columns])
    group: list[dict[str, Any]] = []
    with parquet.ParquetWriter(path, schema) as file:

        def flush() -> None:
            file.write_table(pa.Table.from_pylist(group, schema))
            group.clear()

        def write(cells: dict[str, Any]) -> None:
            group.append(cells)
            if len(group) == _GROUP:
                flush()

        yield write
        if group:
            flush()


def _type_of(column: str) -> pa.DataType:
    return pa.float64() if column.startswith("p_") else _TYPES.get(column, pa.string())


def _shard_schema(header: Header) -> pa.Schema:
    clip = [(name, _type_of(name)) for name in ("duration", "width", "height", "codec", "warnings")]
    told = [(name, _type_of(name)) for name in ("label", "confidence", "known", "known_score", "answer_set")]
    shares = ("probabilities", pa.struct([(name, pa.float64()) for name in header.classes]))
    return pa.schema(
        [
            ("video", pa.string()),
            *told,
            shares,
            ("clip", pa.struct([*clip, ("timestamps", pa.list_(pa.float64()))])),
            ("sha256", pa.string()),
            *(_look_fields([*told, shares]) if header.look else ()),
            ("error", pa.struct([("type", pa.string()), ("detail", pa.string())])),
        ]
    )


def _look_fields(told: list[tuple[str, pa.DataType]]) -> list[tuple[str, pa.DataType]]:
    times = [("start", pa.float64()), ("end", pa.float64())]
    used = [(name, pa.float64()) for name in ("window", "step", "smoothing", "shortest")]
    return [
        ("windows", pa.struct(used)),
        ("timeline", pa.list_(pa.struct([*times, ("label", pa.string()), ("confidence", pa.float64())]))),
        ("segments", pa.list_(pa.struct([*times, *told]))),
    ]
