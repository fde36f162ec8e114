"""Shards -> a table of answers and one of errors, and of windows and timelines, as CSV or Parquet."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, Protocol

from videoxception.bulk.rows import (
    FAILURE_COLUMNS,
    TIMELINE_COLUMNS,
    Header,
    Row,
    answer_cells,
    answer_columns,
    failure_cells,
    segment_cells,
    segment_columns,
    timeline_cells,
)
from videoxception.bulk.shards import Form

_Cells = Iterable[dict[str, Any]]


class Results(Protocol):
    """Rows, wherever they lie, and the videos that have one."""

    done: set[str]

    def rows(self) -> Iterable[Row]:
        """Return all of them."""


def merge(out: Path, shards: Results, header: Header, form: Form) -> tuple[Path, Path]:
    """Write the tables anew, each by a rename; return the paths of answers and errors."""
    suffix, write = ("csv", _write_csv) if form == "jsonl" else ("parquet", _write_parquet)
    classes, answers, failures = header.classes, out / f"results.{suffix}", out / f"failed.{suffix}"
    _replace(answers, answer_columns(classes), (answer_cells(row) for row in shards.rows() if not row.error), write)
    _replace(failures, FAILURE_COLUMNS, (failure_cells(row) for row in shards.rows() if row.error), write)
    if header.look:
        entries, segments = (
            (cells for row in shards.rows() for cells in cells_of(row)) for cells_of in (timeline_cells, segment_cells)
        )
        _replace(out / f"timeline.{suffix}", TIMELINE_COLUMNS, entries, write)
        _replace(out / f"windows.{suffix}", segment_columns(classes), segments, write)
    return answers, failures


def write_rows(file: IO[str], columns: list[str], cells: _Cells) -> None:
    """Write a table as CSV; lists become text with "; " between."""
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _text(value) for name, value in row.items()} for row in cells)


def _text(value: object) -> object:
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def _replace(path: Path, columns: list[str], cells: _Cells, write: Callable[[Path, list[str], _Cells], None]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    write(partial, columns, cells)
    partial.replace(path)


def _write_csv(path: Path, columns: list[str], cells: _Cells) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        write_rows(file, columns, cells)


def _write_parquet(path: Path, columns: list[str], cells: _Cells) -> None:
    from videoxception.bulk.parquet import write_table

    write_table(path, columns, cells)


def failed_rows(shards: Results) -> list[Row]:
    """Return the rows with an error."""
    return [row for row in shards.rows() if row.error]
