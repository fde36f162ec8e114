"""Which source video each file was cut from: by a table, by a pattern, or by the layout's own file names."""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from training.config.data import DataConfig
from training.errors import TrainingError
from training.names import ESCAPED


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one file."""

    group: str
    fold: int | None = None


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Rows by path, relative to the data folder."""

    source: Path
    rows: dict[str, Row]

    def row(self, path: str) -> Row:
        """Return the row of one file. Raises `TrainingError` if there is none."""
        if path not in self.rows:
            raise TrainingError(f"{self.source} has no row for {path}; add one, or leave --groups out")
        return self.rows[path]


def grouping(config: DataConfig, by_name: Callable[[Path], str]) -> Callable[[Path], Row]:
    """Return what finds a file's group: --groups, else --group-pattern, else `by_name`. Raises `TrainingError`."""
    root = Path(config.data)
    if config.groups:
        table = read_groups(config.groups, root)
        return lambda path: table.row(path.relative_to(root).as_posix())
    if config.group_pattern:
        pattern = re.compile(config.group_pattern)
        return lambda path: Row(_caught(pattern, path.relative_to(root).as_posix()))
    return lambda path: Row(by_name(path))


def _caught(pattern: re.Pattern[str], path: str) -> str:
    """Return what the brackets of the pattern catch in a path, joined by slashes."""
    match = pattern.search(path)
    if match is None:
        raise TrainingError(f"--group-pattern {pattern.pattern} finds nothing in {path}, so its group is not known")
    return "/".join(caught or "" for caught in match.groups())


def read_groups(argument: str, data: Path) -> GroupTable:
    """Read the table that `--groups FILE:COLUMN` names: tab-separated or .csv, with columns path, COLUMN, maybe fold.

    FILE may be relative to the data folder. Raises `TrainingError`.
    """
    _, colon, column = argument.rpartition(":")
    if not colon:
        raise TrainingError(f"--groups must be FILE:COLUMN (FOLDS.tsv:video), but got {argument!r}")
    path = table_path(argument, data)
    try:
        with path.open(newline="", encoding="utf-8", errors=ESCAPED) as file:
            reader = csv.DictReader(file, delimiter="," if path.suffix == ".csv" else "\t")
            return _read(path, column, reader)
    except OSError as error:
        raise TrainingError(f"the table {path} of --groups cannot be read: {error.strerror}") from error


def table_path(argument: str, data: Path) -> Path:
    """Return where the table lies that `--groups FILE:COLUMN` names."""
    name = argument.rpartition(":")[0]
    return Path(name) if Path(name).is_file() else data / name


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
