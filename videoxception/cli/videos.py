"""The videos that a command line names: what is read of each, and what is printed of one that has no answer."""

import hashlib
import os
import stat
import sys
from dataclasses import dataclass
from typing import BinaryIO

STANDARD_INPUT = "-"
_MOST = 512 * 2**20  # bytes that are held in memory


class TooMuch(Exception):
    """More comes through a pipe than is held in memory."""


@dataclass(frozen=True, slots=True)
class Named:
    """A video, as it was named. What can be read only once, such as a pipe, is held in memory."""

    name: str
    content: bytes | None = None

    @property
    def source(self) -> str | bytes:
        """What the library and the client take."""
        return self.name if self.content is None else self.content

    @property
    def sha256(self) -> str:
        """The hash of its bytes. Raise `OSError`."""
        if self.content is not None:
            return hashlib.sha256(self.content).hexdigest()
        with open(self.name, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def named(name: str) -> Named:
    """Return a video by its name; "-" is standard input. One that cannot be read is found out later.

    Raise `TooMuch` for a pipe that does not end.
    """
    if name == STANDARD_INPUT:
        return Named(name, _read(name, sys.stdin.buffer))
    try:
        if stat.S_ISREG(os.stat(name).st_mode):
            return Named(name)
        with open(name, "rb") as file:
            return Named(name, _read(name, file))
    except OSError:
        return Named(name)


def _read(name: str, file: BinaryIO) -> bytes:
    content = file.read(_MOST + 1)
    if len(content) > _MOST:
        raise TooMuch(f"more than {_MOST // 2**20} MiB come from {name}; save them as a file first")
    return content


def tell_failure(video: Named, error: Exception) -> None:
    """Print why a video has no answer."""
    print(f"{video.name}: {error.strerror if isinstance(error, OSError) else error}", file=sys.stderr)
