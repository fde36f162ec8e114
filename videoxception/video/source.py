"""Opening a video: a file by its path, also one that can be read only once, or bytes that are in memory."""

import io
import os
import stat
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, cast

from videoxception.video.errors import TooLarge
from videoxception.video_source import Source


def open_source(source: Source, most: int) -> BinaryIO:
    """Open a video to be decoded; of a pipe, a device, bytes or a file object, it is a temporary copy.

    Raise `OSError` if it cannot be read, and `TooLarge` if there are more than `most` bytes to copy.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return _copy(io.BytesIO(source), most)
    if not isinstance(source, str | os.PathLike):
        return _copy(source, most)
    path = Path(source)
    file = path.open("rb")
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    with file:
        return _copy(file, most)


def _copy(file: BinaryIO, most: int) -> BinaryIO:
    with ExitStack() as on_error:
        copy = on_error.enter_context(tempfile.TemporaryFile())
        while chunk := file.read(2**20):
            copy.write(chunk)
            if copy.tell() > most:
                raise TooLarge(f"there is more to read than the limit of {most:,} bytes")
        copy.flush()
        on_error.pop_all()
        return cast(BinaryIO, copy)
