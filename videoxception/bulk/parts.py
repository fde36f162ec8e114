"""Shards that several machines write: <out>/shards/part-*.parquet, in a folder that all of them see or below a URI.

A part is written as a whole, under a name that its videos decide: who writes it again writes the same file. In a folder
that is a temporary file and a rename, in an object store one upload. `<out>/header.json` pins the run from its start.
"""

import hashlib
import os
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow.fs import FileSelector, FileSystem

from videoxception.bulk.errors import BulkError
from videoxception.bulk.parquet import read_shard, write_shard
from videoxception.bulk.rows import Header, Row
from videoxception.bulk.shards import check_same, first_of_each
from videoxception.bulk.sources import is_uri, open_uri

_HEADER = "header.json"


class Parts:
    """The parts below a URI, each fetched once. In a folder, `Shards` has them, beside its own."""

    def __init__(self, out: str, header: Header, copies: Path) -> None:
        """Take up what is there; copies of it stay in the folder `copies`. Raise `BulkError` as `rows` does."""
        self._out, self._header, self._copies = out, header, copies
        self._filesystem, self._folder = open_uri(out)
        self.done = {row.video for row in self.rows()}  # the videos that have a row

    def rows(self) -> Iterator[Row]:
        """Yield all rows, in the order of the listing, those of parts that were written meanwhile, too.

        Raise `BulkError` for a part that was written under another header, or cannot be read.
        """
        paths = _listed(self._filesystem, f"{self._folder}/shards")
        return first_of_each(row for path in paths for row in self._read(path))

    def _read(self, path: str) -> list[Row]:
        try:
            begun, rows = read_shard(self._copy(path))
        except ValueError as error:
            raise BulkError(f"{path} is damaged: remove it, and its videos are classified again") from error
        except OSError as error:
            raise BulkError(f"{path} cannot be read: {error}; the same command goes on once it can") from error
        check_same(self._out, begun, self._header)
        return rows

    def _copy(self, path: str) -> Path:
        copy = self._copies / path.rpartition("/")[2]
        if not copy.exists():
            with self._filesystem.open_input_file(path) as file:
                copy.write_bytes(file.read())
        return copy


def _listed(filesystem: FileSystem, folder: str) -> list[str]:
    found = filesystem.get_file_info(FileSelector(folder, allow_not_found=True))
    return sorted(entry.path for entry in found if entry.base_name.startswith("part-"))


def write_part(out: str, start: int, header: Header, rows: Sequence[Row]) -> None:
    """Write the rows of some videos, the first of which is number `start` of the listing."""
    names = "\0".join(row.video for row in rows)
    digest = hashlib.sha256(names.encode()).hexdigest()[:16]
    buffer = pa.BufferOutputStream()
    write_shard(buffer, header, list(rows))
    put(out, f"shards/part-{start:08}-{digest}.parquet", buffer.getvalue().to_pybytes())


def pin(out: str, header: Header) -> None:
    """Pin a run's header. Raise `BulkError` if it was begun under another."""
    begun = pinned(out)
    if begun is None:
        put(out, _HEADER, header.model_dump_json(indent=1).encode())
    else:
        check_same(out, begun, header)


def pinned(out: str) -> Header | None:
    """Return the header of a run that was begun, if one was. Raise `BulkError` if it cannot be read."""
    try:
        return Header.model_validate_json(_get(out, _HEADER))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise BulkError(f"{out}/{_HEADER} is damaged: remove it; shards have it, too") from error


def put(out: str, name: str, content: bytes) -> None:
    """Write a file of a folder of results, whole or not at all."""
    if is_uri(out):
        filesystem, folder = open_uri(out)
        with filesystem.open_output_stream(f"{folder}/{name}") as stream:
            stream.write(content)
        return
    path = Path(out, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    partial.write_bytes(content)
    os.replace(partial, path)


def _get(out: str, name: str) -> bytes:
    if not is_uri(out):
        return Path(out, name).read_bytes()
    filesystem, folder = open_uri(out)
    with filesystem.open_input_file(f"{folder}/{name}") as file:
        return bytes(file.read())
