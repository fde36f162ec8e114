"""Who builds a cache holds its lock: two builders at once would write over each other."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.errors import TrainingError


@contextmanager
def building(folder: Path) -> Iterator[None]:
    """Holds the lock of a cache. Raises `TrainingError` if another process does.

    The kernel lets go of it when the process ends, in whichever way. Who only reads a cache needs no lock.
    """
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise TrainingError(
                f"{folder} is being built by another process ({file.read().strip() or 'unknown'}); wait until it is"
                f" done, or name another folder with --cache"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {os.uname().nodename}")
        file.flush()
        yield
