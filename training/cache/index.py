"""The index: a line for each file, with a checksum before it, so that a line that was cut short is seen as such.

    5d1f0c3a {"path": "/data/Punch/v_Punch_g01_c01.avi", "source": {...}, "place": {...}, "error": ""}

Lines are only ever added. Of two that name the same file, the later one holds.
"""

import dataclasses
import hashlib
import json
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEX = "index.jsonl"


@dataclass(frozen=True, slots=True)
class Source:
    """The file that an entry was made of, as it was then."""

    size: int
    mtime_ns: int
    sha256: str

    @property
    def stamp(self) -> tuple[int, int]:
        """Size and time: if they are the same, the file has most likely not changed, and need not be read."""
        return self.size, self.mtime_ns

    @classmethod
    def of(cls, path: Path, known: "Source | None" = None) -> "Source":
        """Return the file as it is now; it is not read if it has the size and time of `known`. Raises `OSError`."""
        size, mtime_ns = stamp_of(path)
        if known is not None and known.stamp == (size, mtime_ns):
            return known
        with path.open("rb") as file:
            return cls(size, mtime_ns, hashlib.file_digest(file, "sha256").hexdigest())


def stamp_of(path: Path) -> tuple[int, int]:
    """Return a file's size and time of the last change, without reading it. Raises `OSError`."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry's pixels lie: the clip, and behind it the larger copy, both of the shapes given."""

    shard: int
    offset: int
    clip: tuple[int, ...]
    copy: tuple[int, ...]
    crc32: int

    @property
    def middle(self) -> int:
        """Where the clip ends and the copy begins."""
        return self.offset + math.prod(self.clip)

    @property
    def end(self) -> int:
        """Where the copy ends."""
        return self.middle + math.prod(self.copy)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: where its pixels are, or what is wrong with it; `place` is None then."""

    path: str
    source: Source
    place: Place | None
    error: str = ""


def to_line(entry: Entry) -> bytes:
    """Return the entry as a line of the index."""
    body = json.dumps(dataclasses.asdict(entry)).encode()
    return b"%08x %b\n" % (zlib.crc32(body), body)


def read_index(folder: Path) -> tuple[list[Entry], int]:
    """Read the entries up to the first line that is not whole; return also how many bytes of the index they take."""
    path = folder / INDEX
    content = path.read_bytes() if path.exists() else b""
    entries, good = [], 0
    for line in _lines(content):
        entry = _from_line(line)
        if entry is None:
            break
        entries.append(entry)
        good += len(line)
    return entries, good


def _lines(content: bytes) -> Iterator[bytes]:
    """Yield lines with their ends; `splitlines` would also split at other control characters."""
    start = 0
    while start < len(content):
        end = content.find(b"\n", start) + 1 or len(content)
        yield content[start:end]
        start = end


def _from_line(line: bytes) -> Entry | None:
    """Return the entry of a line, or None if the line is not as it was written."""
    checksum, _, body = line.partition(b" ")
    if not body.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(body[:-1]):
        return None
    fields: dict[str, Any] = json.loads(body)
    place = fields["place"]
    return Entry(
        path=fields["path"],
        source=Source(**fields["source"]),
        place=None if place is None else Place(**place | {name: tuple(place[name]) for name in ("clip", "copy")}),
        error=fields["error"],
    )
