"""Shards -> a table of answers and one of errors, and of windows and timelines, as CSV or Parquet."""

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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

_Cells = dict[str, Any]  # by column
_Write = Callable[[_Cells], None]


class Results(Protocol):
    """Rows, wherever they lie, and the videos that had one when they were taken up."""

    done: set[str]

    def rows(self) -> Iterable[Row]:
        """Return all that are there by now."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Where the tables of answers and errors are, how many answers there are, and the rows with an error."""

    answers: str
    failures: str
    answered: int
    failed: list[Row]


@dataclass(frozen=True, slots=True)
class _Table:
    """A table's name and columns, and what a row gives it."""

    name: str
    columns: list[str]
    cells: Callable[[Row], Iterable[_Cells]]


def merge(out: Path, results: Results, header: Header, form: Form) -> Merged:
    """Write the tables anew, each by a rename, from one reading of the rows."""
    suffix = "csv" if form == "jsonl" else "parquet"
    answered, failed = 0, []
    with ExitStack() as stack:
        tables = [
            (table.cells, stack.enter_context(_replaced(out / f"{table.name}.{suffix}", table.columns, form)))
            for table in _tables(header)
        ]
        for row in results.rows():
            if row.error:
                failed.append(row)
            else:
                answered += 1
            for cells_of, write in tables:
                for cells in cells_of(row):
                    write(cells)
    return Merged(f"{out}/results.{suffix}", f"{out}/failed.{suffix}", answered, failed)


def _tables(header: Header) -> list[_Table]:
    tables = [
        _Table("results", answer_columns(header.classes), lambda row: () if row.error else (answer_cells(row),)),
        _Table("failed", FAILURE_COLUMNS, lambda row: (failure_cells(row),) if row.error else ()),
    ]
    if header.look:
        tables.append(_Table("timeline", TIMELINE_COLUMNS, timeline_cells))
        tables.append(_Table("windows", segment_columns(header.classes), segment_cells))
    return tables


@contextmanager
def _replaced(path: Path, columns: list[str], form: Form) -> Iterator[_Write]:
    """Give what writes a row of a table, which takes its place when all went well."""
    partial = path.with_name(f".{path.name}.partial")
    if form == "jsonl":
        with partial.open("w", newline="", encoding="utf-8") as file:
            yield csv_writer(file, columns)
    else:
        from videoxception.bulk.parquet import table_writer

        with table_writer(partial, columns) as write:
            yield write
    partial.replace(path)


def csv_writer(file: IO[str], columns: list[str]) -> _Write:
    """Begin a table as CSV; return what writes a row of it. Lists become text with "; " between."""
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    return lambda cells: writer.writerow({name: _text(value) for name, value in cells.items()})


def _text(value: object) -> object:
    return "; ".join(map(str, value)) if isinstance(value, list) else value
