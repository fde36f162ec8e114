"""Shards -> one table of answers and one of errors, as CSV or Parquet."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

from videoxception.bulk.rows import FAILURE_COLUMNS, Row, answer_cells, answer_columns, failure_cells
from videoxception.bulk.shards import Form, Shards

_Cells = Iterable[dict[str, Any]]


def merge(out: Path, shards: Shards, classes: list[str], form: Form) -> tuple[Path, Path]:
    """Write the tables anew, each by a rename; return the paths of answers and errors."""
    suffix, write = ("csv", _write_csv) if form == "jsonl" else ("parquet", _write_parquet)
    answers, failures = out / f"results.{suffix}", out / f"failed.{suffix}"
    _replace(answers, answer_columns(classes), (answer_cells(row) for row in shards.rows() if not row.error), write)
    _replace(failures, FAILURE_COLUMNS, (failure_cells(row) for row in shards.rows() if row.error), write)
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


def failed_rows(shards: Shards) -> list[Row]:
    """Return the rows with an error."""
    return [row for row in shards.rows() if row.error]
