"""A bank on disk: fixed-size records in one file, their keys in another. Records are only added.

A record is what the frozen stages give for one view, float16; its key is the item's (`views.item_key`) and the number
of the view. A key is written after its record, so that what a kill leaves half-written is cut off and done again.
"""

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from training.atomic_write import write_atomically
from training.bank.spec import BankSpec
from training.cache.lock import building
from training.errors import TrainingError

Halves = npt.NDArray[np.float16]
ViewKey = tuple[bytes, int]
"""An item's key and the number of a view."""

_KEY = np.dtype([("item", "V16"), ("view", "<u4")])


class Bank:
    """The records of one spec, in a folder of their own."""

    def __init__(self, root: Path, spec: BankSpec) -> None:
        self.spec = spec
        self.folder = root / spec.name
        self._records, self._keys = self.folder / "records.f16", self.folder / "keys"
        self._row: dict[ViewKey, int] = {}  # of the newest record of a key
        self._count = 0  # records on the disk
        if self._keys.exists():
            self._index(_read_keys(self._keys))

    def __len__(self) -> int:
        return self._count

    def missing(self, item: bytes, views: int) -> list[int]:
        """Return which of an item's first views it lacks."""
        return [view for view in range(views) if (item, view) not in self._row]

    def rows(self, keys: Iterable[ViewKey]) -> npt.NDArray[np.int64]:
        """Return the numbers of the records of some keys."""
        return np.array([self._row[key] for key in keys], np.int64)

    def records(self) -> Halves:
        """Return all records (N, *shape), read from the disk as they are asked for."""
        return np.memmap(self._records, np.float16, "r", shape=(len(self), *self.spec.shape))

    @contextmanager
    def writing(self) -> Iterator["BankWriter"]:
        """Yield the only writer; waits while another process writes. What was added is kept, however the block ends.

        Raises:
            TrainingError: the bank cannot be written, or, by `BankWriter.add`, the disk is full.
        """
        with ExitStack() as stack:
            with self.faults_named():
                self.folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(building(self.folder))
                write_atomically(self.folder / "bank.json", self.spec.to_json().encode())
                self._index(self._whole_keys())
                records, keys = (stack.enter_context(path.open("ab")) for path in (self._records, self._keys))
            try:
                yield BankWriter(self, records, keys)
            finally:
                with self.faults_named():  # closing writes what is left
                    stack.close()

    @contextmanager
    def faults_named(self) -> Iterator[None]:
        """Turn an `OSError` into a `TrainingError` that names the bank."""
        try:
            yield
        except OSError as error:
            raise TrainingError(f"the bank {self.folder} cannot be written: {error.strerror or error}") from error

    def add_keys(self, keys: Sequence[ViewKey]) -> None:
        """Know keys whose records were written behind all others."""
        self._row |= {key: row for row, key in enumerate(keys, self._count)}
        self._count += len(keys)

    def _index(self, keys: Sequence[ViewKey]) -> None:
        self._row, self._count = {}, 0
        self.add_keys(keys)

    def _whole_keys(self) -> list[ViewKey]:
        """Cut off what a kill has left half-written, and return the keys of what is whole."""
        for path in (self._records, self._keys):
            path.touch()
        size = 2 * math.prod(self.spec.shape)
        count = min(self._records.stat().st_size // size, self._keys.stat().st_size // _KEY.itemsize)
        os.truncate(self._records, count * size)
        os.truncate(self._keys, count * _KEY.itemsize)
        return _read_keys(self._keys)


class BankWriter:
    """Adds records to a bank."""

    def __init__(self, bank: Bank, records: BinaryIO, keys: BinaryIO) -> None:
        self._bank = bank
        self._records = records
        self._keys = keys

    def add(self, item: bytes, views: Sequence[int], records: Halves) -> None:
        """Add records (V, *shape) of some views of an item. Raises `TrainingError` if the disk is full."""
        keys = [(item, view) for view in views]
        with self._bank.faults_named():
            self._records.write(np.ascontiguousarray(records, np.float16).tobytes())
            self._records.flush()
            self._keys.write(np.array(keys, _KEY).tobytes())
            self._keys.flush()
        self._bank.add_keys(keys)


def _read_keys(path: Path) -> list[ViewKey]:
    whole = path.stat().st_size // _KEY.itemsize
    return [(bytes(item), int(view)) for item, view in np.fromfile(path, _KEY, whole)]
