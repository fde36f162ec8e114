"""A cache on disk: read by a run, written by one builder at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.cache.index import INDEX, Entry, Source, read_index, to_line
from training.cache.lock import building
from training.cache.shards import Shards, ShardWriter
from training.cache.spec import CachedFrames, CacheSpec, read_spec, write_spec
from training.errors import TrainingError
from videoxception.clip import Frames

_COMMIT = 16 * 2**20  # bytes of pixels after which the index is brought up to date


def key_of(path: Path) -> str:
    """Return the name that the index knows a file by."""
    return os.path.abspath(path)


class Cache:
    """A cache on disk as it is now. Files that a builder adds later are not seen."""

    def __init__(self, folder: Path, spec: CacheSpec) -> None:
        self.folder = folder
        self.spec = spec
        self.entries = {entry.path: entry for entry in read_index(folder)[0]}
        self._shards = Shards(folder)

    @classmethod
    def open(cls, folder: Path) -> "Cache":
        """Open the cache in a folder. Raises `TrainingError` if there is none, or its header is damaged."""
        spec = read_spec(folder)
        if spec is None:
            raise TrainingError(f"{folder} holds no cache; python -m training.cache build makes one")
        return cls(folder, spec)

    def entry(self, path: Path) -> Entry | None:
        """Return what is known of a file, which may have changed since."""
        return self.entries.get(key_of(path))

    def __contains__(self, path: Path) -> bool:
        entry = self.entry(path)
        return entry is not None and entry.place is not None

    def clip(self, path: Path) -> Frames:
        """Return the clip of a file, as a service would see it: (F, H, W, 3), where F is 1 for a still."""
        return self._read(path)[0]

    def copy(self, path: Path) -> CachedFrames:
        """Return the larger copy of a file: (P, 3, h, w), where P is 1 for a still."""
        return self._read(path)[1]

    def _read(self, path: Path) -> tuple[Frames, CachedFrames]:
        entry = self.entry(path)
        if entry is None or entry.place is None:
            raise KeyError(f"{path} is not in the cache {self.folder}")
        return self._shards.read(entry.place)

    def damaged(self) -> Iterator[str]:
        """Yield the files whose pixels are not as they were written. Reads everything."""
        for entry in self.entries.values():
            if entry.place is not None and not self._shards.is_whole(entry.place):
                yield entry.path


class CacheWriter:
    """Adds to a cache. Pixels are on the disk before the index names them."""

    def __init__(self, folder: Path) -> None:
        entries, good = read_index(folder)
        self._index = (folder / INDEX).open("ab")
        self._index.truncate(good)  # a line that was cut short by a kill
        self._shards = ShardWriter(folder, [entry.place for entry in entries if entry.place is not None])
        self._waiting: list[Entry] = []
        self._uncommitted = 0

    def add(self, path: Path, source: Source, clip: Frames, copy: CachedFrames) -> None:
        """Add the pixels of a file."""
        self._note(Entry(key_of(path), source, self._shards.add(clip, copy)), clip.nbytes + copy.nbytes)

    def add_broken(self, path: Path, source: Source, error: str) -> None:
        """Note that a file cannot be decoded."""
        self._note(Entry(key_of(path), source, None, error))

    def add_alias(self, path: Path, source: Source, same: Entry) -> None:
        """Note that a file has the very content of another, or of its own former self."""
        self._note(Entry(key_of(path), source, same.place, same.error))

    def _note(self, entry: Entry, size: int = 0) -> None:
        self._waiting.append(entry)
        self._uncommitted += size
        if self._uncommitted >= _COMMIT:
            self.commit()

    def commit(self) -> None:
        """Return when all that was added is on the disk, first the pixels and then the lines that name them."""
        self._shards.flush()
        self._index.write(b"".join(map(to_line, self._waiting)))
        self._index.flush()
        os.fsync(self._index.fileno())
        self._waiting.clear()
        self._uncommitted = 0

    def close(self) -> None:
        """Commit, and close the files."""
        self.commit()
        self._shards.close()
        self._index.close()


@contextmanager
def writing(folder: Path, spec: CacheSpec) -> Iterator[CacheWriter]:
    """Yield the only writer of a cache, which is made if there is none. What was added is kept, however the block ends.

    Waits while another process writes. Raises `TrainingError` if the disk is full or the cache of another kind.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with building(folder):
            if (found := read_spec(folder)) is None:
                write_spec(folder, spec)
            elif found != spec:
                raise TrainingError(f"{folder} holds {found}, not {spec}; name another folder with --cache")
            writer = CacheWriter(folder)
            try:
                yield writer
            finally:
                writer.close()
    except OSError as error:
        raise TrainingError(f"the cache {folder} cannot be written: {error.strerror or error}") from error
