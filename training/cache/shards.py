"""Shards: large files of pixels, one entry behind the other. They are mapped into memory, never read as a whole."""

import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from training.cache.index import Place
from training.cache.spec import CachedFrames
from videoxception.clip import Frames

Bytes = npt.NDArray[np.uint8]

_LARGEST = 2**30  # bytes; then another shard is begun


def shard_path(folder: Path, number: int) -> Path:
    """Return the path of a shard."""
    return folder / f"pixels-{number:05}.u8"


class Shards:
    """All shards of a cache, to be read. One is mapped when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mapped: dict[int, Bytes] = {}

    def read(self, place: Place) -> tuple[Frames, CachedFrames]:
        """Return the clip (F, H, W, 3) and the copy (P, 3, h, w) as views of the file: nothing is read yet."""
        if place.shard not in self._mapped:
            self._mapped[place.shard] = np.asarray(np.memmap(shard_path(self._folder, place.shard), np.uint8, "r"))
        shard = self._mapped[place.shard]
        clip, copy = shard[place.offset : place.middle], shard[place.middle : place.end]
        return clip.reshape(place.clip), copy.reshape(place.copy)

    def is_whole(self, place: Place) -> bool:
        """Return whether the pixels are as they were written."""
        return _checksum(*self.read(place)) == place.crc32


class ShardWriter:
    """Adds entries behind the last one that the index knows; whatever lies behind that is cut off."""

    def __init__(self, folder: Path, known: Iterable[Place]) -> None:
        self._folder = folder
        last = max(known, key=lambda place: (place.shard, place.offset), default=None)
        self._number, self._end = (0, 0) if last is None else (last.shard, last.end)
        self._file = self._open()

    def _open(self) -> BinaryIO:
        path = shard_path(self._folder, self._number)
        path.touch()
        file = path.open("r+b")
        file.truncate(self._end)
        file.seek(self._end)
        return file

    def add(self, clip: Frames, copy: CachedFrames) -> Place:
        """Write an entry's pixels. They are safe after the next `flush`."""
        if self._end >= _LARGEST:
            self.close()
            self._number, self._end = self._number + 1, 0
            self._file = self._open()
        place = Place(self._number, self._end, clip.shape, copy.shape, _checksum(clip, copy))
        for part in (clip, copy):
            self._file.write(np.ascontiguousarray(part).data)
            self._end += part.nbytes
        return place

    def flush(self) -> None:
        """Return when all that was added is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Flush, and close the file."""
        self.flush()
        self._file.close()


def _checksum(clip: Frames, copy: CachedFrames) -> int:
    return zlib.crc32(np.ascontiguousarray(copy).data, zlib.crc32(np.ascontiguousarray(clip).data))
