"""The lock of a cache: two builders at once would write over each other."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOGGER = logging.getLogger(__name__)


@contextmanager
def building(folder: Path) -> Iterator[None]:
    """Hold the lock of a cache; wait while another process holds it, since runs are often started together.

    The kernel releases it when the process ends, in whichever way. Readers of a cache need no lock.
    """
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            builder = file.read().strip() or "unknown"
            _LOGGER.info(f"waiting: {folder} is being built by another process ({builder})")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {os.uname().nodename}")
        file.flush()
        yield
