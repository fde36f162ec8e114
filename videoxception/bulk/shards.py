"""Rows on disk: <out>/shards/00000.jsonl and so on. The first line is the header, each other one a row.

A row is appended by one write, so that a process that is killed leaves whole lines and at most one torn one, which the
next run takes off. A shard that is full is sealed: left as it is, or rewritten as 00000.parquet by a rename.

Beside them may lie those of runs on many machines (parts.py): part-*.parquet, which are only read here.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from videoxception.bulk.errors import BulkError
from videoxception.bulk.rows import Header, Row

Form = Literal["jsonl", "parquet"]
ROWS = 1000  # of a shard


class Shards:
    """The shards of a folder of results, to which one process at a time writes."""

    def __init__(self, out: Path, header: Header, form: Form, rows: int = ROWS) -> None:
        """Take up what is there. Raise `BulkError` if it was written under another header."""
        self._folder = out / "shards"
        self._header = header
        self._form = form
        self._rows = rows
        self.done: set[str] = set()  # the videos that have a row
        self._folder.mkdir(parents=True, exist_ok=True)
        self._take_up()

    def append(self, row: Row) -> None:
        """Write a row, which outlives this process from then on."""
        if self._count == self._rows:
            self._seal()
        line = row.model_dump_json(exclude_unset=True).encode() + b"\n"
        if not self._count:
            line = self._header.model_dump_json().encode() + b"\n" + line
        with self._path.open("ab", buffering=0) as file:
            file.write(line)
        self._count += 1
        self.done.add(row.video)

    def finish(self) -> None:
        """Seal the last shard."""
        if self._count:
            self._seal()

    def rows(self) -> Iterator[Row]:
        """Yield all rows, in the order in which they were written, then those of parts."""
        return first_of_each(row for path in (*self._paths(), *self._parts()) for row in _read(path)[1])

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._number:05}.jsonl"

    def _paths(self) -> list[Path]:
        named = (path for path in self._folder.iterdir() if path.suffix in (".jsonl", ".parquet"))
        return sorted(path for path in named if path.stem.isdigit())

    def _parts(self) -> list[Path]:
        return sorted(self._folder.glob("part-*.parquet"))

    def _take_up(self) -> None:
        self._drop_sealed_twice()
        paths = self._paths()
        if paths and paths[-1].suffix == ".jsonl":
            _mend(paths[-1])
            paths = self._paths()
        for part in self._parts():
            self._note(part)
        counts = [self._note(path) for path in paths]
        open_ended = bool(paths) and paths[-1].suffix == ".jsonl"
        self._number = int(paths[-1].stem) + (not open_ended) if paths else 0
        self._count = counts[-1] if open_ended else 0

    def _note(self, path: Path) -> int:
        """Note the videos of a shard, and return how many there are."""
        header, rows = _read(path)
        check_same(self._folder.parent, header, self._header)
        self.done.update(row.video for row in rows)
        return len(rows)

    def _drop_sealed_twice(self) -> None:
        """Remove what was rewritten as Parquet by a process that was killed before it could remove it."""
        for path in self._folder.glob("*.parquet"):
            path.with_suffix(".jsonl").unlink(missing_ok=True)

    def _seal(self) -> None:
        if self._form == "parquet":
            from videoxception.bulk.parquet import write_shard

            partial = self._path.with_suffix(".partial")
            write_shard(partial, *_read(self._path))
            partial.rename(self._path.with_suffix(".parquet"))
            self._path.unlink()
        self._number += 1
        self._count = 0


def check_same(out: Path | str, begun: Header, header: Header) -> None:
    """Raise `BulkError` if a folder of results was begun under another header."""
    if differences := header.differences(begun):
        raise BulkError(f"{out} was begun otherwise: {'; '.join(differences)}. Go on as before, or take another --out")


def first_of_each(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the first row of each video. Two runs on many machines may both have written one, the same."""
    seen: set[str] = set()
    for row in rows:
        if row.video not in seen:
            seen.add(row.video)
            yield row


def precision_in(out: Path) -> str | None:
    """Return the precision of what is in a folder of results; None if it cannot be told: `Shards` says why."""
    shards = (path for path in (out / "shards").glob("*") if path.suffix in (".jsonl", ".parquet"))
    first = min(shards, default=None)
    try:
        if first is None or first.suffix == ".parquet":
            return _read(first)[0].model.precision if first else None
        return Header.model_validate_json(first.read_bytes().partition(b"\n")[0]).model.precision
    except (ValueError, BulkError):
        return None


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Keep other processes from writing to a folder of results meanwhile. Raise `BulkError` if one does already."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BulkError(f"another process writes to {out}; wait for it, or take another --out") from None
        yield


def _mend(path: Path) -> None:
    """Take the torn line off a shard, and a shard away that has no row."""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole.count(b"\n") < 2:
        path.unlink()
    elif len(whole) < len(content):
        os.truncate(path, len(whole))


def _read(path: Path) -> tuple[Header, list[Row]]:
    """Read a shard. Raise `BulkError` if it is damaged."""
    try:
        if path.suffix == ".parquet":
            from videoxception.bulk.parquet import read_shard

            return read_shard(path)
        first, *lines = path.read_bytes().removesuffix(b"\n").split(b"\n")
        return Header.model_validate_json(first), [Row.model_validate_json(line) for line in lines]
    except (ValueError, ValidationError) as error:
        raise BulkError(f"{path} is damaged: remove it, and its videos are classified again") from error
