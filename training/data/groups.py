"""A table that tells each file's source video and, if it has such a column, its fold."""

import csv
from dataclasses import dataclass
from pathlib import Path

from training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says of one file."""

    group: str
    fold: int | None


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Rows by path, relative to the data folder."""

    source: Path
    rows: dict[str, Row]

    def row(self, path: str) -> Row:
        """The row of one file. Raises `TrainingError` if there is none."""
        if path not in self.rows:
            raise TrainingError(f"{self.source} has no row for {path}; add one, or leave --groups out")
        return self.rows[path]


def read_groups(argument: str, data: Path) -> GroupTable:
    """The table that `--groups FILE:COLUMN` names: tab-separated (or .csv), with columns path, COLUMN and maybe fold.

    FILE may be relative to the data folder. Raises `TrainingError`.
    """
    name, colon, column = argument.rpartition(":")
    if not colon:
        raise TrainingError(f"--groups must be FILE:COLUMN (FOLDS.tsv:video), but got {argument!r}")
    path = Path(name) if Path(name).is_file() else data / name
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, delimiter="," if path.suffix == ".csv" else "\t")
            return _read(path, column, reader)
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"the table {path} of --groups cannot be read: {error}") from error


def _read(path: Path, column: str, reader: "csv.DictReader[str]") -> GroupTable:
    columns = reader.fieldnames or []
    for needed in ("path", column):
        if needed not in columns:
            raise TrainingError(f"{path} has no column {needed!r}; its columns are {', '.join(columns)}")
    try:
        return GroupTable(
            path, {r["path"]: Row(r[column], int(r["fold"]) if "fold" in columns else None) for r in reader}
        )
    except (ValueError, TypeError) as error:
        raise TrainingError(f"{path} has a row without a value, or a fold that is not a number: {error}") from error
